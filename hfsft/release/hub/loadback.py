"""Whether what loads from the Hub is what was built: splits, columns and every row."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

BATCH = 1_000


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


def _digest(rows: Dataset) -> str:
    """A hash of every row in order, whatever the files and chunks that they came in."""
    digest = hashlib.sha256()
    for batch in rows.with_format("arrow").iter(BATCH):
        digest.update(json.dumps(batch.to_pylist(), default=str).encode())
    return digest.hexdigest()
