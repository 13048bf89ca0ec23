"""A calibration as tables and sentences for people: what `hfsft calibrate` prints, what card and report show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hfsft.agreement.agreement_said import ResultTable, criterion_said, figure_said, share_said
from hfsft.agreement.calibration import AtBound, Basis, ByBounds, ByCriterion, Calibration, Suggested
from hfsft.rows.reading.summaries import rows_said


def state_said(found: Calibration) -> str:
    """The state of the judge in one sentence."""
    basis = found.basis
    if found.state == "uncalibrated":
        return f"the judge is uncalibrated: {found.why}"
    drawn = "drawn at random" if basis.random else "not told to be drawn at random"
    rows = f"{basis.rows:,} rows with people's labels, {drawn}"
    if found.state == "provisional":
        return f"the judge is provisionally calibrated, by {rows} (50 are wanted)"
    return f"the judge is calibrated, by {rows}"


def calibration_said(found: Calibration) -> Iterator[str | ResultTable]:
    """All that there is to say, the state first."""
    yield state_said(found)
    yield from found.told
    yield from basis_said(found.basis)
    if found.criteria:
        yield criteria_table(found.criteria)
        yield from map(confusion_table, found.criteria)
    if found.bounds:
        yield bounds_table(found.bounds)
        yield _of_bounds(found.bounds, found.basis)
    if found.among_people:
        told = ", ".join(f"{criterion_said(name)} {figure_said(each)}" for name, each in found.among_people.items())
        yield f"people among themselves come to a kappa of: {told}; no judge can be asked for much more"
    yield from doubts(found)
    for score, bounds in found.at_bounds.items():
        yield at_bounds_table(score, bounds, found.basis)
    if found.suggested:
        yield suggested_said(found.suggested)
        yield from found.suggested.doubts
    if found.apart:
        yield apart_table(found)


def basis_said(basis: Basis) -> Iterator[str]:
    """Which rows the figures rest on, and of which others nothing is known."""
    if basis.models:
        yield f"left out: {rows_said(basis.models)} that only models labelled"
    if basis.picked:
        yield (
            f"left out of all figures: {rows_said(basis.picked)} with labels, picked because something stands out "
            "about them, as such rows are harder than others"
        )
    if basis.rows and not basis.random:
        yield "no row is told to be drawn at random: all figures hold for rows that are picked like these alone"
    if basis.disputed:
        said = rows_said(basis.disputed)
        yield f"accepted by as many as reject them, and so counted as rejected, as a build lets them fall: {said}"
    if basis.weighted:
        yield (
            f"of the labelled rows {basis.fell:,} of {basis.rows:,} fell at a bound on a score, of all scored rows "
            f"{basis.scored_fell - basis.unseen:,} of {basis.scored - basis.unseen:,}: each counts as often as its "
            "kind is in the build"
        )
    if basis.rows and basis.unseen:
        which = "scored lower than any row with a label" if basis.fell else "fell at a bound on a score"
        yield (
            f"nobody has labelled one of the {rows_said(basis.unseen)} that {which}: how many of them people would "
            "accept is not known, so recall is that among the other rows"
        )


def doubts(found: Calibration) -> Iterator[str]:
    """Why the judge is not to be relied on, however many rows have labels: what its scores do not tell."""
    for each in found.criteria:
        kappa = each.weighted_kappa
        if kappa.why and not kappa.value:
            yield f"{each.name}: weighted kappa is {kappa.why}"
        elif kappa.low is not None and kappa.low <= 0:
            said = f"weighted kappa {figure_said(kappa)}"
            yield f"{each.name}: the judge may agree with people no more than chance does ({said})"
        elif each.same <= each.constant_same and each.off >= each.constant_off:
            yield (
                f"{each.name}: whoever gives {each.constant:g} to every row is as often right as the judge "
                f"({each.constant_same:.0%} to {each.same:.0%}), and no farther off"
            )
    kept = found.bounds.kappa if found.bounds else None
    if kept and kept.low is not None and kept.low <= 0:
        yield (
            "the recipe's bounds may tell what people accept from what they reject no better than chance does "
            f"(kappa {figure_said(kept)})"
        )


def criteria_table(found: Sequence[ByCriterion]) -> ResultTable:
    """The judge beside people, a line for each criterion."""
    shares = ("same score", "of a constant", "distance", "of a constant", "bias")
    head = ("criterion", "rows", "kappa", "weighted kappa", *shares)
    rows = [
        (
            each.name,
            each.rows,
            figure_said(each.kappa),
            figure_said(each.weighted_kappa),
            f"{each.same:.0%}",
            f"{each.constant_same:.0%}",
            f"{each.off:.2f}",
            f"{each.constant_off:.2f}",
            f"{each.bias:+.2f}",
        )
        for each in found
    ]
    return ResultTable(
        head, rows, (1, 4, 5, 6, 7, 8), "the judge's scores beside people's, and whoever says one for all"
    )


def confusion_table(found: ByCriterion) -> ResultTable:
    """How many rows have which score of people and of the judge."""
    head = (f"{found.name}: people", *(f"judge {level:g}" for level in found.levels))
    rows = [(f"{level:g}", *counts) for level, counts in zip(found.levels, found.confusion, strict=True)]
    about = f"rows by people's and the judge's score of {found.name}"
    return ResultTable(head, rows, range(1, len(head)), about)


def bounds_table(found: ByBounds) -> ResultTable:
    """How many rows the recipe's bounds keep, and people accept."""
    head = ("people", "bounds keep", "bounds reject")
    rows = [
        ("accept", found.kept_accepted, found.fell_accepted),
        ("reject", found.kept_rejected, found.fell_rejected),
    ]
    return ResultTable(head, rows, (1, 2), "what people accept beside what the recipe's bounds on scores keep")


