"""Which filters run at a point of the plan, and in which order.

A filter runs as soon as no later stage writes what it reads: before anything is paid for that it may remove. Of those
that may run at one point, the ones that look at one row alone come before those that compare rows, each in the order of
the recipe: a row must not fall for one that another filter then takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.errors import Place, Problem
from hfsft.filters.base import Filter
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import text_under
from hfsft.rows.views import ANSWER, answered

RESPONSE, MESSAGES = "response", "messages"


class FilterOrder:
    """The filters of a recipe that have yet to find their place, each with where it stands and what it is called."""

    def __init__(
        self, rules: Sequence[tuple[Filter, Place | None, str]], given: bool, embed: Callable[[str], Step]
    ) -> None:
        """`given` says whether some rows come with their response, and others are answered later.

        `embed` makes the step that writes the vectors of a column of texts, for the first rule that reads them.
        """
        self._waiting, self._given, self._embed = [each for each in rules if not each[0].everywhere], given, embed
        self._embedded: set[str] = set()

    def steps(self, before: Sequence[Step], behind: Sequence[Step]) -> Iterator[Step]:
        """The steps of the filters that may run between the steps that stand `before` and those `behind`."""
        over = [[step for step in steps if not (step.makes or step.table)] for steps in (before, behind)]
        known, later = ({name for step in steps for name in step.writes} for steps in over)
        # Rows of one group, of which some will be chosen: no filter may have one of them fall for another before.
        unchosen = any(step.rows == "fewer" and step.group_by in known for step in behind if step.group_by)

        def may_run(rule: Filter) -> bool:
            return _needed(rule) <= known - later and not (unchosen and rule.whole)

        while ready := [waiting for waiting in self._waiting if may_run(waiting[0])]:
            self._waiting = [waiting for waiting in self._waiting if waiting not in ready]
            comparing = [waiting for waiting in ready if waiting[0].whole]
            for rule, place, label in ready:
                if not rule.whole:
                    yield from self._vectors(rule)
                    yield from self._steps(rule, place, label)
            if comparing and self._given and not any(RESPONSE in step.rewrites for step in behind):
                for rule, place, label in self._waiting:
                    if _decided_by_response(rule, known, later):
                        yield from given(rule, place, label)
                self._given = False
            for rule, place, label in comparing:
                yield from self._vectors(rule)
                yield from self._steps(rule, place, label)
            known = known.union(*(rule.writes for rule, _, _ in ready))  # for rules that read what these measured

    def _steps(self, rule: Filter, place: Place | None, label: str) -> list[Step]:
        return rule.meaning(self._embed, place, label) or rule.steps(place, label)

    def _vectors(self, rule: Filter) -> Iterator[Step]:
        """The steps that make the vectors which a rule reads, unless another rule had them made."""
        for name in rule.reads:
            text = text_under(name)
            if text is not None and text not in self._embedded:
                self._embedded.add(text)
                yield self._embed(text)

    def left(self) -> Iterator[Problem]:
        """Why filters have found no place: each waits for what only another that has none would write."""
        for rule, place, label in self._waiting:
            others = {name for other, _, _ in self._waiting for name in other.writes}
            waits = ", ".join(sorted(others.intersection(rule.reads)))
            yield Problem(
                place or Place(""), f"filters[{label}] waits for {waits}, and that for it: none can run first"
            )


def _needed(rule: Filter) -> set[str]:
    """The columns that must be there for a rule: of vectors the texts, as these are made when they are needed."""
    return {text_under(name) or name for name in rule.reads}


def _decided_by_response(rule: Filter, known: set[str], later: set[str]) -> bool:
    """Whether the filter looks at one row, and waits for nothing but its response."""
    waits = later.intersection((*rule.reads, *rule.optional))
    answer = RESPONSE in waits and waits.issubset((*ANSWER, MESSAGES))  # which hold it too, where rows have turns
    return not rule.whole and bool(rule.writes) and set(rule.reads) <= known and answer


def given(rule: Filter, place: Place | None, label: str) -> Iterator[Step]:
    """The filter's steps over the rows that came with their response, which no later stage changes; others pass."""
    for step in rule.steps(place, f"{label} given"):
        if step.work is not None:
            work = Work("hfsft.recipe.filter_order:measuring_given", step.work.as_dict())
            yield replace(step, identity={**step.identity, "given": True}, work=work)
        elif step.bound is not None:
            yield replace(step, bound=replace(step.bound, missing="keep"))


def measuring_given(*needs: Resource, function: str, arguments: Mapping[str, Any]) -> Callable[[Batch], Batch]:
    """What measures rows that came with their response, and nothing of others."""
    measure: Callable[[Batch], Batch] = Work(function, arguments).made(*needs)

    def measured(batch: Batch) -> Batch:
        stand = [answered(row) for row in rows_of(batch)]
        return {
            name: [value if answer else None for value, answer in zip(values, stand, strict=True)]
            for name, values in measure(batch).items()
        }

    return measured
