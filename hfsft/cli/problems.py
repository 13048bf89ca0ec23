"""Errors as the terminal shows them: each alike, and for a recipe's with the line that is meant."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.cli.console import paint, remark, window
from hfsft.errors import LOOKS_LIKE_KEY, RecipeError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hfsft.errors import HfsftError, Place, Problem

SECRET = "secret"  # noqa: S105 (a word of the messages about one: the line that holds it is not shown)
WIDEST = 100  # characters of a line that are shown where there is no terminal


def told(error: HfsftError) -> str:
    """`error: ...` for each problem, with its line where it stands in a recipe."""
    if not isinstance(error, RecipeError):
        return remark("error", str(error), sys.stderr)
    secret = {(each.place.file, each.place.line) for each in error.problems if SECRET in each.message}
    return "\n".join(_problem(problem, secret) for problem in error.problems)


def as_json(problems: Sequence[Problem]) -> str:
    """Problems as a JSON list."""
    found = [{**asdict(each.place), "message": each.message, "help": each.help} for each in problems]
    return json.dumps(found, ensure_ascii=False, indent=2)


def _problem(problem: Problem, secret: Collection[tuple[str, int]]) -> str:
    said = remark("error", str(problem), sys.stderr)
    place = problem.place
    line = None if (place.file, place.line) in secret else _line(place)
    if line is None:
        return said
    start, shown = _part(line, place.column - 1)
    number = f"{place.line:>5}"
    # The same blanks and tabs stand below: so the mark is where the eye looks for it.
    blank = "".join(letter if letter == "\t" else " " for letter in shown[: place.column - 1 - start])
    return (
        f"{said}\n{paint(f'{number} |', 'dim', sys.stderr)} {shown}\n"
        f"{paint(f'{chr(32) * len(number)} |', 'dim', sys.stderr)} {blank}{paint('^', 'error', sys.stderr)}"
    )


def _line(place: Place) -> str | None:
    """The line of a file that a place names; None where there is none to show."""
    if not (place.line and place.column):
        return None
    try:
        lines = Path(place.file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError):
        return None
    if place.line > len(lines) or LOOKS_LIKE_KEY.search(lines[place.line - 1]):
        return None
    line = "".join(letter if letter.isprintable() or letter == "\t" else " " for letter in lines[place.line - 1])
    return line.rstrip() or None


def _part(line: str, column: int) -> tuple[int, str]:
    """The part of a long line around a column, and where it begins."""
    room = max(20, (window(sys.stderr) or WIDEST + 8) - 8)
    start = 0 if len(line) <= room or column < room - 10 else max(0, column - room // 2)
    return start, line[start : start + room]
