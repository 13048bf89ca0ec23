"""Rules that rewrite: where in a plan they run, and how they clean texts that are in no plan, such as errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hfsft.engine.step import Step, described
from hfsft.errors import Place
from hfsft.filters.base import Filter
from hfsft.keys import scrub
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import cleaner, is_rewriting
from hfsft.rows.columns import column, first_of
from hfsft.rows.features import holds_text

if TYPE_CHECKING:
    from hfsft.engine.ledger import Ledger
    from hfsft.filters.privacy.rewriting import Rewriting

Rule = tuple[Filter, Place | None, str]  # with where it stands and what it is called


class Rewrites:
    """The rules of a recipe that rewrite, and the columns of texts that rows have by now."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, place, label) for rule, place, label in rules if is_rewriting(rule)]
        self._present = dict[str, Any]()

    def behind(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The steps, behind each that brings texts those that rewrite them.

        Of rows that were just read, those that cannot be used are set aside first, and then those that rules reject.
        """
        waiting: list[Step] = []
        for step in steps:
            yield step
            yield from waiting
            waiting = []
            if not (step.asks or step.rows == "source"):
                continue
            texts = {name: kind for name, kind in step.writes.items() if holds_text(kind) and not column(name).ours}
            if step.table:  # beside the rows: what models say of them is cleaned, and nothing falls for it
                yield from (self._beside(step, texts, *rule) for rule in self._rules if texts)
                continue
            self._present |= texts
            for rule, place, label in self._rules:
                called = label if step.rows == "source" else f"{label} {step.name}"
                rewrite, *keeps = rule.over(texts, self._present, place, called)
                yield rewrite
                waiting += keeps
                # What stood there before is met by the rules behind, so that none of what they redact is left in it.
                firsts = {first_of(name): kind for name, kind in texts.items() if first_of(name) in rewrite.writes}
                texts, self._present = texts | firsts, self._present | firsts
            if step.asks:
                yield from waiting
                waiting = []

    def _beside(self, step: Step, texts: Mapping[str, Any], rule: Rewriting, place: Place | None, label: str) -> Step:
        rewrite, *_ = rule.over(texts, texts, place, f"{label} {step.name}")
        return replace(rewrite, table=step.table)


def told(step: Step, fingerprint: str, clean: Callable[[str], str]) -> dict[str, Any]:
    """A step as JSON, for whoever asks what a plan does: its arguments as the rules leave them, and without keys."""
    found = described(step, fingerprint)
    return {**found, "work": _cleaned(found["work"], lambda text: scrub(clean(text)))}


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {name: _cleaned(inner, clean) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner, clean) for inner in value]
    return value


def clean_errors(recipe: Recipe, ledger: Ledger) -> None:
    """Let the ledger tell of rows that failed what the rules leave of a server's words."""
    clean = cleaner(recipe)
    for place, removal in enumerate(ledger.removals):
        errors = {row: clean(error) for row, error in removal.errors.items()}
        ledger.removals[place] = replace(removal, errors=errors)
