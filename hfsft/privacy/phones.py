"""Telephone numbers, by libphonenumber's tables (the `phonenumbers` package) and by how people write them.

A number counts where it is written internationally (+49 30 901820), is one of the regions and grouped as numbers are
there, or stands behind a word such as "call" or "Tel.". A bare run of digits behind no such word counts only as a
mobile number of the regions. Orders, dates, versions and sums look alike and are left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from hfsft.letters.characters import HAN_BLOCK, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.context import Says, WordsBefore
from hfsft.privacy.found import Found
from hfsft.privacy.words import PHONE

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

REGIONS: dict[str, tuple[str, ...]] = {
    "ar": ("SA", "AE", "EG"), "cs": ("CZ",), "da": ("DK",), "de": ("DE", "AT", "CH"), "el": ("GR",),
    "en": ("US", "GB", "AU", "IN"), "es": ("ES", "MX", "AR", "CO"), "fi": ("FI",), "fr": ("FR", "BE", "CH", "CA"),
    "he": ("IL",), "hi": ("IN",), "hu": ("HU",), "id": ("ID",), "it": ("IT", "CH"), "ja": ("JP",), "ko": ("KR",),
    "ms": ("MY",), "nl": ("NL", "BE"), "no": ("NO",), "pl": ("PL",), "pt": ("BR", "PT"), "ro": ("RO",), "ru": ("RU",),
    "sv": ("SE",), "th": ("TH",), "tr": ("TR",), "uk": ("UA",), "vi": ("VN",), "zh": ("CN", "TW", "HK"),
}  # fmt: skip
"""Language -> where most of those live whose numbers stand in its texts."""
USUAL = ("US", "GB", "DE", "FR", "VN", "CN")
"""The regions where a recipe names neither these nor a language that has some."""

WORDS = WordsBefore(PHONE)

_RUN = at_first_use(r"(?<![A-Za-z0-9_$€£¥#=*^%])(?<!\d[.,])(?<![A-Za-z0-9]-)[+(]{0,2}\d[\d ().\-/+]{4,}\d")
_GROUP = at_first_use(r"[+(]{0,2}\d+\)?")
_EXTENSION = at_first_use(r"[ ,;]{0,2}(?:x|ext\.?|extension|#)[ ]?\d{1,6}(?!\w)", re.IGNORECASE)
_AMERICAN = at_first_use(r"(?:(?:\+|00)?1[ .\-])?(?:\(\d{3}\) ?|\d{3}[.\-])\d{3}[.\- ]\d{4}")
_AMERICAN_SPACED = at_first_use(r"(?:1 )?\d{3} \d{3} \d{4}")
_DATE = at_first_use(
    r"\d{1,2}([./\-])\d{1,2}\1\d{2,4}|\d{4}([./\-])\d{1,2}\2\d{1,2}(?: \d{1,2})?"
    r"|(?:1[89]|20)\d\d ?[\-/] ?(?:1[89]|20)\d\d"
)
_BEHIND = at_first_use(r"[ \-]{0,3}(?:office|fax|home|work|mobile|cell|phone|tel|mobil|handy|fixe)\b", re.IGNORECASE)
_AREA = at_first_use(r"\(\d{2,5}\)[ /\-]?(?:\d{3,4}[\- ]\d{3,4}|\d{6,9})")
_SUM = at_first_use(r" ?[=*+/^%<×÷]|-[0-9A-Za-z]")
_SUMMED = at_first_use(r"[=*+^<×÷] $|\d[\-/]$")
_FRACTION = at_first_use(r"\d[.,]$")
_CHINESE_MOBILE = at_first_use(r"1[3-9]\d{9}")
_CHINESE_MOBILE_SPACED = at_first_use(r"1[3-9]\d([ \-])\d{4}\1\d{4}")
_HAN, AROUND = at_first_use(f"[{signs(HAN_BLOCK)}]"), 24  # characters beside a number in a Chinese text
_LONGEST = 32  # characters of a number
_MOST, _LEAST = 15, 7  # digits of a number (ITU-T E.164), without a region 7 at least


class _Piece(NamedTuple):
    """Some groups of digits in a row, as they are written."""

    start: int
    end: int
    text: str
    sizes: tuple[int, ...]

    @property
    def digits(self) -> str:
        return re.sub(r"\D", "", self.text)


def phones(text: str, regions: Sequence[str] = USUAL) -> Iterator[Found]:
    """Telephone numbers, with their extension, where they stand; `regions` as ISO 3166 names them."""
    for run in _RUN.finditer(text):
        if sum(map(str.isdigit, run[0])) < _LEAST:
            continue
        groups = [match.span() for match in _GROUP.finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            piece = _number(text, groups[first : first + 7], regions)
            if piece is None:
                first += 1
                continue
            extension = _EXTENSION.match(text, piece.end)
            first += len(piece.sizes)
            if extension is None and re.match(r"[A-Za-z_]", text[piece.end : piece.end + 1]):
                continue  # part of a name
            yield Found("PHONE", piece.start, extension.end() if extension else piece.end)


def _number(text: str, groups: list[tuple[int, int]], regions: Sequence[str]) -> _Piece | None:
    """The longest number that begins with the first of the groups."""
    start = groups[0][0]
    if _FRACTION.search(text, max(0, start - 2), start) or _SUMMED.search(text, max(0, start - 2), start):
        return None
    says = WORDS.says(text, start)
    digits = [sum(map(str.isdigit, text[begin:stop])) for begin, stop in groups]
    for count in range(len(groups), 0, -1):
        end, sizes = groups[count - 1][1], tuple(digits[:count])
        if end - start > _LONGEST or not _LEAST <= sum(sizes) <= _MOST:
            continue
        piece = _Piece(start, end, text[start:end], sizes)
        if _is_number(text, piece, regions, says):
            # A bracket that is not closed stands around the number, not in it.
            cut = piece.text.startswith("(") and ")" not in piece.text
            return piece._replace(start=start + 1) if cut else piece
    return None


def _is_number(text: str, piece: _Piece, regions: Sequence[str], says: Says) -> bool:
    said = piece.text
    if _BEHIND.match(text, piece.end):
        says = "for"
    elif _SUM.match(text, piece.end):
        return False
    if _DATE.fullmatch(said):
        return False
    if said.lstrip("(").startswith("+"):
        return _international(said, len(piece.sizes) > 1 or says == "for")
    if says == "for" and _grouped(piece, regions):
        return True
    if says == "against":
        return False
    if _AMERICAN.fullmatch(said) or _AREA.fullmatch(said):
        return True
    if said.startswith("00") and len(piece.digits) > 9:
        # In one row of digits they may as well be of goods.
        return len(piece.sizes) > 1 and piece.digits[2] != "0" and _international(f"+{piece.digits[2:]}", True)
    if len(piece.sizes) == 1:
        return _bare(text, piece, regions)
    if "+" in said or _mixed(said) or _among_others(text, piece):
        return False
    if said.lstrip("(").startswith("0"):
        return _trunk(piece, regions)
    if "CN" in regions and _CHINESE_MOBILE_SPACED.fullmatch(said):
        return _valid(said, ("CN",))
    return (_AMERICAN_SPACED.fullmatch(said) is not None and _valid(said, ("US",))) or _as_written(piece, regions)


def _grouped(piece: _Piece, regions: Sequence[str]) -> bool:
    """Whether the groups may be those of a number, behind a word that says that it is one: no sum, no counting up."""
    said, area = piece.text, piece.text.startswith(("0", "("))
    if "+" in said.lstrip("+(") or ("/" in said and not area and len(piece.sizes) < 3) or piece.sizes[-1] < 2:
        return False
    if max(piece.sizes) > 2 or area:
        return True
    return len(piece.sizes) > 3 and (re.search(r"\d \d", said) is None or _valid(said, regions))


def _among_others(text: str, piece: _Piece) -> bool:
    """Whether more numbers stand beside, so that these are some of a row of them."""
    before, behind = text[max(0, piece.start - 2) : piece.start], text[piece.end : piece.end + 2]
    return re.fullmatch(r"\d ", before) is not None or re.fullmatch(r" \d", behind) is not None


def _mixed(said: str) -> bool:
    """Whether more than one mark stands between groups, but for the one that parts the area from the rest."""
    marks = re.findall(r"(?<=\d)[.\-/ ]+(?=\d)", said)
    return len({mark.strip() or " " for mark in marks[1:]}) > 1


def _international(said: str, sure: bool) -> bool:
    import phonenumbers

    number = _parsed(said, None)
    return number is not None and (sure or phonenumbers.is_possible_number(number))


def _bare(text: str, piece: _Piece, regions: Sequence[str]) -> bool:
    """A run of digits without a word before it: only the form of a mobile number tells it from a sum."""
    if re.match(r"[.,]\d", text[piece.end : piece.end + 2]):
        return False
    if "CN" in regions and _CHINESE_MOBILE.fullmatch(piece.digits):
        around = text[max(0, piece.start - AROUND) : piece.end + AROUND]
        return _HAN.search(around) is not None and _valid(piece.digits, ("CN",))
    return piece.digits.startswith("0") and 10 <= len(piece.digits) <= 11 and _valid(piece.digits, regions, mobile=True)


def _trunk(piece: _Piece, regions: Sequence[str]) -> bool:
    """A zero before the area: few long groups are a number anywhere, many short ones where there is such a number."""
    sizes = piece.sizes
    if 10 <= sum(sizes) <= 13 and 2 <= len(sizes) <= 3 and 2 <= sizes[0] <= 5 and min(sizes[1:]) >= 3:
        return True
    if sum(sizes) == 9 and len(sizes) == 3:
        return False  # as goods are numbered, 059-381-780
    return 9 <= sum(sizes) <= 12 and len(sizes) < 6 and sizes[0] > 1 and _valid(piece.text, regions)


def _as_written(piece: _Piece, regions: Sequence[str]) -> bool:
    """Whether the number is one of a region, with the groups that are usual there, at least nine digits."""
    import phonenumbers

    if sum(piece.sizes) < 9 or len(piece.sizes) < 3 or "." in piece.text or "/" in piece.text:
        return False
    for region in _without_zero(tuple(regions)):
        number = _parsed(piece.text, region)
        if number is None or not phonenumbers.is_valid_number_for_region(number, region):
            continue
        for style in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
            usual = [len(group) for group in re.findall(r"\d+", phonenumbers.format_number(number, style))]
            if list(piece.sizes) in (usual, usual[1:]):
                return True
    return False


@cache
def _without_zero(regions: tuple[str, ...]) -> list[str]:
    """The regions where numbers begin with their area: neither with a zero before it, nor as American ones."""
    from phonenumbers import PhoneMetadata

    found = [(region, PhoneMetadata.metadata_for_region(region)) for region in regions]
    return [region for region, known in found if known and known.national_prefix != "0" and known.country_code != 1]


def _valid(said: str, regions: Sequence[str], *, mobile: bool = False) -> bool:
    import phonenumbers

    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    for region in regions:
        number = _parsed(said, region)
        if number is not None and phonenumbers.is_valid_number_for_region(number, region):
            return not mobile or phonenumbers.number_type(number) in kinds
    return False


def _parsed(said: str, region: str | None) -> PhoneNumber | None:
    import phonenumbers

    try:
        return phonenumbers.parse(said, region)
    except phonenumbers.NumberParseException:
        return None
