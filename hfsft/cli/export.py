"""`hfsft export`: a build's rows in another format, as JSON lines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hfsft.cli.arguments import command
from hfsft.cli.console import count, tell


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft export build/name --format alpaca --out train.jsonl\n"
        "  hfsft export build/name --format sharegpt --split validation --out validation.jsonl\n"
        "  hfsft export hf://datasets/you/name --format text --tokenizer Qwen/Qwen3-0.6B --out train.jsonl"
    )
    parser = command(commands, "export", "write a build's rows in another format, as JSON lines", run, examples)
    parser.add_argument("build", help="the build's folder, or a release as hf://datasets/you/name")
    parser.add_argument(
        "--format",
        default="messages",
        help="messages (the default), prompt_completion, prompt_completion_text, alpaca, sharegpt or text",
    )
    parser.add_argument("--split", default="train", help="train or validation (default: train)")
    parser.add_argument("--tokenizer", help="Hub id or folder of the tokenizer whose chat template writes text")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the .jsonl file to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the file, and say how LLaMA-Factory and axolotl read it."""
    from hfsft.release.export import axolotl_snippet, default_rows, register_for_llama_factory, write_jsonl
    from hfsft.release.formats import format_named
    from hfsft.release.reader import open_release
    from hfsft.release.tokenizer import load_tokenizer

    chosen, out = format_named(arguments.format), arguments.out
    release = open_release(arguments.build, tell)
    tokenizer = load_tokenizer(arguments.tokenizer, "--tokenizer") if arguments.tokenizer else None
    rows = default_rows(release.rows(arguments.split), chosen, tokenizer)
    write_jsonl(rows, out)
    print(f"wrote {count(len(rows), 'row')} to {out}")
    name = release.name if arguments.split == "train" else f"{release.name}_{arguments.split}"
    table = register_for_llama_factory(chosen, name, out)
    print(
        f"LLaMA-Factory: dataset: {name}, dataset_dir: {table.parent} (entered in {table.name})"
        if table
        else f"LLaMA-Factory: cannot read {chosen}; export messages or sharegpt for it"
    )
    snippet = axolotl_snippet(chosen, out)
    print(
        f"axolotl:\n\n{snippet}" if snippet else f"axolotl: cannot read {chosen}; export messages for it",
        end="" if snippet else "\n",
    )
