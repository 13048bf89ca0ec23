"""constraints: what was asked of the form of an answer and was not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from hfsft.engine.step import Bound
from hfsft.filters.base import Bounded
from hfsft.filters.cells import cells, text_of
from hfsft.filters.checks.fault import LONGEST
from hfsft.filters.text_column import COLUMN, OneColumn
from hfsft.plain import plain
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import FOUND
from hfsft.rows.limits import Limits
from hfsft.texts.constraints import counting, ifeval, kinds

IDS, ARGUMENTS = "instruction_id_list", "kwargs"


class Paragraphs(Limits):
    """How many paragraphs there may be, and what divides them."""

    example: ClassVar[str] = "filters: [{constraints: {paragraphs: {at_least: 2, divider: '***'}}}]"

    divider: str = Field("", description="What stands between them, such as `***`; left out, blank lines do.")


class NumberedSections(Limits):
    """How many sections there may be, and the word that each begins with."""

    example: ClassVar[str] = "filters: [{constraints: {sections: {at_least: 2, word: Part}}}]"

    word: str = Field("Section", min_length=1, description="The word before the number of a section, as `Section 2`.")


class Constraints(OneColumn, Bounded):
    """How many constraints on a text are broken, and which, as `words: 57, at_least 100; no_commas: it has 3`.

    They are the 25 kinds of IFEval (Zhou et al. 2023, "Instruction-Following Evaluation for Large Language Models",
    table 1, arXiv 2311.07911), each checked by a program. What every row must keep to stands in the recipe
    (`words: {at_least: 100}`); what each row has of its own stands in a column, by IFEval's ids, and beside it their
    arguments, both as lists or as JSON. `constraints` alone reads `instruction_id_list` and `kwargs`, as IFEval calls
    them. A row without any is not measured and stays; an empty text breaks all; an id that is none of the 25 counts as
    broken.

    Beside the authors' own program, over 46,620 answers to the constraints of IFEval's prompts, real and made, 0.6 % of
    the verdicts differ, most of them where a text is too short to tell its language. Words are runs of letters and
    digits, of Han and kana each sign, of Thai, Lao, Burmese and Khmer five signs; a sentence ends with a mark of any
    script, in Thai with a space. With `loose` a constraint is kept too where it is without the first line, the last,
    both, or the asterisks of the text (section 2.2 there): its loose accuracy.
    """

    name: ClassVar[str] = "constraints"
    version: ClassVar[int] = 2
    values: ClassVar[str] = "0 and up: how many are broken"
    blind: ClassVar[str] = (
        "Whether the answer is any good: a text may keep to its form and say nothing. Sentences of Thai are estimated."
    )
    example: ClassVar[str] = """\
    filters:
      - constraints: {words: {at_least: 100, at_most: 300}, no_commas: true}
    """

    model_config = ConfigDict(serialize_by_alias=True)

    at_least: float | None = Field(None, ge=0, description="Fewest that are broken, to find these rows.")
    at_most: float | None = Field(0, ge=0, description="Most that may be broken.")
    column: str = Field("response", description=COLUMN.replace("measure", "check"))
    per_row: str | None = Field(
        None,
        min_length=1,
        description=f"The column with the ids of each row's constraints; `{IDS}` where nothing else is asked for.",
    )
    arguments: str = Field(ARGUMENTS, min_length=1, description="The column with the arguments that belong to the ids.")
    loose: bool = Field(False, description="Whether the text is tried without its ends and asterisks too.")
    words: Limits | None = Field(None, description="How many words.")
    sentences: Limits | None = Field(None, description="How many sentences.")
    paragraphs: Paragraphs | None = Field(None, description="How many paragraphs, and what divides them.")
    paragraph_starts: dict[int, str] | None = Field(
        None, min_length=1, description="The first word of some paragraphs, by their numbers from 1."
    )
    sections: NumberedSections | None = Field(None, description="How many sections with a number, and their word.")
    bullets: Limits | None = Field(None, description="How many bullets of Markdown.")
    highlights: Limits | None = Field(None, description="How many pieces that are marked `*so*` or `**so**`.")
    placeholders: Limits | None = Field(None, description="How many placeholders, such as `[address]`.")
    title: Literal[True] | None = Field(None, description="A title stands there as `<<title>>`.")
    as_json: Literal[True] | None = Field(None, alias="json", description="The whole of it is JSON.")
    two_responses: Literal[True] | None = Field(None, description="Two answers with `******` between them.")
    keywords: list[str] | None = Field(None, min_length=1, description="Words or phrases that all stand there.")
    forbidden: list[str] | None = Field(None, min_length=1, description="Words or phrases that must not.")
    counts: dict[str, Limits] | None = Field(None, min_length=1, description="How often some words stand there.")
    letters: dict[str, Limits] | None = Field(None, min_length=1, description="How often some letters or signs do.")
    capitals: Limits | None = Field(None, description="How many words in capital letters.")
    case: Literal["upper", "lower"] | None = Field(None, description="Whether all letters are capital, or small.")
    in_language: str | None = Field(
        None, alias="language", min_length=2, description="The language, by its ISO 639-1 code such as `vi`."
    )
    no_commas: Literal[True] | None = Field(None, description="No comma, of any script.")
    one_of: list[str] | None = Field(None, min_length=1, description="Answers of which one stands there as it is.")
    quoted: Literal[True] | None = Field(None, description="The whole of it stands in quotation marks.")
    ends_with: str | None = Field(None, min_length=1, description="The phrase that it ends with, in any case.")
    postscript: str | None = Field(None, min_length=1, description="How its postscript begins, such as `P.S.`.")
    repeats: str | None = Field(None, min_length=1, description="The column whose text it begins with, word for word.")

    @property
    def _ids(self) -> str | None:
        """The column of each row's ids."""
        return self.per_row or (None if self._fixed or self.repeats else IDS)

    @property
    def reads(self) -> tuple[str, ...]:
        """The column, that of the ids, and that of the text which is to be repeated."""
        return tuple(dict.fromkeys((*super().reads, *filter(None, (self._ids, self.repeats)))))

    @property
    def optional(self) -> tuple[str, ...]:
        """The rest of a conversation, and the arguments."""
        return (*super().optional, *([self.arguments] if self._ids else []))

    @property
    def writes(self) -> dict[str, Any]:
        """How many are broken, and which."""
        return {self.measured: "int64", self.measured + FOUND: "string"}

    def bounds(self) -> list[Bound]:
        """The one comparison of the measure."""
        return [self.bound(self.measured)]

    def measure(self, batch: Batch) -> Batch:
        """How many constraints of each row are broken, None of a row without any, and what is wrong."""
        texts = (text_of(cell, self.column) for cell in cells(batch, self.column, spoken=True))
        found = [self._broken(text or "", row) for text, row in zip(texts, rows_of(batch), strict=True)]
        return {
            self.measured: [None if broken is None else len(broken) for broken in found],
            self.measured + FOUND: [plain("; ".join(broken), LONGEST) if broken else None for broken in found],
        }

    def _broken(self, text: str, row: Mapping[str, Any]) -> list[str] | None:
        checks = dict(self._fixed)
        if self.repeats:
            checks["repeats"] = kinds.repeats(str(row[self.repeats] or ""))
        if self._ids:
            checks |= ifeval.of_row(row[self._ids], row.get(self.arguments))
        if not checks:
            return None
        if not text.strip():
            return [f"{name}: it is empty" for name in checks]
        texts = ifeval.loosened(text) if self.loose else [text]
        found = ((name, _fault(check, texts)) for name, check in checks.items())
        return [f"{name}: {fault}" for name, fault in found if fault]

    @cached_property
    def _fixed(self) -> dict[str, kinds.Check]:
        """The checks that stand in the recipe, as it calls them."""
        return {name: kind(value) for name, kind in MADE.items() if (value := getattr(self, FIELDS.get(name, name)))}


