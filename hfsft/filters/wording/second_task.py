"""second_task: an answer that goes on with a task of its own."""

from __future__ import annotations

from typing import ClassVar

from hfsft.filters.wording.of_answers import OfAnswers, Reply
from hfsft.texts.wording.further_task import second_task


class SecondTask(OfAnswers):
    """The beginning of a second task that an answer goes on with, in its own words; None for none.

    Told by marks of tasks behind the first words of the answer (`18. Instruction:`, `### Input:`, `Question:` with its
    `Answer:`, `Human:` with its `Assistant:`, in 18 languages), or by a line that asks or calls for something of which
    neither the prompt nor the answer spoke so far, and of which the text behind it speaks. Quizzes, dialogues, tips and
    verse that were asked for may ask, unless what they ask is about something else; items of lists and code are left
    alone.

    Where other rows' tasks were put behind 300 answers each: with marks, 95 to 100 of 100 are found in English,
    Chinese, Vietnamese, medicine and code, in whatever language the marks are; without any mark 56 in English, 43 in
    Chinese, 60 in dolly, 70 in Vietnamese, 53 behind code. Of Alpaca as it came all 3 merged rows. Taken of clean rows:
    none of 999 of alpaca in English, 1,000 of dolly, 2,017 of code, 2,380 Vietnamese, 527 of medicine, 1,000 sums and
    400 of MT-bench; 1 of 1,000 of alpaca in Chinese, 3 of 687 of OpenAssistant, 2 of 300 long chats. Models that were
    trained as in Self-Instruct (Wang et al. 2022, arXiv 2212.10560, section 3) write such answers.
    """

    name: ClassVar[str] = "second_task"
    version: ClassVar[int] = 2
    says: ClassVar[str] = "it goes on with a task that nobody gave, from {} on"
    blind: ClassVar[str] = "A second task about the same thing, and one without marks in the midst of tips or steps."
    example: ClassVar[str] = """\
    filters:
      - second_task: {column: response}
    """

    def found(self, text: str, reply: Reply) -> str | None:
        """Where the second task begins."""
        return second_task(text, reply.all)
