"""What askers know of one another: rows of groups, keys, dialects, servers, and what a build before was done with."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import random
import shutil
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import run as engine
from hfsft.engine.cluster.askers import Askers
from hfsft.engine.cluster.desk import Desk
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.plan import Plan
from hfsft.errors import BudgetError
from hfsft.models.model import Model
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.engine import asking
from tests.engine.cluster.test_askers import answer, outcome, put, toy
from tests.engine.cluster.threads import Threads
from tests.fuzz.test_builds import alone
from tests.models.batches.conftest import QUICKLY
from tests.models.batches.server import Provider
from tests.models.server import LLM, Body, error, said_to
from tests.test_pairs import answers, recipe


def rule(body: Body) -> str:
    """Some rows of one, of which one is chosen; a few come to nothing."""
    number = sum(map(ord, said_to(body)))
    if number % 7 == 0:
        return "none"
    return "|".join("abc"[: 1 + number % 3]) if said_to(body).startswith("grow") else str(number)


def all_of_it(folder: Path, llm: LLM, executor: Any) -> Any:
    """Several rows of one, groups, pairs in a side table: each step asks."""
    folder.mkdir()
    model = Model(model="m-1", base_url=llm.url, concurrency=8)
    with Store(folder / "r.sqlite") as store, Pool({"m": model}, store) as pool:
        ledger, plan = Ledger(), Plan("toy", (asking.source(60), *asking.STEPS))
        rows = engine.run(plan, Live(pool), folder / "cache", ledger, executor=executor)
        ledger.finish({"train": rows["id"][:]})
        removed = [(each.stage, each.rows.to_list(), dict(each.errors)) for each in ledger.removals]
        return rows.to_list(), ledger.counts(), removed, ledger.spent, pool.usage.calls


@pytest.mark.parametrize("count", [1, 3])
def test_groups_and_pairs_are_asked_as_by_one_process(tmp_path: Path, count: int) -> None:
    with LLM(reply=rule) as llm:
        rows, *alone = all_of_it(tmp_path / "alone", llm, None)
        asked = Counter(map(said_to, llm.requests))
        llm.requests.clear()
        found, *there = all_of_it(tmp_path / "there", llm, partial(OnDaft, askers=Askers(Threads(count))))
        assert found == rows
        assert there == alone
        assert Counter(map(said_to, llm.requests)) == asked
        assert min(Counter(each.partition(" ")[0] for each in asked).values()) > 10


def test_candidates_verdicts_and_conversations_are_those_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LLM(reply=answers) as llm:
        alone(monkeypatch, tmp_path)
        told = recipe(llm, pairs={"verdict": True, "per_prompt": 2})
        sections = {name: told[name] for name in ("seeds", "examples", "generate", "judge", "pairs", "split")}
        path = put(tmp_path, llm, 0, **sections, evolve=None, filters=[])
        one = outcome(path)
        asked = Counter(llm.asked)
        llm.asked.clear()
        shutil.rmtree(tmp_path / "hf")
        assert outcome(path, partial(OnDaft, askers=Askers(Threads(3)))) == one
        assert Counter(llm.asked) == asked
        told = {"evolve": None, "filters": [], "generate": {}, "judge": told["judge"]}
        spoken = put(tmp_path, llm, 12, **told, converse={"turns": {"at_least": 2, "at_most": 3}})
        one = outcome(spoken)
        shutil.rmtree(tmp_path / "hf")
        assert outcome(spoken, partial(OnDaft, askers=Askers(Threads(3)))) == one


def test_keys_are_handed_over_by_the_post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an actor is started with, a cluster keeps for its next start, and may show."""
    secret = "sk-not-to-be-seen"
    made: list[bytes] = []

    class Looking(Threads):
        def actor(self, made_of: Any, *arguments: Any, **how: Any) -> Any:
            made.append(pickle.dumps([each for each in arguments if not hasattr(each, "call")]))
            monkeypatch.delenv("ASK_KEY", raising=False)  # as on another machine
            return super().actor(made_of, *arguments, **how)

    with LLM(reply=answer, key=secret) as llm:
        model = Model(model="m-1", base_url=llm.url, api_key_env="ASK_KEY", max_tokens=9)
        monkeypatch.setattr(
            "hfsft.engine.cluster.desk.keys_of", lambda models: {each.api_key_env: secret for each in models}
        )
        with Store(tmp_path / "r.sqlite") as store, Pool({"m": model}, store) as pool:
            plan = Plan("toy", (asking.source(20), asking.GROW))
            engine.run(plan, Live(pool), tmp_path / "c", Ledger(), executor=partial(OnDaft, askers=Askers(Looking(2))))
        assert len(llm.requests) == 20
        assert made
        assert not any(secret.encode() in each for each in made)
    os.environ.pop("ASK_KEY", None)


def test_what_one_finds_out_of_a_server_all_know(tmp_path: Path) -> None:
    """After some requests it refuses what it took before: one or two are refused, and tell the others."""
    refused: list[str] = []

    class Changing(LLM):
        async def _answer(self, request: Any) -> Any:
            body = await request.json()
            if "max_tokens" in body:
                if self.answered >= 24:
                    refused.append(said_to(body))
                    return error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead")
                await asyncio.sleep(random.uniform(0.1, 0.6))  # what is on its way comes back later than the news
            return await super()._answer(request)

    with Changing(reply=answer) as llm:
        rows, *_ = toy(tmp_path, llm, 80, "{text}", 6, concurrency=6)
        assert len(rows) == 80
        assert 0 < len(refused) < 6, "each of the six would be refused once, by itself"


