"""Normalised texts, many at once: what `normalise` makes of each, for ASCII texts worked out over all their letters.

Of a set in English nearly all texts are such, and normalising was a third of the time that finding duplicates took. The
few of them in which a sign must be looked at closely (a factorial, the mark of a derivative, a dash between words) and
all others go to `normalise` one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.normalise import MARKS, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Letters = NDArray[np.uint8]
    Flags = NDArray[np.bool_]

BLOCK = 1 << 17  # characters at once, which stay in a core's cache
FEW = 8  # texts that are not worth it
_END, _BLANK, _DASH, _SIGN, _DERIVED, _OPEN = 0, 32, 45, 33, 39, 40  # \0 stands behind each text


class _SignTables(NamedTuple):
    lower: Letters  # in lower case, any white space as a blank
    quote: Flags
    mark: Flags
    letter: Flags
    number: Flags  # what a factorial may stand behind
    word: Flags


def normalise_all(texts: Sequence[str]) -> list[str]:
    """The normal form of each text, as `normalise` tells it."""
    plain = [place for place, text in enumerate(texts) if text.isascii() and "\0" not in text]
    if len(plain) < FEW:
        return [normalise(text) for text in texts]
    found: list[str | None] = [None] * len(texts)
    for some in _blocks(texts, plain):
        for place, text in zip(some, _ascii([texts[place] for place in some]), strict=True):
            found[place] = text
    return [normalise(text) if made is None else made for text, made in zip(texts, found, strict=True)]


def _blocks(texts: Sequence[str], places: Sequence[int]) -> Iterator[list[int]]:
    block: list[int] = []
    size = 0
    for place in places:
        block.append(place)
        size += len(texts[place])
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _ascii(texts: Sequence[str]) -> list[str | None]:
    """ASCII texts, normalised; None for one that must be looked at by itself."""
    import numpy as np

    tables = _tables()
    letters = tables.lower[np.frombuffer(("\0".join(texts) + "\0").encode("ascii"), np.uint8)]
    odd = np.zeros(len(texts), bool)
    quote = tables.quote[letters]
    if quote.any():
        ends = letters == _END
        odd |= _any(((letters == _DERIVED)[:-1] & (letters == _OPEN)[1:]).nonzero()[0], ends.nonzero()[0])
        letters = letters[~quote]
    (ends,) = (letters == _END).nonzero()
    (marks,) = tables.mark[letters].nonzero()
    if len(marks):
        odd |= _any(_factorials(letters, marks, tables), ends)
        # Marks that follow on one another all go, or none: those behind which a word ends.
        last = np.concatenate([marks[1:] != marks[:-1] + 1, [True]])
        behind = letters[marks[last] + 1]
        goes = ((behind == _BLANK) | (behind == _END))[np.cumsum(last) - last]
        letters[marks[goes]] = _BLANK
    blank = letters == _BLANK
    apart = blank | (letters == _END)
    kept = ~blank
    kept[1:] |= ~apart[:-1]
    kept[0] = not blank[0]
    letters = letters[kept]
    (ends,) = (letters == _END).nonzero()
    (dashes,) = (letters[1:-1] == _DASH).nonzero()
    if len(dashes):
        between = dashes[(letters[dashes] == _BLANK) & (letters[dashes + 2] == _BLANK)]
        odd |= _any(between, ends)
    starts = np.concatenate([[0], ends[:-1] + 1])
    ends = ends - ((ends > starts) & (letters[ends - 1] == _BLANK))
    odd |= ends == starts
    said = letters.tobytes().decode("ascii")
    return [
        None if one_by_one else said[start:end]
        for start, end, one_by_one in zip(starts.tolist(), ends.tolist(), odd.tolist(), strict=True)
    ]


def _factorials(letters: Letters, marks: NDArray[np.intp], tables: _SignTables) -> NDArray[np.intp]:
    """Where a `!` stands behind a number, a bracket or a single letter."""
    import numpy as np

    signs = marks[letters[marks] == _SIGN]
    before = letters[np.maximum(signs - 1, 0)]
    further = letters[np.maximum(signs - 2, 0)]
    alone = tables.letter[before] & (~tables.word[further] | (signs < 2))
    found: NDArray[np.intp] = signs[(signs > 0) & (tables.number[before] | alone)]
    return found


def _any(places: NDArray[np.intp], ends: NDArray[np.intp]) -> Flags:
    """Which texts hold one of these places."""
    import numpy as np

    found = np.zeros(len(ends), bool)
    found[np.searchsorted(ends, places)] = True
    return found


@lru_cache(1)
def _tables() -> _SignTables:
    import numpy as np

    signs = [chr(code) for code in range(128)]
    lower = np.array([_BLANK if sign.isspace() else ord(sign.lower()) for sign in signs], np.uint8)

    def those(wanted: Sequence[bool]) -> Flags:
        return np.array(wanted, bool)

    return _SignTables(
        lower,
        those([sign in "\"'`" for sign in signs]),
        those([sign in MARKS for sign in signs]),
        those([sign.isalpha() for sign in signs]),
        those([sign.isdigit() or sign == ")" for sign in signs]),
        those([sign.isalnum() or sign == "_" for sign in signs]),
    )
