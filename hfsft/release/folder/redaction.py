"""Takes the texts of rejected and failed rows out of the ledger where the recipe says `publish: {rejected: false}`.

Every file of a release is written from the ledger, so none can hold them then. What is left are ids, lineage, where a
row was read, the rule and the numbers that were measured.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hfsft.engine.ledger import Ledger, Removal
from hfsft.engine.ordering.streamed_rows import StreamedRows, streamed
from hfsft.engine.parts.rows import BLOCK
from hfsft.recipe.reading import DEFECT
from hfsft.rows.columns import OF, TEXTS, column
from hfsft.stages.selecting.twin import ONLY

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Features

    from hfsft.engine.executor import Rows
    from hfsft.recipe.publish import Publish
    from hfsft.release.result import Built

READ = ("seed", "example")  # origins of rows that stand in a source themselves
_LABEL = re.compile(r"[a-z0-9_\-]{1,24}")  # a rule's own word, as for a fault; no text of a row
_DETAIL = re.compile(r"[:(`\"'].*", re.DOTALL)
_NAMED = ("unknown role",)  # reasons behind which a name stands that a row has


def withhold(ledger: Ledger, publish: Publish) -> Ledger:
    """The ledger as a release may have it: where the recipe withholds them, without the texts of rows that fell."""
    return (
        ledger
        if publish.rejected
        else replace(ledger, removals=[each if each.stage == ONLY else _silent(each) for each in ledger.removals])
    )


def places(built: Built) -> set[str]:
    """Where the rows were read that are withheld: a release must not hold what stands there."""
    found: set[str] = set()
    for removal in built.ledger.removals if not built.recipe.publish.rejected else ():
        if removal.stage == ONLY:  # released, beside the others
            continue
        for batch in removal.batches(["source", "origin"]):
            pairs = zip(batch["source"], batch["origin"], strict=True)
            found |= {place for place, origin in pairs if place and origin in READ}
    return found


def rewritten(built: Built) -> bool:
    """Whether a filter changed what rows say: a release must not hold what stood there before."""
    return any(step.name.startswith("filters[") and not set(step.writes).isdisjoint(TEXTS) for step in built.plan.steps)


def as_built(built: Built) -> dict[str, dict[str, Any]]:
    """What was read at each place, as the build has it at its end."""
    found = {}
    for rows, _ in built.all_rows():
        for table in streamed(rows).batches(["source", "origin", *TEXTS]):
            for place, origin, *texts in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
                if place and origin in READ:
                    found[place] = dict(zip(TEXTS, texts, strict=True))
    return found


def _silent(removal: Removal) -> Removal:
    return replace(
        removal,
        rows=SilentRows(streamed(removal.rows), removal.value_column, named=not removal.rule),
        errors={row: error.partition(":")[0] for row, error in removal.errors.items()},
    )


class SilentRows(StreamedRows):
    """Rows without their texts; of the column `value` what a rule said is left, `named` where it says which it was."""

    def __init__(self, rows: Rows, value: str, *, named: bool) -> None:
        self._rows, self._value, self._named = rows, value, named

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return self._rows.column_names

    @property
    def features(self) -> Features:
        """The columns with their types."""
        return self._rows.features

    def without(self, names: Collection[str]) -> SilentRows:
        """The rows without these columns."""
        return SilentRows(self._rows.without(names), self._value, named=self._named)

    def slice(self, start: int, stop: int) -> SilentRows:
        """The rows from `start` to `stop`."""
        return SilentRows(self._rows.slice(start, stop), self._value, named=self._named)

    def batches(self, names: Collection[str] | None = None, size: int = BLOCK) -> Iterator[pa.Table]:
        """The rows as tables of so many, but for the last, with these columns alone."""
        import pyarrow as pa

        kinds = self.features
        for table in self._rows.batches(names, size):
            columns = []
            for name in table.column_names:
                if not _may_be_text(name, kinds):
                    columns.append(table[name])
                elif name == self._value:
                    said = [_reason(each, name == DEFECT, self._named) for each in table[name].to_pylist()]
                    columns.append(pa.array(said, table.schema.field(name).type))
                else:
                    columns.append(pa.nulls(len(table), table.schema.field(name).type))
            yield pa.table(columns, schema=table.schema)


def _may_be_text(name: str, kinds: Mapping[str, Any]) -> bool:
    """Whether a column may hold what somebody wrote."""
    if column(name).role == "lineage" or _is_number(kinds[name]):
        return False
    measure = name.removesuffix(OF)
    return measure == name or measure not in kinds or not _is_number(kinds[measure])


def _is_number(kind: Any) -> bool:
    return getattr(kind, "dtype", "string") not in ("string", "large_string", "binary", "dict", "list")


def _reason(value: Any, defect: bool, named: bool) -> str | None:
    """What a rule said of a row, without what may be the row's own words; `named` where it says which rule it was."""
    if not isinstance(value, str):
        return None
    if defect:
        said = _DETAIL.sub("", value).strip()
        return next((reason for reason in _NAMED if said.startswith(reason)), said)
    said = value.partition(": ")[0] if named else value
    return said if _LABEL.fullmatch(said) else None
