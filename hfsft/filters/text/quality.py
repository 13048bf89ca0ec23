"""quality: a weighted mean of what can be measured of an answer without a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from hfsft.filters.text.tokens import words
from hfsft.filters.text_column import Share, TellingFilter
from hfsft.rows.views import Question
from hfsft.texts.loops import repeated_share
from hfsft.texts.phrase_packs import PACKS
from hfsft.texts.phrase_packs.pack import folded, found_of
from hfsft.texts.refusal import refusal
from hfsft.texts.spelling.markup import markup
from hfsft.texts.spelling.misread import misread_places
from hfsft.texts.spelling.unseen import unseen
from hfsft.texts.style import style_of

Weight = Annotated[float, Field(ge=0)]
UNWANTED = ("self_naming", "cutoff_date", "disclaimers")  # packs of phrases that no good answer has
PARTS = ("length", "structure", "phrases", "repetition", "spelling")
USUAL = {"length": 0.4, "structure": 0.3, "phrases": 0.3}


class Quality(TellingFilter):
    """Weighted mean, 0 to 1, of parts of an answer's quality that need no model, each from 0 to 1.

    `length`: 1 from `shortest` to `longest` words, below the words as a share of `shortest`, above `longest` as a share
    of the words. `structure`: 1 for an answer with a list, a heading, bold text, code or several paragraphs, 0.5 with
    several sentences or a colon, else 0. `phrases`: 0 for one that refuses, or talks of being a machine, of its name or
    of up to when it knows, else 1. `repetition`: 1 less the share that goes round in a loop. `spelling`: 1, halved for
    each damaged letter, invisible character and tag. A part counts by its weight, as a share of all weights. With no
    weight given, length has 0.4, structure 0.3 and phrases 0.3, as in published recipes for such a score. In the ledger
    stand the parts.

    It tells the form of an answer, not whether it is right: of 3,000 rows of the first Alpaca set, the 311 that a judge
    gave 4.5 or more of 5 measure 0.57 on average and the others 0.66, as its best answers are short. Below 0.7 are 41%
    of English answers (alpaca, dolly), 21% of Chinese ones (alpaca), 64% of code and 7% of chats: it is for data whose
    answers are to be long and divided, with weights and bounds of one's own.
    """

    name: ClassVar[str] = "quality"
    values: ClassVar[str] = "0 to 1"
    blind: ClassVar[str] = "Whether an answer is right, or answers what was asked; good answers that are short."
    example: ClassVar[str] = """\
    filters:
      - quality: {length: 0.4, structure: 0.3, phrases: 0.3, at_least: 0.7}
      - quality: {length: 1, spelling: 1, shortest: 20, at_least: 0.8}
    """

    length: Weight = Field(0, description="Weight of how long it is.")
    structure: Weight = Field(0, description="Weight of whether it is divided into parts.")
    phrases: Weight = Field(0, description="Weight of whether it is free of refusals and phrases of machines.")
    repetition: Weight = Field(0, description="Weight of whether it is free of loops.")
    spelling: Weight = Field(0, description="Weight of whether its letters are whole.")
    shortest: int = Field(50, ge=1, description="Words from which it is long enough.")
    longest: int = Field(800, ge=1, description="Words up to which it is short enough.")
    at_least: Share | None = Field(0.7, description="Smallest value that is kept.")
    at_most: Share | None = Field(None, description="Largest value that is kept.")

    @model_validator(mode="after")
    def _order(self) -> Quality:
        if self.shortest > self.longest:
            raise ValueError(f"shortest {self.shortest} is above longest {self.longest}")
        return self

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float | None, str | None]:
        """The mean, and the parts."""
        weights = {part: getattr(self, part) for part in PARTS if getattr(self, part)} or USUAL
        parts = {part: self._part(part, text) for part in weights}
        mean = sum(weights[part] * value for part, value in parts.items()) / sum(weights.values())
        return mean, ", ".join(f"{part} {value:.2g}" for part, value in parts.items())

    def _part(self, part: str, text: str) -> float:
        if part == "length":
            count = words(text)
            return min(1.0, count / self.shortest, self.longest / max(count, 1))
        if part == "structure":
            style = style_of(text)
            divided = style.bullets or style.markdown or "\n\n" in text.strip()
            return 1.0 if divided else 0.5 if sum(map(text.count, ".。:：?？!！\n")) > 1 else 0.0
        if part == "phrases":
            small = folded(text)
            return float(not refusal(text) and not any(any(found_of(PACKS[name], small)) for name in UNWANTED))
        if part == "repetition":
            return 1.0 - repeated_share(text)
        return float(0.5 ** (len(misread_places(text)) + unseen(text).total() + len(markup(text))))
