"""Filters that an answer must pass before it is taken: run over one row, as soon as the model has written it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound
from hfsft.errors import ModelError, Problem, nearest
from hfsft.filters.base import Around, Filter
from hfsft.plain import plain
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import FOUND, ROW, Column, column, text_under, vector_of

if TYPE_CHECKING:
    from hfsft.errors import Place
    from hfsft.stages.base import Context

ANSWER = ("response", "reasoning", "conversation", "messages")
LONGEST = 300  # characters of what is said of one fault


@dataclass(frozen=True)
class Rule:
    """One filter: what it measures, and the comparisons."""

    name: str
    measures: Sequence[Callable[[Batch], Batch]]
    bounds: Sequence[Bound]
    needed: Sequence[str] = ()
    says: str = ""  # a sentence with {} for what was found, where that alone says nothing of what is wrong

    def hopeless(self, row: Row) -> str | None:
        """Why no answer of the row can pass, in words; None where one may."""
        lacks = [name for name in self.needed if name in row and row[name] is None]
        return f"{self.name} needs {lacks[0]}, and the row has none" if lacks else None

    def fault(self, row: Row) -> str | None:
        """Why a row does not pass, in words; None where it does."""
        batch = {name: [value] for name, value in row.items()}
        for measure in self.measures:
            batch |= measure(batch)
        for bound in self.bounds:
            (value,) = batch[bound.column]
            if not bound.keeps(value):
                if found := batch.get(bound.column + FOUND, [None])[0]:
                    return plain(f"{bound.rule}: {found}", LONGEST)
                shown = f"{value:.6g}" if isinstance(value, float) else "nothing" if value is None else str(value)
                shown = self.says.replace("{}", shown) if self.says else shown
                return plain(shown if bound.absent else f"{bound.rule} is {shown}, not {bound}", LONGEST)
        return None


def needed(rules: Sequence[Filter]) -> tuple[Resource, ...]:
    """All that they depend on, in their order."""
    return tuple(need for rule in rules for step in rule.steps() for need in step.needs)


@dataclass(frozen=True)
class Checks:
    """All filters that an answer must pass, and what is done with one that does not."""

    rules: Sequence[Rule]
    tries: int
    repairs: bool  # whether the model is told what is wrong

    @classmethod
    def of(cls, told: Mapping[str, Any], needs: Sequence[Resource]) -> Checks:
        """The checks of which `as_json` told, with what they depend on."""
        return cls(rules_of(told["rules"], needs), told["tries"], told["retry"] == "repair")

    def hopeless(self, row: Row) -> str | None:
        """Why no answer of a row can pass; None where one may."""
        return next(filter(None, (rule.hopeless(row) for rule in self.rules)), None)

    def fault(self, row: Row) -> str | None:
        """Why a row with its answer does not pass; None where it does."""
        return next(filter(None, (rule.fault(row) for rule in self.rules)), None)


def as_json(rules: Sequence[Filter], tries: int, retry: str) -> dict[str, Any]:
    """What the checks do, as JSON, of which any process makes the same."""
    return {"rules": rules_as_json(rules), "tries": tries, "retry": retry}


def rules_as_json(rules: Sequence[Filter]) -> list[dict[str, Any]]:
    """Rules as JSON, of which `rules_of` makes the same."""
    return [
        {
            "name": rule.name,
            "needed": list(rule.needed),
            "measures": [{**step.work.as_dict(), "needs": len(step.needs)} for step in rule.steps() if step.work],
            "bounds": [asdict(step.bound) for step in rule.steps() if step.bound],
            **({"says": rule.says} if rule.says else {}),
        }
        for rule in rules
    ]


def identity(rules: Sequence[Filter]) -> list[list[Any]]:
    """What their verdicts depend on."""
    return [[step.depends_on() for step in rule.steps()] for rule in rules]


def rules_of(told: Sequence[Mapping[str, Any]], needs: Sequence[Resource]) -> list[Rule]:
    """The rules of which `rules_as_json` told, with what they depend on."""
    left = list(needs)

    def measures(rule: Mapping[str, Any]) -> Iterator[Callable[[Batch], Batch]]:
        for each in rule["measures"]:
            own = [left.pop(0) for _ in range(each["needs"])]
            yield Work(each["function"], each["arguments"]).made(*own)

    return [
        Rule(
            rule["name"],
            list(measures(rule)),
            [Bound(**each) for each in rule["bounds"]],
            rule["needed"],
            rule.get("says", ""),
        )
        for rule in told
    ]


def problems(rule: Filter, context: Context, own: Sequence[Column], place: Callable[..., Place]) -> Iterator[Problem]:
    """What is wrong with a filter as a check of answers, each at its place."""
    kept = (column(name, "string", "kept") for name in context.kept)
    columns = {each.name: each for each in (*ROW, *kept, *own)}
    if (why := unfit(rule)) and (rule.whole or set(rule.reads) <= {*columns, *map(vector_of, columns)}):
        yield Problem(place(rule.name), f"generate.check[{rule.name}] {why}", "put it under filters")
        return

    def lacking(name: str) -> tuple[str, str]:
        return "which no row has when its answer is written", nearest(name, sorted(columns))

    try:
        found = rule.at(context.base)
    except ModelError as error:  # there is no such file
        yield Problem(place(rule.name, *rule.names_file()), str(error))
    else:
        yield from found.problems(Around(columns, lacking, partial(place, rule.name)))


def unfit(rule: Filter) -> str | None:
    """Why a filter cannot check an answer as it is written, as the end of a sentence; None where it can."""
    if rule.whole:
        return "compares rows with each other, and an answer is checked alone"
    if rule.heavy:
        return "is slow for each row, and answers are checked as they come"
    if rule.everywhere:
        return "rewrites what it finds, and says nothing of an answer"
    if any(text_under(name) is not None for name in rule.reads):
        return "reads vectors, which are made once answers are written"
    if not {*rule.reads, *rule.optional} & {*ANSWER}:
        return "reads nothing of the answer, so that asking again cannot help"
    return None
