"""`check` tells what servers of several dialects take, and where that is not what a recipe needs."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

import hfsft
from hfsft import pipeline
from hfsft.cli import main
from hfsft.errors import AnswerError
from hfsft.models.dialects.learned import spoken_by
from hfsft.models.model import Model
from hfsft.models.store.store import Store
from hfsft.preflight.models import Checkup
from tests.models.dialects.strict import Strict, no_system, only_streams
from tests.models.server import LLM
from tests.recipes import merged, reply, support

Serve = Callable[..., LLM]
ALL = {"gives": ("logprobs", "tools", "stream")}
PARTS = ("system", "temperature", "seed", "json_schema", "logprobs", "tools", "streaming")


@pytest.fixture
def serve(home: Path) -> Iterator[Serve]:
    """Servers of this test's own, with an empty store."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(LLM(**how))


def judged(llm: LLM, **changes: Any) -> dict[str, Any]:
    """A recipe whose models are all at one server."""
    return merged(support(llm), changes)


def by_model(found: Checkup) -> dict[str, Any]:
    return {server.model: server.asked for server in found.servers}


DIALECTS: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "one that takes it all": (ALL, {}, []),
    "the newer token limit": ({**ALL, "refuses": ("max_tokens",)}, {"token_limit": "max_completion_tokens"}, []),
    "no schema": ({**ALL, "takes_schema": False}, {"json_schema": "no"}, ["models.judge: .* answers with no JSON"]),
    "no heed of the schema": (
        {**ALL, "heeds_schema": False},
        {"json_schema": "ignored"},
        ["models.judge: .* answers with no JSON"],
    ),
    "no temperature": ({**ALL, "refuses": ("temperature",)}, {"temperature": "no"}, []),
    "no system prompt": ({**ALL, "refuses": ("system",)}, {"system": "no"}, []),
    "no seed": ({**ALL, "refuses": ("seed",)}, {"seed": "no"}, []),
    "extras not heeded": ({}, dict.fromkeys(("logprobs", "tools", "streaming"), "ignored"), []),
    "extras refused": (
        {"refuses": ("logprobs", "tools", "stream")},
        dict.fromkeys(("logprobs", "tools", "streaming"), "no"),
        [],
    ),
    "breaks on a schema": (
        {**ALL, "fault": lambda body, _: "500" if "response_format" in body else ""},
        {"json_schema": "fails"},
        ["models.judge: .* breaks on a JSON Schema"],
    ),
}


@pytest.mark.parametrize(("server", "takes", "problems"), DIALECTS.values(), ids=DIALECTS)
def test_what_a_server_takes(serve: Serve, server: dict[str, Any], takes: dict[str, str], problems: list[str]) -> None:
    llm = serve(**server)
    found = hfsft.check(judged(llm))
    for asked in by_model(found).values():
        assert asked.error == ""
        wanted = {"token_limit": "max_tokens", **dict.fromkeys(PARTS, "yes"), **takes}
        assert {name: getattr(asked.takes, name) for name in wanted} == wanted
        assert asked.takes.usage
    told = [problem.message for problem in found.problems]
    assert len(told) == len(problems), told
    assert all(any(re.search(words, message) for message in told) for words in problems)
    assert found.calls == len(llm.requests)
    for body in llm.requests:
        assert max(body.get("max_tokens", 0), body.get("max_completion_tokens", 0)) <= 32
        assert "parcel" not in json.dumps(body["messages"])  # nothing of a row


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"judge": {"temperature": 0}},
            ["models.judge: .* temperature 0: write `temperature: null` in judge, and none"],
        ),
        (
            {"judge": {"temperature": None}, "models": {"judge": {"temperature": 0.2}}},
            ["HTTP 400: Unsupported parameter: .temperature"],
        ),
        ({"generate": {"temperature": 0.5}}, ["models.writer: .*: write `temperature: null` in generate, and none"]),
    ],
)
def test_a_temperature_that_the_author_wrote_is_no_choice_of_ours(
    serve: Serve, changes: dict[str, Any], told: list[str]
) -> None:
    found = hfsft.check(judged(serve(**ALL, refuses=("temperature",)), **changes))
    assert len(found.problems) == len(told)
    for words, problem in zip(told, found.problems, strict=True):
        assert re.search(words, problem.message), problem


