"""Small recipes, rows and a tokenizer for the tests of what a build leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.rows.columns import COLUMNS
from hfsft.rows.features import features
from hfsft.rows.row import new_row
from tests.rows.messages import full

if TYPE_CHECKING:
    from datasets import Dataset

THINGS = ("parcel", "refund", "invoice", "password", "coupon", "battery", "address", "courier", "warranty", "receipt")
SYSTEM = "You are a support agent."
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKED = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ message.content }}<|im_end|>{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHATML
)
USER_OR_ASSISTANT = (
    "{% for message in messages %}{% if message.role not in ('system', 'user', 'assistant') %}"
    "{{ raise_exception('Unknown role ' + message.role) }}{% endif %}{% endfor %}" + CHATML
)
THINKING = CHATML.replace("<|im_start|>assistant\n{% endif %}", "<|im_start|>assistant\n<think>\n{% endif %}")


def single(number: int = 0, **texts: Any) -> dict[str, Any]:
    """A row of one question and its answer."""
    thing = THINGS[number % len(THINGS)]
    said = {"instruction": f"Where is my {thing}?", "response": f"The {thing} arrives in {number} days."}
    return new_row("example", {**said, **texts})


def chat(*turns: str, system: str | None = None) -> dict[str, Any]:
    """A row of several turns, the user's first."""
    roles = ("user", "assistant") * len(turns)
    messages = [{"role": role, "content": text} for role, text in zip(roles, turns, strict=False)]
    texts = {"system": system, "instruction": turns[0], "response": turns[-1], "messages": messages}
    return new_row("example", texts)


def typed(
    *turns: dict[str, Any], system: str | None = None, tools: list[Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A row of typed messages, the user's first, as if the arguments of calls had been read as objects."""
    messages = [full(turn) for turn in turns]
    asked, answered = (
        next((turn["content"] for turn in found if turn["role"] == role), None)
        for found, role in ((messages, "user"), (messages[::-1], "assistant"))
    )
    texts = {"system": system, "instruction": asked, "response": answered, "messages": messages}
    texts |= {"dialect": "messages objects", "tools": json.dumps(tools) if tools is not None else None}
    return new_row("example", {**texts, **more})


def dataset(*rows: dict[str, Any]) -> Dataset:
    """Rows as a build has them."""
    from datasets import Dataset

    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    return Dataset.from_dict(columns, features=features(COLUMNS))


def examples(count: int = 20, **changes: Any) -> dict[str, Any]:
    """A recipe of human-written rows alone: no model is asked."""
    rows = [
        {"system": SYSTEM, "instruction": f"My {a} is late, and so is the {b}.", "response": f"Ask for the {a} in {n}."}
        for n, (a, b) in enumerate((a, b) for a in THINGS for b in THINGS if a < b)
    ]
    plain = {"filters": [], "split": {"validation": 0.3, "similarity": 1}}
    return {"name": "toy", "license": "apache-2.0", "examples": [{"rows": rows[:count]}], **plain, **changes}


def tokenizer_folder(folder: Path, template: str | None = CHATML, *, bos: bool = False) -> Path:
    """A tokenizer of bytes with the tokens of ChatML, made here: no network and no torch."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(["<|im_start|>", "<|im_end|>", "<s>"])
    if bos:
        inner.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", inner.token_to_id("<s>"))]
        )
    wrapped = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="<|im_end|>")
    wrapped.chat_template = template
    wrapped.save_pretrained(str(folder))
    return folder


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
