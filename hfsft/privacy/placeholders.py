"""Placeholders: what stands in a row in place of what was found there, the same value everywhere the same.

Write to <EMAIL_1> or <EMAIL_2>; <EMAIL_1> is answered first.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hfsft.privacy.found import Found
from hfsft.privacy.legible import legible

Find = Callable[[str], Sequence[Found]]

_STANDING = re.compile(r"<([A-Z][A-Z0-9_]{0,40})_(\d{1,6})>")
BRIEF = 40  # characters of a text that may be a value alone
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # customerPhone
_ALIKE = 7  # digits at the end of two telephone numbers that make them one, written with and without their country


def stands_for_value(text: str) -> bool:
    """Whether a text is a placeholder such as `<EMAIL_1>`: a value stood there, which was taken out."""
    return _STANDING.fullmatch(text) is not None


class Placeholders:
    """The placeholders of one row. `standing` are its texts: the numbers that stand in them are not given again."""

    def __init__(self, find: Find, standing: Callable[[], Iterable[str]] = lambda: ()) -> None:
        self._find, self._standing = find, standing
        self._given: dict[str, dict[str, str]] = {}  # kind -> value -> placeholder
        self._taken: dict[str, int] | None = None
        self.found: Counter[str] = Counter()  # different values, by kind

    def replaced(self, cell: Any, about: str = "") -> Any:
        """A cell, or whatever it holds, with placeholders in its texts; `about` is what it is called."""
        if isinstance(cell, str):
            return self._text(cell, about)
        if isinstance(cell, list):
            return [self.replaced(inner, about) for inner in cell]
        if isinstance(cell, Mapping):
            return {name: self.replaced(inner, name) for name, inner in cell.items()}
        return cell

    def _found(self, text: str, about: str) -> Sequence[Found]:
        """What stands in a text; of a value alone, what it is called says what it is, as `phone: 4155550132`."""
        if not about or len(text) > BRIEF:
            return self._find(text)
        lead = f"{_HUMP.sub(' ', about).replace('_', ' ')}: "
        found = [each for each in self._find(lead + text) if each.start >= len(lead)]
        return [Found(each.kind, each.start - len(lead), each.end - len(lead)) for each in found]

    def _text(self, text: str, about: str) -> str:
        if text.lstrip()[:1] in ("{", "[") and (value := _read(text)) is not None:
            with suppress(RecursionError):  # deeper than anything that a tool is called with
                return self._json(text, value)
        parts, place = [], 0
        for each in self._found(text, about):
            parts += [text[place : each.start], self._named(each.kind, text[each.start : each.end])]
            place = each.end
        return "".join([*parts, text[place:]])

    def _json(self, text: str, value: Any) -> str:
        """A text that is JSON, as JSON: its own with the values exchanged, written anew where that does not give it."""
        changed: dict[str, str] = {}  # as JSON writes it -> what stands there in its place
        made = self._inside(value, "", changed)
        if not changed:
            return text
        new = text
        for old in sorted(changed, key=len, reverse=True):
            new = new.replace(old, changed[old])
        if _read(new) == made:
            return new
        return json.dumps(made, ensure_ascii=False, separators=None if ": " in text or ", " in text else (",", ":"))

    def _inside(self, value: Any, about: str, changed: dict[str, str]) -> Any:
        """A value of JSON with placeholders in its texts, its names, and in place of numbers that are values."""
        if isinstance(value, list):
            return [self._inside(inner, about, changed) for inner in value]
        if isinstance(value, Mapping):
            return {
                self._inside(name, "", changed): self._inside(inner, name, changed) for name, inner in value.items()
            }
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        written = str(value)
        found = self._found(written, about)
        if isinstance(value, int) and [(each.start, each.end) for each in found] != [(0, len(written))]:
            return value
        made = self._text(written, about)
        if made != written:
            # Letters may stand there as they are, or escaped.
            for ascii_only in (True, False):
                changed[json.dumps(value, ensure_ascii=ascii_only)] = json.dumps(made, ensure_ascii=ascii_only)
        return made

    def _named(self, kind: str, value: str) -> str:
        tag = re.sub(r"[^A-Z0-9]+", "_", kind.upper()).strip("_")
        given, key = self._given.setdefault(tag, {}), key_of(kind, value)
        for known, placeholder in given.items():
            if known == key or (kind == "PHONE" and _same_line(known, key)):
                return placeholder
        self.found[tag] += 1
        if self._taken is None:
            self._taken = {}
            for text in self._standing():
                for name, number in _STANDING.findall(text):
                    self._taken[name] = max(self._taken.get(name, 0), int(number))
        number = self._taken[tag] = self._taken.get(tag, 0) + 1
        given[key] = f"<{tag}_{number}>"
        return given[key]


def key_of(kind: str, value: str) -> str:
    """What a value has in common with the same one written otherwise."""
    plain = legible(value)[0].casefold()
    if kind == "EMAIL":
        plain = re.sub(r"%40|&#64;|&commat;| ?[\[({]at[\])}] ?| at ", "@", plain)
        return re.sub(r" ?[\[({]dot[\])}] ?| dot ", ".", plain)
    if kind in ("PHONE", "CARD", "IBAN", "NATIONAL_ID"):
        return re.sub(r"[^a-z0-9]", "", plain).lstrip("0")
    return plain


def _same_line(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _ALIKE and longer.endswith(shorter)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
