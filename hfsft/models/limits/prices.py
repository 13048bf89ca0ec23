"""What a model's tokens cost when a build last asked it: kept beside the answers, so that these have a price too."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from hfsft.models.model import Price
from hfsft.models.store.store import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfsft.models.store.store import Store


def remember(store: Store, recipe: str, prices: Mapping[str, Price]) -> None:
    """Keep the prices by model id, as a recipe or a provider gives them. Raises `StoreError`."""
    with closing(store.connect()) as connection, transaction(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?)",
            [(recipe, model, price.input, price.output) for model, price in prices.items()],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO cached_prices VALUES (?, ?, ?)",
            [(recipe, model, price.cached) for model, price in prices.items()],
        )


def known(store: Store) -> dict[tuple[str, str], Price]:
    """The last price known for a recipe and a model id."""
    rows = store.read(
        "SELECT recipe, model, prices.input, output, cached_prices.input FROM prices "
        "LEFT JOIN cached_prices USING (recipe, model)"
    )
    return {
        (recipe, model): Price(input=read, output=written, cached=cached)
        for recipe, model, read, written, cached in rows
    }
