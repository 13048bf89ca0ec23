"""Answers that are no longer where they were: asked for again, never a mistake of ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import live as asker
from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.plan import Asked, Plan
from hfsft.errors import StoreError
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.engine.test_lookahead import COUNT, SOURCE, WRITE
from tests.models.server import LLM

MakePool = Callable[..., Pool]
PLAN = Plan("toy", (SOURCE, WRITE))


class Vanishing(Live):
    """Between the asking and the reading somebody takes every answer out of the store."""

    def ask(self, *what: Any) -> Asked:
        found = super().ask(*what)
        forget(self.pool.means.answers)
        return found


def forget(store: Store) -> None:
    connection = store.connect()
    connection.execute("DELETE FROM answers")
    connection.close()


def test_an_answer_that_goes_while_it_is_read_is_asked_for_again(
    llm: LLM, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asker, "KEPT", 0)
    rows = engine.run(PLAN, Vanishing(make_pool()), tmp_path / "cache", Ledger())
    assert rows["response"] == [llm.reply(body) for body in llm.requests[COUNT:]]
    assert len(llm.requests) == 2 * COUNT


def test_one_that_cannot_be_had_again_is_the_stores_fault_and_not_ours(
    llm: LLM, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asker, "KEPT", 0)
    llm.fault = lambda body, coming: "bad_request" if coming > 1 else ""
    with pytest.raises(StoreError, match=r"write: an answer went out of the store .*\(bad_request"):
        engine.run(PLAN, Vanishing(make_pool()), tmp_path / "cache", Ledger())


def test_without_caching_what_is_no_longer_stored_is_asked_for(
    llm: LLM, make_pool: MakePool, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = engine.run(PLAN, Live(make_pool()), tmp_path / "cache", Ledger())
    forget(store)
    monkeypatch.setattr("datasets.fingerprint._CACHING_ENABLED", False)
    again = engine.run(PLAN, Live(make_pool()), tmp_path / "cache", Ledger())
    assert again.to_list() == first.to_list()
    assert len(llm.requests) == 2 * COUNT
