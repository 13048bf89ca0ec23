"""What checks share: they say in words what is wrong with a row, for the ledger and for the model that wrote it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from hfsft.engine.step import Bound
from hfsft.filters.base import Filter
from hfsft.filters.cells import cells, text_of
from hfsft.filters.text_column import COLUMN, OneColumn
from hfsft.plain import plain
from hfsft.rows.batch import Batch, rows_of

LONGEST = 300  # characters of what is said of one row


class Check(Filter):
    """A filter that writes what is wrong with a row, None where nothing is: only rows without a fault stay."""

    deciding: ClassVar[frozenset[str]] = frozenset()  # what is wrong hangs on all of its arguments
    values: ClassVar[str] = "what is wrong, in words; empty where nothing is"

    @property
    def fault(self) -> str:
        """The column of what is wrong."""
        return self.name

    @property
    def writes(self) -> dict[str, Any]:
        """What is wrong."""
        return {self.fault: "string"}

    def bounds(self) -> list[Bound]:
        """Only rows with which nothing is wrong stay."""
        return [Bound(self.name, self.fault, absent=True)]


class TextCheck(OneColumn, Check):
    """A check of one text."""

    column: str = Field("response", description=COLUMN.replace("measure", "check"))

    @property
    def fault(self) -> str:
        """The column of what is wrong."""
        return self.measured

    def measure(self, batch: Batch) -> Batch:
        """What is wrong with each row."""
        texts = (text_of(cell, self.column) for cell in cells(batch, self.column, spoken=True))
        found = (self.wrong(text, row) for text, row in zip(texts, rows_of(batch), strict=True))
        return {self.fault: [fault and plain(fault, LONGEST) for fault in found]}

    @abstractmethod
    def wrong(self, text: str | None, row: Mapping[str, Any]) -> str | None:
        """What is wrong with a text (None: there is none), in words for whoever wrote it; None for nothing."""
