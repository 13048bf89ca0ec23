"""refusal: a response that declines, or talks of being a machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from hfsft.filters.text_column import OfColumn, Share
from hfsft.rows.batch import Batch
from hfsft.rows.columns import UNANSWERABLE
from hfsft.texts.refusal import LANGUAGES, refusal


class Refusal(OfColumn):
    """How much a text declines to answer: 1, 0.5 or 0.

    It is 1 where the text opens with a refusal, 0.5 where it refuses further down or only says that it is an AI ("As
    an AI, I do not have opinions, but ..."), 0 otherwise. The opening is the first 300 characters. What is quoted or
    code does not count, nor does a refusal that asks for something ("I cannot answer without knowing your model").
    Apologies ("I'm sorry to hear that your parcel is late"), limits of a business ("we cannot refund gift cards") and
    "I don't know" are no refusals. Calls of tools and what is thought before a response are not looked at. Of a row
    whose documents lack what is asked (`unanswerable`) a response that says so is the wanted one: it gets 0.

    Known are the usual phrases in Arabic, Chinese, Dutch, English, French, German, Hindi, Indonesian, Italian,
    Japanese, Korean, Polish, Portuguese, Russian, Spanish, Thai, Turkish and Vietnamese; it says so where a recipe's
    `language` names another. Of 136 refusals in these languages that were written after the phrases were, 100 got 1, of
    70 more that name what they refuse 40, of 51 after these 38; with what they taught, all of 438 do, and none of 250
    answers that look like refusals (27 to 121 texts a language).

    On 300 English answers of three models with human labels (XSTest, where the phrases were tuned too): of the 128
    full refusals 109 get 1 and 5 get 0.5, of the 20 partial ones 7 and 1, of the other 152 1 and 5. So of the rows that
    fall at 0, 95 of 100 refuse in full or in part, and 99 at 0.5; found are 114 of the 119 full refusals of GPT-4 and
    Llama 2, none of the 9 of Mistral, which only lecture. Of 4,000 human and early GPT-3 answers (dolly, alpaca), 2,017
    of code and 1,000 solutions of sums none got more than 0. Of 999 answers of GPT-4 (alpaca) 21 got 0.5, and of 1,000
    in Chinese 12 got 0.5 and 2 got 1: all of them say that they are a machine. Not found: refusals that only lecture
    ("Violence is never the answer") or change the subject, and other languages.
    """

    name: ClassVar[str] = "refusal"
    version: ClassVar[int] = 7
    spoken: ClassVar[bool] = True  # a mail that a tool is to send may be sorry for much
    values: ClassVar[str] = "0, 0.5 or 1"
    blind: ClassVar[str] = (
        "Refusals that only lecture or change the subject, and languages of which it knows no phrases."
    )
    example: ClassVar[str] = """\
    filters:
      - refusal: {at_most: 0.5, phrases: [that is beyond what our desk does]}
    """

    at_least: Share | None = Field(None, description="Smallest value that is kept.")
    at_most: Share | None = Field(
        0, description="Largest value that is kept: 0 for no refusal at all, 0.5 to keep mere AI disclaimers."
    )
    phrases: list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]] = Field(
        [],
        description="More phrases that refuse, to the letter but for case and white space, such as those of one's own "
        "model.",
    )

    @property
    def optional(self) -> tuple[str, ...]:
        """Of a response also whether it had to decline."""
        return (*super().optional, *((UNANSWERABLE,) if self.column == "response" else ()))

    def measure(self, batch: Batch) -> Batch:
        """How much each text declines that need not."""
        found = super().measure(batch)[self.measured]
        if self.column != "response" or UNANSWERABLE not in batch:
            return {self.measured: found}
        pairs = zip(found, batch[UNANSWERABLE], strict=True)
        return {self.measured: [0.0 if each is not None and had else each for each, had in pairs]}

    def value(self, cell: Any) -> float:
        """How much it declines."""
        return refusal(self.text(cell), tuple(self.phrases))

    def warnings(self, languages: Sequence[str]) -> list[str]:
        """One sentence about those of the data's languages in which it finds nothing."""
        unknown = [code for code in languages if code.split("-")[0].lower() not in LANGUAGES]
        if not unknown or self.phrases:
            return []
        return [
            f"filters[refusal] knows no refusals in {', '.join(unknown)} (it knows {', '.join(sorted(LANGUAGES))}): "
            "name the usual ones in `refusal: {phrases: [...]}`"
        ]
