"""The sides file: for each row the side of the split that a build gave it, so that later builds keep it there.

{"sides": 1, "asked": {"validation": 0.1, "similarity": 0.6}}
{"key": "0b3d2f6c1a905e77", "side": "train"}
{"key": "91c0aa5e0d7f2b34", "side": "validation"}
{"key": "c4e1f7b8d2096a53", "side": "train", "was": "validation"}

It lies beside the recipe, `support.sides.jsonl` of `support.yaml`, whichever folder is built into, and in each build as
`sides.jsonl`. The first is read if there is one, else that of the build that stands where this one is to go. Where the
recipe names a repository, the sides of its release count too (`hfsft.release.hub.published_sides`): so a clone without
the file, on any machine, gives no released row another side.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.engine.ordering.spilled import Spilled
from hfsft.errors import Place, SourceError
from hfsft.release.folder.file_names import LOCK, RESOLVED, SIDES, WRITTEN
from hfsft.rows.columns import SIDES as SPLITS
from hfsft.stages.split.draw import most_seen
from hfsft.stages.split.row_families import KEYING, KEYS, OPTIONAL, READS
from hfsft.stages.split.sides import NONE, Sides, Stand, growing
from hfsft.stages.split.sides import column_of as part_column

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.executor import Rows
    from hfsft.engine.step import Step
    from hfsft.recipe.recipe import Recipe
    from hfsft.rows.batch import Batch

LAYOUT = 1  # raised when the file is laid out anew
RELEASED = (RESOLVED, WRITTEN)  # a recipe in a release, where nothing more is written
_STANDS = frozenset(Stand(side, was) for side in SPLITS for was in (None, *SPLITS))
_GIVEN: dict[str, Stand] = {side: Stand(side) for side in SPLITS}
_USUAL = re.compile(rf'\{{"key": "([0-9a-f]+)", "side": "({"|".join(SPLITS)})"\}}').fullmatch  # a third of JSON's time


def read(recipe: Recipe, out: Path) -> Sides:
    """The sides that a build into `out` is to regard: those for what the recipe asks, else the first that there are.

    Raises `SourceError` where a file of them is none.
    """
    if not recipe.split.holds_out:
        return NONE
    beside, asked = path_beside(recipe), recipe.split.drawn_by
    paths = ([beside] if beside else []) + [out / recipe.name / SIDES]
    if _same(*paths):  # as a build leaves them, of which one is enough
        paths = paths[:1]
    found = [sides for sides in map(read_sides, paths) if sides]
    return next((sides for sides in found if sides.asked == asked), found[0] if found else NONE)


def keying(steps: Iterable[Step]) -> Step | None:
    """The step of a plan that makes the keys of rows; None without one."""
    return next((step for step in steps if step.name == KEYING), None)


def after(recipe: Recipe, former: Sides, *tables: Rows | Dataset) -> Sides:
    """What is remembered once the rows of these tables are built; nothing where none are to be held out.

    Of rows without their keys these are made, which takes as long as to hash all texts.
    """
    if not recipe.split.holds_out:
        return NONE
    from hfsft.engine.ordering.streamed_rows import streamed
    from hfsft.rows.features import values_of

    made = dict.fromkeys((*READS, *OPTIONAL, part_column(recipe.split.by) or "split", "split"))

    def batches() -> Iterator[Batch]:
        for rows in map(streamed, tables):
            known = (KEYS, "split")
            names = known if KEYS in rows.column_names else [name for name in made if name in rows.column_names]
            for table in rows.batches(names):
                yield {name: values_of(table[name]) for name in names}

    return former.after(recipe.split.drawn_by, batches())


def keep(recipe: Recipe, sides: Sides, built: Path) -> None:
    """Copy the sides from a build to the file beside the recipe, whole or not at all.

    Left out where the recipe came from no file or a release, where an override asked for another split than the file
    does, and where the folder cannot be written: then only the build remembers.
    """
    beside = path_beside(recipe)
    if beside is None or beside.name == SIDES or not sides.stands or _overridden(recipe):
        return
    draft = beside.with_name(f".{beside.name}.{os.getpid()}")
    try:
        if not _same(built / SIDES, beside):
            shutil.copyfile(built / SIDES, draft)
            draft.replace(beside)
    except OSError:
        with suppress(OSError):
            draft.unlink()


def lines(sides: Sides) -> Iterator[str]:
    """The file, some at a time: there is a line for each key of each row that ever was."""
    said = {stand: json.dumps(stand._asdict() if stand.was else {"side": stand.side})[1:] for stand in _STANDS}
    stands = sides.stands
    yield json.dumps({"sides": LAYOUT, "asked": dict(sides.asked)}) + "\n"
    for key, stand in stands.in_order() if isinstance(stands, Spilled) else sorted(stands.items()):
        yield f'{{"key": {quoted(key)}, {said[stand]}\n'


def path_beside(recipe: Recipe) -> Path | None:
    """The file beside the recipe; None where that came from no file."""
    path = recipe.source.path
    if path is None:
        return None
    released = path.name in RELEASED and (path.name == RESOLVED or path.with_name(LOCK).is_file())
    return path.with_name(SIDES) if released else path.with_suffix(f".{SIDES}")


def _overridden(recipe: Recipe) -> bool:
    return any(loc[:1] == ("split",) for loc in recipe.source.changed)


def _same(path: Path, *others: Path) -> bool:
    try:
        return bool(others) and all(filecmp.cmp(path, other, shallow=False) for other in others)
    except OSError:
        return False


def read_sides(path: Path) -> Sides | None:
    """The sides in a file; None where there is none. Raises `SourceError` for a file of something else."""
    try:
        with path.open(encoding="utf-8") as file:
            return _of_lines(path, file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from None


def _of_lines(path: Path, file: Iterator[str]) -> Sides:
    number, stands = 0, growing()
    try:
        head = json.loads(next(file))
        if head["sides"] != LAYOUT:
            raise ValueError
        for line in map(str.rstrip, file):
            number += 1
            if usual := _USUAL(line):
                key, stand = usual[1], _GIVEN[usual[2]]
            else:
                entry = json.loads(line)
                key, stand = str(entry["key"]), Stand(entry["side"], entry.get("was"))
                if stand not in _STANDS:
                    raise ValueError
            # Of two that were merged, what models have seen more of.
            if key not in stands or most_seen((stand.side, stands[key].side)) == stand.side:
                stands[key] = stand
        return Sides(dict(head["asked"]), stands)
    except UnicodeDecodeError:
        raise
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError):
        raise SourceError(
            f"{Place(str(path), number + 1, 1)}: is no line of remembered sides (restore the file as hfsft wrote it; "
            f"without it, rows may change sides)"
        ) from None
