"""The formats in which trainers read rows, and the table of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from hfsft.errors import ReleaseError
from hfsft.recipe.publish import FormatName
from hfsft.release.trainer.chats import as_hermes, as_messages, as_prompt_completion, as_sharegpt
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.texts import as_alpaca, as_prompt_completion_text, as_text
from hfsft.release.trainer.tokenizer import ChatTokenizer
from hfsft.rows.batch import Row

CHAT = [{"role": "string", "content": "string"}]
CHAT_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
SHAREGPT_TAGS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "system_tag": "system",
}
CALL_TAGS = {"function_tag": "function_call", "observation_tag": "observation"}

Say = Literal["tools", "several turns", "turns out of order", "names", "ids of calls", "weights", "template values"]
"""What rows may say beyond a question and its answer."""
Columns = Mapping[str, Any]
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """One format: its columns, how a row is written in it, and what other trainers must be told to read it."""

    about: str
    columns: Columns  # of rows that only say who says what: name -> type, in the words of `hfsft.rows.features`
    write: Callable[[Row, MessageStyle, ChatTokenizer | None], Row]  # what a row says, and no more: see `RowWriter.row`
    trains_on: Literal["everything", "completion"]  # the part of a row that TRL's loss covers
    llama_factory: Callable[[Columns], Entry | None]  # columns -> the entry of dataset_info.json beside `file_name`
    axolotl: Callable[[Columns], Entry | None]  # columns -> the entry under `datasets:` beside `path`
    refuses: frozenset[Say] = frozenset()  # what it cannot say at all
    loses: frozenset[Say] = frozenset()  # what it leaves out


def fields(columns: Columns, name: str) -> set[str]:
    """The fields of the turns in a column."""
    kind = columns.get(name)
    return set(kind[0]) if isinstance(kind, list) and isinstance(kind[0], Mapping) else set()


def _chats(write: Callable[[Row, MessageStyle], Row]) -> Callable[[Row, MessageStyle, ChatTokenizer | None], Row]:
    return lambda row, style, _: write(row, style)


def _nothing(_: Columns) -> Entry | None:
    return None


def _same(entry: Entry, _: Columns) -> Entry | None:
    return entry


def _llama_factory_messages(columns: Columns) -> Entry | None:
    """None for tools: it takes a message without calls for one with a broken list of them."""
    if "tools" in columns or "tool_calls" in fields(columns, "messages"):
        return None
    return {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": CHAT_TAGS}


def _llama_factory_sharegpt(columns: Columns) -> Entry | None:
    tools = "tools" in columns
    return {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", **({"tools": "tools"} if tools else {})},
        "tags": {**SHAREGPT_TAGS, **(CALL_TAGS if tools else {})},
    }


def _llama_factory_alpaca(columns: Columns) -> Entry | None:
    named = {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}
    return {"columns": {**named, **({"history": "history"} if "history" in columns else {})}}


def _axolotl_messages(columns: Columns) -> Entry | None:
    """None for tools and the template's own values: it reads no JSON text, and values of the whole run alone."""
    if {"tools", "chat_template_kwargs"} & set(columns):
        return None
    said = fields(columns, "messages")
    key = next((name for name in ("thinking", "reasoning") if name in said), None)
    return {
        "type": "chat_template",
        "field_messages": "messages",
        **({"field_thinking": key, "template_thinking_key": key} if key else {}),
        **({"message_field_training": "weight"} if "weight" in said else {}),
    }


def _axolotl_sharegpt(columns: Columns) -> Entry | None:
    if "tools" in columns:
        return None
    return {
        "type": "chat_template",
        "field_messages": "conversations",
        "message_property_mappings": {"role": "from", "content": "value"},
        **({"message_field_training": "weight"} if "weight" in fields(columns, "conversations") else {}),
    }


def _alpaca_prompt(with_input: bool) -> str:
    middle = "\n\n### Input:\n{input}" if with_input else ""
    return f"### Instruction:\n{{instruction}}{middle}\n\n### Response:\n"


def _axolotl_alpaca(columns: Columns) -> Entry | None:
    if "history" in columns:
        return None
    return {  # its own `alpaca` type drops the system prompt
        "type": {
            "field_system": "system",
            "system_format": "{system}\n\n",
            "field_instruction": "instruction",
            "field_input": "input",
            "field_output": "output",
            "format": _alpaca_prompt(with_input=True),
            "no_input_format": _alpaca_prompt(with_input=False),
        }
    }


