"""The folder `sources/` of a release: what was read of the local files that the recipe names, or nothing.

With `publish: {sources: true}` each file stands in `sources/` as JSON lines: the rows that were taken of it, as its
`where`, `limit` and `sample` say, with the texts that were read of them, what `keep` and `family` name, and no other
column. Without it the release holds none, and only who has the files can build it again.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import UserError
from hfsft.marks import FILE, ROWS
from hfsft.recipe.rules import cleaner
from hfsft.recipe.sources import names_of
from hfsft.recipe.yaml.type_paths import places
from hfsft.release.folder import redaction
from hfsft.release.folder.file_names import GUIDELINES, VERDICTS
from hfsft.rows.columns import WRITTEN_BY
from hfsft.rows.messages import bare
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.reading.summaries import file_of, unread_counts
from hfsft.rows.row import EDITED
from hfsft.rows.tables.folder import matches
from hfsft.rows.views import messages, tools
from hfsft.stages.examples import ExampleTable
from hfsft.stages.reviewing import released
from hfsft.stages.reviewing.steps import DECIDE
from hfsft.stages.seeds import PromptTable
from hfsft.stages.writing.topics import FromTopics

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.result import Built
    from hfsft.stages.source import Opened

Local = ExampleTable | PromptTable

FOLDER = "sources"
SECTIONS = ("seeds", "examples")
ITEMS = {"prompts", "rows"}  # of a source that stands in the recipe itself
INLINE, NOWHERE = "the recipe itself", "no source: models wrote them"
_INLINE = re.compile(r"(seeds|examples)\[\d+\]\.")

# How a source is opened and what its columns are called: in what was read of it that is settled.
READING = {
    "path", "split", "config", "revision", "delimiter", "format", "limit", "roles", "messages",
    "prompt", "instruction", "response", "context", "system", "topic", "reasoning", "tools",
    "where", "sample", "name", "reference", "dialect",
}  # fmt: skip
BOTH = {name: name for name in ("topic", "context", "system", "reference")}
SEED = {"prompt": "instruction", **BOTH}
EXAMPLE = {**{name: name for name in ("instruction", "response", "reasoning", "tools", "dialect")}, **BOTH}
"""Key of the recipe that names a column -> the text of a row that stands in it."""


def put(built: Built, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The resolved recipe as the folder has it, and the local paths that it reads and the folder does not hold.

    No path in them names a folder of this machine. Where the recipe asks for it, what was read of each local source is
    written beside it, without the rows that are withheld; nothing is where a filter changed what rows say.
    """
    recipe = built.recipe
    resolved, clean = recipe.resolved(), cleaner(recipe)
    missing: list[str] = []
    numbered = [(section, number) for section in SECTIONS for number in range(len(getattr(recipe, section)))]
    names = dict(zip(numbered, map(clean, names_of(recipe)), strict=True))
    hidden, open_to_all = redaction.places(built), recipe.publish.sources and not redaction.rewritten(built)
    for section, number, source in local_sources(recipe):
        opened = built.unchanged_sources.get((section, number))
        if not open_to_all or opened is None:
            resolved[section][number]["path"] = clean(shown(source.path))
            missing.append(resolved[section][number]["path"])
            continue
        path = f"{FOLDER}/{section}-{number}.jsonl"
        texts = SEED if isinstance(source, PromptTable) else EXAMPLE
        beside = [*source.keep, *([source.family] if source.family else [])]
        columns = {key: _free(key, beside) for key in texts}
        if not _write(opened, folder / path, texts, columns, hidden, source.family):
            resolved[section][number] = {}
            continue
        kept = {key: value for key, value in resolved[section][number].items() if key not in READING}
        resolved[section][number] = {"name": names[section, number], "path": path, **columns, **kept}
    _plant_trees(recipe, resolved)
    missing += [*_left_behind(recipe, resolved, clean), *_put_review(built, resolved, folder, clean, open_to_all)]
    for section, number, commit in _read_from_the_hub(built):
        resolved[section][number]["revision"] = commit  # what was read, wherever its branch may be by now
    _hide_inline(built, resolved, hidden)
    for section in SECTIONS:
        # Of a source whose rows are all withheld nothing is left to name.
        resolved[section] = [source for source in resolved[section] if source and all(source.get(i, 1) for i in ITEMS)]
    return resolved, sorted(set(missing))