def _of_bounds(found: ByBounds, basis: Basis) -> str:
    why = found.kappa.why if not found.kappa.value else ""
    kappa = f"kappa is {why}" if why else f"kappa {figure_said(found.kappa)}"
    return (
        f"the recipe's bounds: {kappa}; right on {found.right:.0%} of the rows, where one word for all is right on "
        f"{found.constant:.0%}; precision {share_said(found.precision)}, {_recall(basis)} {share_said(found.recall)}"
    )


def at_bounds_table(score: str, found: Sequence[AtBound], basis: Basis) -> ResultTable:
    """What each bound on one score would keep."""
    head = (f"{score} at least", "rows", "precision", _recall(basis), "of the build")
    rows = [
        (
            f"{each.at_least:.4g}",
            each.kept,
            share_said(each.precision),
            share_said(each.recall),
            "" if each.build is None else f"{each.build:.0%}",
        )
        for each in found
    ]
    return ResultTable(head, rows, (0, 1, 4), f"precision and recall of bounds on {score}")


def suggested_said(found: Suggested) -> str:
    """The bound that has the wanted precision, or why there is none."""
    if found.at_least is None or found.precision is None or found.recall is None:
        return f"no bound on {found.score} is suggested for a precision of {found.wanted:.0%}: {found.why}"
    ends = ""
    if found.low is not None and found.high is not None:
        ends = f" ({found.low:.4g} to {found.high:.4g} over rows drawn again)"
    return (
        f"for a precision of {found.wanted:.0%}: {found.score}: {{at_least: {found.at_least:g}}}{ends}; it keeps "
        f"{found.kept:,} of the labelled rows, with a precision of {share_said(found.precision)} and a recall of "
        f"{share_said(found.recall)}"
    )


def apart_table(found: Calibration) -> ResultTable:
    """The rows of greatest difference."""
    rows = [(each.row, each.by, each.people, f"{each.judge:.3g}") for each in found.apart]
    return ResultTable(("row", "by", "people", "judge"), rows, (3,), "rows on which people and the judge differ most")


def _recall(basis: Basis) -> str:
    """Recall, by its name; where there are rows of which nobody has labelled any, it is that among the others."""
    return "recall of the others" if basis.unseen else "recall"
