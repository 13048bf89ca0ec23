"""Rules that rewrite: where in a plan they run, and how they clean texts that are in no plan, such as errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hfsft.engine.ledger import Ledger
from hfsft.engine.step import Step
from hfsft.errors import Place
from hfsft.filters.base import Filter
from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sources import filters_of
from hfsft.rows.columns import MESSAGES

# Texts that hfsft makes itself.
OURS = frozenset({"id", "seed_id", "parent_id", "family_key", "origin", "template", "dialect"})
TEXTS = ("string", ["string"], MESSAGES)

Rule = tuple[Filter, Place | None, str]  # with where it stands and what it is called


class Rewrites:
    """The rules of a recipe that rewrite, and the columns of texts that rows have by now."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, place, label) for rule, place, label in rules if isinstance(rule, Rewriting)]
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
            texts = {name: kind for name, kind in step.writes.items() if kind in TEXTS and name not in OURS}
            self._present |= texts
            for rule, place, label in self._rules:
                called = label if step.rows == "source" else f"{label} {step.name}"
                rewrite, *keeps = rule.over(texts, self._present, place, called)
                yield rewrite
                waiting += keeps
            if step.asks:
                yield from waiting
                waiting = []


def rewriting_of(recipe: Recipe) -> list[Rewriting]:
    """The rules of the recipe that rewrite, as its plan runs them; those that only count are left out."""
    languages = recipe.language or ()
    rules = (rule.speaking(languages) for rule in filters_of(recipe))
    return [rule for rule in rules if isinstance(rule, Rewriting) and rule.rewrites]


def cleaner(recipe: Recipe) -> Callable[[str], str]:
    """What makes of one text what the rules leave of it; the text itself where the recipe has none."""
    rules = rewriting_of(recipe)

    def clean(text: str) -> str:
        for rule in rules:
            text = rule.redacted_text(text)
        return text

    return clean


def clean_errors(recipe: Recipe, ledger: Ledger) -> None:
    """Let the ledger tell of rows that failed what the rules leave of a server's words."""
    clean = cleaner(recipe)
    for place, fallen in enumerate(ledger.fallen):
        errors = {row: clean(error) for row, error in fallen.errors.items()}
        ledger.fallen[place] = replace(fallen, errors=errors)
