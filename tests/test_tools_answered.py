"""Builds whose answers call tools and grow into conversations, over servers that call as servers do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from datasets import load_dataset
from transformers.utils.chat_template_utils import render_jinja_template

from hfsft.errors import RecipeError
from hfsft.pipeline import run
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.models.loopback import Loopback

Body = dict[str, Any]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_order",
            "description": "Looks up an order.",
            "parameters": {
                "type": "object",
                "properties": {"number": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["number"],
            },
        },
    },
    {"type": "function", "function": {"name": "hours", "parameters": {"type": "object", "properties": {}}}},
    {"type": "function", "function": {"name": "refund", "parameters": {"type": "object", "properties": {}}}},
]
SEVEN = {"name": "get_order", "arguments": {"number": "7"}}
# As Qwen's: tools above, calls and results between tags.
TEMPLATE = """{%- if tools %}{% for tool in tools %}{{ tool | tojson }}
{% endfor %}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content or '' }}{% for call in m.tool_calls or [] -%}
<tool_call>{{ call.function.name }} {{ call.function.arguments }}</tool_call>{% endfor %}<|im_end|>
{% endfor %}"""


def kind_of(body: Body) -> int:
    """One of so many ways to call, by what the user said first."""
    said = next(turn["content"] for turn in body["messages"] if turn["role"] == "user")
    return int(hashlib.sha256(said.encode()).hexdigest(), 16) % 6


def is_user(body: Body) -> bool:
    """Whether the model is to play the user."""
    return "You play a person" in body["messages"][0]["content"]


class Calling(Loopback):
    """A server that calls tools rightly and wrongly, and answers once it was told what they gave back."""

    def __init__(self, streams: bool = False, texts: bool = False) -> None:
        self.requests: list[Body] = []
        self.streams, self.texts = streams, texts

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/chat/completions", self._chat)

    async def _chat(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.requests.append(body)
        message = self._says(body)
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        found = {"id": "c", "object": "chat.completion", "model": body["model"]}
        if self.streams:
            return web.Response(text="".join(_pieces(found, message, finish)), content_type="text/event-stream")
        choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish}
        usage = {"prompt_tokens": 9, "completion_tokens": 4}
        return web.json_response({**found, "choices": [choice], "usage": usage})

    def _says(self, body: Body) -> Body:
        last = body["messages"][-1]
        said = str(last["content"])
        if is_user(body):
            return {"content": f"And how is it with order {len(body['messages']) + 70}?"}
        if last["role"] == "tool" or "<tool_response>" in said:
            return {"content": "Your order left the store on Monday."}
        if "cannot be used" in said:
            return self._call(SEVEN)
        return [
            self._call(SEVEN),
            self._call(SEVEN, {"name": "hours", "arguments": {}}),
            self._call({"name": "get_order", "arguments": '{"number": "7"'}),
            self._call({"name": "find_order", "arguments": {"number": "7"}}),
            self._call({"name": "get_order", "arguments": {"number": 7}}),
            {"content": f"<tool_call>\n{json.dumps(SEVEN)}\n</tool_call>"},
        ][kind_of(body)]

    def _call(self, *calls: Body) -> Body:
        if self.texts:
            return {"content": "\n".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in calls)}
        made = []
        for number, call in enumerate(calls):
            given = call["arguments"] if isinstance(call["arguments"], str) else json.dumps(call["arguments"])
            function = {"name": call["name"], "arguments": given}
            made.append({"id": f"call_{len(self.requests)}_{number}", "type": "function", "function": function})
        return {"tool_calls": made}


def _pieces(found: Body, message: Body, finish: str) -> Iterator[str]:
    """The message in deltas, arguments in halves."""

    def piece(delta: Body, ending: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": ending}
        return f"data: {json.dumps({**found, 'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"

    yield piece({"role": "assistant", "content": message.get("content") or ""})
    for index, call in enumerate(message.get("tool_calls", ())):
        name, given = call["function"]["name"], call["function"]["arguments"]
        half = len(given) // 2
        yield piece({"tool_calls": [{"index": index, **call, "function": {"name": name, "arguments": given[:half]}}]})
        yield piece({"tool_calls": [{"index": index, "function": {"arguments": given[half:]}}]})
    yield piece({}, finish)
    yield "data: [DONE]\n\n"


def recipe(server: Calling, **tools: Any) -> Body:
    return {
        "name": "orders",
        "license": "apache-2.0",
        "models": {"writer": {"model": "org/writer", "base_url": server.url, "stream": server.streams}},
        "seeds": [{"prompts": [f"Where is order 7, friend {number}?" for number in range(12)]}],
        "generate": {"system": "Be brief.", "tools": {"schemas": TOOLS, "results": "results.jsonl", **tools}},
        "converse": {"share": 0.5, "turns": 2},
        "filters": ["tool_calls"],
        "split": {"validation": 0},
    }


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = [{**SEVEN, "result": {"status": "sent"}}, {"name": "hours", "result": "9 to 17"}]
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


@pytest.mark.parametrize(
    ("streams", "texts", "native"), [(False, False, True), (True, False, True), (False, True, False)], ids=str
)
def test_every_row_ends_in_an_answer_over_valid_calls(folder: Path, streams: bool, texts: bool, native: bool) -> None:
    with Calling(streams, texts) as server:
        built, out = run(recipe(server, native=native), out=folder / "build")
        rows = {row["id"]: row for row in built.rows}
        assert len(rows) == 12
        assert {kind_of({"messages": [{"role": "user", "content": row["instruction"]}]}) for row in rows.values()} >= {
            1,
            2,
            3,
            4,
        }
        for row in rows.values():
            assert [turn["role"] for turn in row["messages"]][:3] == ["user", "assistant", "tool"]
            assert row["messages"][-1]["content"] == row["response"] == "Your order left the store on Monday."
            spoken = [turn["role"] for turn in row["messages"] if turn["role"] != "tool" and not turn["tool_calls"]]
            assert spoken == ["user", "assistant"] * (row["user_turns"] or 1)
        assert {row["user_turns"] for row in rows.values()} == {None, 2}
        causes = {cause for row in rows.values() for cause in row["call_faults"]}
        assert {"not_json" if not texts else "wrong_argument", "unknown_tool", "wrong_argument"} <= causes
        assert ("tools" in server.requests[0]) == native

        asked = len(server.requests)
        again, _ = run(recipe(server, native=native), out=folder / "build")
        assert len(server.requests) == asked
        assert sorted(again.rows["messages"][:], key=str) == sorted(built.rows["messages"][:], key=str)

    published = load_dataset(str(out), split="train")
    for row in published:
        messages = [{name: value for name, value in turn.items() if value is not None} for turn in row["messages"]]
        (text,) = render_jinja_template([messages], tools=json.loads(row["tools"]), chat_template=TEMPLATE)[0]
        assert '<tool_call>get_order {"number": "7"}</tool_call>' in text
        assert "Looks up an order." in text
    card = (out / "README.md").read_text()
    assert "## Tools" in card
    assert "## Conversations" in card


def test_rows_may_end_at_their_calls(folder: Path) -> None:
    with Calling() as server:
        data = recipe(server) | {"filters": [{"tool_calls": {"at_least": 1}}, {"tokens": {"at_least": 1}}]}
        data["generate"]["tools"] = {"schemas": TOOLS, "until": "calls"}
        built, out = run(data, out=folder / "build")
        assert len(built.rows) == 12
        for row in built.rows:
            assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
            assert row["messages"][-1]["tool_calls"]
            assert row["response"] == ""
    published = load_dataset(str(out), split="train")
    assert {row["messages"][-1]["tool_calls"][0]["function"]["name"] for row in published} == {"get_order"}


def test_rows_without_what_they_need_and_rows_that_lack_a_detail_call_nothing(folder: Path) -> None:
    class Declining(Calling):
        def _says(self, body: Body) -> Body:
            functions = {tool["function"]["name"]: tool["function"] for tool in body.get("tools", ())}
            if is_user(body):
                return {"content": "Oh, I see. What else can I do?"}
            if "get_order" not in functions:
                return {"content": "None of my tools can look up an order."}
            if "detail" in functions["get_order"]["parameters"]["required"]:
                return {"content": "Which detail do you need?"}
            return self._call(SEVEN) if body["messages"][-1]["role"] != "tool" else {"content": "It was sent."}

    with Declining() as server:
        built, _ = run(recipe(server, irrelevant=0.4, asks_back=0.4), out=folder / "build")
    cases = {row["tool_case"] or "": row for row in built.rows}
    assert set(cases) == {"", "irrelevant", "asks_back"}
    offered = {case: [tool["function"]["name"] for tool in json.loads(row["tools"])] for case, row in cases.items()}
    assert offered[""] == offered["asks_back"] == ["get_order", "hours", "refund"]
    assert offered["irrelevant"] == ["hours", "refund"]
    for case in ("irrelevant", "asks_back"):
        assert not any(turn["tool_calls"] for turn in cases[case]["messages"] or ())


def test_calls_that_nobody_can_use_are_in_the_ledger_with_their_cause(folder: Path) -> None:
    class Wrong(Calling):
        def _says(self, body: Body) -> Body:
            return self._call({"name": "get_order", "arguments": {"id": 7}})

    with Wrong() as server:
        data = recipe(server, tries=1) | {"examples": [{"rows": [{"instruction": "Hi?", "response": "Hello, you."}]}]}
        data["generate"]["failed_at_most"] = 1
        built, out = run(data, out=folder / "build")
        assert len(server.requests) == 24
    entries = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    failed = [entry["error"] for entry in entries if entry["fate"] == "failed"]
    assert len(failed) == 12
    assert all("tool_calls: missing_argument: the call of get_order lacks `number`" in error for error in failed)
    assert len(built.rows) == 1


@pytest.mark.parametrize(
    ("tools", "where", "said"),
    [
        ("none.json", "path", "none.json: no such file"),
        ([{"name": "a b"}], "schemas", "a tool has no name that can be called"),
        (
            [{"name": "a", "parameters": {"type": "object", "properties": {"x": {"enum": "y"}}}}],
            "schemas",
            "no JSON Schema: properties.x.enum",
        ),
        ({"schemas": TOOLS[:1], "irrelevant": 0.1}, "irrelevant", "with one tool offered none is left"),
        ({"schemas": TOOLS, "results": "results.jsonl", "path": "x"}, "", "keep one"),
        (
            {"schemas": TOOLS[1:], "results": "results.jsonl"},
            "results",
            "has results of get_order, which no tool is called",
        ),
        ({"schemas": TOOLS, "results": "none.jsonl"}, "results", "none.jsonl: no such file"),
        ({"schemas": TOOLS, "results": "results.jsonl", "until": "calls"}, "", "get no results"),
        ({"schemas": TOOLS, "unknown": "fail"}, "", "fails every row that calls something"),
        ({"schemas": TOOLS, "irrelevant": 0.7, "asks_back": 0.7}, "", "come to more than 1"),
        ({"schemas": TOOLS, "template": "reslut"}, "template", "did you mean `result`"),
        ({"schemas": TOOLS, "model": "nobody"}, "model", "nobody"),
    ],
)
def test_mistakes_are_told_at_their_line_before_anything_is_paid(
    folder: Path, tools: Any, where: str, said: str
) -> None:
    import yaml

    data = {"name": "orders", "seeds": [{"prompts": ["Hi?"]}], "generate": {"tools": tools}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(RecipeError) as error:
        compile_recipe(load_recipe(folder / "recipe.yaml"), weights=False)
    assert said in str(error.value)
    assert "recipe.yaml:" in str(error.value)
