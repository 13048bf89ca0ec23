"""The card's YAML metadata: what the Hub and `load_dataset` read of a release, taken from the files beside it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.recipe.checks.licences import HUB_LICENCES
from hfsft.release.folder.file_names import PREFERENCE, RANDOM
from hfsft.release.report import measures
from hfsft.rows.columns import SIDES

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.release.result import Built

CONFIGS = {
    "default": "data",
    "provenance": "provenance",
    "rejected": "rejected",
    PREFERENCE: PREFERENCE,
    RANDOM: RANDOM,
}
"""Config -> its folder, in the order that the Hub lists them; a folder that is not there is no config."""

NO_ROWS = [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}]
"""Of a build without rows: it does not load, where its rejected rows alone would be taken for the data."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
TYPES = {"double": "float64", "float": "float32", "halffloat": "float16", "extension<arrow.json>": "json"}
"""Types that `datasets` calls otherwise than Arrow does."""

_SHARD = re.compile(r"(?P<split>\w+)-\d+-of-\d+\.parquet")


def metadata(built: Built, folder: Path) -> dict[str, Any]:
    """The metadata of the release in `folder`, whose data files are written already."""
    rows = sum(built.ledger.counts()[split] for split in built.ledger.splits)
    infos = [info for name, files in CONFIGS.items() if rows and (info := _info(name, folder / files))]
    recipe, written = built.recipe, bool(measures.writers(built.plan))
    paired = any(info["config_name"] == PREFERENCE for info in infos)
    found = {
        "pretty_name": recipe.name,
        "language": recipe.language,
        **_licence(recipe.license),
        "size_categories": [next((name for bound, name in SIZES if rows < bound), "n>1M")],
        "task_categories": ["text-generation"],
        "tags": ["sft", "hfsft", *(["dpo"] if paired else []), *(["synthetic"] if written else [])],
        "configs": [_config(info, folder) for info in infos] if rows else NO_ROWS,
        "dataset_info": infos,
    }
    return {name: value for name, value in found.items() if value is not None}


def _licence(name: str | None) -> dict[str, str]:
    """The Hub refuses a licence that it has no word for, unless it is called `other` and named beside it."""
    if name is None:
        return {}
    return {"license": name} if name in HUB_LICENCES else {"license": "other", "license_name": name}


def _config(info: dict[str, Any], folder: Path) -> dict[str, Any]:
    name = info["config_name"]
    files = [{"split": each["name"], "path": f"{CONFIGS[name]}/{each['name']}-*"} for each in info["splits"]]
    # `load_dataset` tells one local folder from another by its name and this metadata alone, never by its files:
    # without their hash in here, a folder that was built again would load as the rows of the build before.
    content = f"content {_content(folder / CONFIGS[name])}"
    default = {"default": True} if name == "default" else {}
    return {"config_name": name, "description": content, "data_files": files, **default}


def _content(folder: Path) -> str:
    """16 hex digits for the data files in a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.parquet")):
        found.update(path.name.encode())
        with path.open("rb") as data:
            while block := data.read(2**20):
                found.update(block)
    return found.hexdigest()[:16]


def _info(name: str, folder: Path) -> dict[str, Any] | None:
    """Columns and sizes as `push_to_hub` would write them; None where nothing is in the folder."""
    from pyarrow.parquet import ParquetFile

    shards: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("*.parquet")):
        if match := _SHARD.fullmatch(path.name):
            shards[match["split"]].append(path)
    if not shards:
        return None
    splits, columns = list[dict[str, Any]](), list[dict[str, Any]]()
    for split in sorted(shards, key=[*SIDES, *shards].index):
        files = [ParquetFile(path, memory_map=True) for path in shards[split]]
        columns = typed(files[0].schema_arrow)
        numbered = [(file, index) for file in files for index in range(file.num_row_groups)]
        groups = (file.read_row_group(index, use_threads=False) for file, index in numbered)
        size = sum(group.nbytes for group in groups)  # one row group at a time: a split need not fit in memory
        rows = sum(file.metadata.num_rows for file in files)
        splits.append({"name": split, "num_bytes": size, "num_examples": rows})
    return {
        "config_name": name,
        "features": columns,
        "splits": splits,
        "download_size": sum(path.stat().st_size for paths in shards.values() for path in paths),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def typed(columns: Iterable[pa.Field]) -> list[dict[str, Any]]:
    """Columns, or the fields of a struct, with their types as `Features._to_yaml_list` of `datasets` writes them."""
    return [{"name": column.name, **_typed(column.type)} for column in columns]


def _typed(kind: pa.DataType) -> dict[str, Any]:
    from pyarrow import types

    if types.is_struct(kind):
        return {"struct": typed(kind)}
    if types.is_list(kind) or types.is_fixed_size_list(kind):
        inner = _typed(kind.value_type)
        length = {"length": kind.list_size} if types.is_fixed_size_list(kind) else {}
        return {"list": inner if "list" in inner else next(iter(inner.values())), **length}
    return {"dtype": TYPES.get(str(kind), str(kind))}
