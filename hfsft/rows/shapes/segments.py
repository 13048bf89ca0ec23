"""Pieces of one text, each marked whether it is trained on, as axolotl's `input_output` has them.

{"segments": [{"label": false, "text": "<s>Is it cold in Oslo?\n"}, {"label": true, "text": "Yes, 3 degrees.</s>"}]}

The pieces may be written with a chat template's marks: then these say who speaks, and the labels which answers have a
weight. Without such marks, what is trained on is the assistant's, and all else the user's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from hfsft.rows.calls import ShapeError
from hfsft.rows.shapes.shape import Item, Shape
from hfsft.rows.values import listed

COLUMN = "segments"
TEMPLATES = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"<\|im_start\|>(?P<role>\w+)\n(?P<text>.*?)(?:<\|im_end\|>|\Z)",  # ChatML
        r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>\n*(?P<text>.*?)(?:<\|eot_id\|>|\Z)",  # Llama 3
        r"<start_of_turn>(?P<role>\w+)\n(?P<text>.*?)(?:<end_of_turn>|\Z)",  # Gemma
        r"<\|(?P<role>system|user|assistant)\|>\n(?P<text>.*?)(?:<\|end\|>|</s>|(?=<\|(?:system|user|assistant)\|>)|\Z)",
        r"(?P<user>\[INST\])\s*(?P<text>.*?)\s*\[/INST\]|(?P<assistant>(?<=\[/INST\]))(?P<said>.*?)(?:</s>|(?=\[INST\])|\Z)",
    )
)
"""Turns as templates write them; a role, or the name of the group that says it."""
SYSTEM = re.compile(r"<<SYS>>\s*(.*?)\s*<</SYS>>", re.DOTALL)
MARKS = re.compile(r"<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|(?:system|user|assistant)\|>|\[INST\]")
ENDS = re.compile(r"<s>|</s>|<bos>|<eos>|<\|(?:begin_of_text|end_of_text|endoftext|eot_id|im_end)\|>")
"""Marks around a text, which the template of whoever trains writes anew."""


def _pieces(item: Item) -> list[tuple[str, bool]] | None:
    """Text and label of each piece; None where the item has no such column."""
    found = listed(item.get(COLUMN))
    if not found or not all(map(is_piece, found)):
        return None
    return [(piece["text"], bool(piece["label"])) for piece in found]


def is_piece(value: Any) -> bool:
    """Whether the value is an object with a text and its label."""
    return (
        isinstance(value, Mapping) and isinstance(value.get("text"), str) and isinstance(value.get("label"), bool | int)
    )


def _read(item: Item) -> Item:
    pieces = _pieces(item)
    if pieces is None:
        raise ShapeError(f"no `{COLUMN}` with a `text` and a `label` (true, false) each")
    rest = {name: value for name, value in item.items() if name != COLUMN}
    whole = "".join(text for text, _ in pieces)
    return {**rest, "messages": _by_template(whole, pieces) if MARKS.search(whole) else _by_label(pieces)}


def _by_label(pieces: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    """What follows one another with the same label is one turn."""
    turns = []
    for trained, run in groupby(pieces, key=lambda piece: piece[1]):
        text = ENDS.sub("", "".join(text for text, _ in run)).strip()
        if text:
            turns.append({"role": "assistant" if trained else "user", "content": text})
    return turns


def _by_template(whole: str, pieces: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    """Turns by the marks of the first template that all of the text is written with."""
    for template in TEMPLATES:
        found = list(template.finditer(whole))
        if found and not ENDS.sub("", template.sub("", whole)).strip():
            return [turn for each in found for turn in _turns(each, pieces)]
    raise ShapeError("marks of a chat template that is not known, or text between its turns")


def _turns(found: re.Match[str], pieces: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    """The turn between two marks, behind the system prompt where that stands in it, as Llama 2 has it."""
    groups = found.groupdict()
    role = groups.get("role") or ("user" if groups.get("user") is not None else "assistant")
    name = "said" if groups.get("said") is not None else "text"
    text, labels = ENDS.sub("", found[name]).strip(), _labels(found.span(name), pieces)
    if role in ("assistant", "model"):
        if len(labels) > 1:
            raise ShapeError("an answer of which only a part is trained on, which no weight of a turn says")
        return [{"role": "assistant", "content": text, **({"weight": 0} if labels == {False} else {})}]
    if True in labels:
        raise ShapeError(f"a turn of the {role} that is trained on, which no weight says")
    if system := SYSTEM.match(text):
        return [{"role": "system", "content": system[1]}, {"role": role, "content": text[system.end() :].strip()}]
    return [{"role": role, "content": text}]


def _labels(span: tuple[int, int], pieces: Sequence[tuple[str, bool]]) -> set[bool]:
    """The labels of what stands between two places of the whole text, but for space."""
    start, end = span
    labels, place = set(), 0
    for text, trained in pieces:
        if text[max(start - place, 0) : max(end - place, 0)].strip():
            labels.add(trained)
        place += len(text)
    return labels


SEGMENTS = Shape(
    "segments",
    "`segments`: pieces of a text with `text` and `label` (whether it is trained on), as axolotl's input_output",
    read=_read,
    tells=lambda item: _pieces(item) is not None,
)