def _plant_trees(recipe: Recipe, resolved: dict[str, Any]) -> None:
    """Let trees of topics that stand in files, or beside the recipe, stand in it."""
    for number, (source, name) in enumerate(zip(recipe.seeds, names_of(recipe), strict=False)):
        if isinstance(source, FromTopics) and (tree := source.grown_in(recipe.base, recipe.stem, name)) is not None:
            resolved["seeds"][number] = {**resolved["seeds"][number], "tree": tree}
            resolved["seeds"][number].pop("path", None)


def _left_behind(recipe: Recipe, resolved: dict[str, Any], clean: Callable[[str], str]) -> Iterator[str]:
    """The other local files and folders that a recipe reads, named without the folders of this machine."""
    sources = {(section, number) for section, number, _ in local_sources(recipe)}
    for mark in (FILE, ROWS):
        for loc, path in list(places(resolved, [type(recipe)], mark)):
            elsewhere = loc[:2] in sources or loc[0] == "review"
            if elsewhere or not isinstance(path, str) or not _lies_here(path, recipe.base):
                continue
            here: Any = resolved
            for step in loc[:-1]:
                here = here[step]
            here[loc[-1]] = clean(shown(path))
            yield here[loc[-1]]


def _put_review(
    built: Built, resolved: dict[str, Any], folder: Path, clean: Callable[[str], str], open_to_all: bool
) -> Iterator[str]:
    """Write the guidelines that people judged by, and their verdicts where sources are published too; else name the
    file of these, which the folder does not hold.
    """
    recipe, section = built.recipe, built.recipe.review
    if section is None:
        return
    if section.guidelines:
        text = (recipe.base / Path(section.guidelines).expanduser()).read_text(encoding="utf-8", errors="replace")
        (folder / GUIDELINES).write_text(clean(text), encoding="utf-8", newline="\n")
        resolved["review"]["guidelines"] = GUIDELINES
    path = section.file(recipe.base, recipe.stem)
    if path is None:
        return
    if not (path.exists() and open_to_all):
        named = clean(shown(section.verdicts or path.name))
        if section.verdicts or path.exists():
            resolved["review"]["verdicts"] = named
        yield from [named] if path.exists() else []
        return
    resolved["review"]["verdicts"] = VERDICTS
    (verdicts,) = (need for step in built.plan.steps if step.name == DECIDE for need in step.needs)
    told = released.lines(
        verdicts.load(), named=section.names, rejected=recipe.publish.rejected, kept=set(built.column("id"))
    )
    (folder / VERDICTS).write_text("".join(told), encoding="utf-8", newline="\n")


def _lies_here(path: str, base: Path) -> bool:
    return os.path.lexists(base / Path(path).expanduser()) or bool(matches(base, path))


def _read_from_the_hub(built: Built) -> Iterator[tuple[str, int, str]]:
    """Section, place in it and commit of each dataset on the Hub."""
    for section in SECTIONS:
        for number, source in enumerate(built.plan.steps[0].identity.get(section, ())):
            if commit := source.get("table", {}).get("commit"):
                yield section, number, commit


