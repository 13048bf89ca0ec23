"""How the tests of batches drive a stage, and what they look at afterwards."""

from __future__ import annotations

from typing import Any

from hfsft.errors import AnswerError
from hfsft.models.batches import state
from hfsft.models.model import Answer
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.models.fixture import user


def drive(pool: Pool, tasks: Any, share: float = 1) -> dict[str, AnswerError]:
    tasks = list(tasks)
    return pool.drive("judge", tasks, total=len(tasks), max_failed_share=share)


def texts(pool: Pool, tasks: Any) -> list[Any]:
    return [pool.replay(start) for _, start in tasks]


def nothing_open(store: Store) -> bool:
    folder = store.path.with_name(f".{store.path.name}.batches")
    return not state.open_batches(store) and not store.read("SELECT * FROM batched") and not folder.exists()


def turns(row: int) -> Any:
    def start() -> Any:
        first: Answer = yield user(f"first {row}")
        second: Answer = yield user(f"second after {first.text}")
        return first.text, second.text

    return start
