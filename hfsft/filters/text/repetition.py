"""repetition: a response that goes round in a loop."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hfsft.filters.text_column import OfColumn, Share
from hfsft.texts.loops import repeated_share


class Repetition(OfColumn):
    """Share of a text, 0 to 1, that only goes round in a loop.

    Counted are the characters of a piece that stands in a row at least three times, from its second round on (from
    its third where it has less than eight words and there are less than ten rounds: three times is emphasis): a sign,
    an emoji, a syllable, a word, a sentence, a paragraph, lines of code. A paragraph of thirty words counts the second
    time already; a sentence of four words that comes back elsewhere, from the fourth time. Case, white space and which
    mark ends a sentence make no difference, nor does a number in front that counts the rounds (`1. I can 2. I can`).

    A model that goes round does not come back, however much it said before: a text that ends in a loop is judged by
    its last 400 characters, where that is more.

    What repeats its form with something else in it each time is no loop: tables, lists, training plans, JSON, code,
    refrains, a sentence that comes back under one heading after another. Signs and numbers alone (separators, boards,
    matrices, hex dumps) count where they go on for over 120 characters in one line or 30 lines, markup and calls that
    are the same from 16 in a row, brackets that end a text from 20.

    At 0.2, all of 54 kinds of loops in 14 languages fall (each alone and behind two openings, from 450 characters on;
    at 900 all measure above 0.85), and none of 61 forms that repeat by right. Of loops planted behind clean responses
    of any length 0.95 of those of words, 0.98 of those of sentences and all of those of characters fall, and of 8,358
    clean rows in English, Chinese, Vietnamese, code and sums none. Not found: the same idea in other words, and a
    phrase that goes on with another word in it each time.
    """

    name: ClassVar[str] = "repetition"
    version: ClassVar[int] = 4
    values: ClassVar[str] = "0 to 1"
    blind: ClassVar[str] = "The same idea in other words, and a phrase that goes on with another word in it each time."
    example: ClassVar[str] = """\
    filters:
      - repetition: {column: response, at_most: 0.3}
    """

    at_least: Share | None = Field(None, description="Smallest share that is kept.")
    at_most: Share | None = Field(0.2, description="Largest share that is kept.")

    def value(self, cell: Any) -> float:
        """The share that is a loop."""
        return repeated_share(self.text(cell))
