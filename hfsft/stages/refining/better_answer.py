"""Which of two answers stays: the new one is judged again by the judge's own step, and compared with the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from hfsft.engine.resources import Resource, Work
from hfsft.models.model import Turns
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import score_of
from hfsft.rows.views import answered_so
from hfsft.stages.base import Outcome, ShownTable
from hfsft.texts.peel import peel

AGAIN = "refined_"  # how columns begin that hold what the judge said of the new answer
TEXT, FAULT, ROUND = "refined_response", "refined_fault", "refined_round"
BECAME, GAIN = "refined", "refined_gain"
MEAN = score_of("mean")
BETTER, NO_BETTER, UNSCORED = "better", "not better", "unscored"
AGAINST, NO_TEXT = "against a filter", "no new text"
FATES = (BETTER, NO_BETTER, AGAINST, NO_TEXT, UNSCORED)
"""What may become of a new answer."""


def judging(
    *needs: Resource, function: str, arguments: Mapping[str, Any], number: int, columns: Sequence[str]
) -> Callable[[Row], Turns]:
    """What asks the judge about a row with the new answer of a round in it; of others it says what it said before."""
    inner = Work(function, arguments).made(*needs)

    def ask(row: Row) -> Turns:
        if row[TEXT] is None or (row[FAULT] is not None and row[ROUND] is not None):
            return {f"{AGAIN}{name}": None for name in columns}
        if row[ROUND] not in (number, None):  # None of a text that is not known yet, in a forecast
            return {f"{AGAIN}{name}": row.get(f"{AGAIN}{name}") for name in columns}
        made: Row = yield from inner({**row, **answered_so(row, row[TEXT])})
        return {f"{AGAIN}{name}": made[name] for name in columns}

    return ask


def keeping(margin: float, number: int, scored: Sequence[str]) -> Callable[[Batch], Batch]:
    """What keeps the better one of two answers, with its scores."""
    return partial(_keep, margin=margin, number=number, scored=scored)


def _keep(batch: Batch, *, margin: float, number: int, scored: Sequence[str]) -> Batch:
    made: Batch = {name: [] for name in ("response", "messages", *scored, BECAME, GAIN)}
    for row in rows_of(batch):
        became, gain, new = row.get(BECAME), row.get(GAIN), row
        if row[ROUND] == number:
            before, after = row[MEAN], row[f"{AGAIN}{MEAN}"]
            rose = None if after is None else round(after - before, 9)
            better = rose is not None and rose > 0 and rose >= margin
            if better:
                new = {**row, **answered_so(row, row[TEXT]), **{name: row[f"{AGAIN}{name}"] for name in scored}}
                gain = round((gain or 0.0) + (rose or 0.0), 9)
            worse = NO_BETTER if after is not None else UNSCORED
            worse = NO_TEXT if row[TEXT] is None else AGAINST if row[FAULT] is not None else worse
            became = BETTER if better or became == BETTER else worse
        for name in ("response", "messages", *scored):
            made[name].append(new[name])
        made[BECAME].append(became)
        made[GAIN].append(gain)
    return made


def bare(text: str) -> str:
    """A new answer without the line before it that only announces it."""
    text = text.strip()
    head, _, rest = text.partition("\n")
    announces = bool(rest.strip()) and peel(f"{head}\nx").strip() == "x"
    return rest.strip() if announces else text


def counted(outcome: Outcome) -> tuple[int, int, Counter[str]]:
    """How many answers were written anew, how many of these are better, and what became of each."""
    became = Counter(value for value in outcome.all_values(BECAME) if value)
    return became.total(), became[BETTER], became


def table(outcome: Outcome) -> ShownTable | None:
    """The same as a table, with what the better ones gained; None where none was written."""
    tried, _, became = counted(outcome)
    if not tried:
        return None
    gains = outcome.numbers(GAIN, fallen=True)
    head = ("written anew", *FATES, "mean gain of the better")
    gain = fmean(gains) if gains else None
    return ShownTable(head, [(tried, *(became[fate] for fate in FATES), gain)], range(len(head)))
