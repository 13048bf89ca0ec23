"""Seeds out of rows that are whole examples: what a conversation begins with, in each shape that people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from tests.rows.helpers import seeds

USER, ASSISTANT = {"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}
SYSTEM = {"role": "system", "content": "Be kind."}


@pytest.mark.parametrize(
    ("row", "keys", "system"),
    [
        ({"messages": [USER, ASSISTANT]}, {}, None),
        ({"messages": [SYSTEM, USER, ASSISTANT, USER]}, {}, "Be kind."),
        ({"messages": [USER]}, {"format": "messages"}, None),
        ({"chat": [SYSTEM, USER, ASSISTANT], "text": "other"}, {"messages": "chat"}, "Be kind."),
        (
            {"conversations": [{"from": "human", "value": "Hi?"}, {"from": "gpt", "value": "Hello."}], "system": "S"},
            {"format": "sharegpt"},
            "S",
        ),
        ({"conversations": [{"from": "kunde", "value": "Hi?"}]}, {"roles": {"kunde": "user"}}, None),
        ({"instruction": "Hi?", "input": "", "output": "Hello."}, {"format": "alpaca"}, None),
        ({"prompt": "Hi?", "completion": "Hello."}, {"format": "prompt_completion"}, None),
        ({"prompt": "Hi?", "messages": [{"role": "user", "content": "No."}]}, {}, None),
    ],
)
def test_the_first_question_is_the_seed(tmp_path: Path, row: dict[str, Any], keys: dict[str, Any], system: Any) -> None:
    (found,) = seeds(tmp_path, row, **keys)
    assert found.defect is None
    assert (found.texts["instruction"], found.texts.get("system")) == ("Hi?", system)
    assert "response" not in found.texts


@pytest.mark.parametrize(
    ("row", "defect"),
    [
        ({"messages": [ASSISTANT]}, "no turn of the user"),
        ({"messages": [{"role": "user", "content": " "}]}, "no turn of the user"),
        ({"messages": [{"role": "x", "content": "y"}, USER]}, "unknown role x (`roles: {x: user}` or another says"),
    ],
)
def test_a_conversation_without_a_question_is_set_aside(tmp_path: Path, row: dict[str, Any], defect: str) -> None:
    (found,) = seeds(tmp_path, row, format="messages")
    assert found.defect is not None
    assert found.defect.startswith(defect)


def test_a_format_that_the_rows_are_not_in_is_told_at_its_key(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="format sharegpt needs conversations") as caught:
        seeds(tmp_path, {"text": "a"}, format="sharegpt")
    assert caught.value.key == "format"
