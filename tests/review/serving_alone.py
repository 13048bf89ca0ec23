"""A review of twelve rows in a process of its own: `python -m tests.review.serving_alone FILE NAME`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hfsft.review.drawn.reviewed_rows import ReviewedRows
from hfsft.review.drawn.reviewer_walk import WantedSample, draw
from hfsft.review.page_server import serve
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.review.said.review_questions import ReviewQuestions
from hfsft.review.session import Session
from hfsft.rows.columns import CONTENT, column
from hfsft.rows.views import content
from hfsft.verdicts import VerdictFile
from tests.review.memory import a_row

ROWS = 12


class ListTable:
    """Rows in memory, for a process that is to start at once."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = [{**row, CONTENT: content(row)} for row in rows]

    @property
    def kinds(self) -> Mapping[str, str]:
        return dict.fromkeys(self._rows[0], "string")

    def column(self, name: str) -> list[Any]:
        return [row.get(name) for row in self._rows]

    def rows(
        self, wanted: Sequence[int], columns: Collection[str] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for place in wanted:
            row = self._rows[place]
            yield place, {name: row[name] for name in row if columns is None or name in columns}


def session(file: Path, name: str) -> Session:
    """All rows, of which everybody sees a half."""
    table = ListTable([a_row(number) for number in range(ROWS)])
    rows = ReviewedRows("build/shop", [("train", table)], {each: column(each) for each in table.kinds})
    asked = ReviewQuestions("shop", (PeoplesCriterion("quality", "How good is it?"),))
    return Session(rows, draw(rows, WantedSample(rows=ROWS, eyes=0, overlap=0.5)), VerdictFile(file), name, asked)


if __name__ == "__main__":
    asyncio.run(serve(session(Path(sys.argv[1]), sys.argv[2]), 0, lambda url: print(url, flush=True)))
