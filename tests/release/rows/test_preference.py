"""Pairs as they are written: what TRL's DPOTrainer reads of them, loaded as anybody loads them."""

from __future__ import annotations

import json
import math
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hfsft.release.folder.parquet import write_parquet
from hfsft.release.rows.preference import written_pairs
from hfsft.release.trainer.dataset_writer import in_columns
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.stages.pairing.settled import SettledPair
from tests.release.samples import THINGS, chat, single, tokenizer_folder, typed
from tests.release.trainer.templates import QWEN
from tests.release.trainer.test_dataset_writer import WEATHER

ASKED = {"role": "user", "content": "Is it warm in Bern?"}
CALL = {"name": "weather", "arguments": '{"city": "Bern"}', "id": "1"}
CALLED = [
    {"role": "assistant", "content": "", "reasoning": "Look it up.", "tool_calls": [CALL]},
    {"role": "tool", "content": "21", "tool_call_id": "1", "name": "weather"},
    {"role": "assistant", "content": "Yes, 21 degrees."},
]
GUESSED = [{"role": "assistant", "content": "I think so."}]


def scored(row: dict[str, Any], mean: float, row_id: str) -> dict[str, Any]:
    return {**row, "id": row_id, "score_mean": mean}


def tables(*sides: tuple[dict[str, Any], dict[str, Any]], plain: bool = False, **style: Any) -> tuple[Any, list[Any]]:
    rows, pairs = {}, []
    for number, (chosen, rejected) in enumerate(sides):
        ids = (f"c{number}", f"r{number}")
        rows |= {ids[0]: scored(chosen, 5.0, ids[0]), ids[1]: scored(rejected, 2.0, ids[1])}
        pairs.append(SettledPair(*ids, 5.0, 2.0, True))
    columns, written = written_pairs(pairs, rows, MessageStyle(**style), plain)
    return columns, list(written())


def with_tools() -> tuple[dict[str, Any], dict[str, Any]]:
    return typed(ASKED, *CALLED, tools=[WEATHER]), typed(ASKED, *GUESSED, tools=[WEATHER])


def test_the_prompt_ends_with_the_last_question_and_both_answers_hold_what_follows() -> None:
    turns = ("Hello.", "Good day.", "Where is it?")
    columns, (pair, other) = tables((chat(*turns, "In Bern."), chat(*turns, "Who knows.")), with_tools())
    assert [turn["content"] for turn in pair["prompt"]] == list(turns)
    assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == ("In Bern.", "Who knows.")
    assert "tools" not in pair
    assert json.loads(other["tools"]) == [WEATHER]
    assert [turn["role"] for turn in other["chosen"]] == ["assistant", "tool", "assistant"]
    assert [turn["role"] for turn in other["rejected"]] == ["assistant"]
    names = ("prompt", "chosen", "rejected", "tools", "score_chosen", "score_rejected", "margin", "chosen_id")
    assert list(columns) == [*names, "rejected_id"]
    fields = set(columns["chosen"][0])
    assert {"role", "content", "reasoning_content", "tool_calls", "tool_call_id", "name"} == fields
    assert fields == set(columns["prompt"][0]) == set(columns["rejected"][0])


def test_reasoning_is_written_as_the_release_writes_it() -> None:
    thought = {"role": "assistant", "content": "Yes.", "reasoning": "Bern is warm."}
    sides = (typed(ASKED, thought), typed(ASKED, *GUESSED))
    assert tables(sides)[1][0]["chosen"][0]["reasoning_content"] == "Bern is warm."
    assert tables(sides, reasoning="drop")[1][0]["chosen"] == [{"role": "assistant", "content": "Yes."}]
    assert "<think>" in tables(sides, reasoning="inline")[1][0]["chosen"][0]["content"]


def test_plain_texts() -> None:
    sides = (single(1, system="Be kind."), single(1, system="Be kind.", response="Never."))
    columns, (pair,) = tables(sides, plain=True)
    assert pair["prompt"] == "Be kind.\n\nWhere is my refund?\n\n"
    assert (pair["chosen"], pair["rejected"]) == ("The refund arrives in 1 days.", "Never.")
    assert {columns[name] for name in ("prompt", "chosen", "rejected")} == {"string"}


def many(kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found = [
        (single(number, response=f"The {thing} is with you by Monday."), single(number, response="Who knows."))
        for number, thing in enumerate(THINGS)
    ]
    return [*found, with_tools()] if kind == "tools" else found


@pytest.mark.acceptance
@pytest.mark.skipif(find_spec("trl") is None, reason="needs the `train` group")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["conversational", "tools", "plain"])
def test_the_dpo_trainer_trains_on_them_as_they_load(tmp_path: Path, home: Path, kind: str) -> None:
    import torch
    from datasets import load_dataset
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import DPOConfig, DPOTrainer

    columns, rows = tables(*many(kind), plain=kind == "plain")
    for split, part in (("train", rows[2:]), ("validation", rows[:2])):
        write_parquet(in_columns(columns, [part], split), tmp_path / "preference", split)
    loaded = load_dataset(str(tmp_path / "preference"))
    tokenizer = AutoTokenizer.from_pretrained(str(tokenizer_folder(tmp_path / "tokenizer", QWEN)))
    torch.manual_seed(0)
    layer = tmp_path / "layer"  # the model that TRL compares with is read from where the trained one was
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **small)).save_pretrained(str(layer))
    args = DPOConfig(
        output_dir=str(tmp_path / "out"), max_steps=4, learning_rate=1e-2, per_device_train_batch_size=4,
        logging_steps=1, save_strategy="no", report_to="none", use_cpu=True, bf16=False, gradient_checkpointing=False,
        max_length=2048, lr_scheduler_type="constant",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = DPOTrainer(
            model=LlamaForCausalLM.from_pretrained(str(layer)),
            processing_class=tokenizer,
            train_dataset=loaded["train"],
            eval_dataset=loaded["validation"],
            args=args,
        )
        before = trainer.evaluate()["eval_loss"]
        trainer.train()
        after = trainer.evaluate()["eval_loss"]
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert all(map(math.isfinite, losses))
    assert losses[-1] < losses[0]
    assert after < before
    seen = trainer.train_dataset
    assert len(seen) == len(rows) - 2
    texts = [tokenizer.decode(seen[-1][name]) for name in ("prompt_ids", "chosen_ids", "rejected_ids")]
    if kind == "tools":
        assert "weather" in texts[0]  # the tools are in the prompt
        assert "21 degrees" in texts[1]
        assert "I think so." in texts[2]
    else:
        assert "Where is my receipt?" in texts[0]
        assert "The receipt is with you by Monday." in texts[1]
        assert "Who knows." in texts[2]
