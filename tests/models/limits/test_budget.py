"""Money: counted from the servers' own numbers, unknown where unknown, and never above the budget."""

from __future__ import annotations

import pytest

from hfsft.errors import BudgetError, ModelError, StageError
from hfsft.models.limits.budget import Budget
from hfsft.models.limits.losses import Bears
from hfsft.models.limits.usage import Tally
from hfsft.models.model import Model, Price
from tests.models.fixture import one, rows
from tests.models.server import LLM

PRICE = {"input": 100.0, "output": 400.0}


def test_the_budget_of_calls_is_used_up_and_never_passed(llm: LLM, make_pool) -> None:
    llm.latency = 0.01
    with pytest.raises(BudgetError, match="the budget of 50 calls would be passed"):
        make_pool(budget=Budget(calls=50)).drive("generate", rows(200), total=200)
    assert len(llm.requests) == 50
    with pytest.raises(BudgetError):
        make_pool(budget=Budget(calls=50)).drive("generate", rows(200), total=200)
    assert len(llm.requests) == 100
    assert llm.answered == 100


def test_repeated_calls_count_against_the_budget(llm: LLM, make_pool) -> None:
    llm.faults, llm.share = ("500",), 1.0
    with pytest.raises(BudgetError):
        make_pool(budget=Budget(calls=30)).drive("generate", rows(200), total=200)
    assert len(llm.requests) == 30


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_budget_of_tokens_is_nearly_used_and_never_passed(llm: LLM, make_pool, concurrency: int) -> None:
    llm.latency = 0.005
    pool = make_pool(model={"max_tokens": 32, "concurrency": concurrency}, budget=Budget(tokens=3000))
    with pytest.raises(BudgetError, match="3,000 tokens"):
        pool.drive("generate", rows(1000), total=1000)
    # The worst case of one more request is all that may be left over.
    assert 3000 - 400 < pool.usage.input_tokens + pool.usage.output_tokens <= 3000


def charged(llm: LLM) -> int:
    """The tokens that the server read and wrote, whether its answer arrived or not."""
    return sum(sum(llm._completion(body)["usage"].values()) for body in llm.requests)


@pytest.mark.parametrize("fault", ["truncated", "empty_choices", "reset_after", "slow"])
def test_an_answer_that_broke_on_its_way_is_paid_for_from_the_budget(llm: LLM, make_pool, fault: str) -> None:
    llm.fault = lambda body, coming: fault if coming == 1 else ""
    model = {"max_tokens": 32, "concurrency": 4, "timeout": 0.3 if fault == "slow" else 10}
    with pytest.raises(BudgetError):
        make_pool(model=model, budget=Budget(tokens=3000)).drive("generate", rows(200), total=200)
    assert 0 < charged(llm) <= 3000


def test_long_prompts_are_part_of_the_budget(llm: LLM, make_pool) -> None:
    llm.latency = 0.01
    asked = [(str(index), one(f"{index} " + "What is it? " * 300)) for index in range(50)]
    pool = make_pool(model={"max_tokens": 4, "concurrency": 16}, budget=Budget(tokens=12_000))
    llm.reply = lambda body: "ok"
    with pytest.raises(BudgetError):
        pool.drive("generate", asked, total=50)
    assert 0 < charged(llm) <= 12_000


def test_the_budget_of_usd_is_never_passed(llm: LLM, make_pool) -> None:
    pool = make_pool(model={"max_tokens": 32, "price": PRICE, "concurrency": 8}, budget=Budget(usd=0.25))
    with pytest.raises(BudgetError, match=r"0\.25 USD"):
        pool.drive("generate", rows(1000), total=1000)
    assert 0.20 < (pool.usage.usd or 0) <= 0.25


def test_answers_from_the_store_cost_nothing(llm: LLM, make_pool) -> None:
    make_pool().drive("generate", rows(40), total=40)
    assert make_pool(budget=Budget(calls=0)).drive("generate", rows(40), total=40) == {}


def test_a_budget_in_usd_without_a_price_is_refused_before_anything_is_sent(llm: LLM, make_pool) -> None:
    with pytest.raises(ModelError, match="the price of m is unknown; give `price:"):
        make_pool(budget=Budget(usd=1), model={"max_tokens": 9}).drive("generate", rows(5), total=5)
    assert llm.requests == []


def test_a_budget_without_a_bound_on_one_answer_is_refused(llm: LLM, make_pool) -> None:
    with pytest.raises(ModelError, match="needs `max_tokens`"):
        make_pool(budget=Budget(tokens=1000)).drive("generate", rows(5), total=5)
    assert llm.requests == []


def test_an_unknown_price_or_count_is_unknown_and_not_0(llm: LLM, make_pool) -> None:
    pool = make_pool()
    pool.drive("generate", rows(2), total=2)
    assert pool.usage.usd is None
    llm.usage = False
    pool = make_pool(model={"price": PRICE})
    pool.drive("generate", rows(4), total=4)
    assert pool.usage.of("generate", "m").unmetered == 2
    assert pool.usage.usd is None
    assert Tally(answers=1, unmetered=1, price=Price(input=0, output=0)).usd == 0


def test_usage_is_kept_by_stage_and_model(llm: LLM, make_pool) -> None:
    def both():
        from hfsft.models.model import Request

        first = yield Request("a", ({"role": "user", "content": "x"},))
        yield Request("b", ({"role": "user", "content": first.text},))

    models = {name: Model(model=name, base_url=llm.url, price=Price(**PRICE)) for name in "ab"}
    llm.faults, llm.share = ("500",), 1.0
    pool = make_pool(models)
    pool.drive("one", [("r", both)], total=1)
    pool.drive("two", [("r", both)], total=1)
    assert {(stage, model): (tally.calls, tally.stored) for stage, model, tally in pool.usage} == {
        ("one", "a"): (2, 0),
        ("one", "b"): (2, 0),
        ("two", "a"): (0, 1),
        ("two", "b"): (0, 1),
    }
    found = pool.usage.as_dict()
    assert found["calls"] == 4
    assert found["failures"] == {"server": 2}
    assert found["usd"] == pytest.approx(pool.usage.cost_of("one"))


def test_rows_that_it_does_not_pay_for_may_fail_alone(llm: LLM, make_pool) -> None:
    llm.latency = 0.01
    pool = make_pool(budget=Budget(calls=50))
    same = [(f"same-{index}", one("question 199")) for index in range(20)]
    failed = pool.drive("generate", [*rows(200), *same], total=220, bears=Bears(0.05, unpaid=True))
    assert len(llm.requests) == 50
    assert len(failed) == 170, "rows that ask what another one asks meet the same"
    assert {str(error).partition(":")[0] for error in failed.values()} == {"budget"}
    assert "the budget of 50 calls would be passed" in str(failed["row-199"])


def test_other_failures_are_judged_among_the_rows_that_were_paid_for(llm: LLM, make_pool) -> None:
    llm.faults, llm.share = ("bad_request",), 0.3
    with pytest.raises(StageError, match=r"of \d\d rows failed, more than 5%"):
        make_pool(budget=Budget(calls=50)).drive("generate", rows(900), total=900, bears=Bears(0.05, unpaid=True))