def test_one_that_only_streams_is_asked_in_pieces(home: Path) -> None:
    with Strict(rules=(only_streams, no_system), reply=reply, gives=("stream",)) as llm:
        recipe = judged(llm)
        (asked, *_) = by_model(hfsft.check(recipe)).values()
        assert (asked.error, asked.takes.streaming, asked.takes.system) == ("", "yes", "no")
        with Store() as store:
            assert {"stream", "system"} <= spoken_by(store, f"{llm.url} writer-1")
        sent = len(llm.refused)
        hfsft.build(recipe, out=home / "out")
        assert len(llm.refused) == sent, "builds know"


def test_what_was_found_out_is_kept_for_builds_and_forgotten_when_the_server_learns(serve: Serve) -> None:
    llm = serve(**ALL, takes_schema=False, refuses=("max_tokens", "temperature", "seed", "system"), reply=reply)
    recipe = judged(llm)
    server = f"{llm.url} judge-1"
    hfsft.check(recipe)
    with Store() as store:
        assert spoken_by(store, server) == {"schema", "max_tokens", "temperature", "seed", "system"}
        llm.takes_schema, llm.refuses, llm.reply = True, (), lambda body: '{"fruit": "kiwi"}'
        hfsft.check(recipe)
        assert spoken_by(store, server) == set()


def test_one_that_gives_no_probabilities_is_not_asked_for_any(serve: Serve) -> None:
    llm = serve()
    model = {"model": "judge-1", "base_url": llm.url}
    hfsft.check(judged(llm))
    sent = len(llm.requests)
    with pytest.raises(AnswerError, match=r"no_logprobs: .* gives no probabilities of tokens"):
        hfsft.probabilities(model, ["Rate it."], [1, 2])
    assert len(llm.requests) == sent
    llm.gives = ("logprobs",)
    hfsft.check(judged(llm))
    sent = len(llm.requests)
    assert hfsft.probabilities(model, ["Rate it."], [1, 2]) == [None]
    assert len(llm.requests) == sent + 1


def test_what_it_spent_and_the_price_that_is_known(serve: Serve) -> None:
    llm = serve(reasoning_tokens=9)
    price = {"input": 1000, "output": 2000}
    found = hfsft.check(judged(llm, models={"judge": {"price": price}}))
    writer, judge = found.servers[::-1] if found.servers[0].model == "judge" else found.servers
    assert (writer.price_from, writer.usd, judge.price_from) == ("unknown", None, "recipe")
    assert judge.usd == pytest.approx((judge.asked.input_tokens * 1000 + judge.asked.output_tokens * 2000) / 1e6)
    assert judge.usd > 0
    assert found.usd is None
    assert found.tokens == sum(asked.input_tokens + asked.output_tokens for asked in by_model(found).values())
    assert judge.asked.takes.thinks
    assert judge.asked.takes.reasoning_tokens == 9
    assert judge.asked.served == "judge-1"


def test_a_model_that_thinks_first_is_not_said_to_write_no_json(serve: Serve) -> None:
    llm = serve(fault=lambda *_: "length", reply=lambda _: "<think>Let me see")
    found = hfsft.check(judged(llm))
    assert found.problems == []
    assert by_model(found)["judge"].takes.json_schema == "unknown"


def test_each_server_of_a_model_is_asked_and_one_that_is_down_is_told(serve: Serve) -> None:
    llm, other = serve(), serve(key="sk-right")
    addresses = [llm.url, other.url, "http://127.0.0.1:9/v1"]
    found = hfsft.check(judged(llm, models={"writer": {"base_url": addresses}}))
    assert [server.where for server in found.servers if server.model == "writer"] == addresses
    assert len(found.problems) == 2
    for words in (
        rf"models\.writer: {other.url}: HTTP 401",
        r"models\.writer: http://127\.0\.0\.1:9/v1: cannot connect",
    ):
        assert any(re.search(words, problem.message) for problem in found.problems)
    assert by_model(found)["judge"].error == ""


