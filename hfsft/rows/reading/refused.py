"""What changes the meaning of a row in training and is not carried yet: such a row is set aside by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hfsft.rows.reading.finding import Finding
from hfsft.rows.values import absent, holds

TOOL_CALLS = "tool calls, which hfsft does not carry yet"
TOOLS = "tools, which hfsft does not carry yet (`drop: [tools]` leaves them out)"
REASONING = "reasoning, which hfsft does not carry yet (`drop: [reasoning]` leaves it out)"
IMAGES = "images or sound, which hfsft does not carry yet (`drop: [images]` leaves them out)"
PAIR = "a preference pair (`response: chosen` takes the better answer, `drop: [pair]` neither)"
BAD = "marked as a bad answer (`drop: [label]` ignores the mark)"
WEIGHT = "a weight in training (`drop: [weight]` leaves it out)"

CALLS_FIELDS = (
    "tool_calls", "tool_call", "function_call", "function_calls", "tool_call_id", "tool_responses", "tool_results",
    "tool_use", "tool_uses",
)  # fmt: skip
TOOLS_FIELDS = (
    "tools", "functions", "available_tools", "available_functions", "tool_definitions", "function_definitions",
)  # fmt: skip
REASONING_FIELDS = (
    "reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks", "thoughts", "thought",
    "chain_of_thought", "cot", "think", "thinking_content", "thought_process", "reasoning_trace", "reasoning_text",
)  # fmt: skip
IMAGES_FIELDS = ("images", "image", "image_url", "audios", "audio", "videos", "video")
WEIGHT_FIELDS = ("weight", "loss_weight", "sample_weight", "train", "loss", "loss_mask")
REASONING_PARTS = ("thinking", "redacted_thinking", "reasoning", "reasoning_text")
TOOL_PARTS = ("tool_use", "tool_result", "tool_call", "tool_calls", "function_call", "function_call_output")
TOOL_ROLES = frozenset((
    "tool", "tools", "tool_call", "tool_calls", "tool_response", "tool_responses", "tool_result", "tool_results",
    "function", "function_call", "function_calls", "function_response", "function_result", "observation", "ipython",
))  # fmt: skip

Fields = Sequence[tuple[str, Any]]


def check_row(row: Mapping[str, Any], used: Collection[str], finding: Finding) -> None:
    """Set the row aside where one of its columns, of those that are not read, makes it mean something else."""
    fields = [(name, value) for name, value in row.items() if name not in used]
    _check(fields, finding)
    if "chosen" not in used:
        answers = list(_of(fields, ("chosen", "rejected")))
        if any(isinstance(answer, str | list | Mapping) and holds(answer) for answer in answers):
            finding.refuse("pair", PAIR)
        if any(mark is True for mark in _of(fields, ("rejected",))) or any(map(_false, _of(fields, ("chosen",)))):
            finding.refuse("label", BAD)
    if any(map(_false, _of(fields, ("label",)))):
        finding.refuse("label", BAD)
    _check_weight(fields, finding)


def check_turn(turn: Mapping[str, Any], role: str | None, finding: Finding) -> None:
    """The same for the fields of one turn; a weight counts where the model is to learn from it."""
    fields = list(turn.items())
    _check(fields, finding)
    if role == "assistant":
        _check_weight(fields, finding)


def check_role(name: str, finding: Finding) -> bool:
    """Whether the role is that of a tool, for which the row is set aside."""
    if bare(name) not in TOOL_ROLES:
        return False
    finding.odd(TOOL_CALLS, above_all=True)
    return True


def check_part(part: Any, finding: Finding) -> None:
    """Set the row aside for a part of a turn that is no text."""
    kind = bare(str(part.get("type"))) if isinstance(part, Mapping) else ""
    if kind in REASONING_PARTS:
        finding.refuse("reasoning", REASONING)
    elif kind in TOOL_PARTS:
        finding.odd(TOOL_CALLS, above_all=True)
    elif any(word in kind for word in ("image", "audio", "video", "file", "document")):
        finding.odd("a turn with an image, sound or file, which hfsft does not carry yet")
    else:
        finding.odd("a turn is not text")


def bare(name: str) -> str:
    """A name without regard to case, dashes and spaces."""
    return "_".join(name.replace("-", " ").replace("_", " ").lower().split())


def letters(name: str) -> str:
    """A name without regard to how its words are told apart: `toolCalls` is `tool_calls`."""
    return bare(name).replace("_", "")


def _of(fields: Fields, names: Collection[str]) -> Iterator[Any]:
    """What stands in the fields of these names, however they are spelt."""
    wanted = set(map(letters, names))
    return (value for name, value in fields if letters(name) in wanted)


def _check(fields: Fields, finding: Finding) -> None:
    def any_of(names: tuple[str, ...]) -> bool:
        return any(map(holds, _of(fields, names)))

    if any_of(CALLS_FIELDS):
        finding.odd(TOOL_CALLS, above_all=True)
    if any_of(TOOLS_FIELDS):
        finding.refuse("tools", TOOLS)
    if any_of(REASONING_FIELDS):
        finding.refuse("reasoning", REASONING)
    if any_of(IMAGES_FIELDS):
        finding.refuse("images", IMAGES)


def _check_weight(fields: Fields, finding: Finding) -> None:
    for value in _of(fields, WEIGHT_FIELDS):
        if _false(value) or _number(value) not in (None, 1):
            finding.refuse("weight", WEIGHT)


def _number(value: Any) -> float | None:
    """A number, also one in a text, as CSV has it; None for anything else."""
    if absent(value) or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
