"""What people review: a build, the build of a recipe, a release on the Hub, or any dataset; and where they write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import RecipeError, ReleaseError
from hfsft.loading import load
from hfsft.pipeline.auditing import name_of, rows_of
from hfsft.pipeline.building import OUT, Watcher
from hfsft.release.folder.file_names import GUIDELINES, LOCK
from hfsft.release.folder.outputs import require_free, writing
from hfsft.release.reader import HUB_SCHEME, Release, open_release
from hfsft.review.drawn.reviewed_rows import ReviewedRows
from hfsft.review.drawn.reviewer_walk import EYES, ROWS, SHARED, Draw, WantedSample, draw
from hfsft.review.edited_texts import COLUMNS as EDITED
from hfsft.review.edited_texts import editable
from hfsft.review.said.criteria import criteria_of
from hfsft.review.said.review_questions import ReviewQuestions, now
from hfsft.review.said.summary import Summary, disputed_rows, summed_up, with_agreement
from hfsft.review.session import Session
from hfsft.verdicts import ENDING, REASONS, VerdictFile, file_beside

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe
    from hfsft.review.exchange.taking import TakenOver
    from hfsft.review.exchange.tasks import ReviewTask

CSV, JSON = ".csv", ".json"
RECIPES = (".yaml", ".yml")
BESIDE = ("", "recipes")  # folders below this one where a recipe of a build may stand
_KEYS = ("rows", "overlap", "eyes")  # of the section, that say which rows are looked at


@dataclass(frozen=True)
class OpenedReview:
    """Rows that people review, what they are asked, and the file of their verdicts."""

    rows: ReviewedRows
    asked: ReviewQuestions
    wanted: WantedSample
    file: VerdictFile
    recipe: Path | None = None  # what is built again once verdicts are given, where it is known
    applied: bool = False  # whether it has a section that applies them

    @cached_property
    def draw(self) -> Draw:
        """The rows that are looked at."""
        return draw(self.rows, self.wanted, disputed_rows(self.rows, self.file.read()))

    def session(self, reviewer: str) -> Session:
        """What the page of one reviewer asks. Raises `ReleaseError` where there are no rows to look at."""
        drawn = self.draw
        if not drawn.walk(reviewer):
            raise ReleaseError(self._nothing(drawn))
        return Session(self.rows, drawn, self.file, reviewer, self.asked)

    def summary(self) -> Summary:
        """What was said so far."""
        wanted, verdicts = replace(self.wanted, only=(), eyes=0), self.file.read()
        found = summed_up(self.rows, draw(self.rows, wanted), verdicts, self.asked.at_most)
        scales = {(each.low, each.high) for each in self.asked.criteria if not each.questions}
        return with_agreement(found, self.rows, verdicts, scales.pop() if scales else None)

    def export(self, path: Path, *, force: bool = False) -> list[str]:
        """Write the rows that are looked at, and all that was said, as CSV or for Label Studio; what there is to know.

        Raises `ReleaseError` for a file that is there or of another kind.
        """
        from hfsft.review.exchange import label_studio, verdict_table

        kind = _kind_of(path)
        require_free(path, force)
        tasks, asked = self._tasks(), self.asked
        texts = [name for name in EDITED if any(name in editable(task.row) for task in tasks)]
        told = [f"wrote {len(tasks):,} rows to {path}"]
        if kind == CSV:
            marked = verdict_table.write(path, tasks, asked.criteria, texts)
            note = f"note: an apostrophe stands before {marked:,} cells that a spreadsheet would take for a formula"
            return [*told, *([note] if marked else [])]
        require_free(path.with_suffix(".xml"), force)
        beside = label_studio.write(path, tasks, asked.criteria, list(asked.reasons), texts)
        scored = "note: the judge's scores are predictions there: turn off that tasks are prelabelled by these"
        return [*told, f"the labelling configuration of the project: {beside}", *([scored] if asked.criteria else [])]

    def take(self, path: Path, reviewer: str) -> TakenOver:
        """Take the verdicts of such a file over; those that name nobody are the reviewer's.

        Raises `SourceError` with all that is wrong with it: then none is taken over.
        """
        from hfsft.review.exchange import label_studio, verdict_table
        from hfsft.review.exchange.taking import take
        from hfsft.review.exchange.tasks import VerdictReading

        reading = VerdictReading(self.asked.criteria, self.asked.reasons, EDITED, reviewer, now())
        read = verdict_table.read if _kind_of(path) == CSV else label_studio.read
        return take(read(path, reading), self.rows, self.file)

    def write_anchors(self, count: int, out: Path | None = None, *, force: bool = False) -> list[str]:
        """Write the rows whose scores make the best anchors, as a file for `judge.anchors`; what there is to know.

        Raises `ReleaseError` where no rows make any, and for a file that is there.
        """
        from hfsft.review.said.chosen_anchors import chosen_anchors

        stem = self.file.path.name.removesuffix(ENDING)
        path = out or self.file.path.with_name(f"{stem}.anchors.jsonl")
        if path.suffix != ".jsonl":
            raise ReleaseError(f"{path}: anchors are written as JSON lines (name a .jsonl file)")
        require_free(path, force)
        found = chosen_anchors(self.rows, self.file.read(), self.asked.criteria, count)
        with writing(path) as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in found)
        few = [f"note: no more than {len(found):,} rows make good anchors so far"] if len(found) < count else []
        return [
            f"wrote {len(found):,} anchors to {path}",
            *few,
            f"`judge: {{anchors: {path.name}}}` shows them to the judge, beside the recipe. Each names its row, which "
            "leaves the data with the next build; the judge is asked about all others anew.",
        ]

    def _tasks(self) -> list[ReviewTask]:
        """The rows that are looked at, and others of which something was said."""
        from hfsft.review.exchange.tasks import ReviewTask

        verdicts = self.file.read()
        stops = {stop.row.id: stop for stop in reversed(self.draw.walk(""))}
        judged = [row_id for row_id, text in verdicts.standing if row_id in self.rows.by_id]
        ids = dict.fromkeys([*(stop.row.id for stop in self.draw.walk("")), *judged])
        found = [(self.rows.by_id[row_id], stops.get(row_id)) for row_id in ids]
        rows = self.rows.read([row.place for row, _ in found])
        said = {row.id: list(verdicts.of(row.id, row.content).values()) for row, _ in found}
        return [
            ReviewTask(
                rows[row.place],
                row.content,
                next((each.drawn for each in said[row.id] if each.drawn), stop.drawn if stop else ""),
                stop.why if stop else "",
                said[row.id],
            )
            for row, stop in found
        ]

    def _nothing(self, drawn: Draw) -> str:
        if self.wanted.only:
            said = " or ".join(drawn.kinds)
            return f"{self.rows.where}: has no row to look at for {said} (without --only any row is)"
        return f"{self.rows.where}: has no rows that were kept (`hfsft rows` shows why each fell)"


def open_review(
    where: str,
    *,
    to: Path | None = None,
    quality: bool = False,
    watcher: Watcher | None = None,
    tell: Callable[[str], None] = lambda _: None,
    **wanted: Any,
) -> OpenedReview:
    """What is reviewed at `where`: a build's folder, a recipe (its build), a release as hf://datasets/you/name, or a
    dataset as `hfsft audit` reads it.

    Verdicts go `to` that file; left out, to `NAME.review.jsonl` beside the recipe, or in the working directory where no
    recipe is known. `quality` has rows scored by one criterion where no judge says any. `wanted` are fields of
    `WantedSample` that are other than the recipe says, None for what it says. Raises `ReleaseError` where there is no
    build, and as `audit` does for a dataset.
    """
    path = Path(where)
    if path.suffix.lower() in RECIPES and path.is_file():
        return _of_recipe(path, to, quality, wanted)
    if where.startswith(HUB_SCHEME) or _is_build(path):
        release = open_release(where, tell)
        recipe = None if where.startswith(HUB_SCHEME) else _recipe_of(release)
        return _of_release(release, recipe, to, quality, wanted)
    if not path.exists() and path.parts[:1] == (OUT,):
        raise ReleaseError(f"{where}: no such build (run `hfsft build` on its recipe first)")
    rows = ReviewedRows.of_dataset(where, rows_of(where, watcher or Watcher()))
    name = name_of(where)
    asked = ReviewQuestions(name, criteria_of({}, quality=quality))
    return OpenedReview(rows, asked, _wanted({}, wanted), VerdictFile(to or Path(file_beside(name))))


def _kind_of(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in (CSV, JSON):
        raise ReleaseError(f"{path}: name a {CSV} file, or a {JSON} file of Label Studio")
    return kind


def _of_recipe(path: Path, to: Path | None, quality: bool, wanted: Mapping[str, Any]) -> OpenedReview:
    loaded = load(path, ())
    folder = Path(OUT, loaded.name)
    if not _is_build(folder):
        raise ReleaseError(
            f"{path}: there is no build of it in {folder} (run `hfsft build {path}` first, "
            "or name the folder that it was built into)"
        )
    return _of_release(open_release(str(folder)), path, to, quality, wanted, loaded)


def _of_release(
    release: Release,
    path: Path | None,
    to: Path | None,
    quality: bool,
    wanted: Mapping[str, Any],
    loaded: Recipe | None = None,
) -> OpenedReview:
    built = release.recipe()
    if loaded is None and path is not None:
        with suppress(RecipeError):  # which a build tells
            loaded = load(path, ())
    section = loaded.review if loaded else None
    said: Mapping[str, Any] = built.get("review") or {}
    if loaded:
        said = section.model_dump(mode="json") if section else {}
    beside = Path(file_beside(release.name)) if path is None else path.with_name(file_beside(path.stem))
    named = section.file(path.parent, path.stem) if section and path else None
    guidelines = release.folder / GUIDELINES
    if path and said.get("guidelines"):
        guidelines = path.parent / Path(said["guidelines"]).expanduser()
    asked = ReviewQuestions(
        release.name,
        criteria_of(built, quality=quality),
        {**REASONS, **dict.fromkeys(said.get("reasons") or (), "")},
        _guidelines(guidelines),
        (said.get("error") or {}).get("at_most"),
    )
    rows = ReviewedRows.of_release(release)
    return OpenedReview(
        rows, asked, _wanted(said, wanted), VerdictFile(to or named or beside), path, section is not None
    )


def _wanted(section: Mapping[str, Any], wanted: Mapping[str, Any]) -> WantedSample:
    usual = {"rows": ROWS, "overlap": SHARED, "eyes": EYES}
    said = {key: section[key] for key in _KEYS if section.get(key) is not None}
    return WantedSample(**{**usual, **said, **{key: value for key, value in wanted.items() if value is not None}})


def _guidelines(path: Path) -> str:
    """The text of a file of guidelines; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _is_build(folder: Path) -> bool:
    return (folder / LOCK).is_file() or (folder / "provenance").is_dir()


def _recipe_of(release: Release) -> Path | None:
    """The recipe below the working directory that a build is of, by its name; None where none is found."""
    for folder in BESIDE:
        for suffix in RECIPES:
            path = Path(folder, f"{release.name}{suffix}")
            if path.is_file() and _name_in(path) == release.name:
                return path
    return None


def _name_in(path: Path) -> str | None:
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return said.get("name") if isinstance(said, dict) else None
