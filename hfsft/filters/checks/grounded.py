"""grounded: how much of an answer stands in the documents that the row was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from hfsft.documents.search_words import stem_of, words_of
from hfsft.engine.step import Bound
from hfsft.filters.base import Bounded
from hfsft.filters.text_column import Share
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import EVIDENCE, UNANSWERABLE
from hfsft.rows.views import response, setting_text

SHORT = 4  # letters of a word from which it counts: shorter ones stand in any text
MEASURED = "grounding"


class Grounded(Bounded):
    """Share of the words and numbers of a response, 0 to 1, that stand in its documents or in what was asked.

    It is K-Precision (Adlakha et al. 2024, "Evaluating Correctness and Faithfulness of Instruction-Following Models
    for Question Answering", section 4), which of the measures by words agrees best with people on whether an answer
    rests on the passages it was given. Words are those of the one normal form that documents are found by: of four
    letters and more, each also by its first letters, so that another ending makes no difference; numbers of any length;
    of scripts without spaces each two signs that touch. Rows without a context or documents, and those whose documents
    lack what is asked (`unanswerable`), are not measured and stay.
    """

    name: ClassVar[str] = "grounded"
    values: ClassVar[str] = "0 to 1"
    blind: ClassVar[str] = (
        "The right words put together to something wrong, and an answer in another language than its documents, which "
        "measures near 0."
    )
    example: ClassVar[str] = """\
    filters:
      - grounded: {at_least: 0.6}
    """

    at_least: Share | None = Field(0.5, description="Smallest share that is kept.")
    at_most: Share | None = Field(None, description="Largest share that is kept.")

    @property
    def reads(self) -> tuple[str, ...]:
        """The response."""
        return ("response",)

    @property
    def optional(self) -> tuple[str, ...]:
        """What it may rest on."""
        return ("instruction", "context", "system", "messages", "dialect", EVIDENCE, UNANSWERABLE)

    @property
    def writes(self) -> dict[str, Any]:
        """The share."""
        return {MEASURED: "float64"}

    def bound(self, column: str) -> Bound:
        """The comparison; a row that rests on no documents stays."""
        return replace(super().bound(column), missing="keep")

    def measure(self, batch: Batch) -> Batch:
        """The share of each response that its documents hold."""
        return {MEASURED: [_grounding(row) for row in rows_of(batch)]}


def _grounding(row: Mapping[str, Any]) -> float | None:
    """The share; None where there is nothing that it could rest on, or nothing is said."""
    said, documents = response(row, spoken=True), setting_text(row) or row.get(EVIDENCE)
    if not said or not documents or row.get(UNANSWERABLE):
        return None
    held = set(words_of(f"{documents}\n{row.get('instruction') or ''}\n{row.get('system') or ''}"))
    words = [word for word in words_of(said) if not word.endswith("*") and _counts(word)]
    found = sum(word in held or stem_of(word) in held for word in words)
    return found / len(words) if words else None


def _counts(word: str) -> bool:
    return not word.isascii() or len(word) >= SHORT or any(map(str.isdigit, word))
