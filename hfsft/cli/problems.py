"""Errors as the terminal shows them: each alike, and for a recipe's with the line that is meant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.cli.console import paint, remark, window
from hfsft.errors import RecipeError
from hfsft.keys import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hfsft.errors import HfsftError, Place, Problem

HiddenFrom = dict[tuple[str, int], int]
"""File and line -> the column that a secret begins in; nothing from there on is shown."""

WIDEST = 100  # characters of a line that are shown where there is no terminal


def told(error: HfsftError) -> str:
    """`error: ...` for each problem, with its line where it stands in a recipe."""
    if not isinstance(error, RecipeError):
        return remark("error", str(error), sys.stderr)
    hidden = _hidden(error.problems)
    return "\n".join(_problem(problem, hidden) for problem in error.problems)


def _hidden(problems: Sequence[Problem]) -> HiddenFrom:
    found: HiddenFrom = {}
    for each in problems:
        for number in range(each.hides):
            line = (each.place.file, each.place.line + number)
            found[line] = min(found.get(line, WIDEST**2), 1 if number else each.place.column)
    return found


def _problem(problem: Problem, hidden: Mapping[tuple[str, int], int]) -> str:
    said = remark("error", str(problem), sys.stderr)
    place = problem.place
    line = _line(place, hidden.get((place.file, place.line), 0))
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


def _line(place: Place, secret: int) -> str | None:
    """The line of a file that a place names, with stars from the column of a secret on; None where there is none."""
    if not (place.line and place.column):
        return None
    try:
        lines = Path(place.file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError):
        return None
    if place.line > len(lines):
        return None
    line = masked(lines[place.line - 1])
    if secret:
        line = line[: secret - 1] + "*" * len(line[secret - 1 :])
    return "".join(letter if letter.isprintable() or letter == "\t" else " " for letter in line).rstrip() or None


def _part(line: str, column: int) -> tuple[int, str]:
    """The part of a long line around a column, and where it begins."""
    room = max(20, (window(sys.stderr) or WIDEST + 8) - 8)
    start = 0 if len(line) <= room or column < room - 10 else max(0, column - room // 2)
    return start, line[start : start + room]
