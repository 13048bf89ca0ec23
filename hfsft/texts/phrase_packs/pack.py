"""What a pack of phrases is, and how its phrases are found in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from hfsft.letters.late_patterns import at_first_use

Finder = Callable[[str], Iterator[str]]


class Phrase(NamedTuple):
    """Phrases of one language: words that one of them has at least, and a regular expression over the folded text."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


class Pack(NamedTuple):
    """Phrases of one kind by language (ISO 639-1 codes).

    A text is looked through as `folded` gives it. `opening` is how many characters at its start are looked at, 0 for
    all. Precision first: an expression takes what is said of a model by itself, not what is said of models.
    """

    about: str  # what it finds, in a few words
    sources: str  # where such phrases are listed or described
    phrases: Mapping[str, Phrase] = {}
    opening: int = 0
    needs: frozenset[str] = frozenset()  # words, without digits, of which a text with any of the phrases has one
    needs_within: tuple[str, ...] = ()  # or, in scripts that do not put words apart, one of these
    more: Finder | None = None  # finds what another module knows already


_SIGNS = ".,;:!?()[]\"'*_-/0123456789"


def _words(text: str) -> list[str]:
    for sign in _SIGNS:
        if sign in text:
            text = text.replace(sign, " ")
    return text.split()


def phrase(words: str, pattern: str) -> Phrase:
    """Phrases, told by words with | between them of which they have one, and by an expression whose lines follow without white space."""
    whole = "".join(line.strip(" ") for line in pattern.splitlines())
    return Phrase(tuple(words.split("|")), at_first_use(whole))


def folded(text: str) -> str:
    """A text in small letters, in composed form, with straight apostrophes and single spaces within lines."""
    small = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    if not small.isascii():
        small = small.replace("\u2019", "'").replace("\u2018", "'").replace("i\u0307", "i")
    return small


def found_of(pack: Pack, text: str) -> Iterator[str]:
    """Each phrase of a pack that stands in a folded text, as it stands there."""
    part = text[: pack.opening] if pack.opening else text
    has = part.__contains__
    if pack.needs and pack.needs.isdisjoint(_words(part)) and (part.isascii() or not any(map(has, pack.needs_within))):
        return
    for each in pack.phrases.values():
        if any(map(has, each.words)):
            yield from (" ".join(one[0].split()) for one in each.pattern.finditer(part))
    if pack.more is not None:
        yield from pack.more(text)
