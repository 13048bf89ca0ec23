"""Several askers make the rows that one process makes, send no request twice, and count as it does."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.engine import run as engine
from hfsft.engine.cluster.askers import Askers
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import BudgetError, StageError
from hfsft.models.limits.budget import Budget
from hfsft.models.limits.usage import Usage
from hfsft.models.model import Model, Price, Request, Turns
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.pipeline.building import Watcher, execute
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.batch import Row
from tests.engine.asking import source
from tests.engine.cluster.threads import Threads
from tests.engine.held import held
from tests.fuzz.test_builds import alone
from tests.models.fixture import QUICK
from tests.models.server import LLM, Body, digest

SECTIONS: dict[str, Any] = {
    "generate": {"samples": {"count": 2, "keep": "best"}},
    "evolve": {"rounds": 1},
    "judge": {"rubric": {"use": "Does it help?", "truth": "Is it true?"}},
    "filters": ["exact_duplicate"],
}


def answer(body: Body) -> str:
    """What a judge says where one is asked, else words that hang on the request."""
    number = int(digest(body)[:12], 16)
    if "judge" in body["model"]:
        return json.dumps({"use": 1 + number % 5, "truth": 1 + number % 4, "reason": "so"})
    return f"Answer {number} to what was asked, in some words."


def put(folder: Path, llm: LLM, rows: int, **more: Any) -> Path:
    recipe = {
        "name": "toy",
        "license": "mit",
        "seeds": [{"prompts": [f"Where is parcel {number}?" for number in range(rows)]}],
        **SECTIONS,
        "models": {each: {"model": f"{each}-1", "base_url": llm.url, "concurrency": 8} for each in ("writer", "judge")},
        **more,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), "utf-8")
    return path


def outcome(path: Path, executor: Any = None) -> Any:
    recipe = load_recipe(path)
    rows, ledger, usage = execute(recipe, compile_recipe(recipe), Watcher(), executor=executor)
    ledger.finish({"train": rows["id"][:]})
    lines = [(line.step, line.rows_in, line.added, line.removed, line.rows_out) for line in ledger.funnel]
    removed = [(each.stage, each.rows.to_list(), dict(each.errors), dict(each.instead)) for each in ledger.removals]
    total = usage.as_dict()
    for each in (total, *total["by_stage"]):
        each.pop("seconds", None)
    return [rows.to_list(), lines, removed, list(ledger.entries())], ledger.spent, total


def test_the_same_rows_calls_and_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LLM(reply=answer) as llm:
        alone(monkeypatch, tmp_path)
        path = put(tmp_path, llm, 30)
        rows, spent, usage = outcome(path)
        asked = Counter(llm.asked)
        shutil.rmtree(tmp_path / "hf")
        llm.asked.clear()
        found, spent_there, usage_there = outcome(path, partial(OnDaft, askers=Askers(Threads(2))))
        assert found == rows
        assert Counter(llm.asked) == asked
        assert spent_there == spent
        assert usage_there == usage


def toy(
    folder: Path,
    llm: LLM | list[LLM],
    count: int,
    text: str,
    askers: int,
    *,
    concurrency: int = 16,
    actors: Threads | None = None,
    **more: Any,
) -> tuple[list[Any], Ledger, Usage]:
    """Rows that are each asked `text`, of one model, by so many askers; `more` bounds it."""

    def ask(row: Row) -> Turns:
        said = yield Request("m", ({"role": "user", "content": text.format(**row)},))
        return {"answer": said.text}

    folder.mkdir(exist_ok=True)
    step = Step("ask", asks=True, reads=("text",), writes={"answer": "string"}, work=held(ask), models=("m",))
    urls = [each.url for each in llm] if isinstance(llm, list) else llm.url
    price = Price(input=5, output=20)
    model = Model(model="m-1", base_url=urls, max_tokens=100, price=price, concurrency=concurrency)
    budget = Budget(**more) if more else None
    with Store(folder / "r.sqlite") as store, Pool({"m": model}, store, budget=budget, patience=QUICK) as pool:
        ledger = Ledger()
        rows = engine.run(
            Plan("toy", (source(count), step)),
            Live(pool),
            folder / "cache",
            ledger,
            executor=partial(OnDaft, askers=Askers(actors or Threads(askers))),
        )
        return rows.to_list(), ledger, pool.usage


def test_a_request_of_several_rows_is_sent_once(tmp_path: Path) -> None:
    """Whichever askers have them, and at the same time."""
    with LLM(reply=answer, latency=0.05) as llm:
        rows, _, usage = toy(tmp_path, llm, 600, "the same", 3)
        assert len(rows) == 600
        assert (len(llm.requests), usage.calls, usage.total().answers, usage.stored) == (1, 1, 1, 0)


@pytest.mark.parametrize("bound", [{"calls": 123}, {"tokens": 6000}, {"usd": 0.06}], ids=["calls", "tokens", "usd"])
def test_the_budget_is_of_all_askers(tmp_path: Path, bound: dict[str, Any]) -> None:
    with LLM(reply=answer, latency=0.01) as llm:
        with pytest.raises(BudgetError, match="so it was not sent"):
            toy(tmp_path, llm, 600, "{text}", 3, **bound)
        llm.settle()
        kept = len(llm.requests)
        assert 20 < kept < 600
        if "calls" in bound:
            assert kept == 123
        with pytest.raises(BudgetError):  # of each build: the next goes on behind what is kept
            toy(tmp_path, llm, 600, "{text}", 3, **bound)
        assert len(llm.requests) > kept
        assert max(llm.asked.values()) == 1


def test_one_that_is_told_to_wait_holds_up_all(tmp_path: Path) -> None:
    came: list[float] = []

    def full(body: Body, nth: int) -> str:
        came.append(time.monotonic())
        return "429_date" if len(came) == 100 else ""

    with LLM(reply=answer, fault=full, latency=0.01) as llm:
        rows, _, usage = toy(tmp_path, llm, 600, "{text}", 3)
        assert len(rows) == 600
        assert usage.total().failures == {"rate_limit": 1}
        longest = max(later - earlier for earlier, later in pairwise(came[100:]))
        assert longest > 0.8, "all three waited for the second that the server asked of one"


def test_too_many_failures_are_those_of_all(tmp_path: Path) -> None:
    def refused(body: Body, nth: int) -> str:
        return "bad_request" if "7" in body["messages"][0]["content"] else ""

    with LLM(reply=answer, fault=refused) as llm, pytest.raises(StageError, match="rows failed, more than 5%"):
        toy(tmp_path, llm, 600, "{text}", 3)
