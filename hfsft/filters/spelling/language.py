"""language: texts in a language that nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from hfsft.engine.step import Bound
from hfsft.filters.text_column import Share, TellingFilter
from hfsft.rows.views import Question
from hfsft.texts.spelling.language_named import names_language, quotes_latin
from hfsft.texts.spelling.spoken import KNOWN, LATIN_LETTERS, base, languages_in, may_be
from hfsft.texts.wording.prose import is_code

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$")]
ASKING = "instruction"


class Language(TellingFilter):
    """Share of a text, 0 to 1, that is written in a language which is wanted there.

    Wanted are the recipe's languages and that of the instruction, or those that are named here. Each paragraph of
    the prose (code, formulas, addresses are none) is told by its script where one language has it, by its small
    words in 13 languages, and else by py3langid (Lui and Baldwin 2012, "langid.py: An Off-the-shelf Language
    Identification Tool", ACL), where that gives it 0.9 or more; its letters count. What is too short, or no
    language, counts for nothing, and a text with nothing else is not measured and stays. So does one whose
    instruction names a language or asks for a translation, or quotes Latin letters in a language that is written in
    others. In the ledger stand the languages that are not wanted, and those that are.

    Found were 69 of 75 answers in 15 languages in place of English, Chinese and Vietnamese ones, by the language of
    the instruction alone. False alarms: none in 1,925 English rows (alpaca, dolly), 1,669 Vietnamese ones (XQuAD,
    XCOPA), 2,014 of code, 1,000 of sums, 1 in 922 Chinese ones (alpaca), an answer in both. Not found: short
    answers, and languages much alike, such as Norwegian for Danish.
    """

    name: ClassVar[str] = "language"
    values: ClassVar[str] = "0 to 1"
    blind: ClassVar[str] = (
        "Short texts, languages that are much alike, and any language where the instruction names one."
    )
    example: ClassVar[str] = """\
    language: [en, vi]
    filters:
      - language: {at_least: 0.8}
      - language: {column: instruction, languages: [en]}
    """

    languages: list[Code] | None = Field(
        None,
        min_length=1,
        description="Codes (ISO 639-1) of the languages that are wanted. Left out: the recipe's `language`.",
    )
    of_instruction: bool | None = Field(
        None,
        description="Whether the language of the instruction and its context is wanted too. Left out: yes, unless "
        "`languages` are named here.",
    )
    at_least: Share | None = Field(0.3, description="Smallest share that is kept.")
    at_most: Share | None = Field(None, description="Largest share that is kept.")

    def speaking(self, languages: Sequence[str]) -> Language:
        """The filter for data of these languages, where it names none."""
        if self.languages or not languages:
            return self
        return self.model_copy(
            update={"languages": list(languages), "of_instruction": self.of_instruction is not False}
        )

    def bound(self, column: str) -> Bound:
        """The comparison; a text of which no language can be told stays."""
        return replace(super().bound(column), missing="keep")

    def warnings(self, languages: Sequence[str]) -> list[str]:
        """One sentence about those of the languages that it cannot tell."""
        unknown = [code for code in self.languages or languages if base(code) not in KNOWN]
        if not unknown:
            return []
        return [
            f"filters[language] cannot tell {', '.join(unknown)}: texts in it may be taken for another language, so "
            "leave the filter out or look at what it takes"
        ]

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float | None, str | None]:
        """The share, and which languages there are where some are not wanted."""
        written = languages_in(text)
        if not written:
            return None, None
        wanted = {base(code) for code in self.languages or ()}
        if wanted.issuperset(written):
            return 1.0, None
        if self._asked:
            question = asked()
            wanted |= may_be(question.said)
            if wanted.issuperset(written):
                return 1.0, None
            wanted |= {*languages_in(question.said), *languages_in(question.context)}
            if names_language(question.said) or (quotes_latin(question.said) and not LATIN_LETTERS & wanted):
                return None, None
        if not wanted or (not wanted.issuperset(written) and is_code(text)):
            return None, None
        share = sum(count for code, count in written.items() if code in wanted) / written.total()
        others = ", ".join(code for code, _ in written.most_common() if code not in wanted)
        return share, f"{others}, not {' or '.join(sorted(wanted))}" if others else None

    @property
    def _asked(self) -> bool:
        """Whether what the language of the instruction is makes a difference."""
        if self.column == ASKING:
            return False
        return self.languages is None if self.of_instruction is None else self.of_instruction
