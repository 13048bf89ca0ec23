"""Cost and budget count all that a server says was used: thoughts beside the answer, and what its cache held."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import BudgetError
from hfsft.models.http.answer import tokens
from hfsft.models.limits import prices
from hfsft.models.limits.budget import Budget
from hfsft.models.limits.usage import Usage, cost
from hfsft.models.model import Answer, Model, Price
from hfsft.models.store import archive
from hfsft.models.store.store import Entry, Store, answer_of, values_of
from tests.models.fixture import rows
from tests.models.server import LLM, Body

USAGE = {
    "prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 1050,
    "completion_tokens_details": {"reasoning_tokens": 1000}, "prompt_tokens_details": {"cached_tokens": 30},
}  # fmt: skip


class Thinking(LLM):
    """Thinks a thousand tokens of which `max_tokens` knows nothing."""

    def _completion(self, body: Body, text: str | None = None, finish: str = "stop", **more: Any) -> Body:
        return {**super()._completion(body, text, finish, **more), "usage": USAGE}


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 30, "total_tokens": 2050},
        {"prompt_tokens": 30, "completion_tokens": 20, "output_tokens_details": {"thinking_tokens": 2000}},
        {"prompt_tokens": 30, "completion_tokens": 20, "thoughts_token_count": 2000},
        {"prompt_tokens": 30.0, "completion_tokens": 2020.0},
    ],
)
def test_what_was_used_is_read_however_it_is_written(usage: dict[str, Any]) -> None:
    assert tokens(usage)[:2] == (30, 2020)


@pytest.mark.parametrize("budget", [{"tokens": 10_000}, {"usd": 0.02}])
@pytest.mark.parametrize("per", ["build", "dataset"])
def test_a_budget_is_not_passed_by_thoughts_that_lie_outside_max_tokens(budget, per, make_pool, store) -> None:
    with Thinking() as llm:
        model = {"base_url": llm.url, "max_tokens": 20, "concurrency": 64, "price": Price(input=1, output=2)}
        pool = make_pool(model=model, budget=Budget(per=per, **budget), recipe="r")
        with pytest.raises(BudgetError):
            pool.drive("generate", rows(60), total=60)
        total = pool.usage.total()
        assert total.answers == len(llm.requests) > 4
        assert total.input_tokens + total.output_tokens <= budget.get("tokens", 1e9)
        assert (pool.usage.usd or 0) <= budget.get("usd", 1e9)
        assert (total.reasoning_tokens, total.cached_tokens) == (1000 * total.answers, 30 * total.answers)


def test_tokens_that_a_cache_held_have_their_own_price(make_pool, store: Store) -> None:
    with Thinking() as llm:
        price = Price(input=1, output=2, cached=0.1)
        pool = make_pool(model={"base_url": llm.url, "price": price}, recipe="r")
        assert pool.drive("generate", rows(3), total=3) == {}
        usd = 3 * (10 * 1 + 30 * 0.1 + 1010 * 2) / 1e6
        assert pool.usage.usd == pytest.approx(usd)
        assert pool.usage.told() == "3,150 tokens (3,000 of them thinking, 90 of them from the server's cache)"
        pool.close()
        again = make_pool(model={"base_url": llm.url, "price": price}, recipe="r")
        assert again.drive("generate", rows(3), total=3) == {}
        assert again.usage.spent("generate")["m"]["usd"] == pytest.approx(usd)  # by what the store holds
        assert store.read("SELECT usd FROM spending")[0][0] == pytest.approx(usd)
        (holding,) = archive.holdings(store)
        assert holding.usd == pytest.approx(usd)
        assert [*prices.known(store).values()] == [price]


def test_a_cache_without_a_price_costs_as_other_input() -> None:
    assert cost(Price(input=1, output=2), 100, 0, 90) == cost(Price(input=1, output=2), 100, 0)
    assert cost(Price(input=1, output=2, cached=0), 100, 0, 900) == 0


def test_counts_are_kept_with_the_answer() -> None:
    answer = Answer("a", input_tokens=9, output_tokens=9, extra={"x": 1}, reasoning_tokens=3, cached_tokens=0)
    values = values_of(Entry("ab" * 32, "{}", answer, "m"), 0.0)
    served, extra, checksum = values[7], values[8], values[-1]
    assert json.loads(extra) == {"x": 1, "reasoning_tokens": 3, "cached_tokens": 0}
    assert answer_of(("a", "", "stop", 9, 9, served, extra, checksum)) == answer


def test_tokens_are_told_alone_where_nothing_is_told_apart() -> None:
    usage = Usage({"m": Model(model="m")})
    usage.of("s", "m").answered("0" * 64, Answer("a", input_tokens=1000, output_tokens=2), 0.0)
    assert usage.told() == "1,002 tokens"


def test_what_a_cache_held_costs_no_more_than_other_input() -> None:
    assert Price(input=1, output=2, cached=1).cached == 1
    with pytest.raises(ValidationError, match="cached: costs more than `input`"):
        Price(input=1, output=2, cached=1.5)
