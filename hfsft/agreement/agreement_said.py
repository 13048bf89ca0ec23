"""How far reviewers agree, as tables and sentences for people: after a review, in the card, in the report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from hfsft.agreement.agreeing import CLEAR, VERDICT, Agreed, Standing, agreement, label_said
from hfsft.agreement.library import Figure, LibraryMissingError
from hfsft.rows.reading.summaries import rows_said

NAMED = 5  # rows that a sentence names
SKEWED = 0.9  # share of rows on which all agree, from which a low kappa may be due to labels that are nearly all alike


class ResultTable(NamedTuple):
    """A table for people."""

    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    right: Collection[int] = ()  # the places of columns of numbers
    about: str = ""  # what it shows, for whoever cannot see it


def agreement_said(
    standing: Standing, levels: tuple[float, float] | None = None, called: Callable[[str], str] = str
) -> list[str | ResultTable]:
    """What there is to say of how far reviewers agree, by the verdicts that stand; in one sentence where they cannot.

    `levels` are the ends of the scale of scores, `called` says under which name a reviewer is shown.
    """
    if len({reviewer for given in standing.values() for reviewer in given}) < 2:
        return ["one reviewer alone agrees with nobody: have a second one look at some of the same rows"]
    try:
        return list(said(agreement(standing, levels), called))
    except LibraryMissingError as error:
        return [str(error)]


def said(found: Sequence[Agreed], called: Callable[[str], str] = str) -> Iterator[str | ResultTable]:
    """The table of figures, then what to know of them."""
    known = [each for each in found if each.rows]
    if not known:
        yield "no row was looked at by two reviewers, so nothing is known of how far they agree"
        return
    yield agreement_table(known)
    if picked := max(each.picked for each in known):
        yield f"left out: {rows_said(picked)} picked for what stands out about them, as such rows are harder"
    if not any(each.random for each in known):
        yield "none of these rows is told to be drawn at random: the figures hold for rows that are picked like these"
    for each in known:
        yield from _doubts(each, called)


def agreement_table(found: Sequence[Agreed]) -> ResultTable:
    """The figures, a line for each criterion."""
    head = ("criterion", "rows", "all agree", "kappa", "weighted kappa", "alpha")
    rows = [
        (
            criterion_said(each.name),
            each.rows,
            share_said(each.same.figure),
            figure_said(each.kappa),
            figure_said(each.weighted) if each.weighted else "",
            figure_said(each.alpha),
        )
        for each in found
    ]
    return ResultTable(head, rows, (1,), "how far reviewers agree")


def _doubts(found: Agreed, called: Callable[[str], str]) -> Iterator[str]:
    """What is not known, and what guidelines should say more of."""
    for name, measured in (("kappa", found.main), ("alpha", found.alpha)):
        if measured.value is None:
            yield f"{criterion_said(found.name)}: {name} is {measured.why}"
            break  # the same is true of the other
    value = found.main.value
    if value is None or value >= CLEAR:
        return
    figure = "weighted kappa" if found.weighted else "kappa"
    share = found.same.value or 0.0
    if share >= SKEWED:
        yield (
            f"{criterion_said(found.name)}: {figure} is {value:.2f} though all agree on {share:.0%} of the rows: "
            "nearly all labels are alike, and then kappa is low however well people agree; look at more rows that may "
            "be wrong"
        )
        return
    unsure = found.main.high is not None and found.main.high >= CLEAR
    doubt = f" (by its interval it may be {CLEAR} or more: look at more rows)" if unsure else ""
    rows = "; ".join(_row(found, number, called) for number in range(min(NAMED, len(found.differing))))
    yield (
        f"{criterion_said(found.name)}: {figure} is {value:.2f}, below {CLEAR}{doubt}: the guidelines leave open what "
        f"is meant; say in them (`review: {{guidelines: FILE.md}}`) how rows such as these are to be judged: {rows}"
    )


def _row(found: Agreed, number: int, called: Callable[[str], str]) -> str:
    each = found.differing[number]
    labels = sorted(each.labels.items(), key=lambda item: (item[1], item[0]))
    told = ", ".join(f"{called(name)} {label_said(label, ordered=found.ordered)}" for name, label in labels)
    return f"{each.row} ({told})"


def criterion_said(name: str) -> str:
    """What a criterion is called, or that which has no name of its own: to accept or reject."""
    return "accept or reject" if name == VERDICT else name


def figure_said(measured: Figure, form: str = ".2f") -> str:
    """A figure with its interval, as `0.72 (0.60 to 0.83)`; `-` where it is not defined."""
    if measured.value is None:
        return "-"
    if measured.low is None or measured.high is None:
        return f"{measured.value:{form}}"
    return f"{measured.value:{form}} ({measured.low:{form}} to {measured.high:{form}})"


def share_said(share: Figure) -> str:
    """A share with its interval, as `92% (85% to 96%)`; `-` of nothing."""
    return figure_said(share, ".0%")
