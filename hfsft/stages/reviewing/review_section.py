"""Review: what people say of rows is part of the recipe, and bounds how many of them may be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from hfsft.engine.step import Step
from hfsft.errors import Place, Problem, SourceError, place_of
from hfsft.marks import FILE
from hfsft.plain import plain
from hfsft.rows.columns import REVIEWED, Column
from hfsft.rows.limits import Limits
from hfsft.rows.reading import edited_row
from hfsft.stages.base import CardPart, Context, Outcome, Panel, Stage, Warn
from hfsft.stages.reviewing import review_report
from hfsft.stages.reviewing.decisions import verdicts_in
from hfsft.stages.reviewing.steps import FOUND, KEY, steps
from hfsft.verdicts import Verdicts
from hfsft.verdicts.verdict_file import path_beside

WORD = r"^[a-z][a-z0-9_]{0,23}$"  # of a reason, which is the rule that the ledger names


class Review(Stage):
    """Let what people said of rows in `hfsft review` decide: rejected rows fall, edited ones stand in their place.

    Verdicts lie in a file beside the recipe (`<name of the recipe's file>.review.jsonl`), to which every reviewer's are
    added; each is of one row and of what it said then, so that a row whose text changed is to be looked at again. The
    majority decides, and a row that as many accept as reject falls. An edited row is a new one: of the family of the
    one that it was, without the judge's scores of the old text, held to every rule of single rows but those of scores,
    and cleaned as all rows are. What people accepted or edited comes before rows of models wherever rows are chosen
    behind this section. No model is asked for any of it.

    `error` bounds the share of wrong rows, by those of the random sample that people have looked at: its upper end in
    95 of 100 samples (Clopper and Pearson 1934). Wrong is what was rejected or edited.
    """

    key: ClassVar[str] = KEY
    example: ClassVar[str] = """\
    review: {rows: 100, reviewers: 2, error: {at_most: 0.05}}
    """

    rows: int = Field(100, ge=1, description="Rows of the random sample that people are to look at.")
    reviewers: int = Field(1, ge=1, le=100, description="How many people look at rows.")
    overlap: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of the sample that each of several reviewers sees: how far they agree.",
    )
    eyes: float = Field(
        0.3, ge=0, le=10, description="Rows that stand out and are shown beside the sample, as a share of `rows`."
    )
    error: Limits | None = Field(
        None,
        description="The largest share of wrong rows (`at_most`), as the upper end of its interval; left out: told, "
        "and nothing is bounded.",
    )
    on_fail: Literal["stop", "warn"] = Field(
        "stop",
        description="While that cannot be said yet: `stop` ends the build once it is written, so that nothing of it is "
        "published; `warn` tells it.",
    )
    reasons: list[str] = Field(
        [], description="Reasons to reject a row, beside those that every recipe has: words such as `wrong_dosage`."
    )
    guidelines: Annotated[str | None, FILE] = Field(
        None,
        min_length=1,
        description="A Markdown file that says how to judge rows: shown to reviewers, and published as guidelines.md.",
    )
    verdicts: Annotated[str | None, FILE] = Field(
        None, min_length=1, description="The file of verdicts; left out: the one beside the recipe."
    )
    names: bool = Field(False, description="Publish what reviewers are called; else they are r1, r2 and so on.")

    @field_validator("error")
    @classmethod
    def _a_share(cls, error: Limits | None) -> Limits | None:
        if error is not None and (error.at_least is not None or not 0 < (error.at_most or 0) <= 1):
            raise ValueError("takes at_most alone, a share above 0 and up to 1")
        return error

    @field_validator("reasons")
    @classmethod
    def _words(cls, reasons: list[str]) -> list[str]:
        import re

        for reason in reasons:
            if not re.fullmatch(WORD, reason):
                raise ValueError(f"{plain(reason, 40)!r} is no word of up to 24 small letters, digits and _")
        return reasons

    @property
    def at_most(self) -> float | None:
        """The largest share of wrong rows."""
        return self.error.at_most if self.error else None

    def file(self, base: Path, stem: str) -> Path | None:
        """The file of verdicts, which need not exist; None where the recipe came from no file and names none."""
        if self.verdicts:
            return base / Path(self.verdicts).expanduser()
        return path_beside(base, stem)

    @property
    def did(self) -> str:
        """That people looked at rows."""
        return "reviewed"

    def writes(self) -> list[Column]:
        """What people say of a row, and why it fell."""
        return [Column(REVIEWED, "string", "verdict", "What people say of the row.", True), *FOUND]

    def steps(self, context: Context) -> list[Step]:
        """What puts edited rows beside those that they were, what marks rows, and what takes those out that fall."""
        path = self.file(context.base, context.stem) if context.opened else None
        found = Verdicts()
        with suppress(SourceError):  # told as a problem
            found = verdicts_in(path) if path else found
        return steps(context, found, named=self.names)

    def problems(self, context: Context) -> Iterator[Problem]:
        """Guidelines that are not there, and verdicts that cannot be read, or that no row can be edited by."""
        if self.guidelines and not (context.base / Path(self.guidelines).expanduser()).is_file():
            said = f"review.guidelines: there is no file {Path(self.guidelines).name}"
            yield Problem(context.place(self.key, "guidelines"), said, "a Markdown file, by its path from the recipe")
        path = self.file(context.base, context.stem)
        if path is None:
            return
        try:
            found = verdicts_in(path)
        except SourceError as error:
            yield Problem(error.place or context.place(self.key, "verdicts"), error.message, error.help)
            return
        for (row, _), said_so in found.standing.items():
            for verdict in said_so.values():
                if verdict.edits and (fault := edited_row.fault(verdict.edit)):
                    said = f"the edit of row {plain(row, 40)} by {plain(verdict.reviewer, 40)}: {fault}"
                    yield Problem(Place(place_of(path).file), said, "take it back (`verdict: null`), or edit it again")

    def figures(self, outcome: Outcome) -> Mapping[str, Any]:
        """How many rows people looked at, what became of them, and the share of wrong ones."""
        return review_report.figures(outcome, named=self.names)

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """The share of wrong rows, what is odd about verdicts; the missed bound, where that is to be told."""
        found = outcome.figures.get(KEY)
        if found and self.on_fail == "warn":
            yield from map(Warn, review_report.missed(found, self.at_most))
        yield from review_report.notes(found or {}, self.at_most)

    def stops(self, outcome: Outcome) -> Iterator[str]:
        """That the share of wrong rows is not known to be as small as the recipe wants it."""
        if (found := outcome.figures.get(KEY)) and self.on_fail == "stop":
            yield from review_report.missed(found, self.at_most)

    def card(self, outcome: Outcome) -> CardPart | None:
        """How many rows people looked at, and what became of them; None where nobody has looked at any."""
        return review_report.card(outcome, self.at_most, guidelines=self.guidelines is not None)

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same."""
        return review_report.panel(outcome, self.at_most)
