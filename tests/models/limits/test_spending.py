"""The budget of a dataset: what all its builds have sent counts, whoever was killed, pruned or ran beside another."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import BudgetError, ModelError
from hfsft.models.http.extra import refused
from hfsft.models.limits.budget import Budget
from hfsft.models.limits.spending import Outlay, Spending, spent, summed
from hfsft.models.model import Model, Request
from hfsft.models.store import archive
from hfsft.models.store.store import Store
from tests.models.fixture import rows
from tests.models.server import LLM
from tests.waiting import until

PRICE = {"input": 100.0, "output": 400.0}
PRICED = {"max_tokens": 32, "price": PRICE, "concurrency": 8}


def total(store: Store, recipe: str = "refunds") -> Outlay:
    return summed(spent(store, recipe, {}))


def charged(llm: LLM) -> tuple[int, float]:
    """Tokens and USD that the server charged for all that came, whether its answer arrived or not."""
    used = [llm._completion(body)["usage"] for body in llm.requests]
    read, written = (sum(each[name] for each in used) for name in ("prompt_tokens", "completion_tokens"))
    return read + written, (read * 100 + written * 400) / 1e6


def of_dataset(**bounds: Any) -> dict[str, Any]:
    return {"budget": Budget(**bounds, per="dataset"), "recipe": "refunds"}


def test_a_budget_of_the_dataset_is_of_all_its_builds(llm: LLM, make_pool, store: Store) -> None:
    make_pool(recipe="refunds").drive("generate", rows(30), total=30)
    make_pool(recipe="other").drive("generate", rows(10, max_tokens=9), total=10)
    said = r"the budget of 50 calls would be passed .* of all builds of the dataset, which took 50 calls"
    for _ in range(2):
        with pytest.raises(BudgetError, match=said):
            make_pool(**of_dataset(calls=50)).drive("generate", rows(200), total=200)
        assert len(llm.requests) == 30 + 10 + 20
    # Pruned answers were paid for all the same.
    archive.prune(store, recipe="refunds")
    with pytest.raises(BudgetError, match=said):
        make_pool(**of_dataset(calls=50)).drive("generate", rows(200), total=200)
    with pytest.raises(BudgetError, match=r"of this build alone"):
        make_pool(recipe="refunds", budget=Budget(calls=5)).drive("generate", rows(200), total=200)
    assert total(store).calls == 55


def test_what_other_builds_took_is_known_before_anything_is_set_aside(llm: LLM, make_pool, store: Store) -> None:
    """A build that goes on with a batch gives back what a failed request took, and sends nothing itself."""
    make_pool(recipe="refunds").drive("generate", rows(30), total=30)
    meter = make_pool(**of_dataset(calls=50)).means.meter
    assert meter.standing() == "30 of 50 calls of the dataset"
    assert meter._spending.adding("m", Outlay(-1))
    assert meter.standing() == "29 of 50 calls of the dataset"


def test_answers_of_builds_that_kept_no_account_count_too(llm: LLM, make_pool, store: Store) -> None:
    pool = make_pool(recipe="refunds", model=PRICED)
    pool.drive("generate", rows(30), total=30)
    pool.close()
    before = total(store)
    assert (before.calls, before.tokens) == (30, charged(llm)[0])
    assert before.usd == pytest.approx(charged(llm)[1])
    with closing(store.connect()) as connection:
        connection.execute("DELETE FROM spending")
    found = total(store)
    assert (found.calls, found.tokens) == (30, charged(llm)[0])
    assert found.usd == pytest.approx(charged(llm)[1])
    with pytest.raises(BudgetError):
        make_pool(**of_dataset(calls=40), model=PRICED).drive("generate", rows(200), total=200)
    assert len(llm.requests) == 40


def test_the_usd_of_a_dataset_are_never_passed_by_two_builds_at_once(llm: LLM, make_pool, store: Store) -> None:
    llm.latency = 0.01
    pools = [make_pool(**of_dataset(usd=0.5), model=PRICED, store=Store(store.path)) for _ in range(2)]
    ended: list[BaseException] = []

    def drive(pool: Any, first: int) -> None:
        try:
            pool.drive("generate", rows(1000)[first:], total=1000)
        except BudgetError as error:
            ended.append(error)

    threads = [threading.Thread(target=drive, args=(pool, 500 * n)) for n, pool in enumerate(pools)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ended) == 2
    assert 0.4 < charged(llm)[1] <= 0.5
    for pool in pools:
        pool.close()
    assert total(store).usd == pytest.approx(charged(llm)[1])


def test_a_request_that_was_settled_while_the_bound_was_looked_at_leaves_room(
    llm: LLM, make_pool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account of the dataset is kept by another thread: what it says may be late."""
    looked, held = Spending.reserve, asyncio.Event()

    async def late(self: Spending, *claim: Any) -> str:
        passed = await looked(self, *claim)
        if passed and not held.is_set():
            held.set()
            while meter._claims:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        return passed

    monkeypatch.setattr(Spending, "reserve", late)
    llm.latency = 0.05
    pool = make_pool(**of_dataset(usd=0.1), model=PRICED)
    meter = pool.means.meter
    assert pool.drive("generate", rows(9), total=9) == {}
    assert held.is_set()


