"""phrases: what many models say and few people want in their data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator

from hfsft.engine.step import Bound
from hfsft.errors import ModelError
from hfsft.filters.base import Bounded
from hfsft.filters.cells import cells
from hfsft.filters.text_column import LONGEST
from hfsft.filters.wording.of_answers import Answers, exchanges
from hfsft.marks import FILE
from hfsft.plain import plain
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import FOUND
from hfsft.sandbox.patterns import TooSlowError, compiled, places_of
from hfsft.texts.phrase_packs import PACKS
from hfsft.texts.phrase_packs.pack import folded, found_of

PackName = Literal["self_naming", "cutoff_date", "sycophancy", "filler", "disclaimers"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Phrases(Answers, Bounded):
    """How many phrases of the packs, and of one's own, stand in the answers of a row; the ledger says which.

    `self_naming`: a model says what it is called or whose it is, in 18 languages. `cutoff_date`: up to when it knows,
    or that it sees no news, in 18. `sycophancy`: openers that flatter whoever asks, in 18. `filler`: what the style of
    answers counts as such, in 9. `disclaimers`: talk of being a machine, in 18, and advice to ask a professional, in
    11. The first two are what it looks for unless told otherwise; the others are habits that some data is to have.
    Quotes count, but for disclaimers.

    In 500 conversations about what Vicuna is, `self_naming` finds 163 answers that say so. Elsewhere it takes 3 of 687
    answers of OpenAssistant, 2 of 400 of MT-bench and 3 of 300 of XSTest, all of which name OpenAI, Anthropic or
    themselves, and none of 7,000 of alpaca, dolly, code and Vietnamese; nor does it take texts that speak of such
    companies. `cutoff_date` takes 2 of 999 of alpaca in English, 1 of 1,000 in Chinese, 8 of 1,000 chats, 2 of 765 of
    BiGGen, all rightly, and no other; `sycophancy` 2 of 1,000 of alpaca in Chinese, 1 of 300 tool calls, no other.
    `disclaimers` takes 2.1% of alpaca in English, 1.4% in Chinese, 13.5% of chats, and of dolly, code and Vietnamese
    none; `filler` 18% of alpaca in English, 4% in Chinese, 1.3% of dolly. Which lists they follow, each pack says
    (`hfsft/texts/phrase_packs`).
    """

    name: ClassVar[str] = "phrases"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "The same said in other words, and languages of which a pack has none."
    example: ClassVar[str] = """\
    filters:
      - phrases: {packs: [self_naming], add: [synergy, '/\\bdelve\\b/']}
    """

    packs: list[PackName] = Field(
        ["self_naming", "cutoff_date"],
        description="Which phrases: self_naming (I am ChatGPT, trained by OpenAI), cutoff_date (as of my last update), "
        "sycophancy (Great question!), filler (I hope this helps), disclaimers (As an AI; consult a professional).",
    )
    add: list[Text] = Field(
        [],
        description="More phrases, to the letter but for case and white space; one between slashes is a pattern of "
        "Python's `regex` package over the text in small letters, such as `/\\bdelve[sd]?\\b/`.",
    )
    file: Annotated[str | None, FILE] = Field(
        None,
        description="A text file with more of them, one a line, from the recipe's folder; a line that "
        "begins with # is a remark.",
    )
    at_least: float | None = Field(None, ge=0, description="Smallest number that is kept.")
    at_most: float | None = Field(0, ge=0, description="Largest number that is kept.")

    @field_validator("add")
    @classmethod
    def _patterns(cls, add: list[str]) -> list[str]:
        if wrong := next(filter(None, map(_wrong, add)), None):
            raise ValueError(wrong)
        return add

    @property
    def writes(self) -> dict[str, Any]:
        """The number, and the phrases."""
        return {self.measured: "int64", self.measured + FOUND: "string"}

    def bounds(self) -> list[Bound]:
        """The comparison of the number."""
        return [self.bound(self.measured)]

    def at(self, base: Path) -> Phrases:
        """With the phrases of its file, below `base`. Raises `ModelError` where there is none, or one is no pattern."""
        if self.file is None:
            return self
        try:
            lines = (base / Path(self.file).expanduser()).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise ModelError(f"filters[{self.name}]: no file {self.file} can be read in {base}") from None
        more = {number: line.strip() for number, line in enumerate(lines, 1) if line.strip() and line.strip()[0] != "#"}
        for number, line in more.items():
            if wrong := _wrong(line):
                raise ModelError(f"filters[{self.name}]: {self.file}:{number}: {wrong}")
        return self.model_copy(update={"add": [*self.add, *more.values()], "file": None})

    def measure(self, batch: Batch) -> Batch:
        """How many stand in each row, and the first of them in words; None where nothing is answered."""
        if self.file is not None:
            return self.at(Path()).measure(batch)
        counts: list[int | None] = []
        said: list[str | None] = []
        for cell, row in zip(cells(batch, self.column, spoken=True), rows_of(batch), strict=True):
            answers = None if cell is None else [text for text, _ in exchanges(cell, row, self.column)]
            found = [each for text in answers or () for each in self._found(text)]
            counts.append(len(found) if answers else None)
            said.append(plain("; ".join(dict.fromkeys(found)), LONGEST) if found else None)
        return {self.measured: counts, self.measured + FOUND: said}

    def _found(self, text: str) -> Iterator[str]:
        small = folded(text)
        for name in self.packs:
            yield from found_of(PACKS[name], small)
        words, patterns = self._own
        if words:
            flat = " ".join(small.split())
            yield from (word for word in words for _ in range(flat.count(word)))
        for pattern in patterns:
            yield from _places(pattern, small)

    @cached_property
    def _own(self) -> tuple[list[str], list[str]]:
        patterns = [_pattern(each) for each in self.add]
        return (
            [" ".join(folded(each).split()) for each, pattern in zip(self.add, patterns, strict=True) if not pattern],
            [pattern for pattern in patterns if pattern],
        )


def _pattern(written: str) -> str:
    """The pattern that a phrase is, "" for one to the letter."""
    return written[1:-1] if len(written) > 2 and written.startswith("/") and written.endswith("/") else ""


def _wrong(written: str) -> str | None:
    """What is wrong with a phrase that is a pattern."""
    try:
        compiled(_pattern(written))
    except ValueError as error:
        return str(error)
    return None


def _places(pattern: str, text: str) -> list[str]:
    try:
        return places_of(pattern, text)
    except TooSlowError as error:  # the row falls, with that as the value
        return [str(error)]
