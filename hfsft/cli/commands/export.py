"""`hfsft export`: a build's rows in another format, as JSON lines or CSV."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.cli.arguments import command
from hfsft.cli.console import count, tell
from hfsft.errors import ReleaseError
from hfsft.plain import plain

if TYPE_CHECKING:
    from hfsft.recipe.publish import Publish
    from hfsft.release.trainer.dataset_writer import DatasetWriter

STANDARD = "-"
AS_READ = "as_read"
OTHERS = (".tsv", ".parquet", ".xlsx", ".ods", ".arrow")  # what people may expect to get by that name, and would not


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft export build/name --format alpaca --out train.jsonl\n"
        "  hfsft export build/name --format sharegpt --split validation --out validation.jsonl --llama-factory\n"
        "  hfsft export build/name --out - | head\n"
        "  hfsft export build/name --format preference --out pairs.jsonl\n"
        "  hfsft export hf://datasets/you/name --format text --tokenizer Qwen/Qwen3-0.6B --out train.jsonl"
    )
    parser = command(commands, "export", "write a build's rows in another format", run, examples)
    parser.add_argument("build", help="the build's folder, or a release as hf://datasets/you/name")
    parser.add_argument(
        "--format",
        default="messages",
        help="messages (the default), prompt_completion, prompt_completion_text, alpaca, sharegpt, hermes or text; of "
        "a build with pairs also preference, or preference_text",
    )
    parser.add_argument(
        "--reasoning",
        default=AS_READ,
        help="where reasoning stands: field, inline (in the text), drop, or as_read (the default)",
    )
    parser.add_argument(
        "--tool-calls",
        default=AS_READ,
        help="how calls of tools are written: object, text (JSON), xml (in the text), or as_read (the default)",
    )
    parser.add_argument("--split", default="train", help="train, validation or test (default: train)")
    parser.add_argument("--tokenizer", help="Hub id or folder of the tokenizer whose chat template writes text")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="the .jsonl or .csv file to write, or - for standard output"
    )
    parser.add_argument(
        "--llama-factory",
        action="store_true",
        help="enter the file in the dataset_info.json beside it, where LLaMA-Factory looks",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that exists")


def run(arguments: argparse.Namespace) -> None:
    """Write the rows, and say how LLaMA-Factory and axolotl read the file."""
    from hfsft.release.export import llama_factory_entry, llama_factory_table, write_csv, write_jsonl
    from hfsft.release.folder.outputs import require_free
    from hfsft.release.pair_export import PAIR_FORMATS
    from hfsft.release.reader import open_release
    from hfsft.release.trainer.check import check
    from hfsft.release.trainer.dataset_writer import DatasetWriter
    from hfsft.release.trainer.tokenizer import load_tokenizer

    out = Path(arguments.out)
    if arguments.format in PAIR_FORMATS:
        _export_pairs(arguments, out)
        return
    publish = _wanted(arguments)
    suffix = out.suffix.lower()
    if suffix in OTHERS:
        raise ReleaseError(f"{out}: {suffix} is not written (name a .jsonl or a .csv file)")
    if arguments.out != STANDARD:
        require_free(out, arguments.force)
    release = open_release(arguments.build, tell)
    name = release.name if arguments.split == "train" else f"{release.name}_{arguments.split}"
    tokenizer = load_tokenizer(arguments.tokenizer, "--tokenizer") if arguments.tokenizer else None
    chosen = release.rows(arguments.split)
    writer = DatasetWriter.published(release.all_rows(), publish, tokenizer)  # both splits have the same columns
    entry = llama_factory_entry(writer, name, out)
    if arguments.llama_factory and entry and suffix != ".csv":
        llama_factory_table(entry, out, arguments.force)  # fails before the rows are written
    rows = writer.rows(chosen)
    if arguments.out == STANDARD:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    marked = 0
    if suffix == ".csv":
        marked = write_csv(rows, out)
    else:
        write_jsonl(rows, out)
    print(f"wrote {count(len(rows), 'row')} to {out}")
    if marked:
        print(
            f"note: {count(marked, 'cell')} would be taken for a formula by a spreadsheet, so an apostrophe stands "
            "before what it says"
        )
    for note in check(chosen, writer).told_notes():
        print(f"note: {plain(note)}")
    if suffix != ".csv":
        _tell_trainers(writer, entry, out, arguments)


def _export_pairs(arguments: argparse.Namespace, out: Path) -> None:
    """The same of the pairs of a build, which are written as they stand there."""
    from hfsft.release.export import llama_factory_table, register_for_llama_factory, write_jsonl
    from hfsft.release.folder.outputs import require_free
    from hfsft.release.pair_export import axolotl_pairs, exported_pairs, llama_factory_pairs
    from hfsft.release.reader import open_release

    usual = {"reasoning": AS_READ, "tool_calls": AS_READ, "tokenizer": None}
    given = [f"--{name.replace('_', '-')}" for name, value in usual.items() if getattr(arguments, name) != value]
    if given:
        raise ReleaseError(
            f"{', '.join(given)}: pairs are exported as the build wrote them (its recipe's `publish` says how)"
        )
    if arguments.out != STANDARD:
        if out.suffix.lower() in (".csv", *OTHERS):
            raise ReleaseError(f"{out}: pairs are written as JSON lines (name a .jsonl file)")
        require_free(out, arguments.force)
    release = open_release(arguments.build, tell)
    rows = exported_pairs(release, arguments.split, arguments.format)
    if arguments.out == STANDARD:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    name = f"{release.name}_preference" + ("" if arguments.split == "train" else f"_{arguments.split}")
    entry = llama_factory_pairs(name, out.name, arguments.format)
    if arguments.llama_factory and entry:
        llama_factory_table(entry, out, arguments.force)
    write_jsonl(rows, out)
    print(f"wrote {count(len(rows), 'pair')} to {out}")
    if entry is None:
        print("LLaMA-Factory: reads pairs as --format preference_text writes them")
    elif arguments.llama_factory:
        table = register_for_llama_factory(entry, out, arguments.force)
        print(f"LLaMA-Factory: dataset: {name}, dataset_dir: {table.parent} (entered in {table.name})")
    else:
        print(f"LLaMA-Factory (--llama-factory enters it in dataset_info.json):\n\n{json.dumps(entry, indent=2)}\n")
    snippet = axolotl_pairs(str(out), arguments.format, rows.features)
    said = yaml.safe_dump(snippet, sort_keys=False) if snippet else ""
    print(f"axolotl:\n\n{said}" if said else "axolotl: reads pairs without tools, as --format preference writes them")


def _wanted(arguments: argparse.Namespace) -> Publish:
    """What the options ask for, under the same rules as in a recipe."""
    from pydantic import ValidationError

    from hfsft.recipe.publish import Publish
    from hfsft.release.pair_export import PAIR_FORMATS
    from hfsft.release.trainer.formats import format_named

    if arguments.format == "text" and not arguments.tokenizer:
        raise ReleaseError("--format text is written by a chat template: name a tokenizer with --tokenizer")
    asked = {name: getattr(arguments, name) for name in ("reasoning", "tool_calls", "tokenizer")}
    try:
        return Publish.model_validate({"format": format_named(arguments.format, PAIR_FORMATS), **asked})
    except ValidationError as error:
        (first, *_) = error.errors()
        option = f"--{first['loc'][0]} ".replace("_", "-") if first["loc"] else ""
        raise ReleaseError(f"{option}{first['msg'].removeprefix('Value error, ')}") from None


def _tell_trainers(
    writer: DatasetWriter, entry: dict[str, Any] | None, out: Path, arguments: argparse.Namespace
) -> None:
    from hfsft.release.export import axolotl_snippet, register_for_llama_factory
    from hfsft.release.trainer.formats import readers

    others = f"cannot read {arguments.format} as these rows need it; it reads"
    if entry is None:
        print(f"LLaMA-Factory: {others} {readers('llama_factory', writer.columns)}")
    elif arguments.llama_factory:
        table = register_for_llama_factory(entry, out, arguments.force)
        print(f"LLaMA-Factory: dataset: {', '.join(entry)}, dataset_dir: {table.parent} (entered in {table.name})")
    else:
        print(f"LLaMA-Factory (--llama-factory enters it in dataset_info.json):\n\n{json.dumps(entry, indent=2)}\n")
    snippet = axolotl_snippet(writer, out)
    print(
        f"axolotl:\n\n{snippet}" if snippet else f"axolotl: {others} {readers('axolotl', writer.columns)}",
        end="" if snippet else "\n",
    )
