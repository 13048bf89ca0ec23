"""What is told of rows is what TRL's SFTTrainer makes of them, loaded as anybody loads them."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hfsft.recipe.publish import FormatName
from hfsft.release.folder.parquet import write_parquet
from hfsft.release.trainer.check import check
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.tokenizer import load_tokenizer
from tests.release.samples import dataset, single, tokenizer_folder, typed
from tests.release.trainer.templates import HARMONY, HERMES, LLAMA, QWEN
from tests.release.trainer.test_dataset_writer import ANSWERED, ASKED, TURNS, WEATHER

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(find_spec("trl") is None, reason="needs the `train` group"),
    pytest.mark.filterwarnings("ignore"),
]
LONG = {"role": "user", "content": "Is it warm in Bern?" * 60}
ROWS = (typed(*TURNS, tools=[WEATHER]), typed(ASKED, ANSWERED), single(2), typed(LONG, ANSWERED))


def trained(folder: Path, tokenizer: Path, max_length: int) -> list[dict[str, Any]]:
    """The rows as SFTTrainer tokenizes what `load_dataset` finds in a folder."""
    from datasets import load_dataset
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    loaded = AutoTokenizer.from_pretrained(str(tokenizer))
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    args = SFTConfig(
        output_dir=str(folder / "out"), max_length=max_length, report_to="none", use_cpu=True, bf16=False,
        gradient_checkpointing=False, shuffle_dataset=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = SFTTrainer(
            model=LlamaForCausalLM(LlamaConfig(vocab_size=len(loaded), **small)),
            processing_class=loaded,
            train_dataset=load_dataset(str(folder / "data"), split="train"),
            args=args,
        )
    return [
        {
            "tokens": len(row["input_ids"]),
            "text": loaded.decode(row["input_ids"]),
            "trained": loaded.decode([label for label in row["labels"] if label != -100]),
        }
        for row in trainer.train_dataset
    ]


@pytest.mark.parametrize(
    ("format", "template", "style", "untrained"),
    [
        ("messages", QWEN, {}, 0),
        ("messages", LLAMA, {"reasoning": "inline"}, 0),
        ("messages", HERMES, {"tool_calls": "text"}, 0),
        ("prompt_completion", QWEN, {"tool_calls": "text"}, 1),
        ("prompt_completion", HARMONY, {}, 1),
        ("text", QWEN, {}, 0),
    ],
)
def test_trl_sees_what_is_told(
    tmp_path: Path, home: Path, format: FormatName, template: str, style: dict[str, Any], untrained: int
) -> None:
    folder, rows = tokenizer_folder(tmp_path / "tokenizer", template), dataset(*ROWS)
    tokenizer = load_tokenizer(str(folder))
    writer = DatasetWriter.of(rows, format, tokenizer, MessageStyle(**style))
    write_parquet(writer.rows(rows), tmp_path / "data", "train")
    found = check(rows, writer, 900)
    seen = trained(tmp_path, folder, 900)
    causes = found.causes()
    assert causes.get("untrained", 0) == untrained
    assert len(seen) == len(ROWS) - untrained
    assert (max(row["tokens"] for row in seen) == 900) == (not untrained)
    first = seen[0]["text"]
    assert "weather" in first
    assert ('{"city"' in first) == ("arguments written twice" not in causes)
    thinks = "Look it up." in first
    hidden = {told.id for told in found.told if told.cause == "reasoning hidden"}
    assert thinks == (ROWS[0]["id"] not in hidden)
    alone = seen[1]["trained"]
    assert ("Is it warm in Bern?" in alone) == found.loss_covers_prompt
    assert "Yes, 21 degrees." in alone
