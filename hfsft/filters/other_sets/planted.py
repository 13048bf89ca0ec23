"""Leaks that are planted to see how many of them are found: copies of items, changed as those who copy change them.

Which items, and how each is changed, is decided by hashes, so that the same items give the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from hfsft.hashing import unit
from hfsft.rows.other_sets.items import HeldItem
from hfsft.similarity.contained import Hit

MOST = 200  # items that are planted of each kind
EVERY = 12  # words (or signs, in a script without spaces) of which one is changed where an item is edited
LONG = 12  # characters of a word, on average, from which on a script has no spaces
WIDE = 40  # characters of a line that is wrapped anew
CARRIER = "Here is something to think about before you answer, and please take your time over it."


class Planted(NamedTuple):
    """One kind of leak: what was done, how many were planted, how many of them were found, and at which levels."""

    kind: str
    planted: int
    found: int
    levels: dict[str, int]


def copied(text: str, _: str) -> str:
    """The item as it is."""
    return text


def typed_anew(text: str, _: str) -> str:
    """Lines wrapped in another way behind a mark of quotation, all in capitals, without marks at their ends."""
    lines: list[str] = [""]
    for word in text.upper().split():
        if len(lines[-1]) + len(word) > WIDE:
            lines.append("")
        lines[-1] = f"{lines[-1]}  {word.rstrip('.,;:')}" if lines[-1] else word
    return "\n".join(f"> {line}" for line in lines)


def embedded(text: str, carrier: str) -> str:
    """In the midst of another text."""
    middle = carrier.rfind(" ", 0, len(carrier) // 2)
    return f"{carrier[: max(middle, 0)]}\n\n{text}\n\n{carrier[max(middle, 0) :]}"


def edited(text: str, carrier: str) -> str:
    """One word in twelve dropped, doubled or replaced by one of another text, numbers among them; one at least."""
    parts, others = _units(text), carrier.split() or [carrier]
    words = [place for place, part in enumerate(parts) if part.strip()]
    for number, place in enumerate(words):
        if number % EVERY == min(EVERY // 2, len(words) // 2):
            draw = unit(text, "edited", number)
            other = others[int(draw * 1000) % len(others)]
            parts[place] = "" if draw < 1 / 3 else f"{parts[place]} {parts[place]}" if draw < 2 / 3 else other
    return "".join(parts)


def shuffled(text: str, _: str) -> str:
    """The words of the item in another order: it says nothing any more, and is no leak."""
    words = [part for part in _units(text) if part.strip()]
    order = sorted(range(len(words)), key=lambda place: unit(text, "shuffled", place))
    return " ".join(words[place] for place in order)


def _units(text: str) -> list[str]:
    """The words of a text and what stands between them; of a script without spaces its signs."""
    if len(text.split()) < 3 or len(text) > LONG * len(text.split()):
        return list(text)
    return re.findall(r"\s+|\S+", text)


LEAKS: dict[str, Callable[[str, str], str]] = {
    "copied": copied,
    "typed anew": typed_anew,
    "within another text": embedded,
    "edited": edited,
}
"""What is planted."""
SOUND: dict[str, Callable[[str, str], str]] = {"the same words shuffled": shuffled}
"""What is no leak, though it looks like one."""


class Finder(Protocol):
    """What finds items in texts."""

    def sought(self, item: int) -> bool:
        """Whether an item is long enough to be looked for within texts."""

    def search(self, texts: Sequence[str]) -> list[Hit | None]:
        """For each text the item that stands in it most plainly; None where none does."""


def planted(items: Sequence[HeldItem], index: Finder, carriers: Sequence[str]) -> Iterator[Planted]:
    """Each kind of leak, then each kind that is none, over some of the items; `carriers` are texts of rows."""
    order = sorted(range(len(items)), key=lambda place: unit(items[place].text, "planted"))
    some = [place for place in order if index.sought(place)][:MOST]
    texts = list(carriers) or [CARRIER]
    for kind, change in (LEAKS | SOUND).items():
        made = [change(items[place].text, texts[at % len(texts)]) for at, place in enumerate(some)]
        levels: dict[str, int] = {}
        for hit in index.search(made):
            if hit is not None:
                levels[hit.level] = levels.get(hit.level, 0) + 1
        yield Planted(kind, len(made), sum(levels.values()), levels)
