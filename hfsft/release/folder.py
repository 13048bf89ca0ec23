"""The folder of a build: what a release on the Hub holds, file for file.

build/refund-support/
  README.md, assets/...          the card; its configs make `load_dataset(folder)` work
  report.html                    the build in one page that needs no network
  data/train-00000-of-00001.parquet, data/validation-...
  provenance/...                 lineage, measures, scores and reasons, by id
  rejected/rejected-...          the rows that fell, with stage, rule and value
  ledger.jsonl, funnel.json      the fate of every row, and its counts
  sides.jsonl                    the side of the split that every row keeps in builds to come
  recipe.yaml, recipe.resolved.yaml
  hfsft.lock.json                models, sources, templates and libraries, pinned
"""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import UserError
from hfsft.recipe.recipe import Recipe
from hfsft.release import lock, remembered, report, vega
from hfsft.release.built import SPLITS, Built
from hfsft.release.card import card
from hfsft.release.export import default_rows, provenance_rows, rejected_rows
from hfsft.release.pictures import pictures
from hfsft.release.reader import Release
from hfsft.release.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

SHARD_BYTES = 500_000_000  # what the Hub's viewer and streaming readers like


def write(built: Built, out: Path) -> Path:
    """The folder `out/<name>`, written beside and then put in place: a reader never sees half a build.

    Raises `UserError` where it cannot be written; an older build there is untouched by then.
    """
    target = out / built.recipe.name
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{built.recipe.name}-", dir=out) as beside:
            folder = Path(beside) / "new"
            _fill(built, folder)
            if target.exists():
                target.rename(Path(beside) / "old")
            folder.rename(target)
    except OSError as error:
        raise UserError(
            f"{target}: cannot be written: {error.strerror or error} (answers are kept; build again)"
        ) from None
    return target


def load_built(folder: Path) -> DatasetDict:
    """The default config of a build's folder, as anyone would load it."""
    from datasets import DatasetDict, load_dataset

    loaded = load_dataset(str(folder))
    assert isinstance(loaded, DatasetDict)
    return loaded


def _fill(built: Built, folder: Path) -> None:
    publish = built.recipe.publish
    tokenizer = load_tokenizer(publish.tokenizer) if publish.tokenizer else None
    folder.mkdir()
    with ThreadPoolExecutor(max_workers=1) as drawing:  # by another process, while all else is written
        drawn = drawing.submit(vega.draw, pictures(built), folder)
        _fill_data(built, folder, tokenizer)
        _text(folder / report.FILE, report.report(Release(str(folder), folder)))
    drawn.result()
    _text(folder / "README.md", card(built, folder))


def _fill_data(built: Built, folder: Path, tokenizer: Tokenizer | None) -> None:
    """All but the card, the pictures in it, and the report."""
    for split in SPLITS:
        rows = built.split(split)
        if len(rows):
            _parquet(default_rows(rows, built.recipe.publish.format, tokenizer), folder / "data", split)
            _parquet(provenance_rows(rows), folder / "provenance", split)
    fallen = rejected_rows(built)
    if len(fallen):
        _parquet(fallen, folder / "rejected", "rejected")
    with (folder / "ledger.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in built.ledger.entries())
    if built.sides.stands:
        _text(folder / remembered.FILE, remembered.text(built.sides))
    _text(folder / "funnel.json", json.dumps(built.summary(), ensure_ascii=False, indent=2) + "\n")
    source = built.recipe.source
    if source.path:
        shutil.copyfile(source.path, folder / "recipe.yaml")
    resolved = _with_sources(built.recipe, folder)
    _text(folder / "recipe.resolved.yaml", _yaml(resolved))
    _text(folder / lock.FILE, lock.lock_text(built, resolved))


def _with_sources(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """The resolved recipe, with the local files that it reads beside it: the folder alone can be built again."""
    resolved = recipe.resolved()
    for section in ("seeds", "examples"):
        for number, source in enumerate(resolved[section]):
            local = recipe.base / Path(source.get("path", "")).expanduser()
            if "path" in source and local.is_file():
                copy = Path("sources") / f"{section}-{number}{local.suffix}"
                (folder / copy).parent.mkdir(exist_ok=True)
                shutil.copyfile(local, folder / copy)
                source["path"] = copy.as_posix()
    return resolved


def _parquet(rows: Dataset, folder: Path, split: str) -> None:
    folder.mkdir(exist_ok=True)
    size = rows.data.nbytes if hasattr(rows.data, "nbytes") else 0
    shards = max(1, -(-size // SHARD_BYTES))
    for index in range(shards):
        part = rows.shard(shards, index, contiguous=True) if shards > 1 else rows
        part.to_parquet(str(folder / f"{split}-{index:05d}-of-{shards:05d}.parquet"))


def _yaml(value: Any) -> str:
    """The same as `safe_dump`, by libyaml where PyYAML has it: thousands of seeds take seconds without."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