FORMATS: Mapping[FormatName, Format] = {
    "messages": Format(
        about="`messages`: the conversation, as chat models and their templates want it, with `tools` where rows have "
        "any",
        columns={"messages": CHAT},
        write=_chats(as_messages),
        trains_on="everything",
        llama_factory=_llama_factory_messages,
        axolotl=_axolotl_messages,
    ),
    "prompt_completion": Format(
        about="`prompt` and `completion`: the same messages, cut before the last answer, which alone is trained on",
        columns={"prompt": CHAT, "completion": CHAT},
        write=_chats(as_prompt_completion),
        trains_on="completion",
        llama_factory=_nothing,
        axolotl=_nothing,
    ),
    "prompt_completion_text": Format(
        about="`prompt` and `completion` as plain text, for models without a chat template",
        columns={"prompt": "string", "completion": "string"},
        write=_chats(as_prompt_completion_text),
        trains_on="completion",
        llama_factory=partial(_same, {"columns": {"prompt": "prompt", "response": "completion"}}),
        axolotl=partial(
            _same,
            {
                "type": {
                    "field_instruction": "prompt",
                    "field_output": "completion",
                    "format": "{instruction}",
                    "no_input_format": "{instruction}",
                }
            },
        ),
        refuses=frozenset(("tools", "several turns", "turns out of order")),
        loses=frozenset(("names", "weights", "template values")),
    ),
    "alpaca": Format(
        about="`instruction`, `input`, `output`, `system`, `history` where rows have several turns, `text` with all "
        "of them under the Alpaca prompt",
        columns=dict.fromkeys(("instruction", "input", "output", "system", "text"), "string"),
        write=_chats(as_alpaca),
        trains_on="everything",
        llama_factory=_llama_factory_alpaca,
        axolotl=_axolotl_alpaca,
        refuses=frozenset(("tools", "turns out of order")),
        loses=frozenset(("names", "weights", "template values")),
    ),
    "sharegpt": Format(
        about="`conversations`: the turns as `from` (system, human, gpt, function_call, observation) and `value`, with "
        "`tools` where rows have any",
        columns={"conversations": [{"from": "string", "value": "string"}]},
        write=_chats(as_sharegpt),
        trains_on="everything",
        llama_factory=_llama_factory_sharegpt,
        axolotl=_axolotl_sharegpt,
        loses=frozenset(("names", "ids of calls", "template values")),
    ),
    "hermes": Format(
        about="`messages` of role and content alone: tools stand in the system prompt, calls and results between XML "
        "tags, for models whose template knows no tools",
        columns={"messages": CHAT},
        write=_chats(as_hermes),
        trains_on="everything",
        llama_factory=_llama_factory_messages,
        axolotl=_axolotl_messages,
        loses=frozenset(("names", "ids of calls", "template values")),
    ),
    "text": Format(
        about="`text`: the conversation as the chat template of the named tokenizer writes it",
        columns={"text": "string"},
        write=as_text,
        trains_on="everything",
        llama_factory=partial(_same, {"columns": {"prompt": "text"}}),
        axolotl=partial(_same, {"type": "completion", "field": "text"}),
        loses=frozenset(("weights",)),
    ),
}
"""Every format by its name in recipes."""

WITH_TOOLS = ("messages", "prompt_completion", "sharegpt")
"""Formats in which tools stand in a column of their own."""


def readers(trainer: Literal["llama_factory", "axolotl"], columns: Columns) -> str:
    """The formats of the same rows that another trainer reads, by their names.

    `columns` are those of one format: tools stay tools in every other that can hold them.
    """
    held = {"tools", "history"} & set(columns)
    able = []
    for name, other in FORMATS.items():
        needs = {**other.columns, **({"tools": "string"} if "tools" in held and name in WITH_TOOLS else {})}
        if ("tools" not in held or "tools" not in other.refuses) and getattr(other, trainer)(needs) is not None:
            able.append(name)
    return " or ".join(able)


def format_named(name: str, others: Sequence[str] = ()) -> FormatName:
    """The format of that name. Raises `ReleaseError` with the names that there are, and `others` behind them."""
    for known in FORMATS:
        if known == name:
            return known
    raise ReleaseError(f"no format {name!r} (choose {', '.join([*FORMATS, *others])})")
