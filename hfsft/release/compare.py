"""What differs: between the rows of two releases, and between what was built and what loads from the Hub."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.release.built import SPLITS

if TYPE_CHECKING:
    from datasets import DatasetDict

BATCH = 1_000


@dataclass(frozen=True)
class Rows:
    """The kept rows of one release: the split of each id, and where the data was read, a hash of what it says."""

    splits: dict[str, str]
    contents: dict[str, int] = field(default_factory=dict, repr=False)

    def counts(self) -> dict[str, int]:
        """Rows of each split, in the order of the splits."""
        found = Counter(self.splits.values())
        return {split: found[split] for split in SPLITS if found[split]}


@dataclass(frozen=True)
class Delta:
    """How the rows of one release differ from those of the one before; `changed` is None where that was not read."""

    added: int
    removed: int
    moved: int
    changed: int | None


def read_rows(folder: Path, *, contents: bool = True) -> Rows | None:
    """The rows of a release's folder; None where its ledger is missing or does not fit its data.

    The ledger lists the ids of each split in the order of the data's rows.
    """
    try:
        entries = (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        fates = [(entry["id"], entry["fate"]) for entry in map(json.loads, entries)]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    splits = {row_id: fate for row_id, fate in fates if fate in SPLITS}
    if not contents:
        return Rows(splits)
    found: dict[str, int] = {}
    for split in SPLITS:
        ids = [row_id for row_id, fate in fates if fate == split]
        hashes = _hashes(sorted((folder / "data").glob(f"{split}-*.parquet")))
        if len(ids) != len(hashes):
            return None
        found.update(zip(ids, hashes, strict=True))
    return Rows(splits, found)


def delta(old: Rows, new: Rows) -> Delta:
    """What became of the old release's rows in the new one."""
    both = old.splits.keys() & new.splits.keys()
    known = old.contents and new.contents
    return Delta(
        added=len(new.splits.keys() - both),
        removed=len(old.splits.keys() - both),
        moved=sum(old.splits[row_id] != new.splits[row_id] for row_id in both),
        changed=sum(old.contents[row_id] != new.contents[row_id] for row_id in both) if known else None,
    )


def differences(config: str, here: DatasetDict, there: DatasetDict) -> list[str]:
    """What differs between a configuration as built and as it loads from the Hub: splits, columns, types, any row."""
    if here.keys() != there.keys():
        return [f"{config}: the splits are {', '.join(there)} on the Hub, {', '.join(here)} here"]
    found = []
    for split, rows in here.items():
        other = there[split]
        if rows.features != other.features:
            found.append(f"{config}/{split}: the columns are {other.features} on the Hub, {rows.features} here")
        elif len(rows) != len(other):
            found.append(f"{config}/{split}: {len(other)} rows on the Hub, {len(rows)} here")
        elif _digest(rows) != _digest(other):
            found.append(f"{config}/{split}: some rows say something else on the Hub than here")
    return found


def _hashes(shards: list[Path]) -> list[int]:
    """A hash of each row that is good within this process."""
    import pyarrow.parquet as parquet

    found: list[int] = []
    for shard in shards:
        with parquet.ParquetFile(shard) as file:
            for batch in file.iter_batches(BATCH):
                found += [hash(json.dumps(row, default=str, sort_keys=True)) for row in batch.to_pylist()]
    return found


def _digest(rows: Any) -> str:
    """A hash of every row in order, whatever the files and chunks that they came in."""
    digest = hashlib.sha256()
    for batch in rows.with_format("arrow").iter(BATCH):
        digest.update(json.dumps(batch.to_pylist(), default=str).encode())
    return digest.hexdigest()