def test_many_servers_share_the_work_of_many_askers(tmp_path: Path) -> None:
    """Each asker begins with another one, and goes where there is most room."""
    with LLM(reply=answer, latency=0.05) as one, LLM(reply=answer, latency=0.05) as two, LLM(reply=answer) as three:
        three.latency = 0.05
        rows, *_ = toy(tmp_path, [one, two, three], 600, "{text}", 4, concurrency=12)
        assert len(rows) == 600
        shares = [len(each.requests) / 600 for each in (one, two, three)]
        assert sum(shares) == 1
        assert 0.25 < min(shares) <= max(shares) < 0.42


def test_a_build_goes_on_behind_the_pieces_that_one_before_was_done_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their answers are not looked up again, and are counted as if they were."""
    looked: list[str] = []
    look = Desk.look

    def noticed(self: Desk, session: Any, key: str) -> Any:
        looked.append(key)
        return look(self, session, key)

    with LLM(reply=answer) as llm:
        with pytest.raises(BudgetError):
            toy(tmp_path, llm, 600, "{text}", 2, calls=400)
        assert len(llm.requests) == 400
        monkeypatch.setattr(Desk, "look", noticed)
        rows, ledger, usage = toy(tmp_path, llm, 600, "{text}", 2)
        assert len(rows) == 600
        assert (len(llm.requests), usage.calls, usage.stored) == (600, 200, 400)
        assert len(looked) % 100 == 0, "whole pieces are done, of a hundred rows each"
        assert 200 <= len(looked) <= 400
        whole, other, _ = toy(tmp_path / "other", llm, 600, "{text}", 2)
        assert (rows, ledger.spent) == (whole, other.spent)


@pytest.mark.parametrize("bound", [{"calls": 300}, {"tokens": 6000}], ids=["calls", "tokens"])
def test_a_budget_that_is_nearly_spent_is_kept_where_an_asker_dies(tmp_path: Path, bound: dict[str, Any]) -> None:
    """What the dead one had set aside stays taken, as it may have been sent: nothing is sent twice over the bound."""
    killed = threading.Event()
    actors = Threads(3)
    taken = {"calls": 0, "tokens": 0}

    def reply(body: Body) -> str:
        said = answer(body)
        taken["calls"] += 1
        taken["tokens"] += len(json.dumps(body["messages"])) // 4 + len(said) // 4 + 1  # as the server counts
        if any(taken[name] >= 0.7 * most for name, most in bound.items()) and not killed.is_set():
            killed.set()
            actors.actors[1].kill()  # the first is the post
        return said

    with LLM(reply=reply, latency=0.01) as llm:
        with pytest.raises(BudgetError, match="so it was not sent"):
            toy(tmp_path, llm, 1000, "{text}", 3, actors=actors, **bound)
        llm.settle()
        assert killed.is_set()
        assert all(0.7 * most <= taken[name] <= most for name, most in bound.items())


def test_a_model_that_is_asked_in_batches_is_asked_by_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """All of it makes as few batches as can be; the other models are asked by askers all the same."""
    with Provider() as provider, LLM(reply=answer) as llm:
        alone(monkeypatch, tmp_path)
        models = {
            "writer": {"model": "m-1", "base_url": provider.url, "batch": QUICKLY},
            "judge": {"model": "judge-1", "base_url": llm.url},
        }
        path = put(tmp_path, llm, 10, evolve=None, generate={}, models=models)
        one = outcome(path)
        shutil.rmtree(tmp_path / "hf")
        judged, batches = len(llm.requests), len(provider.batches)
        threads = Threads(2)
        assert outcome(path, partial(OnDaft, askers=Askers(threads))) == one
        assert len(provider.batches) == 2 * batches
        assert len(llm.requests) == 2 * judged
        assert len(threads.actors) == 3, "a post and two askers"
        assert "models.writer: is asked in batches, so that this process asks it, and no asker" in caplog.text


@pytest.mark.embedded
def test_a_model_that_runs_in_this_process_is_asked_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One server of it answers for all rows, and no asker starts another; askers ask the other models."""
    with LLM(reply=answer) as llm:
        alone(monkeypatch, tmp_path)
        models = {
            "writer": "smollm2-135m-instruct",
            "judge": {"model": "judge-1", "base_url": llm.url},
        }
        path = put(
            tmp_path, llm, 4, evolve=None, filters=[], generate={"max_tokens": 60, "failed_at_most": 0.9}, models=models
        )
        threads = Threads(2)
        rows, spent, _ = outcome(path, partial(OnDaft, askers=Askers(threads)))
        said = "models.writer: runs in this process, so that this process asks it, and no asker"
        assert [each.message for each in caplog.records].count(said) == 1
        assert len(threads.actors) == 3, "a post and two askers"
        terms = [each for actor in threads.actors for each in actor.arguments if hasattr(each, "models")]
        assert [set(each.models) for each in terms] == [{"judge"}] * 2
        judged = len(llm.requests)
        assert judged
        shutil.rmtree(tmp_path / "hf" / "datasets")
        assert outcome(path)[:2] == (rows, spent), "of the same answers"
        assert len(llm.requests) == judged
