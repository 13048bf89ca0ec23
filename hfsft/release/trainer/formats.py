"""Formats: the ways in which trainers want a row, one function each, and the table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hfsft.errors import ReleaseError
from hfsft.recipe.publish import FormatName
from hfsft.release.trainer.tokenizer import Tokenizer
from hfsft.rows.batch import Row
from hfsft.rows.views import messages, prompt_messages

SHAREGPT_ROLES = {"system": "system", "user": "human", "assistant": "gpt"}
ALPACA_OPENING = (
    "Below is an instruction that describes a task{}. Write a response that appropriately completes the request."
)
ALPACA_INPUT = ", paired with an input that provides further context"
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


CHAT = [{"role": "string", "content": "string"}]


@dataclass(frozen=True)
class Format:
    """One format: its columns, how a row is written in it, and what other trainers must be told to read it.

    A column of tools would be one more entry of `columns` in the formats that are conversations.
    """

    about: str
    columns: Mapping[str, Any]  # name -> type, in the words of `hfsft.rows.features`
    write: Callable[[Row, Tokenizer | None], Row]
    trains_on: Literal["everything", "completion"]  # the part of a row that TRL's loss covers
    several_turns: bool  # whether it can hold a conversation of more than one question
    llama_factory: Mapping[str, Any] | None  # the entry of dataset_info.json beside `file_name`; None: cannot be read
    axolotl: Mapping[str, Any] | None  # the entry under `datasets:` beside `path`; None: cannot be read


def _turns(row: Row) -> list[dict[str, str]]:
    return [{"role": turn["role"], "content": turn["content"]} for turn in messages(row)]


def _messages(row: Row, _: Tokenizer | None) -> Row:
    return {"messages": _turns(row)}


def _prompt_completion(row: Row, _: Tokenizer | None) -> Row:
    """Of several turns, all but the last answer are prompt: a completion of more would train on questions too."""
    turns = _turns(row)
    return {"prompt": turns[:-1], "completion": turns[-1:]}


def _prompt_completion_text(row: Row, _: Tokenizer | None) -> Row:
    """The prompt ends in a blank line, since trainers join the two as they are."""
    texts = [message["content"] for message in prompt_messages(row)]
    return {"prompt": "".join(f"{text}\n\n" for text in texts), "completion": row["response"]}


def _alpaca(row: Row, _: Tokenizer | None) -> Row:
    """`text` is the row under the Alpaca prompt, as in the first such dataset: trainers that know no Alpaca read it.

    A system prompt takes the place of the prompt's opening sentence.
    """
    context, system = row["context"] or "", row["system"] or ""
    opening = system or ALPACA_OPENING.format(ALPACA_INPUT if context else "")
    parts = [opening, f"### Instruction:\n{row['instruction']}"]
    parts += [f"### Input:\n{context}"] if context else []
    text = "\n\n".join([*parts, f"### Response:\n{row['response']}"])
    said = {"instruction": row["instruction"], "input": context, "output": row["response"]}
    return {**said, "system": system, "text": text}


def _sharegpt(row: Row, _: Tokenizer | None) -> Row:
    turns = _turns(row)
    return {"conversations": [{"from": SHAREGPT_ROLES[t["role"]], "value": t["content"]} for t in turns]}


def _text(row: Row, tokenizer: Tokenizer | None) -> Row:
    if tokenizer is None:
        raise ReleaseError("format text is written by a chat template: name a tokenizer")
    try:
        return {"text": tokenizer.text(_turns(row))}
    except ValueError as error:
        raise ReleaseError(f"row {row['id']}: the chat template of {tokenizer.name} refuses it: {error}") from None


def _alpaca_prompt(with_input: bool) -> str:
    middle = "\n\n### Input:\n{input}" if with_input else ""
    return f"### Instruction:\n{{instruction}}{middle}\n\n### Response:\n"


FORMATS: Mapping[FormatName, Format] = {
    "messages": Format(
        about="`messages`: the conversation, as chat models and their templates want it",
        columns={"messages": CHAT},
        write=_messages,
        trains_on="everything",
        several_turns=True,
        llama_factory={"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": CHAT_TAGS},
        axolotl={"type": "chat_template", "field_messages": "messages"},
    ),
    "prompt_completion": Format(
        about="`prompt` and `completion`: the same messages, cut before the last answer, which alone is trained on",
        columns={"prompt": CHAT, "completion": CHAT},
        write=_prompt_completion,
        trains_on="completion",
        several_turns=True,
        llama_factory=None,
        axolotl=None,
    ),
    "prompt_completion_text": Format(
        about="`prompt` and `completion` as plain text, for models without a chat template",
        columns={"prompt": "string", "completion": "string"},
        write=_prompt_completion_text,
        trains_on="completion",
        several_turns=False,
        llama_factory={"columns": {"prompt": "prompt", "response": "completion"}},
        axolotl={
            "type": {
                "field_instruction": "prompt",
                "field_output": "completion",
                "format": "{instruction}",
                "no_input_format": "{instruction}",
            }
        },
    ),
    "alpaca": Format(
        about="`instruction`, `input`, `output`, `system`, and `text` with all of them under the Alpaca prompt",
        columns=dict.fromkeys(("instruction", "input", "output", "system", "text"), "string"),
        write=_alpaca,
        trains_on="everything",
        several_turns=False,
        llama_factory={
            "columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}
        },
        axolotl={  # its own `alpaca` type drops the system prompt
            "type": {
                "field_system": "system",
                "system_format": "{system}\n\n",
                "field_instruction": "instruction",
                "field_input": "input",
                "field_output": "output",
                "format": _alpaca_prompt(with_input=True),
                "no_input_format": _alpaca_prompt(with_input=False),
            }
        },
    ),
    "sharegpt": Format(
        about="`conversations`: the turns as `from` (system, human, gpt) and `value`",
        columns={"conversations": [{"from": "string", "value": "string"}]},
        write=_sharegpt,
        trains_on="everything",
        several_turns=True,
        llama_factory={"formatting": "sharegpt", "columns": {"messages": "conversations"}, "tags": SHAREGPT_TAGS},
        axolotl={
            "type": "chat_template",
            "field_messages": "conversations",
            "message_property_mappings": {"role": "from", "content": "value"},
        },
    ),
    "text": Format(
        about="`text`: the conversation as the chat template of the named tokenizer writes it",
        columns={"text": "string"},
        write=_text,
        trains_on="everything",
        several_turns=True,
        llama_factory={"columns": {"prompt": "text"}},
        axolotl={"type": "completion", "field": "text"},
    ),
}
"""Every format by its name in recipes."""


def format_named(name: str) -> FormatName:
    """The format of that name. Raises `ReleaseError` with the names that there are."""
    for known in FORMATS:
        if known == name:
            return known
    raise ReleaseError(f"no format {name!r} (choose {', '.join(FORMATS)})")
