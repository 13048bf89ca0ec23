"""A finished build made by hand: every kind of column, fate and text that a card or a report may meet."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

from datasets import Dataset

from hfsft.engine.ledger import Ledger, Removal
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step
from hfsft.hashing import unit
from hfsft.models.limits.usage import Usage
from hfsft.models.model import Answer
from hfsft.recipe.recipe import load_recipe
from hfsft.release.result import SPLITS, Built
from hfsft.rows.columns import COLUMNS
from hfsft.rows.features import features
from hfsft.rows.messages import Message
from hfsft.rows.row import new_row
from tests.rows.messages import full

NASTY = (
    "</script><script>window.broken = true</script>",
    "<img src=x onerror='window.broken = true'> & <b>bold</b>",
    "\u202eright to left\u202c مرحبا بكم في المتجر",
    "Z\u0351\u0357a\u0315\u031bl\u0321\u0334g\u0321o\u0322 " * 5,
    "```\n{{ config }} {% raw %}\n```\n| a | b |",
    "\u2028line\u2029paragraph\x00null \U0001f600",
)

RECIPE: dict[str, Any] = {
    "name": "toy",
    "description": "Customers of an online store asking about refunds.",
    "license": "apache-2.0",
    "models": {
        "writer": {"model": "meta-llama/Llama-3.3-70B-Instruct", "base_url": "http://127.0.0.1:9/v1"},
        "judge": {
            "model": "Qwen/Qwen3-235B-A22B-Instruct-2507",
            "provider": "auto",
            "price": {"input": 0.2, "output": 0.8},
        },
    },
    "seeds": [{"prompts": ["Where is my refund?"]}],
    "judge": {"rubric": {"relevance": "Does it address what was asked?", "usefulness": "Would it help?"}},
}
MEASURES = MappingProxyType(
    {
        "tokens_response": "int64",
        "repetition_response": "float64",
        "near_duplicate_instruction": "float64",
        "near_duplicate_instruction_of": "string",
        "score_relevance": "float64",
        "score_usefulness": "float64",
        "score_mean": "float64",
        "score_min": "float64",
        "reason_relevance": "string",
        "reason_usefulness": "string",
        "family": "string",
        "split": "string",
    }
)
BOUNDS = (
    Bound("tokens", "tokens_response", at_least=20, at_most=100),
    Bound("repetition", "repetition_response", at_most=0.4),
    Bound("near_duplicate", "near_duplicate_instruction", at_most=0.8, missing="keep"),
    Bound("usefulness", "score_usefulness", at_least=3),
)

AGENTS = 10  # one row in so many calls tools
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"{about}.",
            "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        },
    }
    for name, about in (("get_order", "Looks an order up"), ("refund_order", "Sends the money of an order back"))
]


def agent(instruction: str, response: str) -> dict[str, Any]:
    """The texts of a row in which a model thinks, calls tools and is answered; its texts hold whatever they like."""
    order = {"id": 4711, "state": "delivered", "address": {"city": "Málaga", "street": NASTY[1]}, "items": [1, 2, 3]}
    call = {"id": "c0", "name": "get_order", "arguments": json.dumps({"id": 4711})}
    long = {"id": 4711, "why": "The parcel came late, and the customer said so at once.", "note": NASTY[0]}
    turns: list[Message] = [
        {"role": "user", "content": instruction},
        {"role": "assistant", "content": "", "reasoning": f"Look it up first. {NASTY[0]}", "tool_calls": [call]},
        {"role": "tool", "content": json.dumps(order), "tool_call_id": "c0"},
        {"role": "assistant", "content": "It came late, so I send the money back."},
        {"role": "user", "content": "Thank you!"},
        {"role": "assistant", "content": "", "tool_calls": [{"name": "refund_order", "arguments": json.dumps(long)}]},
        {"role": "tool", "content": "done", "name": "refund_order"},
        {"role": "assistant", "content": response, "reasoning": "Say that it is done."},
    ]
    messages = [full(turn) for turn in turns]
    return {"messages": messages, "tools": json.dumps(TOOLS), "reference": "It is approved."}


def row(index: int) -> dict[str, Any]:
    """A row whose texts and numbers follow from its index alone."""
    instruction = NASTY[index % len(NASTY)] if index % 9 == 0 else f"Question {index}: where is refund {index * 7}?"
    response = " ".join(["Your refund was approved."] * (2 + index % 30))
    useful = float(1 + int(unit(index, "useful") * 5))
    said = {"instruction": instruction, "response": response, "topic": ["refund", "order"][index % 2]}
    return {
        **new_row("seed", {**said, **(agent(instruction, response) if index % AGENTS == 1 else {})}),
        "id": f"{index:016x}",
        "seed_id": f"{index - index % 4:016x}",
        "tokens_response": len(response.split()),
        "repetition_response": round(unit(index, "repetition"), 4),
        "near_duplicate_instruction": round(unit(index, "near"), 4),
        "near_duplicate_instruction_of": f"{index - index % 4:016x}",
        "score_relevance": 5.0,
        "score_usefulness": useful,
        "score_mean": (5 + useful) / 2,
        "score_min": useful,
        "reason_relevance": "It does.",
        "reason_usefulness": NASTY[index % len(NASTY)],
        "family": f"{index - index % 4:016x}",
        "split": SPLITS[index // 4 % 10 == 3],
    }


def dataset(rows: list[dict[str, Any]]) -> Dataset:
    """Rows with every column of a build."""
    return Dataset.from_list(rows, features=features({**COLUMNS, **MEASURES}))


def toy(count: int = 400, recipe: dict[str, Any] | None = None) -> Built:
    """A build over `count` rows, of which each bound takes its part and one in fifty fails."""
    loaded = load_recipe({**RECIPE, **(recipe or {})})
    left = [row(index) for index in range(count)]
    ledger = Ledger()
    source = Step("sources", rows="source", writes=COLUMNS)
    ledger.record(source, 0, count, cached=False, calls=0, seconds=0.01)
    ask = Step(
        "generate", asks=True, writes={"response": "string"}, identity={"model": {"model": "llama"}}, models=("writer",)
    )
    failed = [row for row in left if int(row["id"], 16) % 50 == 7]
    left = [row for row in left if row not in failed]
    errors = {row["id"]: "timeout: 120 s" for row in failed}
    ledger.removals.append(Removal("generate", "generate", "failed", "", "", dataset(failed), errors))
    ledger.record(ask, count, len(left), removed=len(failed), cached=False, calls=count, seconds=12.5)
    steps = [
        source,
        ask,
        Step("judge", asks=True, writes=MEASURES, identity={"model": {"model": "qwen"}}, models=("judge",)),
    ]
    for bound in BOUNDS:
        step = Step(f"filters[{bound.rule}]", rows="fewer", reads=(bound.column,), bound=bound)
        kept = [row for row in left if bound.keeps(row[bound.column])]
        removal = [row for row in left if not bound.keeps(row[bound.column])]
        ledger.removals.append(Removal(step.name, bound.rule, "rejected", str(bound), bound.column, dataset(removal)))
        ledger.record(step, len(left), len(kept), removed=len(removal), cached=False, calls=0, seconds=0.02)
        steps.append(step)
        left = kept
    ledger.finish({split: [row["id"] for row in left if row["split"] == split] for split in SPLITS[:2]})
    usage = Usage(loaded.models)
    for stage, model in (("generate", "writer"), ("judge", "judge")):
        tally = usage.of(stage, model)
        for _ in range(3):
            tally.calls += 1
            tally.answered("0" * 64, Answer("yes", input_tokens=1200, output_tokens=300), 0.4)
        ledger.spent[stage] = usage.spent(stage)
    return Built(loaded, Plan(loaded.name, tuple(steps)), dataset(left), ledger, usage, 12.6)


def release(built: Built, tmp_path: Path) -> Path:
    """The folder of a build, written as a build writes it."""
    from hfsft.release.folder.write import write

    return write(built, tmp_path)
