"""Reviews for tests: recipes in a folder, and verdicts of rows as a build has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from hfsft.engine.ledger import FunnelLine
from hfsft.pipeline import run
from hfsft.pipeline.building import Watcher
from hfsft.release.result import Built
from hfsft.rows.views import content
from hfsft.verdicts import Verdict, VerdictFile

PARTS = ("floor", "door", "roof", "pipe", "wall")
DONE = [(verb, part) for verb in ("Heat", "Cool", "Clean", "Paint") for part in PARTS]
KILN = [
    {"instruction": f"{verb} the {part} of kiln {number}?", "response": f"{verb} it at {number}00 degrees, by hand."}
    for number, (verb, part) in enumerate(DONE)
]


def kiln(folder: Path, review: Any = None, **more: Any) -> Path:
    """A recipe over twenty examples, with a section `review` unless it is False."""
    folder.mkdir(exist_ok=True)
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in KILN))
    section = {} if review is False else {"review": review or {}}
    recipe = {"name": "kiln", "license": "mit", "examples": [{"path": "rows.jsonl"}], "filters": [], **section, **more}
    (folder / "kiln.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    return folder / "kiln.yaml"


def file_of(recipe: Path) -> VerdictFile:
    """The verdict file beside a recipe."""
    return VerdictFile(recipe.with_suffix(".review.jsonl"))


def judged(row: dict[str, Any], verdict: Any = "accept", by: str = "ann", **more: Any) -> Verdict:
    """What somebody says of a row as a build has it."""
    at = more.pop("at", "2026-11-26T12:00:00Z")
    return Verdict(row["id"], content(row) or "", by, at, verdict, drawn=more.pop("drawn", "sample"), **more)


def built(recipe: Path, out: Path | None = None) -> tuple[Built, Path, dict[str, FunnelLine]]:
    """A build, its folder, and the lines of its funnel by step."""
    lines: list[FunnelLine] = []
    made, folder = run(recipe, out=out or recipe.parent / "build", watcher=Watcher(on_line=lines.append))
    return made, folder, {line.step: line for line in lines}


def rows_in(made: Built) -> list[dict[str, Any]]:
    """The kept rows, in the order of their ids."""
    return sorted(made.rows.to_list(), key=lambda row: str(row["id"]))


def fell(folder: Path) -> dict[str, dict[str, Any]]:
    """The ledger's entries of rows that fell, by id."""
    lines = map(json.loads, (folder / "ledger.jsonl").read_text().splitlines())
    return {line["id"]: line for line in lines if line["stage"]}
