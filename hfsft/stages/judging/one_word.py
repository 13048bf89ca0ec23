"""Yes or no, as one word: how the answer to one question of a checklist is read."""

from __future__ import annotations

from collections.abc import Sequence

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.model import TokenProbability
from hfsft.models.probabilities import Distribution, distribution
from hfsft.models.readings.yes_no import NO, YES, yes_or_no

WORDS = (YES, NO)
_BEFORE = at_first_use(
    r"(?i)(?:[-*#>]\s*)?(?:(?:the|my|final|short)\s+){0,4}(?:answer|verdict)\s*(?:is|:|=)\s*:?\s*|[-#>]\s*"
)


def word_in(text: str) -> str | None:
    """`yes` or `no` where an answer says one of them: in its first line or as its last one; None for any other.

    An answer whose first and last lines differ says neither.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = {yes_or_no(_BEFORE.sub("", line, count=1)) for line in (*lines[:1], *lines[-1:])} - {None}
    return said.pop() if len(said) == 1 else None


def likelihood(places: Sequence[TokenProbability]) -> Distribution | None:
    """The probabilities of yes and no where an answer says one of them, else at its first place; None for neither."""
    found = distribution(places, WORDS)
    if found is None and places:
        first = places[0]
        said = next((token for token, _ in first.top if yes_or_no(token)), None)
        found = distribution([TokenProbability(said, dict(first.top)[said], first.top)], WORDS) if said else None
    return found
