"""Style: how reasoning and tool calls are written down, where trainers differ in how they want them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hfsft.recipe.publish import CallStyle, ReasoningStyle
from hfsft.rows.batch import Row
from hfsft.rows.messages import Message

KEY = "reasoning_content"  # under which most templates read reasoning, and transformers gives it to all
LARGEST_INTEGER = 2**64 - 1  # that `datasets` reads in a column of JSON; any larger one stops it
DIALECT_KEYS = ("reasoning_content", "thinking", "reasoning")


@dataclass(frozen=True)
class Style:
    """How the rows of one dataset are written."""

    reasoning: ReasoningStyle = "as_read"
    tool_calls: CallStyle = "as_read"
    key: str | None = None  # of a message, from which the named tokenizer's template reads reasoning

    def inline(self, row: Row) -> bool:
        """Whether reasoning stands in the text of the row's answers."""
        return self.reasoning == "inline" or (self.reasoning == "as_read" and "think" in _words(row))

    def reasoning_key(self, row: Row) -> str:
        """The key that holds reasoning where it does not stand in the text."""
        read = next((key for key in DIALECT_KEYS if key in _words(row)), None)
        return (read if self.reasoning == "as_read" else None) or self.key or KEY

    def calls(self, row: Row) -> CallStyle:
        """How the row's calls are written: `object`, `text` or `xml`."""
        if self.tool_calls != "as_read":
            return self.tool_calls
        words = _words(row)
        return "xml" if "hermes" in words else "text" if "text" in words else "object"


def _words(row: Row) -> list[str]:
    return re.findall(r"\w+", row.get("dialect") or "")


def thought(message: Message) -> str:
    """The text of an answer with what was thought before it in front, as DeepSeek and Qwen write it."""
    reasoning = message.get("reasoning")
    if not reasoning:
        return str(message["content"])
    return f"<think>\n{reasoning}\n</think>\n\n{message['content']}"


def arguments(call: Mapping[str, Any], style: CallStyle) -> Any:
    """The arguments of a call as an object or as JSON text; what is no object, or holds a number too large, as text."""
    text = call.get("arguments") or ""
    if style == "text":
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return text if not isinstance(found, dict) or _too_large(found) else found


def call_text(call: Mapping[str, Any]) -> str:
    """A call as JSON, with its arguments as they were written."""
    return (
        f'{{"name": {json.dumps(call.get("name"), ensure_ascii=False)}, "arguments": {_json(call.get("arguments"))}}}'
    )


def call_texts(calls: Sequence[Mapping[str, Any]]) -> str:
    """One call as JSON, several as a JSON list."""
    texts = [call_text(call) for call in calls]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def xml(calls: Sequence[Mapping[str, Any]]) -> str:
    """Calls as Hermes and its heirs write them."""
    return "\n".join(f"<tool_call>\n{call_text(call)}\n</tool_call>" for call in calls)


def _json(text: str | None) -> str:
    """The text itself where it is JSON, else as a JSON string."""
    try:
        json.loads(text or "")
    except ValueError:
        return json.dumps(text or "", ensure_ascii=False)
    return text or ""


def _too_large(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_too_large, value.values()))
    if isinstance(value, list):
        return any(map(_too_large, value))
    return isinstance(value, int) and not -LARGEST_INTEGER // 2 <= value <= LARGEST_INTEGER
