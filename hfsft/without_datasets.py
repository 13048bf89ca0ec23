"""What is asked of `datasets` without importing it, which takes up to half a second beside models that answer: most
builds do without. Nobody holds a dataset, or has changed a setting, before somebody imported it. What needs it all the
same imports it here, as late as that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, Features
    from typing_extensions import TypeIs


def is_dataset(rows: object) -> TypeIs[Dataset]:
    """Whether rows are a `datasets.Dataset`."""
    kind: Any = getattr(sys.modules.get("datasets"), "Dataset", None)
    return kind is not None and isinstance(rows, kind)


def caching() -> bool:
    """Whether what was made before may be read: not after `datasets.disable_caching()`."""
    enabled: Any = getattr(sys.modules.get("datasets"), "is_caching_enabled", None)
    return enabled is None or bool(enabled())


def in_memory(table: pa.Table, features: Features, fingerprint: str | None = None) -> Dataset:
    """A table as a dataset with these features, which are those of its columns; this does import it."""
    from datasets import Dataset, DatasetInfo
    from datasets.table import InMemoryTable

    return Dataset(InMemoryTable(table), info=DatasetInfo(features=features), fingerprint=fingerprint)


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars of datasets' own: hfsft shows one for the whole build."""
    from datasets import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()
