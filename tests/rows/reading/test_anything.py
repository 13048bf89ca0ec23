"""Whatever stands in a file: a row that is kept, one that is set aside with a reason, or a `SourceError`."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.errors import SourceError
from hfsft.rows.row import new_row
from hfsft.rows.views import complete, messages
from tests.rows.helpers import examples, file, seeds

NAMES = (
    "instruction", "output", "prompt", "completion", "messages", "conversations", "history", "system",
    "context", "input", "topic", "tools", "label", "weight", "chosen", "rejected", "reasoning", "images", "id",
    "role", "content", "from", "value", "text", "type", "tool_calls", "user", "assistant", "query", "answers",
    "chat", "chat_template_kwargs", "custom_instructions", "xml_tools", "function", "name", "arguments",
    "tool_call_id", "channel", "recipient", "thinking", "tool_responses", "tool_use_id", "train",
)  # fmt: skip
text = st.one_of(
    st.text(max_size=4), st.sampled_from(["Hi", " ", "", "\ud83d", "\ud83d\ude00", "[]", '[{"role": "user"}]'])
)
scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), text)
role = st.sampled_from(
    ["user", "assistant", "system", "Human", "bot", "tool", "function_call", "thinking", "functions.x", "x", None, 5]
)
kind = st.sampled_from(["text", "thinking", "redacted_thinking", "tool_use", "tool-result", "image", "x"])
part = st.one_of(
    st.dictionaries(st.sampled_from(["type", "text"]), text, max_size=2),
    st.fixed_dictionaries(
        {"type": kind}, optional={name: st.one_of(text, scalar) for name in ("text", "content", "input", "name", "id")}
    ),
)
call = st.one_of(
    st.fixed_dictionaries({"name": text, "arguments": st.one_of(text, scalar, st.just("{}"), st.just({"a": None}))}),
    st.fixed_dictionaries({"id": scalar, "function": st.dictionaries(st.sampled_from(["name", "arguments"]), text)}),
    scalar,
)
content = st.one_of(text, st.lists(part, max_size=2), scalar)
turn = st.one_of(
    st.fixed_dictionaries({"role": role, "content": content}),
    st.fixed_dictionaries(
        {"role": role},
        optional={
            "content": content,
            "tool_calls": st.lists(call, max_size=2),
            "tool_call_id": scalar,
            "reasoning_content": st.one_of(text, scalar, st.lists(part, max_size=1)),
            "channel": st.sampled_from(["analysis", "commentary", "final", 5]),
            "recipient": scalar,
            "weight": scalar,
        },
    ),
    st.fixed_dictionaries({"from": role, "value": content, "weight": scalar}),
    st.dictionaries(st.sampled_from(NAMES), scalar, max_size=3),
    st.lists(text, max_size=3),
    scalar,
)
value = st.recursive(
    scalar,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=6,
)
row = st.one_of(
    st.fixed_dictionaries({"messages": st.lists(turn, max_size=4)}, optional={"system": value, "tools": value}),
    st.fixed_dictionaries(
        {"instruction": text, "output": text},
        optional={"history": st.one_of(value, st.lists(st.lists(text, max_size=2)))},
    ),
    st.dictionaries(st.sampled_from(NAMES), value, max_size=5),
    value,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(row, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_any_json_is_kept_set_aside_or_refused(rows: list[Any], listed: bool, keys: bool) -> None:
    more: dict[str, Any] = (
        {"drop": ["tools", "unanswered"], "assistant_opens": True, "join_turns": True} if keys else {}
    )
    lines = [json.dumps(rows)] if listed else [json.dumps(each) for each in rows]
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = file(folder, "r.json" if listed else "r.jsonl", *lines)
        for read, options in ((examples, more), (seeds, {})):
            try:
                found = read(folder, path=path, **options)
            except SourceError:
                continue
            for one in found:
                whole = new_row("example", one.texts)
                pa.array([json.dumps(whole, ensure_ascii=False)])  # text that a file can hold
                if one.defect is None and read is examples:
                    assert complete(whole)
                    turns = messages(whole)
                    assert all(t["content"].strip() or t.get("tool_calls") or t["role"] == "tool" for t in turns)
                elif one.defect is not None:
                    assert "\n" not in one.defect
            if not (len(rows) == 1 and not listed):  # a line alone may be an object around a list of rows
                assert len(found) == len(rows)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["jsonl", "json", "csv", "tsv", "txt", "parquet"]))
def test_any_bytes_are_read_or_refused(data: bytes, suffix: str) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / f"r.{suffix}"
        path.write_bytes(data)
        try:
            seeds(Path(name), path=path.name)
        except SourceError:
            return
