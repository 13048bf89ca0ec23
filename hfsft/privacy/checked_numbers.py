"""Numbers with check digits or a strict form: payment cards (ISO/IEC 7812, Luhn), IBANs (ISO 13616), IP addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.context import WordsBefore
from hfsft.privacy.found import Found
from hfsft.privacy.words import CARD, IP, PARTS

_RUN = at_first_use(r"(?<![A-Za-z0-9_])\d+(?:[ .\-]\d+)*(?![A-Za-z0-9_])")
_GROUP = at_first_use(r"\d+")
_ISSUERS = at_first_use(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}|(?:6011|65\d{2}|64[4-9]\d)\d{12}(?:\d{3})?|35(?:2[89]|[3-8]\d)\d{12}|2131\d{11}"
    r"|1800\d{11}|62\d{14,17}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"
)
_GROUPS = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (6, 13), (4, 4, 4, 1), (4, 4, 5), (4, 5, 6)}
_CARD_WORDS = WordsBefore(CARD)


def cards(text: str) -> Iterator[Found]:
    """Numbers of payment cards: an issuer's prefix and length, the check digit, and groups as on a card or none."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() < 12:
            continue
        groups = [match.span() for match in _GROUP.finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            length = _card(text, groups[first : first + 5])
            if length:
                yield Found("CARD", groups[first][0], groups[first + length - 1][1])
            first += length or 1


def _card(text: str, groups: list[tuple[int, int]]) -> int:
    """How many of the groups are a card's number, from the first on; 0 where none is."""
    start = groups[0][0]
    if start and text[start - 1] in ".," and start > 1 and text[start - 2].isdigit():
        return 0  # the fraction of a number
    for length in range(len(groups), 0, -1):
        sizes = tuple(end - begin for begin, end in groups[:length])
        if not 12 <= sum(sizes) <= 19 or (length > 1 and sizes not in _GROUPS):
            continue
        end = groups[length - 1][1]
        between = {text[groups[place][1]] for place in range(length - 1)}
        digits = "".join(text[begin:end] for begin, end in groups[:length])
        if len(between) > 1 or not _luhn(digits):
            continue
        says = _CARD_WORDS.says(text, start)
        if says != "for" and not (_ISSUERS.fullmatch(digits) and len(digits) > 14):
            continue  # short ones are as often those of goods
        if length == 1 and (says == "against" or re.match(r"[.,]\d", text[end : end + 2])):
            continue
        return length
    return 0


def _luhn(digits: str) -> bool:
    from stdnum import luhn

    return bool(luhn.is_valid(digits)) and len(set(digits)) > 1


_IBAN = at_first_use(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ \-]?[A-Za-z0-9])")
_SIZES = range(15, 35)


def ibans(text: str) -> Iterator[Found]:
    """IBANs of a country that has them, of its length and form, with their check digits, in groups or not."""
    from stdnum import iban

    for found in _IBAN.finditer(text):
        taken, place, ends = "", found.start(), []
        while place < len(text) and len(taken) < _SIZES[-1]:
            letter = text[place]
            if letter.isascii() and letter.isalnum():
                taken += letter
                ends.append(place + 1)
            elif letter not in " -" or not text[place - 1].isalnum():
                break
            place += 1
        for size in reversed(_SIZES):
            # A word may follow in the same letters, but an IBAN does not end inside one.
            if size <= len(taken) and not text[ends[size - 1] :][:1].isalnum() and iban.is_valid(taken[:size]):
                yield Found("IBAN", found.start(), ends[size - 1])
                break


_V4 = at_first_use(r"(?<![A-Za-z0-9_.\-])(?:\d{1,3}\.){3}\d{1,3}(?![A-Za-z0-9_\-]|\.\d)(?:/\d{1,2}(?!\d))?")
_V6 = at_first_use(
    r"(?<![A-Za-z0-9_:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:(?<=:)(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])(?:/\d{1,3}(?!\d))?"
)
_IP_WORDS = WordsBefore(IP, PARTS)


def addresses(text: str) -> Iterator[Found]:
    """Addresses of hosts (IPv4, IPv6); those that mean this machine or nobody, masks and networks are left."""
    for found in _V4.finditer(text):
        octets = found[0].partition("/")[0].split(".")
        says = _IP_WORDS.says(text, found.start())
        short = all(len(octet) == 1 for octet in octets)  # as 1.2.3.4, which may as well count versions or sections
        product = re.search(r"[A-Za-z]/$", text[max(0, found.start() - 2) : found.start()])  # Chrome/49.0.26.12
        if says != "against" and (not short or says == "for") and not product and _is_host(found[0]):
            yield Found("IP", found.start(), found.end())
    if text.count(":") >= 2:
        for found in _V6.finditer(text):
            groups = [group for group in found[0].partition("/")[0].split(":") if group]
            if len(groups) >= 3 and any(letter.isdigit() for letter in found[0]) and _is_host(found[0]):
                yield Found("IP", found.start(), found.end())


def _is_host(said: str) -> bool:
    host, slash, _ = said.partition("/")
    try:
        address = ip_address(host)
        if slash and ip_network(said, strict=False).network_address == address:
            return False
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return False
    return address.version == 6 or not host.startswith(("0.", "255."))