def _fault(check: kinds.Check, texts: list[str]) -> str | None:
    """What is wrong with the first of some texts; None where one of them is right."""
    faults = [check(text) for text in texts]
    return faults[0] if all(faults) else None


FIELDS = {"json": "as_json", "language": "in_language"}
MADE: dict[str, Callable[[Any], kinds.Check]] = {
    "words": partial(kinds.bounded, counting.words),
    "sentences": partial(kinds.bounded, counting.sentences),
    "paragraphs": lambda bounds: kinds.paragraphs(bounds, bounds.divider),
    "paragraph_starts": kinds.paragraph_starts,
    "sections": lambda bounds: kinds.sections(bounds.word, bounds),
    "bullets": partial(kinds.bounded, counting.bullets),
    "highlights": partial(kinds.bounded, counting.highlights),
    "placeholders": partial(kinds.bounded, counting.placeholders),
    "title": lambda _: kinds.title,
    "json": lambda _: kinds.json_text,
    "two_responses": lambda _: kinds.two_responses,
    "keywords": kinds.keywords,
    "forbidden": kinds.forbidden,
    "counts": kinds.counted,
    "letters": kinds.letters,
    "capitals": partial(kinds.bounded, counting.capital_words),
    "case": lambda case: kinds.upper if case == "upper" else kinds.lower,
    "language": kinds.language,
    "no_commas": lambda _: kinds.no_commas,
    "one_of": kinds.one_of,
    "quoted": lambda _: kinds.quoted,
    "ends_with": kinds.ends_with,
    "postscript": kinds.postscript,
}
"""What makes the check of each argument that asks for one."""
