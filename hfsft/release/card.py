"""The dataset card."""

from __future__ import annotations

from typing import Any

import yaml

from hfsft.prompts import Prompt
from hfsft.release.built import SPLITS, Built

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(built: Built) -> str:
    """The card's text: YAML metadata that the Hub reads, then what people read."""
    body = Prompt.named("card", "card").render(recipe=built.recipe.model_dump(), **built.summary())
    return f"---\n{yaml.safe_dump(metadata(built), sort_keys=False, allow_unicode=True)}---\n\n{body}\n"


def metadata(built: Built) -> dict[str, Any]:
    """The card's YAML metadata; `configs` tell `load_dataset` which files are which."""
    counts = built.ledger.counts()
    splits = [split for split in SPLITS if counts[split]]
    size = next((name for bound, name in SIZES if sum(counts[s] for s in splits) < bound), "n>1M")

    def config(name: str, folder: str) -> dict[str, Any]:
        files = [{"split": split, "path": f"{folder}/{split}-*"} for split in splits]
        return {"config_name": name, "data_files": files}

    configs = [{**config("default", "data"), "default": True}, config("provenance", "provenance")]
    if counts["rejected"] + counts["failed"]:
        configs.append(
            {"config_name": "rejected", "data_files": [{"split": "rejected", "path": "rejected/rejected-*"}]}
        )
    found = {
        "language": built.recipe.language,
        "license": built.recipe.license,
        "pretty_name": built.recipe.name,
        "size_categories": [size],
        "task_categories": ["text-generation"],
        "tags": ["hfsft", "sft", *(["synthetic"] if built.recipe.seeds else [])],
        "configs": configs,
    }
    return {name: value for name, value in found.items() if value is not None}
