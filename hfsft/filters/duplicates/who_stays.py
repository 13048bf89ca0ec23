"""Which of several alike rows stays, as a key of each row: the smallest is preferred."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import date, datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from hfsft.errors import UserError
from hfsft.rows.columns import adjusted_of, ranked_by, score_of
from hfsft.rows.row import PEOPLE
from hfsft.rows.views import response

if TYPE_CHECKING:
    from hfsft.engine.adding import Columns

Keep = Literal["preferred", "best", "longest", "people", "newest"]
Key = Callable[[int], tuple[Any, ...]]

PREFERRED = ("id", "origin", "round")
"""The columns that say which of several alike rows is preferred, where nothing else does."""
ANSWER = ("messages", "dialect")  # what a response needs beside itself to be read


def reads_of(keep: Keep, by: str | None) -> tuple[str, ...]:
    """The columns without which nobody can choose so."""
    if keep == "best":
        return (by or score_of("mean"),)
    if keep == "longest":
        return ("response",)
    return (by,) if keep == "newest" and by else ()


def optional_of(keep: Keep, by: str | None) -> tuple[str, ...]:
    """Those that are used beside them where they exist."""
    if keep == "best" and by is None:
        return (adjusted_of("mean"),)
    return ANSWER if keep == "longest" else ()


def keys_of(rows: Columns, keep: Keep, by: str | None, who: str | None, numbers: Sequence[int] | None = None) -> Key:
    """What rows are ordered by, by their places, before their ids.

    Raises `UserError` where no row has a number, or a date, in the column that decides; where these are not all rows,
    `who` is None, and `numbers` are those of the rows among all.
    """
    count = len(rows)
    origins, rounds = (rows[name] if name in rows else [None] * count for name in ("origin", "round"))

    def usual(place: int) -> tuple[Any, ...]:
        grown = rounds[place] if isinstance(rounds[place], int) else 0
        return PEOPLE.get(str(origins[place]), len(PEOPLE)), grown

    if keep == "people":
        return lambda place: (str(origins[place]) not in PEOPLE, usual(place)[1])
    if keep == "preferred":
        return usual
    ranks = _ranks(rows, keep, by, who, numbers)
    return lambda place: (ranks[place], *usual(place))


def _ranks(
    rows: Columns, keep: Keep, by: str | None, who: str | None, numbers: Sequence[int] | None
) -> Sequence[float]:
    """For each row a number, the smallest for the one that stays."""
    if keep == "longest":
        names = [name for name in ("response", *ANSWER) if name in rows]
        columns = [rows[name] for name in names]
        answers = (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
        return [-len(response(row) or "") for row in answers]
    name = by_column(rows.column_names, keep, by)
    if name is None:
        return [-number for number in (range(len(rows)) if numbers is None else numbers)]
    found = read_by(rows[name], keep)
    if who is not None and any(value is not None for value in rows[name]) and all(value is None for value in found):
        refuse(who, keep, name, next(value for value in rows[name] if value is not None))
    return [float("inf") if value is None else -value for value in found]


def by_column(names: Collection[str], keep: Keep, by: str | None) -> str | None:
    """The column whose numbers or dates say which of rows with these columns stays; None where no such column does."""
    if keep == "best" or (keep == "newest" and by is not None):
        return by or ranked_by(list(names))
    return None


def read_by(values: Sequence[Any], keep: Keep) -> list[float | None]:
    """The numbers or dates of a column by which rows are chosen; None where a value is none."""
    return list(map(_number if keep == "best" else _moment, values))


def refuse(who: str, keep: Keep, name: str, first: Any) -> NoReturn:
    """Say that no row has a value to choose by. Raises `UserError`."""
    wanted = "a number" if keep == "best" else "a date as in 2026-03-31, or a number"
    raise UserError(f"{who} keeps the {keep} by {name}, where no row has {wanted}: {str(first)[:40]!r}")


def _number(value: Any) -> float | None:
    """A number, or one that stands as text, as kept columns have it; None for anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if found == found else None


def _moment(value: Any) -> float | None:
    """A date (ISO 8601, or as in mails) as seconds, in UTC where it names no zone; a number as it is; else None."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, str) and _number(value) is None:
        value = _parsed(value.strip())
    if not isinstance(value, datetime):
        return _number(value)
    return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()


def _parsed(text: str) -> datetime | None:
    text = text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    with suppress(TypeError, ValueError, IndexError):
        return parsedate_to_datetime(text)
    return None
