"""Yes or no, as one word: how the answer to one question of a checklist is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hfsft.models.model import TokenProbability
from hfsft.models.probabilities import Distribution, distribution

YES, NO = "yes", "no"
WORDS = (YES, NO)
_AROUND = " \t\r\n*_`\"'()[]{}.,;:!?-–—#>"
_FIRST = re.compile(r"(?i)(?:(?:the|my|final|short)\s+)*(?:answer|verdict)\s*(?:is|:|=)?[\s*_`\"':]*")


def word_in(text: str) -> str | None:
    """`yes` or `no` where an answer says one of them: as its first word or as its last line; None for any other.

    An answer whose first and last words differ says neither.
    """
    lines = [line.strip(_AROUND) for line in text.splitlines() if line.strip(_AROUND)]
    if not lines:
        return None
    found = {word for word in (_leading(lines[0]), _whole(lines[-1])) if word}
    return found.pop() if len(found) == 1 else None


def _leading(line: str) -> str | None:
    line = line[match.end() :] if (match := _FIRST.match(line)) else line
    first = re.match(r"[^\W\d_]+", line.lstrip(_AROUND))
    return _whole(first[0]) if first else None


def _whole(line: str) -> str | None:
    line = line[match.end() :] if (match := _FIRST.match(line)) else line
    word = line.strip(_AROUND).casefold()
    return word if word in WORDS else None


def likelihood(places: Sequence[TokenProbability]) -> Distribution | None:
    """The probabilities of yes and no where an answer says one of them, else at its first place; None for neither."""
    found = distribution(places, WORDS)
    if found is None and places:
        first = places[0]
        said = next((token for token, _ in first.top if _whole(token)), None)
        found = distribution([TokenProbability(said, dict(first.top)[said], first.top)], WORDS) if said else None
    return found