@pytest.mark.parametrize("fault", ["truncated", "empty_choices", "reset_after"])
def test_what_broke_on_its_way_counts_and_is_told(llm: LLM, make_pool, store: Store, fault: str) -> None:
    llm.fault = lambda body, coming: fault if coming == 1 else ""
    pool = make_pool(recipe="refunds", model=PRICED)
    pool.drive("generate", rows(10), total=10)
    assert pool.usage.lost["requests"] == 10
    pool.close()
    read, written = 10 * (128 + 100), 10 * 32
    assert 0 < pool.usage.lost["usd_at_most"] <= (read * 100 + written * 400) / 1e6
    found = total(store)
    assert found.calls == 20
    assert charged(llm)[1] < found.usd == pytest.approx((pool.usage.usd or 0) + pool.usage.lost["usd_at_most"])


def test_a_price_that_no_earlier_build_knew_is_no_0(llm: LLM, make_pool, store: Store) -> None:
    models = {"m": Model(model="m-9", base_url=llm.url)}
    pool = make_pool(models, recipe="refunds")
    pool.drive("generate", rows(5), total=5)
    pool.close()
    with pytest.raises(ModelError, match=r"kept over all builds: what m-9 .* had no known price"):
        make_pool(**of_dataset(usd=5), model=PRICED).drive("generate", rows(5), total=5)
    assert len(llm.requests) == 5
    models = {"m": Model(model="m-9", base_url=llm.url, **PRICED)}
    make_pool(models, **of_dataset(usd=5)).drive("generate", rows(6), total=6)


def test_a_server_that_counts_more_than_can_be_is_told_and_reckoned_with(
    llm: LLM, make_pool, caplog, monkeypatch
) -> None:
    plain = LLM._completion

    def counted(self: LLM, body: Any, *rest: Any, **more: Any) -> Any:
        found = plain(self, body, *rest, **more)
        return {**found, "usage": {"prompt_tokens": 20, "completion_tokens": 5000}}

    monkeypatch.setattr(LLM, "_completion", counted)
    pool = make_pool(model={"max_tokens": 100, "concurrency": 1}, budget=Budget(tokens=18_000))
    with pytest.raises(BudgetError):
        pool.drive("generate", rows(20), total=20)
    assert len(llm.requests) == 3, "a fourth would pass the bound, as is known since the first"
    assert caplog.text.count("its server counts 20 tokens read and 5000 written for a request that could take") == 1


def test_answers_without_counts_take_their_most_from_the_budget(llm: LLM, make_pool) -> None:
    llm.usage = False
    pool = make_pool(model={"max_tokens": 100, "concurrency": 1}, budget=Budget(tokens=1500))
    with pytest.raises(BudgetError):
        pool.drive("generate", rows(20), total=20)
    assert 3 <= len(llm.requests) <= 5


@pytest.mark.parametrize(
    "extra",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 700}},
        {"reasoning": {"max_tokens": 700}},
        {"chat_template_kwargs": {"x": 1}, "thinking_budget": 700},
    ],
    ids=str,
)
def test_what_may_be_thought_is_in_the_worst_case(llm: LLM, make_pool, extra: dict[str, Any]) -> None:
    model = {"max_tokens": 100, "extra_body": extra, "concurrency": 1}
    with pytest.raises(BudgetError):
        make_pool(model=model, budget=Budget(tokens=900)).drive("generate", rows(1), total=1)
    assert llm.requests == []
    make_pool(model=model, budget=Budget(tokens=1200)).drive("generate", rows(1), total=1)


