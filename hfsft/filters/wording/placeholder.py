"""placeholder: what somebody forgot to fill in, or to take out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from hfsft.filters.cells import CONVERSATION
from hfsft.filters.wording.of_answers import OfAnswers, Reply, of_user
from hfsft.texts.wording.unfilled import placeholder, placeholder_of_user


class Placeholder(OfAnswers):
    """The first thing in a row that somebody forgot to fill in or to take out, None for none.

    Figures.
    """

    name: ClassVar[str] = "placeholder"
    example: ClassVar[str] = """\
    filters:
      - placeholder
    """

    def faults(self, cell: Any, row: Mapping[str, Any]) -> Iterator[str | None]:
        """What is found in the row's answers, then in what its user says."""
        yield from super().faults(cell, row)
        if self.column == CONVERSATION:
            yield from (placeholder_of_user(*said) for said in of_user(row))

    def found(self, text: str, reply: Reply) -> str | None:
        """What is left in an answer."""
        return placeholder(text, reply)
