"""What all builds of a dataset have sent, kept beside the answers: of interrupted and failed ones, of two at once.

It stays when answers are pruned, for the money is gone. A request that may have been billed though no answer came of it
counts at its most.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import add, sub
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.models.limits.prices import known
from hfsft.models.limits.usage import cost

if TYPE_CHECKING:
    from hfsft.models.model import Model, Price
    from hfsft.models.store.store import Store
    from hfsft.models.store.writer import Operation, Writer

# What a build without a budget of the dataset has sent is written so often, and at the end of each stage. Until then it
# may be counted a second time, as answers that another build finds in the store: rather too much than too little.
_SECONDS = 0.25

_HELD = """
SELECT model, count(*), sum(coalesce(input_tokens, 0)), sum(coalesce(output_tokens, 0)) FROM answers
WHERE recipe = ? GROUP BY model
"""
_KEPT = "SELECT model, calls, input_tokens, output_tokens, usd, unpriced_input, unpriced_output FROM spending"
_ADD = """
INSERT INTO spending VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (recipe, model) DO UPDATE SET
calls = calls + excluded.calls, input_tokens = input_tokens + excluded.input_tokens,
output_tokens = output_tokens + excluded.output_tokens, usd = usd + excluded.usd,
unpriced_input = unpriced_input + excluded.unpriced_input, unpriced_output = unpriced_output + excluded.unpriced_output
"""


class Outlay(NamedTuple):
    """Requests sent, and what they took; tokens at a price that was not known then are not in `usd`."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    unpriced_input: int = 0
    unpriced_output: int = 0

    @property
    def tokens(self) -> int:
        """Read and written together."""
        return self.input_tokens + self.output_tokens

    @property
    def unpriced(self) -> bool:
        """Whether a part of the cost is unknown."""
        return bool(self.unpriced_input or self.unpriced_output)

    def plus(self, other: Outlay) -> Outlay:
        """Both together."""
        return Outlay(*map(add, self, other))

    def less(self, other: Outlay) -> Outlay:
        """What this has beyond another, below 0 where it has less."""
        return Outlay(*map(sub, self, other))


def outlay(calls: int, input_tokens: int, output_tokens: int, price: Price | None, cached_tokens: int = 0) -> Outlay:
    """So many requests and tokens at one price; those that a cache held are among the input."""
    if price is None:
        return Outlay(calls, input_tokens, output_tokens, 0.0, input_tokens, output_tokens)
    return Outlay(calls, input_tokens, output_tokens, cost(price, input_tokens, output_tokens, cached_tokens))


def spent(store: Store, recipe: str, prices: Mapping[str, Price]) -> dict[str, Outlay]:
    """What all builds of a recipe have taken, by model as it is labelled; `prices` are those of now, by label."""
    return _spent(store.read, recipe, {**_last(store, recipe), **prices})


def summed(outlays: Mapping[str, Outlay]) -> Outlay:
    """The sum over models."""
    return reduce(Outlay.plus, outlays.values(), Outlay())


_SUM = f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in Outlay._fields)} FROM spending WHERE recipe = ?"  # noqa: S608


class Spending:
    """Of one recipe's builds, as one of them goes on."""

    def __init__(
        self, store: Store, writer: Writer, recipe: str, models: Mapping[str, Model], prices: Mapping[str, Price | None]
    ) -> None:
        self._total: Outlay | None = None
        self._store = store
        self._writer = writer
        self._recipe = recipe
        self._labels = {name: model.label for name, model in models.items()}
        self._prices = prices  # by the same names; more may be known later
        self._noted: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])  # calls, tokens read, written, cached
        self._timer: asyncio.TimerHandle | None = None

    @property
    def total(self) -> Outlay:
        """Of the whole dataset, as it was when a request was last set aside for, or when it is first asked for."""
        if self._total is None:
            self._total = Outlay(*self._store.read(_SUM, (self._recipe,))[0])
        return self._total

    async def begin(self) -> list[str]:
        """Bring what is kept up to what the answers there come to; the models whose cost is unknown all the same."""
        now = {self._labels[name]: price for name, price in self._prices.items() if price is not None}
        prices = {**_last(self._store, self._recipe), **now}

        def bring(connection: sqlite3.Connection) -> list[str]:
            found = _spent(lambda query, values: connection.execute(query, values).fetchall(), self._recipe, prices)
            connection.execute("DELETE FROM spending WHERE recipe = ?", (self._recipe,))
            for model, each in found.items():
                connection.execute(_ADD, (self._recipe, model, *each))
            return sorted(model for model, each in found.items() if each.unpriced)

        return await self._writer.do(bring)

    async def reserve(self, model: str, most: Outlay, fits: Callable[[Outlay], str]) -> str:
        """Count one request at its most, unless `fits` says which bound the sum would pass: then that."""

        def entered(connection: sqlite3.Connection) -> str:
            self._total = Outlay(*connection.execute(_SUM, (self._recipe,)).fetchone())
            passed = fits(self._total)
            if not passed:
                connection.execute(_ADD, (self._recipe, self._labels[model], *most))
                self._total = self._total.plus(most)
            return passed

        return await self._writer.do(entered)

    def adding(self, model: str, by: Outlay) -> Operation[Any]:
        """What counts so much more of a model, in a transaction of the caller's."""
        self._total = self.total.plus(by)
        return self._adding([(self._labels[model], by)])

    def correct(self, model: str, by: Outlay) -> None:
        """Replace what was reserved by what a request took: `by` is the difference."""
        self._total = self.total.plus(by)
        self._writer.leave(self._adding([(self._labels[model], by)]))

    def note(self, model: str, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> None:
        """Count one request that nothing was reserved for."""
        noted = self._noted[model]
        noted[0] += 1
        noted[1] += input_tokens
        noted[2] += output_tokens
        noted[3] += cached_tokens
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.write)

    def write(self) -> asyncio.Future[Any] | None:
        """Write what was noted, within the next commit; None where nothing was."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if not self._noted:
            return None
        noted = [
            (self._labels[name], outlay(calls, read, written, self._prices[name], cached))
            for name, (calls, read, written, cached) in self._noted.items()
        ]
        self._noted.clear()
        return self._writer.leave(self._adding(noted))

    def _adding(self, outlays: Iterable[tuple[str, Outlay]]) -> Operation[Any]:
        rows = [(self._recipe, model, *each) for model, each in outlays]
        return lambda connection: connection.executemany(_ADD, rows)


def _last(store: Store, recipe: str) -> dict[str, Price]:
    """Prices as they were last known to a build of the recipe."""
    return {model: price for (name, model), price in known(store).items() if name == recipe}


def _spent(read: Callable[[str, tuple[Any, ...]], Any], recipe: str, prices: Mapping[str, Price]) -> dict[str, Outlay]:
    found = {model: Outlay(*numbers) for model, *numbers in read(f"{_KEPT} WHERE recipe = ?", (recipe,))}
    # Answers of builds that kept no account, or were killed before they did.
    for model, *numbers in read(_HELD, (recipe,)):
        kept = found.get(model, Outlay())
        calls, read_more, written = (max(0, number - had) for number, had in zip(numbers, kept[:3], strict=True))
        found[model] = kept.plus(outlay(calls, read_more, written, None))
    return {
        model: each._replace(
            usd=each.usd + cost(price, each.unpriced_input, each.unpriced_output), unpriced_input=0, unpriced_output=0
        )
        if (price := prices.get(model)) is not None
        else each
        for model, each in found.items()
    }
