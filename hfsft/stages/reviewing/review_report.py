"""What people's verdicts came to, in figures, notes, card and report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from itertools import chain, dropwhile
from typing import Any

from hfsft.rows.columns import REVIEWED
from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.row import EDITED
from hfsft.stages.base import CardPart, Outcome, Panel, ShownTable, Warn
from hfsft.stages.reviewing import review_agreement
from hfsft.stages.reviewing.decisions import KIND, Decisions
from hfsft.stages.reviewing.steps import DECIDE, KEY, LOOKED_AT, REJECTED
from hfsft.tallies.column_values import chained
from hfsft.verdicts import REASONS, REJECT, ErrorRate
from hfsft.verdicts.error_rate import rate_of


def figures(outcome: Outcome, *, named: bool) -> dict[str, Any]:
    """What became of the rows that people looked at, as JSON."""
    if outcome.resource is None or DECIDE not in outcome.lines:
        return {}
    decisions: Decisions = outcome.resource(DECIDE, KIND)
    rows = list(zip(*(_reached(outcome, name) for name in ("id", "origin", REVIEWED, LOOKED_AT)), strict=True))
    looked = [decisions.by_row[row][text] for row, _, _, text in rows if text is not None]
    met = {(row, text) for row, _, _, text in rows if text is not None}
    there, reached = set(outcome.all_values("id")), {row for row, *_ in rows}
    missed = [row for row, text, _ in decisions if (row, text) not in met]
    what = Counter(each.decision.what for each in looked)
    reasons = Counter(each.decision.reason for each in looked if each.decision.what == REJECT)
    return {
        "rows": sum(origin != EDITED for _, origin, _, _ in rows),
        "unseen": sum(origin != EDITED and text is None for _, origin, _, text in rows),
        "looked_at": len(looked),
        "accepted": what["accept"],
        "rejected": what["reject"],
        "edited": what["edit"],
        "reasons": dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
        "reviewers": dict(sorted(Counter(chain.from_iterable(each.reviewers for each in looked)).items())),
        "error": asdict(rate_of([each.decision.wrong for each in looked if each.random])),
        "disputed": sum(each.decision.disputed for each in looked),
        "edits_differ": sum(each.decision.edits_differ for each in looked),
        "edits_fell": sum(
            (origin, state) == (EDITED, REJECTED) and not _rejected(decisions, row, text)
            for row, origin, state, text in rows
        ),
        "gone": sum(row not in there for row in missed),
        "other_text": sum(row in reached for row in missed),
        "fell_before": sum(row in there and row not in reached for row in missed),
        "agreement": review_agreement.figures(decisions, named=named),
        "replaced": decisions.replaced,
        "torn": decisions.torn,
    }


def _rejected(decisions: Decisions, row: str, text: str | None) -> bool:
    """Whether people rejected a text of a row; None where nobody decided on what it says."""
    return text is not None and decisions.by_row[row][text].decision.what == REJECT


def _reached(outcome: Outcome, name: str) -> Collection[Any]:
    """A column of the rows that came as far as to the review."""
    behind = dropwhile(lambda step: step != KEY, outcome.lines)
    return chained(outcome.values(name), *(outcome.removed(name, step) for step in behind))


def rate_in(found: Mapping[str, Any]) -> ErrorRate:
    """The share of wrong rows that figures tell."""
    return ErrorRate(**found["error"])


def missed(found: Mapping[str, Any], at_most: float | None) -> Iterator[str]:
    """Why the share of wrong rows is not known to be at most that, and what to do; nothing where it is.

    Where people have looked at every row, no wrong one is left, whatever their share was.
    """
    rate, unseen = rate_in(found), found["unseen"]
    if at_most is None or not unseen or rate.high <= at_most:
        return
    wanted = f"the recipe wants at most {at_most:.1%} of rows wrong"
    yield f"review: {wanted}, and {_so_far(rate)}; {_advice(rate, at_most, unseen)}"


def _so_far(rate: ErrorRate) -> str:
    if not rate.looked_at:
        return "people have looked at none that was drawn at random"
    return f"that cannot be said yet: {_told(rate)}"


def _advice(rate: ErrorRate, at_most: float, unseen: int) -> str:
    """What to do about a bound that does not hold yet: how many rows to look at, or that it is of no use."""
    whole = f"look at the {rows_said(unseen)} that nobody has seen"
    share, right = rate.more(at_most), rate.more_if_right(at_most)
    if share is not None and share < unseen:
        staying = "if that share stays" if rate.looked_at else "if none of them is wrong"
        return f"look at {rows_said(share)} more with `hfsft review` (`--rows {rate.looked_at + share}`), {staying}"
    if rate.low > at_most:
        return f"no larger sample will do: mend what makes such rows, raise a bound before the review, or {whole}"
    if share is None and right is not None and right < unseen:
        return f"too few rows to tell: look at {rows_said(right)} more, which do if none of them is wrong, or {whole}"
    return f"{whole} with `hfsft review`"


def _told(rate: ErrorRate) -> str:
    """The share of wrong rows in words."""
    return (
        f"{rate.wrong:,} of {rows_said(rate.looked_at)} drawn at random {_is(rate.wrong)} wrong, "
        f"{rate.rate or 0:.1%}, and of all rows between {rate.low:.1%} and {rate.high:.1%} (95 %)"
    )


def notes(found: Mapping[str, Any], at_most: float | None) -> Iterator[str]:
    """What is odd about verdicts, then the share of wrong rows, where no bound says it."""
    if not found:
        return
    if count := found["edits_fell"]:
        yield Warn(f"review: {rows_said(count)} that people edited fell by a rule of the recipe")
    if count := found["disputed"]:
        yield Warn(
            f"review: {rows_said(count)} {_is(count)} accepted by some and rejected by others: the majority counts, "
            "and a tie falls (settle it in `hfsft review`)"
        )
    if count := found["edits_differ"]:
        yield Warn(f"review: {rows_said(count)} {_was(count)} edited by several people: the last edit counts")
    if count := found["other_text"]:
        said = "a row that says" if count == 1 else "rows that say"
        yield Warn(f"review: {_verdicts(count)} {_is(count)} of {said} something else now: look at it again")
    if count := found["fell_before"]:
        yield f"review: {_verdicts(count)} {_is(count)} of {rows_said(count)} that fell before the review"
    if count := found["gone"]:
        yield f"review: {_verdicts(count)} {_is(count)} of {'a row that is' if count == 1 else 'rows that are'} gone"
    if count := found["replaced"]:
        yield f"review: {_verdicts(count)} {_was(count)} given anew by the same person: the last counts"
    if count := found["torn"]:
        said = "line is the beginning of one" if count == 1 else "lines are beginnings"
        yield Warn(f"review: {count:,} {said} in the verdict file, whose writer was stopped")
    yield from review_agreement.notes(found)
    rate = rate_in(found)
    if rate.looked_at and not any(missed(found, at_most)):
        yield f"review: {_told(rate)}"
    elif not found["looked_at"] and at_most is None:
        yield "review: nobody has looked at a row yet (`hfsft review` shows them)"


def _verdicts(count: int) -> str:
    return f"{count:,} verdict{'' if count == 1 else 's'}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def card(outcome: Outcome, at_most: float | None, *, guidelines: bool) -> CardPart | None:
    """How many rows people looked at, and what became of them; None where nobody has looked at any."""
    found = outcome.figures.get(KEY)
    if not found or not found["looked_at"]:
        return None
    rate = rate_in(found)
    told = {
        **{name: found[name] for name in ("rows", "looked_at", "accepted", "rejected", "edited")},
        "rate": _told(rate) + _bounded(found, at_most) if rate.looked_at else None,
        "reviewers": [f"{name}: {count:,}" for name, count in found["reviewers"].items()],
        "reasons": _reasons(found),
        "guidelines": guidelines,
        "agreement": review_agreement.shown(found),
    }
    return CardPart(KEY, told)


def _bounded(found: Mapping[str, Any], at_most: float | None) -> str:
    """Behind the share of wrong rows: the bound on it, and whether it holds."""
    if at_most is None:
        return ""
    seen = ", and people have seen every row" if not found["unseen"] else ""
    holds = "which cannot be said yet" if any(missed(found, at_most)) else f"which holds{seen}"
    return f"; the recipe wants at most {at_most:.1%}, {holds}"


def panel(outcome: Outcome, at_most: float | None) -> Panel | None:
    """The same for the report."""
    found = outcome.figures.get(KEY)
    if not found:
        return None
    rate = rate_in(found)
    pieces: list[str | ShownTable] = [
        f"People looked at {found['looked_at']:,} of {rows_said(found['rows'])}: {found['accepted']:,} accepted, "
        f"{found['rejected']:,} rejected, {found['edited']:,} edited."
    ]
    pieces += [f"{_told(rate)}."] if rate.looked_at else []
    pieces += [f"{said}." for said in missed(found, at_most)]
    if reasons := _reasons(found):
        pieces.append(reasons)
    if found["reviewers"]:
        head = ("reviewer", "rows decided")
        pieces.append(ShownTable(head, list(found["reviewers"].items()), (1,), "Rows by reviewer"))
    return Panel(KEY, "Review by people", [*pieces, *review_agreement.shown(found)])


def _reasons(found: Mapping[str, Any]) -> ShownTable | None:
    """The reasons for which rows were rejected."""
    rows = [(reason, REASONS.get(reason, ""), count) for reason, count in found["reasons"].items()]
    return ShownTable(("reason", "meaning", "rows"), rows, (2,), "Rejected rows by reason") if rows else None
