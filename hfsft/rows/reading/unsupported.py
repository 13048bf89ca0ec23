"""What changes the meaning of a row in training and cannot be carried: such a row is set aside by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hfsft.rows.reading.row_report import RowReport
from hfsft.rows.shapes.openai import CALLS_FIELDS, RESULT_FIELDS, WEIGHT_FIELDS
from hfsft.rows.spelling import letters
from hfsft.rows.values import absent, holds

TOOL_CALLS = "tool calls in a column of their own: they belong in the turns"
IMAGES = "images or sound, which hfsft does not carry yet (`drop: [images]` leaves them out)"
PAIR = "a preference pair (`format: preference` or `response: chosen` takes the better answer, `drop: [pair]` neither)"
BAD = "marked as a bad answer (`drop: [label]` ignores the mark)"
WEIGHT = "a weight in training (`drop: [weight]` leaves it out)"

IMAGES_FIELDS = ("images", "image", "image_url", "audios", "audio", "videos", "video")

MARKS = ("label", "kto_tag", "desirable", "is_desirable")  # false: the answer is a bad one, as KTO is told

Fields = Sequence[tuple[str, Any]]


def check_row(row: Mapping[str, Any], used: Collection[str], finding: RowReport) -> None:
    """Set the row aside where one of its columns, of those that are not read, makes it mean something else."""
    fields = [(name, value) for name, value in row.items() if name not in used]
    _check(fields, finding)
    if not {"chosen", "rejected"} & set(used):
        answers = list(_of(fields, ("chosen", "rejected")))
        if any(isinstance(answer, str | list | Mapping) and holds(answer) for answer in answers):
            finding.refuse("pair", PAIR)
        if any(mark is True for mark in _of(fields, ("rejected",))) or any(map(_false, _of(fields, ("chosen",)))):
            finding.refuse("label", BAD)
    if any(map(_false, _of(fields, MARKS))):
        finding.refuse("label", BAD)
    _check_weight(fields, finding)


def _of(fields: Fields, names: Collection[str]) -> Iterator[Any]:
    """What stands in the fields of these names, however they are spelt."""
    wanted = set(map(letters, names))
    return (value for name, value in fields if letters(name) in wanted)


def _check(fields: Fields, finding: RowReport) -> None:
    if any(map(holds, _of(fields, (*CALLS_FIELDS, *RESULT_FIELDS)))):
        finding.odd(TOOL_CALLS, above_all=True)
    if any(map(holds, _of(fields, IMAGES_FIELDS))):
        finding.refuse("images", IMAGES)


def _check_weight(fields: Fields, finding: RowReport) -> None:
    if any(weight_of(value) not in (None, 1) for value in _of(fields, WEIGHT_FIELDS)):
        finding.refuse("weight", WEIGHT)


def weight_of(value: Any) -> float | None:
    """The weight that a number or a truth value gives, also one in a text, as CSV has it; None for anything else."""
    if absent(value) or not isinstance(value, bool | int | float | str):
        return None
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return float(value.strip().lower() == "true")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
