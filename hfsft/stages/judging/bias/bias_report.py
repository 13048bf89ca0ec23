"""What is told of a judge's biases: as notes, as a table of card and report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfsft.plain import plain
from hfsft.stages.base import ShownTable, Warn
from hfsft.stages.judging.bias.measured import LENGTH, MEASURES, POSITION

ABOUT = (
    "How scores go along with what answers look like: rank correlations from -1 to 1, and by how many points an answer "
    "of twice as many words is scored higher. What answers are worth may go along with it too."
)
_CALLED = {
    LENGTH: "the number of words",
    "bullets": "items of lists",
    "markdown": "Markdown",
    "hedges": "hedges",
    "fillers": "filler phrases",
    POSITION: "the place in the run",
}
_MEANS = {
    LENGTH: "longer answers may be better, or only seem so: `judge: {adjust: length}` gives scores without that",
    POSITION: "the judge drifted, or sources of different worth stand one behind the other",
}
_ELSE = "also among answers of one length: it may be taken by the form of an answer"
FEW = 30  # rows, below which a line through them says little
_ADJUSTED = "`adjusted_<criterion>` and `adjusted_mean` are the scores without that, for filters and choices to go by"


def notes(found: Mapping[str, Any], *, adjusted: bool) -> Iterator[str]:
    """What its scores go along with so clearly that it is no chance, a sentence for each measure."""
    if adjusted and 0 < found.get("rows", 0) < FEW:
        yield Warn(
            f"scores without length go by a fit over {found['rows']} rows: so few do not tell length from chance; "
            f"{FEW} and more do"
        )
    told: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for measure, criterion, rho in found.get("told", ()):
        told[measure].append((criterion, rho))
    for measure in (each for each in MEASURES if each in told):
        of = sorted(told[measure], key=lambda each: (-abs(each[1]), each[0]))
        scores = ", ".join(f"{criterion} {rho:+.2f}" for criterion, rho in of)
        doubled = ""
        if measure == LENGTH:
            points = found["doubled"][of[0][0]]
            doubled = (
                f"; {of[0][0]} is {abs(points):.2g} {'higher' if points > 0 else 'lower'} where there are twice as many"
            )
        said = f"the judge's scores go along with {_CALLED[measure]} (rank correlation: {scores}{doubled})"
        if measure == LENGTH and adjusted:
            yield f"{said}: {_ADJUSTED}"
        else:
            yield Warn(f"{said}: {_MEANS.get(measure, _ELSE)}")


def table(found: Mapping[str, Any]) -> ShownTable | None:
    """The rank correlation of each criterion's scores with each measure; an empty cell where one does not vary."""
    correlations: Mapping[str, Mapping[str, Sequence[float] | None]] = found.get("correlations", {})
    if not any(each for told in correlations.values() for each in told.values()):
        return None
    head = ("scores", *MEASURES, "twice the words")
    rows = [
        (name, *(_cell(told.get(measure)) for measure in MEASURES), f"{found['doubled'][name]:+.2f}")
        for name, told in correlations.items()
    ]
    return ShownTable(head, rows, range(1, len(head)), "how scores go along with the form of answers")


def values(found: Mapping[str, Any], *, adjusted: bool) -> dict[str, Any]:
    """What the card's template is given of it."""
    return {"bias": table(found), "judged_rows": found.get("rows", 0), "adjusted": adjusted, "fillers": fillers(found)}


def fillers(found: Mapping[str, Any]) -> str:
    """How many answers have filler phrases, and which most of them have; empty where none has any."""
    told = found.get("fillers") or {}
    if not told.get("share"):
        return ""
    said = f"{told['share']:.0%} of the judged answers have a filler phrase"
    if not told["most"]:
        return f"{said}."
    most = ", ".join(f"\u201c{plain(phrase, 60)}\u201d ({rows:,})" for phrase, rows in told["most"])
    return f"{said}; in how many each: {most}."


def _cell(told: Sequence[float] | None) -> str | None:
    return None if told is None else f"{told[0]:+.2f}"
