"""What a judge's prompt says of a row and of anchors: all in quoted lines, so that no row changes what is around it.

Raina, Liusie and Gales 2024, "Is LLM-as-a-Judge Robust?" (arXiv 2402.14016): a few words at the end of an answer raise
the scores of a judge that reads them as its own prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hfsft.rows.batch import Row
from hfsft.rows.views import quoted_turns
from hfsft.stages.judging.anchors import Anchor


def material(row: Row, anchors: Sequence[Anchor], *, reasoning: bool) -> dict[str, Any]:
    """What the template reads of a row (`conversation`) and of `anchors`; `reasoning` as in `quoted_turns`."""
    return {"conversation": quoted_turns(row, reasoning=reasoning), "anchors": [_anchor(anchor) for anchor in anchors]}


def _anchor(anchor: Anchor) -> dict[str, Any]:
    said = anchor.model_dump()
    return {"conversation": quoted_turns(said), "scores": anchor.scores, "why": anchor.why}