def _write(
    opened: Opened,
    path: Path,
    texts: Mapping[str, str],
    columns: Mapping[str, str],
    hidden: Collection[str],
    family: str | None,
) -> bool:
    """Write what was read of a source, without the rows that are withheld; whether any row is left."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for row in opened.rows(None):
            if row.defect is None and row.texts["source"] not in hidden:
                said = {columns[key]: value for key, value in _said(row, texts).items()}
                of = {family: row.family} if family else {}
                lines.write(json.dumps({**said, **of, **row.kept}, ensure_ascii=False) + "\n")
        written = lines.tell()
    if not written:
        path.unlink()
    return bool(written)


def as_written(built: Built) -> bool:
    """Whether the recipe may be published as its author wrote it: no row in it is withheld, or changed by a filter.

    Nor may it call a file by what a filter takes out of rows.
    """
    clean = cleaner(built.recipe)
    if any(clean(source.path) != source.path for _, _, source in local_sources(built.recipe)):
        return False
    inline = any(
        item in source for section in SECTIONS for source in built.recipe.resolved()[section] for item in ITEMS
    )
    return not inline or not (redaction.rewritten(built) or any(map(_INLINE.match, redaction.places(built))))


def _hide_inline(built: Built, resolved: dict[str, Any], hidden: Collection[str]) -> None:
    """Take the rows that are withheld out of a recipe, and let others say what they say in the build."""
    said = redaction.as_built(built) if redaction.rewritten(built) else {}
    for section in SECTIONS:
        for number, source in enumerate(resolved[section]):
            for item in ITEMS & source.keys():
                places = {f"{section}[{number}].{item}[{index}]": row for index, row in enumerate(source[item])}
                left = [_as_built(row, said.get(place)) for place, row in places.items() if place not in hidden]
                source[item] = left
                shared = next((said[place] for place in places if place in said), {}) if item == "prompts" else {}
                source |= {
                    key: shared[key] for key in ("context", "system", "topic") if source.get(key) and key in shared
                }


def _as_built(row: Any, said: Mapping[str, Any] | None) -> Any:
    """A row of a recipe with what it says in the build in place of what it said there."""
    if said is None:
        return row
    if isinstance(row, str):
        return said["instruction"]
    made = {**row, **{key: said[key] for key in row if row[key] and key not in ("messages", "tools")}}
    if row.get("messages"):  # of which columns of texts say all where they can
        turns = [bare(turn) for turn in messages(said)]
        made["messages"] = turns[1:] if row.get("system") else turns
    if row.get("tools"):
        made["tools"] = tools(said)
    return made


def local_sources(recipe: Recipe) -> Iterator[tuple[str, int, Local]]:
    """Section, place in it and source, for each that reads from this machine."""
    for section in SECTIONS:
        for number, source in enumerate(getattr(recipe, section)):
            if isinstance(source, Local) and _is_local(source, recipe.base):
                yield section, number, source


@dataclass
class ReadFrom:
    """What became of the rows of one file, and of those read there what each held that was not carried."""

    kept: int = 0
    removed: int = 0
    unread: Counter[str] = field(default_factory=Counter)


def read_from(built: Built) -> dict[str, ReadFrom]:
    """The rows of the build by the file or dataset they were read from; what grew from a row counts where that was."""
    from hfsft.engine.ordering.streamed_rows import streamed

    found: dict[str, ReadFrom] = defaultdict(ReadFrom)
    for rows, kept in built.all_rows():
        for source, unread, origin, writer in _read_by(streamed(rows)):
            inline = NOWHERE if writer and not source else INLINE
            of = found[inline if not source or _INLINE.match(source) else file_of(source)]
            of.kept += kept
            of.removed += not kept
            if unread and origin not in ("evolved", EDITED):
                of.unread.update(unread_counts([unread]))
    return dict(found)


def _read_by(rows: Rows) -> Iterator[tuple[Any, ...]]:
    names = ("source", "unread", "origin", *([WRITTEN_BY] if WRITTEN_BY in rows.column_names else []))
    for table in rows.batches(names):
        columns = [column.to_pylist() for column in table.columns]
        yield from zip(*columns, *([repeat(None, len(table))] if len(columns) < 4 else []), strict=True)


def unchanged(built: Built) -> dict[tuple[str, int], Opened]:
    """The local sources that are still what the build read, by section and place in it."""
    read = built.plan.steps[0].identity
    found = {}
    for section, number, source in local_sources(built.recipe):
        opened = source.opened(built.recipe.base, f"{section}[{number}]")
        with suppress(UserError, OSError):
            if opened.identity == read[section][number]:
                found[section, number] = opened
    return found


def changed(built: Built) -> list[str]:
    """The paths of the others."""
    there = built.unchanged_sources
    return sorted({source.path for *at, source in local_sources(built.recipe) if tuple(at) not in there})


def shown(path: str) -> str:
    """A local path as a release has it: without the folders of this machine."""
    return Path(path).name if Path(path).is_absolute() or path.startswith("~") else path


def _is_local(source: Local, base: Path) -> bool:
    try:
        return source.table(base).local is not None
    except UserError:  # it was there when the build read it
        return True


def _said(row: SourceRow, texts: Mapping[str, str]) -> dict[str, Any]:
    """A row by the keys of the recipe; of several turns, all but the last answer are what was asked."""
    said = {key: row.texts.get(name) for key, name in texts.items()}
    turns = row.texts.get("messages")
    if not turns or "instruction" not in said:
        return said
    if said.get("reasoning") and said["reasoning"] == turns[-1].get("reasoning"):
        said["reasoning"] = None  # the last turn says it
    return {**said, "instruction": turns[:-1], "response": turns[-1:]}


def _free(name: str, taken: list[str]) -> str:
    """A name for a column that no kept one has."""
    while name in taken:
        name += "_"
    return name
