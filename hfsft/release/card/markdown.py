"""Markdown that nothing inside it can break out of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hfsft.plain import plain

_MARKS = re.compile(r"[\\*\[\]~$<>&@]|://|(?<![A-Za-z0-9])www\.|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "://": "&#58;//", "@": "&#64;", "www.": "www&#46;"}
_STARTS = re.compile(r"^ {0,3}(?:#{1,6}|[-+=]+|\d{1,9}(?=[.)]))(?=[\s.)]|$)")  # of a heading, an item, a rule


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> str:
    """A table; numbers get thousands separators, None is an empty cell, `right` names the columns of numbers."""
    lines = [[cell(name) for name in head], ["---:" if place in right else "---" for place in range(len(head))]]
    lines += [[cell(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """A value as it stands in a table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return " ".join(str(value).replace("|", "\\|").split())


def prose(text: str) -> str:
    """A sentence of ours, with what rows and servers said in it: only code between backticks stays markup."""
    start = _STARTS.match(text)
    begun, rest = (start[0].lstrip(), text[start.end() :]) if start else ("", text)
    if begun:
        begun = f"{begun}\\" if begun.isdecimal() else f"\\{begun}"
    parts = rest.split("`")
    # Only pairs of single marks are code wherever one reads from: a row's own marks must not make markup of its text.
    if len(parts) % 2 == 0 or "``" in rest:
        return begun + _MARKS.sub(_escaped, rest.replace("`", "'"))
    return begun + "`".join(part if index % 2 else _MARKS.sub(_escaped, part) for index, part in enumerate(parts))


def _escaped(mark: re.Match[str]) -> str:
    return _ENTITIES.get(mark[0], f"\\{mark[0]}")


def named(text: str) -> str:
    """A name that a recipe, a file or a server gave, as code, whatever stands in it."""
    return f"`{plain(text).replace('`', chr(39)) or '-'}`"


def code(text: str, language: str = "") -> str:
    """A fenced block, with a fence longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def joined(words: Sequence[str]) -> str:
    """Words as prose lists them: a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
