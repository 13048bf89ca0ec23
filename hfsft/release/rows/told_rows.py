"""What is told of rows that a trainer will not see as they are: counted here, and on disk where it is much."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from hfsft.engine.ordering.spilled import Spilled
from hfsft.release.trainer.row_checks import LEFT_OUT, Cause, RowWarning


class ToldRows:
    """The warnings of rows, in the order of their ids, causes and details.

    `rows` says of how many rows each cause is told. Memory holds the warnings of `held` rows, of some 300 bytes each.
    """

    def __init__(self, held: int = 50_000) -> None:
        self.rows: Counter[Cause] = Counter()
        self._told: Spilled[Sequence[tuple[Cause, str]]] = Spilled(json.dumps, _read, held=held)
        self._left_out: dict[str, tuple[int, tuple[str, str, int]]] = {}

    def add(self, row_id: str, told: Sequence[tuple[Cause, str]]) -> None:
        """What is told of one more row."""
        if not told:
            return
        self._told[row_id] = told
        self.rows.update({cause for cause, _ in told})
        parts: dict[str, tuple[str, str, int]] = {}
        for detail in sorted(detail for cause, detail in told if cause == LEFT_OUT):
            for place, part in enumerate(detail.split(", ")):
                parts.setdefault(part, (row_id, detail, place))
        for part, where in parts.items():
            rows, first = self._left_out.get(part, (0, where))
            self._left_out[part] = rows + 1, min(first, where)

    def left_out(self) -> dict[str, int]:
        """What the format leaves out, in the order in which it is told -> of how many rows."""
        return {part: rows for part, (rows, _) in sorted(self._left_out.items(), key=lambda each: each[1][1])}

    def __bool__(self) -> bool:
        return bool(self._told)

    def __iter__(self) -> Iterator[RowWarning]:
        return (RowWarning(row_id, *each) for row_id, told in self._told.in_order() for each in sorted(told))


def _read(told: str) -> list[tuple[Cause, str]]:
    return [cast("tuple[Cause, str]", tuple(each)) for each in json.loads(told)]
