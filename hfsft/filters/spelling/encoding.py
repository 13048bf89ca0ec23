"""encoding: letters that a wrong encoding damaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from hfsft.filters.text_column import CountingFilter
from hfsft.rows.views import Question
from hfsft.texts.spelling.misread import misread_places


class Encoding(CountingFilter):
    r"""Number of places in a text that a wrong encoding damaged, 0 and up.

    Counted are letters of UTF-8 that were read by another code page (`cafÃ©`, `â€œ`, once or several times), as far
    as ftfy (Speer 2019, "ftfy", Zenodo) knows them as no text of any language and would turn them back (its other
    mends count for nothing); UTF-8 read by the code pages of Chinese, Japanese, Korean, Cyrillic, Greek, Arabic,
    Hebrew and Thai, told by the share of the letters that are UTF-8 again when turned back into bytes; words of
    five and more accented letters, as Cyrillic or Chinese text looks like that was read as Latin-1; U+FFFD and
    halves of surrogate pairs; and in prose, not in code and formulas, escapes that nobody turned back (`\n\n`,
    `\u00e9`). In the ledger stands the first such place, and what it was where that is known.

    Found were all of 475 texts in English, Chinese, Vietnamese and code that were read as Latin-1 or Windows-1252,
    once or twice, had lost letters or were left escaped, and 48 of 50 in Chinese and Vietnamese that were read as
    GBK; of sentences in 13 more languages all that were read as Latin-1, Windows-1252 or GBK. False alarms: none in
    1,925 English rows (alpaca, dolly), 922 Chinese ones (alpaca), 1,669 Vietnamese ones (XQuAD, XCOPA), 2,014 of
    code, 1,000 of sums; it found ten rows of XQuAD that are damaged (`Â°C`). Not found: text that was read so that
    most bytes were dropped, without a mark in their place.
    """

    name: ClassVar[str] = "encoding"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "Letters that were dropped without a trace, and accents that somebody left out."
    example: ClassVar[str] = """\
    filters:
      - encoding
      - encoding: {column: instruction, at_most: 2}
    """

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float, str | None]:
        """How many places, and the first of them."""
        places = misread_places(text)
        return len(places), str(places[0]) if places else None
