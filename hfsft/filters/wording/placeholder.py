"""placeholder: what somebody forgot to fill in, or to take out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from hfsft.filters.cells import CONVERSATION
from hfsft.filters.wording.of_answers import OfAnswers, Reply, of_user
from hfsft.texts.wording.unfilled import placeholder, placeholder_of_user


class Placeholder(OfAnswers):
    """The first thing in a row that somebody forgot to fill in or to take out, in the row's own words; None for none.

    Looked for are places to fill in (`[Your Name]`, `<insert date here>`, `【公司名称】`, `[tên của bạn]`), variables
    of templates that nothing was put into (`{{name}}`, `{user_input}`, `${city}`, `%s`, `{% if x %}`), marks of the
    prompts that texts were made with (`### Response:`, `Human:`, "Below is an instruction that describes a task"), and
    words that stand where a text was to be (`<noinput>`, `N/A`, `TODO`, `...`; `None` and `null` where prose was asked
    for). In `conversation` what the user says is looked through as well: for marks and variables, and an instruction or
    a context that says nothing. Letters, forms and templates that the instruction asks for may have places, dialogues
    speakers, and code variables; what the prompt says itself is no remain, nor is what stands in a block or span of
    code. Control tokens (`<|im_end|>`) are `control_tokens`'.

    Of 600 planted in clean rows of English, Chinese, Vietnamese and code (`tests/benchmarks/known_answers.py`): all 200
    words for no text, 70 of 75 places, 73 of 75 variables, 92 of 100 marks, the rest of which are control tokens. Of
    Alpaca as it came (3,000 rows) all 33 rows with `noinput` for a context, all 7 without an output, and 7 more of the
    kind. Taken of clean rows: none of 1,000 of dolly, 1,000 of alpaca in Chinese, 2,380 Vietnamese, 1,000 sums, 400 of
    MT-bench and 527 of medicine; of alpaca in English 8 of 999 and of code 2 of 2,017, all of them `noinput`; 1 of 687
    of OpenAssistant, which shows how chats are written. The defects are those that
    github.com/gururise/AlpacaDataCleaned lists.
    """

    name: ClassVar[str] = "placeholder"
    says: ClassVar[str] = "{} is left in it, where something was to be filled in or taken out"
    blind: ClassVar[str] = (
        "Places in letters and forms that were asked for, marks that no known prompt has, and blanks of underscores."
    )
    example: ClassVar[str] = """\
    filters:
      - placeholder: {column: conversation}
    """

    def faults(self, cell: Any, row: Mapping[str, Any]) -> Iterator[str | None]:
        """What is found in the row's answers, then in what its user says."""
        yield from super().faults(cell, row)
        if self.column == CONVERSATION:
            yield from (placeholder_of_user(*said) for said in of_user(row))

    def found(self, text: str, reply: Reply) -> str | None:
        """What is left in an answer."""
        return placeholder(text, reply)