@pytest.mark.parametrize(
    "extra",
    [{"web_search_options": {}}, {"plugins": [{"id": "web"}]}, {"models": ["a", "b"]}, {"service_tier": "priority"}],
    ids=str,
)
def test_what_costs_more_than_its_tokens_is_refused_below_a_budget_in_usd(
    llm: LLM, make_pool, extra: dict[str, Any]
) -> None:
    model = {**PRICED, "extra_body": extra}
    with pytest.raises(ModelError, match=r"models\.m\.extra_body\.\w+ may cost more than the tokens"):
        make_pool(model=model, budget=Budget(usd=5)).drive("generate", rows(1), total=1)
    assert llm.requests == []
    assert not make_pool(model=model, budget=Budget(calls=5)).drive("generate", rows(1), total=1)


@pytest.mark.parametrize(
    ("extra", "way"),
    [
        ({"n": 5}, "n"),
        ({"best_of": 3}, "best_of"),
        ({"num_return_sequences": 4}, "num_return_sequences"),
        ({"candidate_count": 2}, "candidate_count"),
        ({"candidateCount": 2}, "candidateCount"),
        ({"max_tokens": 9}, "max_tokens"),
        ({"max_completion_tokens": 9}, "max_completion_tokens"),
        ({"maxOutputTokens": 9}, "maxOutputTokens"),
        ({"max_new_tokens": 9}, "max_new_tokens"),
        ({"max_length": 9}, "max_length"),
        ({"max_tokens_to_sample": 9}, "max_tokens_to_sample"),
        ({"num_predict": 50_000}, "num_predict"),
        ({"n_predict": -1}, "n_predict"),
        ({"options": {"num_predict": 50_000}}, "options.num_predict"),
        ({"extra_body": {"max_tokens": 9}}, "extra_body.max_tokens"),
        ({"google": {"generation_config": {"maxOutputTokens": 9}}}, "google.generation_config.maxOutputTokens"),
        ({"a": [{"b": {"N": 3}}]}, "a.b.N"),
        ({"temperature": 1}, "temperature"),
        ({"stream": True}, "stream"),
        ({"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "reasoning_effort": "low"}, ""),
        ({"truncate_prompt_tokens": 5, "max_thinking_tokens": 100, "options": {"num_ctx": 4096}}, ""),
        ({"guided_json": {"properties": {"n": {"type": "integer"}, "name": {"maxLength": 20}}}}, ""),
        ({"tools": [{"function": {"parameters": {"properties": {"max_tokens": {"const": 5}}}}}]}, ""),
    ],
    ids=str,
)
def test_what_would_be_in_no_sum_is_refused_wherever_it_stands(extra: dict[str, Any], way: str) -> None:
    assert [found for found, _ in refused(extra)] == ([way] if way else [])
    if way:
        with pytest.raises(ValueError, match=rf"extra_body\.{way}: `extra_body` cannot set {way}: hfsft sets it"):
            Model(model="m", base_url="http://localhost:1", extra_body=extra)


KILLED = """
import sys
from pathlib import Path
from hfsft.models.limits.budget import Budget
from hfsft.models.model import Model, Request
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.models.fixture import rows

model = Model(model="m-1", base_url=sys.argv[1], max_tokens=32, concurrency=8, price={"input": 100, "output": 400})
with Pool({"m": model}, Store(Path(sys.argv[2])), budget=Budget(calls=60, per="dataset"), recipe="refunds") as pool:
    pool.drive("generate", rows(200), total=200)
"""


def test_what_a_killed_build_had_open_is_spent_at_its_most(llm: LLM, make_pool, store: Store) -> None:
    llm.hold = lambda body: len(llm.requests) >= 28
    killed = subprocess.Popen([sys.executable, "-c", KILLED, llm.url, str(store.path)], cwd=Path(__file__).parents[3])
    until(lambda: llm.open == 8 and len(llm.requests) >= 28)
    sent = len(llm.requests)
    killed.kill()
    killed.wait(60)
    found = total(store)
    assert found.calls == sent
    assert charged(llm)[1] < found.usd
    llm.hold = None
    llm.settle()
    with pytest.raises(BudgetError):
        make_pool(**of_dataset(calls=60), model=PRICED).drive("generate", rows(200), total=200)
    assert len(llm.requests) == 60


def test_two_names_of_one_model_are_both_counted(llm: LLM, make_pool, store: Store) -> None:
    def both() -> Any:
        yield Request("a", ({"role": "user", "content": "x"},))
        yield Request("b", ({"role": "user", "content": "y"},))

    models = {name: Model(model="m-1", base_url=llm.url, **PRICED) for name in "ab"}
    make_pool(models, recipe="refunds").drive("one", [("r", both)], total=1)
    assert total(store).calls == 2
    assert total(store).usd == pytest.approx(charged(llm)[1])
