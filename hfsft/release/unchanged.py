"""Whether a build comes to what stands in its folder already, so that nothing needs to be written.

What a folder holds hangs on the recipe, on which rows there are and what their columns were made of, on what models'
answers cost, and on the code that writes it. A hash of all that is kept beside what the steps made, with a hash of
every file as it was written. Where both are as they were, the folder stays: a build of 500,000 rows of which nothing
changed reads none of them. A folder in which a file was changed, added or taken away is written anew.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hfsft
from hfsft.agreement.calibration_file import ENDING
from hfsft.cache import cache_folder
from hfsft.cache import put as put_whole
from hfsft.hashing import digest
from hfsft.release.folder import lock, previous, row_files
from hfsft.release.folder.file_names import FUNNEL, REPORT, SIDES
from hfsft.release.hub.release_files import sha256_of
from hfsft.release.trainer.tokenizer import load_tokenizer
from hfsft.stages.base import Warn

if TYPE_CHECKING:
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.plan import Plan
    from hfsft.models.limits.usage import Usage
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.result import Built

FILE = "stands.json"  # in the cache of a recipe


@dataclass(frozen=True)
class ToldBefore:
    """What the build in a folder told of itself."""

    summary: Mapping[str, Any]
    notes: list[str]


def prepare() -> None:
    """Have ready what hangs on no row."""
    _code()


def hang_on(recipe: Recipe, plan: Plan, rows: Any, ledger: Ledger, usage: Usage) -> str:
    """A hash of all that a build's folder hangs on, but the sides of builds before; empty where that is not known.

    Rows are told by where their columns lie and what these were made of: no text is read.
    """
    read = _of_sides(plan)
    kept, tables = _which(rows, read), {name: _which(each, read) for name, each in ledger.tables.items()}
    fell = [_which(removal.rows, read) for removal in ledger.removals]
    if kept is None or None in fell or None in tables.values():
        return ""
    tokenizer = recipe.publish.tokenizer
    source = recipe.source
    return digest(
        {
            "code": _code(),
            "libraries": [platform.python_version(), lock.libraries(), list(lock.packages(recipe))],
            "recipe": [recipe.resolved(), source.text.text if source.path else None, str(source.path)],
            "publish": recipe.publish.model_dump(mode="json"),
            "calibration": _text(recipe.beside(ENDING)),
            "tokenizer": load_tokenizer(tokenizer, base=recipe.base).identity if tokenizer else None,
            "plan": plan.digest,
            "rows": kept,
            "fell": [
                [each.stage, each.rule, each.fate, each.bound, each.value_column, which]
                + [digest(sorted(told.items())) for told in (each.errors, each.instead)]
                for each, which in zip(ledger.removals, fell, strict=True)
            ],
            "tables": tables,
            "ledger": [ledger.rows_in, ledger.told, ledger.spent, ledger.ended, list(map(asdict, ledger.waves))],
            "funnel": [[line.step, line.place, line.rows_in, line.added, line.removed] for line in ledger.funnel],
            "prices": {name: price and repr(price) for name, price in usage.prices.items()},
        }
    )


def _text(path: Path | None) -> str | None:
    """What a file says; None where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path else None
    except OSError:
        return None


def _which(rows: Any, read: Collection[str]) -> list[Any] | None:
    """Which rows these are, and what their columns were made of, or hold, if they are to be `read`; None of rows from
    elsewhere.
    """
    from hfsft.engine.parts.rows import Rows

    if not isinstance(rows, Rows):
        return None
    names = [name for name in rows.kinds if name not in read]
    there = [name for name in rows.kinds if name in read]
    return [rows.kinds, rows.key, [part.lineage(names) for part in rows.parts], row_files.said(rows, there)]


def _of_sides(plan: Plan) -> set[str]:
    """The columns that hang on what builds before gave: mostly they hold the same, made of something else each time."""
    found: set[str] = set()
    for step in plan.steps:
        if any(not each.pinned for each in step.needs) or not found.isdisjoint((*step.reads, *step.optional)):
            found |= set(step.writes)
    return found


@cache
def _code() -> str:
    """A hash of when each file of hfsft was written: card and report change with it, whatever the version says.

    Taken once: what this process has imported stays as it was.
    """
    root = Path(hfsft.__file__).parent
    files = (path for path in root.rglob("*") if path.suffix not in ("", ".pyc") and path.is_file())
    written = [[path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    return digest(sorted(written))


def standing(plan: Plan, target: Path, of: str, sides_file: Path | None) -> ToldBefore | None:
    """What the build in `target` told of itself, where it hangs on the same and is as it was written; else None.

    `sides_file` remembers the sides of builds before outside the folder, and must say what the folder says.
    """
    try:
        kept = json.loads((cache_folder(plan.name) / FILE).read_text(encoding="utf-8"))
        if not of or (kept["of"], kept["target"]) != (of, str(target.resolve())) or kept["files"] != _files(target):
            return None
        if sides_file and (target / SIDES).is_file() and sides_file.read_bytes() != (target / SIDES).read_bytes():
            return None
        summary = json.loads((target / FUNNEL).read_text(encoding="utf-8"))
        warnings = set(kept["warnings"])
        notes = [Warn(note) if number in warnings else str(note) for number, note in enumerate(summary["notes"])]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return ToldBefore({name: value for name, value in summary.items() if name not in previous.NOTED}, notes)


def remember(built: Built, target: Path, of: str) -> None:
    """Keep what a build hangs on whose folder was written."""
    told = {
        "of": of,
        "target": str(target.resolve()),
        "files": {**previous.signed(target), **_told_of_run(target)},
        "warnings": [number for number, note in enumerate(built.notes) if isinstance(note, Warn)],
    }
    put_whole(cache_folder(built.plan.name) / FILE, json.dumps(told))


def _files(target: Path) -> dict[str, str]:
    """The hash of each file that a build wrote, those too which tell of the run."""
    return {**previous.hashes(target), **_told_of_run(target)}


def _told_of_run(target: Path) -> dict[str, str]:
    return {name: sha256_of(target / name) for name in (FUNNEL, REPORT)}
