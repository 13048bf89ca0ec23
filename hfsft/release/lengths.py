"""Lengths: how long the rows are for a trainer, and the `max_length` to train with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

from hfsft.filters.tokens import CONVERSATION, Tokens

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray

    from hfsft.recipe.recipe import Recipe

SHARE = 0.95
"""Share of the rows that `max_length` leaves whole: more would pay padding and memory for a few long rows."""
STEP = 64
"""Lengths are rounded up to it: what tensor cores like."""
TOKENS_PER_WORD = 4 / 3
"""Of English text, with the tokenizers of today; chat templates add a few more."""


@dataclass(frozen=True)
class Lengths:
    """The length of each row as one conversation, in tokens of `tokenizer`, or in words where none is named."""

    values: NDArray[np.int64]  # sorted
    tokenizer: str | None
    english: bool

    @property
    def unit(self) -> str:
        """What is counted: `tokens` or `words`."""
        return "tokens" if self.tokenizer else "words"

    def percentile(self, share: float) -> int:
        """The smallest length that at least `share` (0 to 1) of the rows do not pass."""
        return int(self.values[max(0, ceil(share * len(self.values)) - 1)])

    @cached_property
    def max_length(self) -> int | None:
        """95th percentile in tokens, up to a multiple of 64; estimated for English words, None for other words."""
        if not (self.tokenizer or self.english):
            return None
        return STEP * ceil(max(1, self._tokens(self.percentile(SHARE))) / STEP)

    def cut(self, max_length: int) -> int:
        """Number of rows with more tokens than that, which a trainer cuts without a word."""
        return sum(self._tokens(int(value)) > max_length for value in self.values)

    def _tokens(self, length: int) -> float:
        return length if self.tokenizer else length * TOKENS_PER_WORD


def lengths(rows: Dataset, recipe: Recipe) -> Lengths:
    """The lengths of some rows under the recipe's target tokenizer. Raises `ModelError` if that cannot be loaded."""
    import numpy as np

    counter = Tokens(column=CONVERSATION, tokenizer=target(recipe), at_least=0)
    values: list[int] = []
    texts = rows.select_columns([name for name in (*counter.reads, *counter.optional) if name in rows.column_names])
    for batch in texts.iter(batch_size=1000):
        measured: dict[str, list[Any]] = counter.measure(batch)
        values += [value or 0 for column in measured.values() for value in column]
    return Lengths(np.sort(np.array(values, dtype=np.int64)), counter.tokenizer, recipe.language == ["en"])


def target(recipe: Recipe) -> str | None:
    """The tokenizer of the model to be trained, as far as the recipe names one: that of its first `tokens` filter."""
    named = (rule.tokenizer for rule in recipe.filters or () if isinstance(rule, Tokens))
    return next((tokenizer for tokenizer in named if tokenizer), None)
