"""How text of rows, models and servers is shown to people: as letters alone, so that it cannot steer a terminal.

Whatever shows such text goes through one of these: a line of ours with some of it in (`plain`), a text as it is read
(`harmless`), all that a command prints (`unarmed`). What a trainer reads is never changed.
"""

from __future__ import annotations

import re
from math import inf, nextafter

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs

# Strings that terminals take for a command, with all that is in them: titles of windows, device control, and so on.
_ESCAPES = re.compile(
    "(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,1000}(?:\x07|\x1b\\\\|\x9c)?"
    "|(?:\x1b\\[|\x9b)[0-?]{0,100}[ -/]{0,10}[@-~]?"  # such as colours
    "|\x1b[ -/]{0,10}[0-~]?"
)
# Controls, and what is not seen: marks of direction, letters without width, tags, halves of surrogate pairs.
_HIDDEN = signs(
    *(chars.UNSEEN, chars.ISOLATES, chars.FILLERS, chars.INHERENT_VOWELS, chars.MONGOLIAN_VARIATIONS),
    *(chars.UNASSIGNED_SPECIALS, chars.ANNOTATIONS, chars.SURROGATES, chars.MUSIC, chars.PLANE_14),
)
_UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f\u200c\u200d\u2028\u2029{_HIDDEN}]")
# As a text is read: a break of a line and a tab stay, and the joiners that letters of Persian, Hindi and emoji need.
STEERING_LETTERS = f"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_HIDDEN}"
# A pattern that begins with one class of letters is found faster than one that begins with a choice.
STEERING = re.compile(f"[{STEERING_LETTERS}](?:(?<=\r)\n)?")
# What our own lines are drawn with: colours, a line that is written again, the cursor out of the way.
_DRAWN = re.compile(
    f"(\x1b\\[(?:[0-9;]{{0,20}}m|\\?25[lh]|[0-9]{{0,4}}[AGK])|[\r\n\t])|[\x00-\x1f\x7f-\x9f\u2028\u2029{_HIDDEN}]"
)


def plain(text: str, longest: int = 200) -> str:
    """Text of a row or a server as one line that does nothing: no escape sequence, control or unseen letter in it.

    Beyond `longest` characters it is cut, with a mark.
    """
    line = _UNSEEN.sub("", " ".join(_ESCAPES.sub("", text[: 4 * longest + 4_000]).split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def digits(number: float) -> str:
    """A number in digits, as a recipe writes it: 1000000 and not 1e+06; one with a fraction in six digits."""
    return f"{int(number)}" if abs(number) < 1e15 and number == int(number) else f"{number:g}"


def limits(at_least: float | None = None, at_most: float | None = None) -> str:
    """Two inclusive bounds in words: `at_least 2 at_most 5`; empty for none.

    The number next to one of few digits stands for a bound that excludes that one, as `below 0.7`.
    """
    told = []
    for number, within, without, beyond in ((at_least, "at_least", "above", -inf), (at_most, "at_most", "below", inf)):
        if number is not None:
            excluded = nextafter(number, beyond)
            outside = float(digits(number)) == excluded != number
            told.append(f"{without} {digits(excluded)}" if outside else f"{within} {digits(number)}")
    return " ".join(told)


def beside(bound: str, number: float, shown: str) -> str:
    """A number as it is shown, but in all of its digits where it would look like one in the words of a bound that it
    stands beside, and is another.
    """
    return repr(number) if shown in bound.split() and float(shown) != number else shown


def harmless(text: str) -> str:
    """The text as it stands, but with an escape such as \\u001b for each letter that could steer a terminal."""
    return STEERING.sub(_escape, text)


def unarmed(text: str, drawn: bool) -> str:
    """What is printed, with such escapes too; where it is `drawn`, on a terminal, the colours of our own lines stay."""
    return _DRAWN.sub(lambda match: match[0] if match[1] and (drawn or match[1] in "\r\n\t") else _escape(match), text)


def _escape(match: re.Match[str]) -> str:
    """The first letter as JSON escapes it, so that a printed JSON value stays the same value, and what is behind it."""
    if match[0] == "\r\n":
        return "\n"
    units = memoryview(match[0][0].encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(f"\\u{unit:04x}" for unit in units) + match[0][1:]
