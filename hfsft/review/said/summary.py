"""What people have said of a build so far: how many rows, what is wrong with them, how often, and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from hfsft.agreement import ResultTable, agreement_said
from hfsft.review.drawn.reviewed_rows import ReviewedRows
from hfsft.review.drawn.reviewer_walk import Draw
from hfsft.verdicts import SKIP, ErrorRate, Verdict, Verdicts, decided, error_rate
from hfsft.verdicts.all_verdicts import ByReviewer
from hfsft.verdicts.error_rate import RANDOM


@dataclass(frozen=True)
class Summary:
    """What is known by the verdicts that stand of the rows that there are."""

    looked_at: int  # rows of the random sample that somebody accepted, rejected or edited
    sample: int  # rows of it in all
    reviewers: Mapping[str, Mapping[str, int]]  # what each said how often
    reasons: Mapping[str, int]  # of the rows that fall
    edited: int
    disputed: tuple[str, ...]  # ids of rows that some accept and some reject
    eyes: Mapping[str, tuple[int, int]]  # of rows that deserved eyes, by the kind: looked at, and wrong
    rate: ErrorRate = field(default_factory=ErrorRate)
    at_most: float | None = None  # the bound of the rate
    unseen: int = 0  # rows that nobody has accepted, rejected or edited
    gone: int = 0  # verdicts of rows that are not in the build
    changed: int = 0  # verdicts of texts that rows no longer have
    replaced: int = 0  # verdicts that their reviewers gave anew
    told: tuple[str, ...] = ()  # what is odd about the verdict file
    agreement: tuple[str | ResultTable, ...] = ()  # how far several reviewers agree; nothing for one

    @property
    def more(self) -> int | None:
        """How many more rows to look at until the rate is surely within its bound; None for never, or no bound."""
        return None if self.at_most is None else self.rate.more(self.at_most)

    @property
    def rate_told(self) -> str:
        """The error rate in a line; empty while no row of the sample was looked at."""
        rate = self.rate
        if rate.rate is None:
            return ""
        told = (
            f"error rate {rate.rate:.1%} ({rate.wrong:,} of {rate.looked_at:,}), "
            f"between {rate.low:.1%} and {rate.high:.1%} in 95 of 100 cases"
        )
        if self.at_most is None:
            return told
        if not self.unseen:
            return f"{told}; every row was looked at, so no wrong one is left"
        if rate.high <= self.at_most:
            return f"{told}: within its bound of {self.at_most:.1%}"
        bound = f"its upper end is above the bound of {self.at_most:.1%}"
        if more := self.more:
            return f"{told}: {bound}; {more:,} more rows with no larger share of wrong ones would do"
        if rate.low > self.at_most:
            return f"{told}: all of that is above the bound of {self.at_most:.1%}; more rows will not do"
        if right := rate.more_if_right(self.at_most):
            return f"{told}: {bound}; too few rows yet to tell ({right:,} more would do if all of these were right)"
        return f"{told}: {bound}; too few rows yet to tell"

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON."""
        return {**asdict(self), "eyes": {kind: list(each) for kind, each in self.eyes.items()}, "more": self.more}


def summed_up(rows: ReviewedRows, draw: Draw, verdicts: Verdicts, at_most: float | None = None) -> Summary:
    """The summary of the verdicts over these rows."""
    said = dict(_of_rows(rows, verdicts))
    decisions = {row_id: decision for row_id, each in said.items() if (decision := decided(each))}
    reached = {row_id: each for row_id, each in said.items() if rows.by_id[row_id].reached}
    random = {row_id for row_id, each in reached.items() if any(one.drawn in RANDOM for one in each.values())}
    eyes: dict[str, tuple[int, int]] = {}
    for row_id, decision in decisions.items():
        kind = next((one.drawn for one in said[row_id].values() if one.drawn), None)
        if row_id not in random and kind and kind not in RANDOM:  # else one of the sample that fell since
            looked, wrong = eyes.get(kind, (0, 0))
            eyes[kind] = (looked + 1, wrong + decision.wrong)
    by: dict[str, Counter[str]] = {}
    for each in said.values():
        for reviewer, verdict in each.items():
            by.setdefault(reviewer, Counter())[_word(verdict)] += 1
    keys = [key for key, each in verdicts.standing.items() for _ in each]
    return Summary(
        looked_at=len(random & decisions.keys()),
        sample=len(draw.sampled | (random & decisions.keys())),
        reviewers={reviewer: dict(by[reviewer]) for reviewer in sorted(by)},
        reasons=dict(Counter(each.reason for each in decisions.values() if each.what == "reject").most_common()),
        edited=sum(each.what == "edit" for each in decisions.values()),
        disputed=tuple(sorted(row_id for row_id, each in decisions.items() if each.disputed)),
        eyes=eyes,
        rate=error_rate(reached.values()),
        at_most=at_most,
        unseen=sum(row.reached and not row.by_people and row.id not in decisions for row in rows.candidates),
        gone=sum(row_id not in rows.by_id for row_id, _ in keys),
        changed=sum(row_id in rows.by_id and rows.by_id[row_id].content != text for row_id, text in keys),
        replaced=verdicts.changed,
        told=tuple(verdicts.told),
    )


def with_agreement(summary: Summary, rows: ReviewedRows, verdicts: Verdicts, levels: tuple[int, int] | None) -> Summary:
    """The summary, with how far reviewers agree, where there are several; `levels` are the ends of the scale."""
    if len(summary.reviewers) < 2:
        return summary
    standing = {(row_id, rows.by_id[row_id].content): each for row_id, each in _of_rows(rows, verdicts)}
    return replace(summary, agreement=tuple(agreement_said(standing, levels)))


def disputed_rows(rows: ReviewedRows, verdicts: Verdicts) -> list[str]:
    """The ids of rows that some reviewers accept and some reject."""
    found = ((row_id, decided(each)) for row_id, each in _of_rows(rows, verdicts))
    return sorted(row_id for row_id, decision in found if decision and decision.disputed)


def _of_rows(rows: ReviewedRows, verdicts: Verdicts) -> Iterator[tuple[str, ByReviewer]]:
    """What is said of the rows that there are, as they are now."""
    for (row_id, text), each in verdicts.standing.items():
        if row_id in rows.by_id and rows.by_id[row_id].content == text:
            yield row_id, each


def _word(verdict: Verdict) -> str:
    return "edit" if verdict.edits else verdict.verdict or SKIP
