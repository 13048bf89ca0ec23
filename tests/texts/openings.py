"""With which letters the phrases of `hfsft.texts.refusals` begin: `python -m tests.texts.openings --write`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hfsft.texts.refusal import pattern
from hfsft.texts.refusals import PHRASES

PLACE = Path(__file__).parents[2] / "hfsft" / "texts" / "refusals" / "openings.py"
LETTERS, LETTERS_UNSPACED = 6, 2  # of each opening, at most
HEAD = '''"""With which letters the phrases of each language begin.

Made from the phrases by `python -m tests.texts.openings --write`; a test compares them.
"""

from __future__ import annotations

OPENINGS: dict[str, tuple[str, str]] = {
'''
TAIL = '"""ISO 639-1 code -> the openings of what refuses and of what disclaims, with | between them."""\n'
_CHOICES, _TIMES = 6, 3  # letters of a class that are written out, and repetitions
_WIDE = 100

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
Opening = tuple[str, bool]  # letters, and whether it is known what may follow


def openings(code: str, kind: Any) -> list[str]:
    """With what every match of a language's phrases begins: none of these is the start of another."""
    most = LETTERS if PHRASES[code].spaced else LETTERS_UNSPACED
    found = {letters for letters, _ in _of(_parser.parse(pattern(code, kind).pattern), most)}
    return sorted(each for each in found if not any(each[:end] in found for end in range(len(each))))


def page() -> str:
    """The module with the openings of all languages."""
    lines = [HEAD]
    for code in PHRASES:
        lines.append(f'    "{code}": (\n')
        for kind in ("refuses", "disclaims"):
            text = "|".join(openings(code, kind))
            lines += [f'        "{text[start : start + _WIDE]}"\n' for start in range(0, len(text), _WIDE)]
            lines[-1] = lines[-1].rstrip("\n") + ",\n"
        lines.append("    ),\n")
    return "".join(
        [
            *lines,
            "}\n",
            '"""ISO 639-1 code -> the openings of what refuses and of what disclaims, with | between them."""\n',
        ]
    )


def _of(items: Iterable[tuple[Any, Any]], most: int) -> set[Opening]:
    done: set[Opening] = {("", True)}
    for sign, said in items:
        done = _joined(done, _one(str(sign), said, most), most)
    return done


def _one(sign: str, said: Any, most: int) -> set[Opening]:
    """The openings of one item of a parsed pattern."""
    if sign in ("AT", "ASSERT", "ASSERT_NOT"):
        return {("", True)}
    if sign == "LITERAL":
        return {(chr(said), True)}
    if sign == "IN" and len(said) <= _CHOICES and all(str(kind) == "LITERAL" for kind, _ in said):
        return {(chr(letter), True) for _, letter in said}
    if sign == "BRANCH":
        return {each for branch in said[1] for each in _of(branch, most)}
    if sign == "SUBPATTERN":
        return _of(said[-1], most)
    if sign in ("MAX_REPEAT", "MIN_REPEAT"):
        least, greatest, repeated = said
        once, found, so_far = _of(repeated, most), set[Opening](), {("", True)}
        for times in range(min(greatest, _TIMES) + 1):
            found |= so_far if times >= least else set()
            so_far = _joined(so_far, once, most)
        return found | {(letters, False) for letters, _ in so_far} if greatest > _TIMES else found
    return {("", False)}


def _joined(before: set[Opening], after: set[Opening], most: int) -> set[Opening]:
    found = set()
    for letters, goes_on in before:
        more = after if goes_on and len(letters) < most else {("", goes_on)}
        found |= {((letters + each)[:most], open_) for each, open_ in more}
    return found


if __name__ == "__main__":
    PLACE.write_text(page()) if "--write" in sys.argv else print(page())
