"""What functions over all rows found out and keep, in files of their own: each call adds one with what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from hfsft.hashing import digest

if TYPE_CHECKING:
    from hfsft.engine.parts.files import Files

MOST = 8  # files; of more, one is made


def kept_facts(keeps: str, files: Files) -> pa.Table | None:
    """All that is kept under a name, which is used from now on; None for nothing. What cannot be read is gone."""
    tables = [table for _, table in files.tables(_key(keeps))] if keeps else []
    same = [table for table in tables if table.schema == tables[0].schema]
    return pa.concat_tables(same) if same else None


def keep_facts(keeps: str, which: str, new: pa.Table, kept: pa.Table | None, files: Files) -> None:
    """Add what was found out in a call; `which` tells calls apart, `kept` is what is there."""
    if not new.num_rows:
        return
    key = _key(keeps)
    former = [name for name, _ in files.tables(key)]
    if kept is None or len(former) < MOST:
        files.pack(key, which, new)
    else:
        files.pack(key, which, pa.concat_tables([kept, new]))
        files.remove(key, former, but=which)


def _key(keeps: str) -> str:
    return digest(["kept", keeps])
