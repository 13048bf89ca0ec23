"""What a judge's prompt says of a row and of anchors: all in quoted lines, so that no row changes what is around it.

Raina, Liusie and Gales 2024, "Is LLM-as-a-Judge Robust?" (arXiv 2402.14016): a few words at the end of an answer raise
the scores of a judge that reads them as its own prompt.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hfsft.rows.batch import Row
from hfsft.rows.columns import EVIDENCE, REFERENCE
from hfsft.rows.views import quoted_parts, quoted_turns
from hfsft.stages.judging.anchors import Anchor

CONVERSATION = "conversation"
BESIDE = {EVIDENCE: "documents that the assistant was shown", REFERENCE: "the right answer, to compare with"}
"""What the judge is shown of a row below its turns, by its column."""


def shown_anchors(anchors: Sequence[Anchor], names: Collection[str], question: int = 0) -> list[dict[str, Any]]:
    """What the template reads of anchors: their scores by the criteria that are named; of one question of a checklist,
    by its number, the answer, of those anchors whose answer to it is known.
    """
    told = (_anchor(anchor, names, question) for anchor in anchors)
    return [each for each in told if each["answer"] or not question]


def _anchor(anchor: Anchor, names: Collection[str], question: int) -> dict[str, Any]:
    scores = {name: _said(anchor, name) for name in anchor.scores if name in names}
    answer = anchor.answer(next(iter(names)), question) if question else ""
    return {CONVERSATION: shown(anchor.row(), reasoning=True), "scores": scores, "answer": answer, "why": anchor.why}


def _said(anchor: Anchor, name: str) -> str:
    """A score, of a checklist the answers to its questions where these are known."""
    answers = enumerate(anchor.answers.get(name, ()), 1)
    return " ".join(f"{number} {answer}" for number, answer in answers) or f"{anchor.scores[name]:g}"


def shown(row: Row, *, reasoning: bool) -> str:
    """What the template writes of a row, as `CONVERSATION`; `reasoning` as in `quoted_turns`."""
    beside = [(title, text) for name, title in BESIDE.items() if (text := row.get(name))]
    return "\n".join(filter(None, [quoted_turns(row, reasoning=reasoning), quoted_parts(beside)]))
