"""invisible: control characters and letters that nobody sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from hfsft.filters.text_column import CountingFilter
from hfsft.rows.views import Question
from hfsft.texts.spelling.unseen import unseen


class Invisible(CountingFilter):
    """Number of characters in a text that nobody sees and no script needs, 0 and up.

    Counted are controls (all of C0 and C1 but tab, line feed, carriage return and next line), zero-width spaces, soft
    hyphens, marks of direction, joiners, tags, private characters, blank letters of Hangul, marks of byte order within
    a text, separators U+2028 and U+2029, and variation selectors behind nothing: they come along when pages are copied,
    split a word into other tokens, and hide prompts (Unicode Technical Report 36; tag characters carry whole sentences
    that only a model reads). Not counted are those that are needed: joiners and zero-width spaces next to letters of
    Arabic, Indic, Thai, Lao, Burmese, Khmer, Tibetan and Mongolian script, joiners and variations of emoji, variations
    of Han characters, the tags of the flags of England, Scotland and Wales, marks of direction in texts with letters of
    Hebrew or Arabic, a mark of byte order at the very start. In the ledger stands how many of each kind there are.

    Found were all of 200 rows with 1 to 5 of these strewn in, in English, Chinese, Vietnamese and code, but zero-width
    joiners next to such letters. False alarms: none in 922 Chinese rows (alpaca), 1,669 Vietnamese ones (XQuAD,
    XCOPA), 2,014 of code, 1,000 of sums; 2 of 1,925 English ones (alpaca, dolly) have real zero-width spaces. Two of
    these between a space and a word, which a translator of pages leaves, are not counted.
    """

    name: ClassVar[str] = "invisible"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "Letters that look like others, such as Cyrillic ones within Latin words, and odd spaces."
    example: ClassVar[str] = """\
    filters:
      - invisible: {column: conversation}
    """

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float, str | None]:
        """How many, and how many of each kind."""
        kinds = unseen(text)
        if not kinds:
            return 0, None
        told = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in kinds.most_common())
        return kinds.total(), told
