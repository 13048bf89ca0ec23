"""Anchors from people: rows whose scores show the judge best what a score means.

A row may be one if people gave it a score by each criterion, all who did gave the same, nobody rewrote it, and no other
row asks what it asks. Of these, one after the other, the row is taken whose scores are rarest among those that were
taken before, so that the few that there are lie over the whole scale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hfsft.errors import ReleaseError
from hfsft.hashing import unit
from hfsft.review.drawn.reviewed_rows import Candidate, ReviewedRows
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.rows.messages import bare
from hfsft.rows.views import OPTIONAL, READS, own_turns, tools
from hfsft.stages.judging.anchors import Anchor, question_of
from hfsft.verdicts import Verdicts

TEXTS = ("system", "instruction", "context", "reasoning", "response")


@dataclass(frozen=True)
class PeoplesScores:
    """A row that may be an anchor."""

    row: Candidate
    scores: Mapping[str, float]
    why: str
    reviewers: int  # who agree on it


def chosen_anchors(
    rows: ReviewedRows, verdicts: Verdicts, criteria: Sequence[PeoplesCriterion], count: int
) -> list[dict[str, Any]]:
    """At most `count` records, as a file of `judge.anchors` has them.

    Raises `ReleaseError` where there are no criteria or no such rows, and where all have one score by a criterion, so
    that they would show no difference by it.
    """
    if not criteria:
        raise ReleaseError(f"{rows.where}: no judge has criteria there, and anchors are scored by them")
    left = _alone(rows, scored(rows, verdicts, criteria))
    if not left:
        names = ", ".join(each.name for each in criteria)
        raise ReleaseError(
            f"{rows.where}: no row has a score by each criterion ({names}) that all its reviewers agree on, and asks "
            "what no other row asks: score some with hfsft review"
        )
    found: list[PeoplesScores] = []
    seen: Counter[tuple[str, float]] = Counter()
    while left and len(found) < count:
        best = max(left, key=lambda each: (_gain(each, seen), each.reviewers, unit("anchor", each.row.id), each.row.id))
        left.remove(best)
        found.append(best)
        seen.update(best.scores.items())
    for criterion in criteria:
        levels = {each.scores[criterion.name] for each in found}
        if len(levels) == 1:
            raise ReleaseError(
                f"{rows.where}: all rows that could be anchors have {levels.pop():g} by {criterion.name}, and the "
                "judge learns from a difference: score more rows, such as those of --only bound"
            )
    texts = rows.read([each.row.place for each in found])
    return [_record(texts[each.row.place], each) for each in found]


def scored(rows: ReviewedRows, verdicts: Verdicts, criteria: Sequence[PeoplesCriterion]) -> list[PeoplesScores]:
    """The rows that people gave one and the same score by each criterion, with their notes."""
    names = [criterion.name for criterion in criteria]
    found = []
    for (row_id, text), by_reviewer in verdicts.standing.items():
        row = rows.by_id.get(row_id)
        said = [each for each in by_reviewer.values() if each.scores]
        if row is None or row.content != text or not said or any(each.edits for each in by_reviewer.values()):
            continue
        given = [tuple(each.scores.get(name) for name in names) for each in said]
        if len(set(given)) == 1 and None not in given[0]:
            scores = {name: said[0].scores[name] for name in names}
            notes = dict.fromkeys(each.note.strip() for each in said if each.note and each.note.strip())
            found.append(PeoplesScores(row, scores, " ".join(notes), len(said)))
    return found


def _alone(rows: ReviewedRows, found: Sequence[PeoplesScores]) -> list[PeoplesScores]:
    """Those that ask what no other row asks; of rows of one question none is left."""
    texts = rows.read([each.row.place for each in found])
    asked = {each.row.id: question_of(texts[each.row.place]) for each in found}
    wanted = {question for question in asked.values() if question}
    others = rows.read([row.place for row in rows.candidates], ("id", *READS, *OPTIONAL)) if wanted else {}
    counts = Counter(question for row in others.values() if (question := question_of(row)) in wanted)
    return [each for each in found if counts[asked[each.row.id]] == 1]


def _gain(each: PeoplesScores, seen: Counter[tuple[str, float]]) -> float:
    return sum(1 / (1 + seen[score]) for score in each.scores.items())


def _record(row: Mapping[str, Any], scored: PeoplesScores) -> dict[str, Any]:
    """The row as an anchor, which names the row that it was."""
    turns = own_turns(row)
    if turns is None:
        said = {name: row[name] for name in TEXTS if row.get(name)}
    else:
        said = {**({"system": row["system"]} if row.get("system") else {}), "messages": [bare(turn) for turn in turns]}
    made = {
        **said,
        **({"tools": listed} if (listed := tools(row)) else {}),
        "scores": dict(scored.scores),
        **({"why": scored.why} if scored.why else {}),
        "row_id": scored.row.id,
    }
    Anchor.model_validate(made)
    return made