def test_a_model_that_lacks_something_is_not_asked_and_the_others_are(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    llm = serve()
    recipe = judged(llm)
    recipe["models"]["judge"] = {"model": "org/m", "provider": "auto"}
    found = hfsft.check(recipe)
    (problem,) = found.problems
    assert "models.judge: provider auto needs a login" in problem.message
    assert by_model(found)["judge"].calls == 0
    assert by_model(found)["writer"].takes.system == "yes"


def test_it_ends_in_time_and_a_full_server_is_asked_again(serve: Serve) -> None:
    held = serve(hold=lambda _: True)
    full = serve(fault=lambda _, coming: "429_after" if coming == 1 else "")
    recipe = judged(held, models={"judge": {"base_url": full.url}})
    found = pipeline.check(recipe, seconds=1.5)
    held.hold = None
    (problem,) = found.problems
    assert "models.writer: " in problem.message
    assert "no answer within 2 s" in problem.message
    assert by_model(found)["judge"].error == ""
    assert by_model(found)["judge"].takes.system == "yes"


def test_it_can_be_called_below_a_running_loop(serve: Serve) -> None:
    llm = serve()

    async def notebook() -> Checkup:
        return hfsft.check(judged(llm))

    assert asyncio.run(notebook()).problems == []


def test_a_recipe_that_asks_no_model_has_nothing_to_check(home: Path) -> None:
    rows = [{"instruction": "Where is it?", "response": "In the depot."}]
    assert hfsft.check({"name": "clean", "examples": [{"rows": rows}]}).servers == []


def test_the_needs_are_those_of_the_requests_that_a_build_sends(serve: Serve, tmp_path: Path) -> None:
    """What a section is said to send, and what it sends."""
    from hfsft.preflight.models import needs_of
    from hfsft.recipe.recipe import load_recipe

    llm = serve(reply=reply)
    recipe = load_recipe(judged(llm))
    pipeline.run(recipe, out=tmp_path / "build")
    for name in ("writer", "judge"):
        sent = [body for body in llm.requests if body["model"] == f"{name}-1"]
        needs = needs_of(recipe, name)
        assert needs.seed == any("seed" in body for body in sent)
        assert needs.json == any("response_format" in body for body in sent)
        assert needs.system == any(message["role"] == "system" for body in sent for message in body["messages"])
        assert needs.temperature in {body["temperature"] for body in sent}


def test_the_command_prints_a_table_and_fails_where_a_judge_gives_no_json(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    llm = serve(**ALL)
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(judged(llm)))
    assert main(["check", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"{len(llm.requests)} requests sent" in out
    for line in ("token limit        max_tokens", "JSON Schema        yes", "price              unknown"):
        assert line in out
    llm.takes_schema = False
    assert main(["check", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {server["model"]: server["takes"]["json_in_words"] for server in found["servers"]} == {
        "writer": "unknown",
        "judge": "ignored",
    }
    (problem,) = found["problems"]
    assert problem["line"] > 0
    assert main(["check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "recipe.yaml" in err
    assert "answers with no JSON" in err
    assert "refused" in out


@pytest.mark.embedded
def test_the_embedded_model(home: Path) -> None:
    model = Model(model="smollm2-135m-instruct").model
    recipe = {"name": "x", "models": {"writer": model}, "seeds": [{"prompts": ["Hi"]}], "judge": {"rubric": {"a": "?"}}}
    found = hfsft.check(recipe)
    assert found.problems == []
    (server,) = found.servers
    assert server.asked.error == ""
    assert (server.where, server.price_from, server.usd) == ("in this process", "free", 0)
    takes = server.asked.takes
    assert (takes.json_schema, takes.logprobs, takes.streaming) == ("yes", "yes", "yes")
    assert takes.token_limit == "max_tokens"
