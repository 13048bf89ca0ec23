"""What stands in a text, counted: words, sentences, paragraphs and marks of Markdown, in any script."""

from __future__ import annotations

import re
import unicodedata

from hfsft.letters.characters import HAN_BLOCK, HAN_COMPATIBLE, HAN_RARE, KANA, UNSPACED_ALPHABETS, signs
from hfsft.letters.late_patterns import at_first_use

_IDEOGRAPH = at_first_use(f"[{signs(KANA, HAN_BLOCK, HAN_COMPATIBLE, HAN_RARE)}]")
_UNSPACED = at_first_use(f"[{signs(UNSPACED_ALPHABETS)}]+")
_RUN = at_first_use(r"\w+")
_CAPITAL = at_first_use(r"\w(?:[\w.-]*\w)?")
UNSPACED_WORD = 5  # characters of Thai, Lao, Burmese and Khmer, with their vowels

_STOP = at_first_use("[.!?…]{1,20}[\"'”’»)\\]*_]{0,9}(?=\\s|$)|[。！？｡।॥؟۔։።၊။។]{1,20}[」』”’）)]{0,9}")
_CLAUSE = at_first_use(f"(?<=[{signs(UNSPACED_ALPHABETS)}])\\s+(?=[{signs(UNSPACED_ALPHABETS)}])")
_ABBREVIATION = at_first_use(
    r"(?:\b(?:[A-HJ-Za-z]|[ap]\.m|[eE]\.g|[iI]\.e|U\.S|U\.K|Ph\.D|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|vs|etc|approx|No|Nos|Fig|Vol|pp"
    r"|Inc|Ltd|Co|Corp|Gen|Col|Capt|Lt|Sen|Rep|Rev|Hon|bzw|usw|ca|Nr|Abb|evtl|inkl|Sra|Srta|TP|Th\.S|TS|GS|PGS)"
    r"|(?:\A|\n)[ \t]{0,9}\(?\d{1,3})\Z"
)
BEFORE = 14  # characters before a dot that are looked at
_CLAUSE_LETTERS = 20
"""Characters from which what stands between two spaces of Thai counts as a sentence of its own."""

_PLACEHOLDER = at_first_use(r"\[[^\[\]\n]{1,400}\]")
_BULLET = at_first_use(r"^[ \t]{0,99}[-*+•][ \t]{1,9}\S.*$", re.MULTILINE)
_HIGHLIGHT = at_first_use(r"\*\*([^\n*]+)\*\*|\*([^\n*]+)\*")
_BLANK_LINES = at_first_use(r"\n[ \t]*\n")


def words(text: str) -> int:
    """Runs of letters and digits, as IFEval counts them (so `well-known` is two).

    Each Han character and kana is a word, and five characters of a script that writes words without spaces.
    """
    if text.isascii():
        return len(_RUN.findall(text))
    text = unicodedata.normalize("NFC", text)
    count = len(_IDEOGRAPH.findall(text))
    count += sum(-(-len(run) // UNSPACED_WORD) for run in _UNSPACED.findall(text))
    spaced = _UNSPACED.sub(" ", _IDEOGRAPH.sub(" ", text))
    # Signs that are written above, below or around a letter, and joiners, break no word.
    return count + len(_RUN.findall("".join(sign for sign in spaced if unicodedata.category(sign) not in _SIGNS)))


_SIGNS = ("Mn", "Mc", "Me", "Cf")


def sentences(text: str) -> int:
    """Pieces with a letter or digit that end with a mark such as `.`, `?`, `。` or `।`, and what is left behind the last.

    A line end ends none, as a heading has no mark. Thai, Lao, Burmese and Khmer have hardly any marks: there a space
    ends one, from twenty characters on.
    """
    found = 0
    for piece in _pieces(text):
        clauses = [len(each.strip()) for each in _CLAUSE.split(piece)]
        found += max(1, sum(length >= _CLAUSE_LETTERS for length in clauses))
    return found


def _pieces(text: str) -> list[str]:
    pieces, start = list[str](), 0
    for stop in _STOP.finditer(text):
        if stop[0][0] in ".…" and _goes_on(text, start, stop):
            continue
        pieces.append(text[start : stop.end()])
        start = stop.end()
    return [piece for piece in [*pieces, text[start:]] if any(map(str.isalnum, piece))]


def _goes_on(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a dot ends no sentence: behind an abbreviation or a number in front, or an ellipsis before a small letter."""
    if len(stop[0]) > 1 or stop[0] == "…":
        return stop[0].strip(".…") == "" and text[stop.end() : stop.end() + 3].lstrip()[:1].islower()
    return bool(_ABBREVIATION.search(text[max(start, stop.start() - BEFORE) : stop.start()]))


def paragraphs(text: str, divider: str = "") -> list[str]:
    """What stands between blank lines, or between dividers such as `***`; pieces without any sign are left out.

    With a divider an empty piece between two others stays, as it is none that anyone asked for.
    """
    if not divider:
        return [piece.strip() for piece in _BLANK_LINES.split(text) if piece.strip()]
    pieces = [piece.strip() for piece in text.split(divider)]
    return [piece for place, piece in enumerate(pieces) if piece or 0 < place < len(pieces) - 1]


def placeholders(text: str) -> int:
    """Things in square brackets, such as `[address]`."""
    return len(_PLACEHOLDER.findall(text))


def bullets(text: str) -> int:
    """Lines that begin with a bullet of Markdown (`*`, `-`, `+`); rules such as `---` are none."""
    return sum(not _is_rule(line) for line in _BULLET.findall(text))


def _is_rule(line: str) -> bool:
    """Whether a line is a rule of Markdown: three or more of one sign, with or without spaces."""
    signs_of_it = "".join(line.split())
    return len(signs_of_it) > 2 and not signs_of_it.strip(signs_of_it[0])


def highlights(text: str) -> int:
    """Pieces within one line that are marked as `*so*` or `**so**`."""
    return sum(bool((found[1] or found[2]).strip()) for found in _HIGHLIGHT.finditer(text))


def capital_words(text: str) -> int:
    """Words all of whose letters are capital, `I` and `A` too; with a hyphen they are one, `I'm` has one."""
    return sum(word.isupper() for word in _CAPITAL.findall(text))


def occurrences(text: str, phrase: str, whole: bool = True) -> int:
    """How often a word or phrase stands in a text, in any case; as a `whole`, where its script has spaces."""
    text, phrase = (unicodedata.normalize("NFC", each).casefold() for each in (text, phrase.strip()))
    if not phrase:
        return 0
    if not whole:
        return text.count(phrase)
    before, behind = ("(?<!\\w)" if _edge(phrase[0]) else ""), ("(?!\\w)" if _edge(phrase[-1]) else "")
    return len(re.findall(f"{before}{re.escape(phrase)}{behind}", text))


def _edge(sign: str) -> bool:
    """Whether a word that begins or ends with it is told from its neighbours by a space."""
    return (sign.isalnum() or sign == "_") and not _IDEOGRAPH.match(sign) and not _UNSPACED.match(sign)
