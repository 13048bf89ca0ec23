"""second_task: an answer that goes on with a task of its own."""

from __future__ import annotations

from typing import ClassVar

from hfsft.filters.wording.of_answers import OfAnswers, Reply
from hfsft.texts.wording.further_task import second_task


class SecondTask(OfAnswers):
    """The beginning of a second task that an answer goes on with, None for none.

    Figures.
    """

    name: ClassVar[str] = "second_task"
    example: ClassVar[str] = """\
    filters:
      - second_task
    """

    def found(self, text: str, reply: Reply) -> str | None:
        """Where the second task begins."""
        return second_task(text, reply.all)
