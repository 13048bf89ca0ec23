"""The folder of a build: what a release on the Hub holds, file for file.

build/refund-support/
  README.md, assets/...          the card; its configs make `load_dataset(folder)` work
  report.html                    the build in one page that needs no network
  data/train-00000-of-00001.parquet, data/validation-...
  provenance/...                 lineage, measures, scores and reasons, by id
  rejected/rejected-...          the rows that fell, with stage, rule and value
  random/train-...               as many rows by chance, where the recipe selects some
  preference/train-...           a better and a worse answer to one prompt, where the recipe makes pairs
  ledger.jsonl, funnel.json      the fate of every row, and its counts
  trainer.jsonl                  the rows that a trainer will not see as they are, and why, where there are any
  review.jsonl, guidelines.md    what people said of rows, where it goes with the sources, and by what they judged
  calibration.json               how far the judge is right, where people calibrated it
  sides.jsonl                    the side of the split that every row keeps in builds to come
  recipe.yaml, recipe.resolved.yaml
  sources/...                    what was read of local files, where the recipe says `publish: {sources: true}`
  hfsft.lock.json                models, sources, templates and libraries, pinned
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import UserError
from hfsft.release.card import card
from hfsft.release.card.pictures import pictures
from hfsft.release.folder import lock, previous, row_files, sides_file, source_files
from hfsft.release.folder.file_names import (
    CARD,
    FUNNEL,
    LOCK,
    PREFERENCE,
    RANDOM,
    REPORT,
    RESOLVED,
    SIDES,
    WRITTEN,
)
from hfsft.release.folder.parquet import write_parquet
from hfsft.release.folder.staging import NEW, staging_folder
from hfsft.release.reader import Release
from hfsft.release.report import page, vega
from hfsft.release.result import Built
from hfsft.release.rows.random_twin import random_rows

if TYPE_CHECKING:
    from datasets import DatasetDict


def preparations() -> Iterator[None]:
    """Have ready what hangs on no row, a part after each yield, so that less is left to do behind the last one."""
    yield from card.preparations()
    yield from page.preparations()
    yield
    lock.libraries()


def write(built: Built, out: Path, force: bool = False) -> Path:
    """The folder `out/<name>`, written to a staging folder and then moved into place: a reader never sees half a build.

    The build that stood there is kept as the previous one, see `previous`. Raises `UserError` where it cannot be
    written, or where a folder stands there that is no build and `force` is not given; nothing was changed by then.
    """
    target = previous.place(out, built.recipe.name)
    previous.require(target, force)
    try:
        with staging_folder(target) as folder:
            _fill(built, folder / NEW, target)
            previous.put(folder, target, force)
    except OSError as error:
        where = f"{error.filename}: " if error.filename and not str(error.filename).startswith(str(target)) else ""
        raise UserError(
            f"{target}: cannot be written: {where}{error.strerror or error} (answers are kept; build again)"
        ) from None
    return out / built.recipe.name


def load_built(folder: Path) -> DatasetDict:
    """The default config of a build's folder, as anyone would load it."""
    from datasets import DatasetDict, load_dataset

    loaded = load_dataset(str(folder))
    assert isinstance(loaded, DatasetDict)
    return loaded


def _fill(built: Built, folder: Path, target: Path) -> None:
    folder.mkdir()
    rows_of = row_files.hang_on(built)
    wanted = pictures(built)
    with ThreadPoolExecutor(max_workers=1) as drawing:  # by another process, while all else is written
        drawn = drawing.submit(vega.draw, wanted, folder)
        _fill_data(built, folder, target, rows_of)
        _text(folder / REPORT, page.report(Release(str(folder), folder)))
        said = card.card(built, folder, wanted)
    if (there := drawn.result()) != list(wanted):
        said = card.card(built, folder, there)
    _text(folder / CARD, said)
    previous.sign(folder, rows_of)


def _fill_data(built: Built, folder: Path, target: Path, rows_of: str) -> None:
    """All but the card, the pictures in it, and the report."""
    if not (rows_of and previous.lent(target, folder, rows_of)):
        row_files.put(built, folder, rows_of)
    for side, others in random_rows(built).items():
        write_parquet(others, folder / RANDOM, side)
    for side, pairs in built.preference.items():
        write_parquet(pairs, folder / PREFERENCE, side)
    if built.sides.stands:
        with (folder / SIDES).open("w", encoding="utf-8", newline="\n") as sides:
            sides.writelines(sides_file.lines(built.sides))
    _text(folder / FUNNEL, json.dumps(built.summary(), ensure_ascii=False, indent=2) + "\n")
    source = built.recipe.source
    if source.path and source_files.as_written(built):
        _text(folder / WRITTEN, source.text.text)  # as it was read, whatever the file says by now
    resolved, missing = source_files.put(built, folder)
    _text(folder / RESOLVED, _yaml(resolved))
    _text(folder / LOCK, lock.lock_text(built, resolved, missing))


def _yaml(value: Any) -> str:
    """The same as `safe_dump`, by libyaml where PyYAML has it: thousands of seeds take seconds without."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
