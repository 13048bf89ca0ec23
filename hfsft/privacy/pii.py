"""Personal data in texts: what a pattern, a check digit and the words before it tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Literal, get_args

from hfsft.privacy.checked_numbers import addresses, cards, ibans
from hfsft.privacy.contacts import emails, logins
from hfsft.privacy.found import Found, apart
from hfsft.privacy.legible import legible
from hfsft.privacy.national import national_ids
from hfsft.privacy.phones import USUAL, phones
from hfsft.privacy.recognised import Recognised, recognised

Pattern = Literal["email", "phone", "card", "iban", "ip", "national_id", "login"]
Kind = Literal[Pattern, Recognised]
KINDS: tuple[Pattern, ...] = get_args(Pattern)
"""What is looked for unless a recipe says otherwise."""

_RECOGNISERS: dict[Pattern, tuple[str, Callable[[str], Iterator[Found]]]] = {
    "login": ("://", logins),
    "email": (r"@|%40|&#64;|&commat;|[\[({]at[\])}]| dot ", emails),
    "iban": (r"[A-Za-z]{2}\d{2}[ \-]?[A-Za-z0-9]", ibans),
    "card": (r"(?:\d[ .\-]?){12}", cards),
    "national_id": (r"(?:\d[A-Z .\-/]{0,2}){4}\d|[A-Z]{5}\d{4}[A-Z]", national_ids),
    "ip": (r"\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:", addresses),
}
"""Kind -> an expression that stands in every text with such a find, and who finds it; the first is the surer one."""
_PHONE = re.compile(r"(?:\d[ ().\-/+]{0,4}){6}\d")


@cache
def _suspects() -> dict[Pattern, re.Pattern[str]]:
    return {kind: re.compile(suspect, re.IGNORECASE) for kind, (suspect, _) in _RECOGNISERS.items()}


_ANY = re.compile(r"\d\d|\d\.\d|@|%40|://|&#64;|&commat;|[\[({]at[\])}]| dot ", re.IGNORECASE)


def find(
    text: str, kinds: Collection[Kind] = KINDS, regions: Sequence[str] = USUAL, recogniser: str = ""
) -> list[Found]:
    """The personal data in a text, in its order and apart from each other; `regions` are those of telephone numbers.

    Takes time that grows with the text, whatever stands in it. Names and addresses are found where `recogniser` names
    the spaCy model that knows them.
    """
    read, places = legible(text)
    found: list[Found] = []
    if _ANY.search(read):
        for kind, (_, recognise) in _RECOGNISERS.items():
            if kind in kinds and _suspects()[kind].search(read):
                found += recognise(read)
        if "phone" in kinds and _PHONE.search(read):
            found += phones(read, regions)
    if recogniser:
        found += recognised(read, kinds, recogniser)
    if not found:
        return found
    if places is not None:
        found = [Found(each.kind, places[each.start], places[each.end - 1] + 1) for each in found]
    return apart(found)
