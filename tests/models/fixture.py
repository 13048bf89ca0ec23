"""Fixtures that any test may ask for: a server, a store, a pool that loses no time between tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hfsft.models.model import Answer, Model, Request
from hfsft.models.pool import Pool
from hfsft.models.requester import Patience
from hfsft.models.store.store import Store
from tests.models.server import LLM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK = Patience(first_pause=0.01, longest_pause=0.1, seconds=20)


@pytest.fixture
def llm() -> Iterator[LLM]:
    """A server without faults; a test may set its fields before it asks."""
    with LLM() as server:
        yield server


@pytest.fixture
def store(tmp_path: Any) -> Iterator[Store]:
    with Store(tmp_path / "responses.sqlite") as opened:
        yield opened


@pytest.fixture
def make_pool(llm: LLM, store: Store) -> Iterator[Callable[..., Pool]]:
    """Builds pools on `store`; `m` is asked at `llm` unless `models` says otherwise."""
    pools: list[Pool] = []

    def make(models: dict[str, Model] | None = None, *, model: dict[str, Any] | None = None, **more: Any) -> Pool:
        models = models or {"m": Model(**{"model": "m-1", "base_url": llm.url, "timeout": 10, **(model or {})})}
        pools.append(Pool(models, more.pop("store", store), **{"patience": QUICK, **more}))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def user(text: str, **more: Any) -> Request:
    return Request("m", ({"role": "user", "content": text},), **more)


def one(text: str, **more: Any) -> Callable[[], Any]:
    """A row that asks one question and returns the text of its answer."""

    def start() -> Any:
        answer: Answer = yield user(text, **more)
        return answer.text

    return start


def rows(count: int, **more: Any) -> list[tuple[str, Callable[[], Any]]]:
    return [(f"row-{index}", one(f"question {index}", **more)) for index in range(count)]
