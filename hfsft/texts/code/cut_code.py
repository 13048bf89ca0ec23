"""Whether a program stops before its end: in a bracket, a line or a name."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter

from hfsft.letters.late_patterns import at_first_use

_OPEN, _CLOSE = "([{", ")]}"
_STRING = at_first_use(
    r"\"(?:[^\"\\\n]|\\.){0,2000}\"|'(?:[^'\\\n]|\\.){0,2000}'|(?:^|[;{}])[ \t]{0,40}(?://|--)[^\n]*|(?:^|\s)#[ \t][^\n]*",
    re.MULTILINE,
)
_NAME = at_first_use(r"[A-Za-z_]\w*")
_PYTHON = at_first_use(
    r"^[ \t]{0,40}(?:def \w+\(.*|class \w+.*|for .+ in .+|while .+|if .+|elif .+|else|try|with .+):[ \t]*$"
    r"|^(?:import|from) \w",
    re.MULTILINE,
)
_WORDS = (
    *("for", "while", "return", "print", "import", "class", "else", "elif", "except", "finally", "lambda", "yield"),
    *("break", "continue", "function", "const", "public", "private", "static", "console", "System", "SELECT", "WHERE"),
)
_SHORT = frozenset({"fi", "do", "od", "if", "in", "or", "end", "df", "NULL"})  # words of their own, as shells end with
LONGEST = 20_000  # characters of a program that is parsed
SHORTEST = 2  # letters of a name that is cut


def open_code(text: str) -> str | None:
    """Brackets and elements of markup that a program, a page or a value leaves open at its end."""
    bare = _STRING.sub(" ", text) if "<" not in text[:1] else text
    opened: list[str] = []
    for sign in bare:
        if sign in _OPEN:
            opened.append(sign)
        elif sign in _CLOSE:
            if not opened or _OPEN.index(opened[-1]) != _CLOSE.index(sign):
                return None  # no code whose brackets can be told
            opened.pop()
    if opened:
        return f"`{opened[-1]}` that is not closed"
    if text[-1] in "=+&|\\" and not text.endswith(("++", "==", "||")):
        return f"code that ends with `{text[-1]}`"
    if text.lstrip().startswith(("<!DOCTYPE", "<html", "<!doctype")) and "</html>" not in text:
        return "`<html>` that is not closed"
    return None


def cut_code(text: str) -> str | None:
    """A last line of Python that does not parse where all before it does, or a last name that is cut short.

    A name is cut where it stands nowhere else in the text and another one goes on behind it: `node_to_dele`.
    """
    last = text[text.rfind("\n") + 1 :].strip()
    if last.startswith(("#", "//", "--", "*")):
        return None
    names = _NAME.findall(text)
    if names and text.endswith(names[-1]) and len(names[-1]) >= SHORTEST and names[-1] not in _SHORT:
        name, counts = names[-1], Counter(names)
        if counts[name] == 1 and any(other.startswith(name) and other != name for other in {*names, *_WORDS}):
            return f"`{name}`, in the middle of a name"
    if len(text) <= LONGEST and _PYTHON.search(text) and _stops(text):
        return f"`{last[-40:]}`, in the middle of a line of code"
    return None


def _stops(text: str) -> bool:
    """Whether Python is at fault with the very end of a text, and with nothing before its last line."""
    error = _fault(text)
    if error is None:
        return False
    before, _, last = text.rpartition("\n")
    at_end = error.lineno == text.count("\n") + 1 and (error.offset or 0) > len(last.rstrip())
    unclosed = "never closed" in error.msg or "unterminated triple" in error.msg
    return (at_end or unclosed or "expected an indented block" in error.msg) and _whole(before)


def _whole(text: str) -> bool:
    """Whether lines are a program, or one that lacks no more than the body of its last block."""
    if not text.strip():
        return True
    lines = text.rstrip().splitlines()
    indent = len(lines[-1]) - len(lines[-1].lstrip())
    return _fault(text) is None or _fault(f"{text.rstrip()}\n{' ' * (indent + 4)}pass") is None


def _fault(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return None
    return None
