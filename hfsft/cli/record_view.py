"""One row as people read it: what became of it, where it comes from, who says what, what was measured."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfsft.cli.console import paint, window, wrapped
from hfsft.models.vectors.numbers import in_words
from hfsft.plain import beside, harmless
from hfsft.release.step_titles import fate_name, step_name
from hfsft.rows.columns import REFERENCE

if TYPE_CHECKING:
    from hfsft.release.rows.exchanges import Exchange
    from hfsft.release.rows.records import Measure, ReleaseRow

INDENT = "  "
LONGEST = 2_000  # characters of one text that are shown; --json has all
WITHHELD = "what it says is not in this build: look where it was read"
FATES = {"train": "good", "validation": "good", "test": "good", "rejected": "bad", "failed": "bad", "not_chosen": "dim"}


def heading(record: ReleaseRow, number: str = "") -> str:
    """The row's id and fate, and for one that fell the rule, the value and the bound."""
    said = paint(harmless(fate_name(record.fate)), FATES.get(record.fate, "note"))
    told = record.verdict
    if told.get("error"):
        said += f" at {told['stage']}: {harmless(str(told['error']))}"
    elif told.get("stage"):
        said += f" by {step_name(told['stage'])}"
        named = told.get("rule") if told["stage"].endswith(".fault") else None  # one of several rules of a step
        parts = dict.fromkeys(harmless(str(part)) for part in (named, told.get("value")) if part is not None)
        said += f": {', '.join(parts)}" if parts else ""
        said += f" ({told['bound']})" if told.get("bound") and told["bound"] != "none" else ""
    if told.get("of"):
        said += f", for {told['of']}"
    return " ".join(part for part in (number, paint(record.id, "head"), said) if part)


def show(
    record: ReleaseRow,
    measures: Sequence[Measure] = (),
    *,
    number: str = "",
    exchanges: Sequence[Exchange] | None = None,
    hide: Sequence[str] = (),
) -> str:
    """The whole record; `exchanges` are what was sent for it, `hide` names columns that are not worth a line."""
    lines = [heading(record, number), *_lineage(record)]
    if record.silent:
        lines.append(paint(f"{INDENT}({WITHHELD})", "dim"))
    for each in record.said():
        lines += field(each.title, each.text)
    if record.row.get(REFERENCE):
        lines += field(REFERENCE, record.row[REFERENCE])
    columns = {name: value for name, value in record.columns().items() if name not in hide}
    bounds = {measure.column: measure for measure in measures}
    for name, value in columns.items():
        measure = bounds.get(name)
        lines += field(name, _number(value, measure), note=_against(measure) if measure else "")
    for name in ("unread",):
        if record.row.get(name):
            lines += field(name, ", ".join(record.row[name]))
    if exchanges is not None:
        lines += sent(exchanges)
    return "\n".join(lines)


def _lineage(record: ReleaseRow) -> Iterator[str]:
    row = record.row
    parts = [str(row.get("source") or ""), str(row.get("origin") or "")]
    if row.get("candidate"):
        parts.append(f"answer {row['candidate']} to the prompt of {row['prompt_id']}")
    elif row.get("parent_id"):
        parts.append(f"from {row['parent_id']} by {row.get('template')}, round {row.get('round')}")
    if row.get("topic"):
        parts.append(f"topic {row['topic']}")
    if row.get("family"):
        parts.append(f"family {row['family']}")
    if record.content:
        parts.append(f"content {record.content}")
    said = wrapped(INDENT + harmless(" · ".join(part for part in parts if part)))
    yield from (paint(line, "dim") for line in said.split("\n"))


def _against(measure: Measure) -> str:
    if not measure.bound:
        return ""
    return f"  {paint(f'({measure.bound})', 'bad' if measure.removed else 'dim')}" + (
        paint("  fell here", "bad") if measure.removed else ""
    )


def sent(exchanges: Sequence[Exchange]) -> Iterator[str]:
    """What each model was sent and what it said."""
    for number, each in enumerate(exchanges, 1):
        yield INDENT + paint(f"{each.stage}: request {number} of {len(exchanges)}, to {each.request.model}", "note")
        for text in (*each.request.texts, *filter(None, [each.request.prompt])):
            yield from field("> text", text, whole=True)
        for message in each.request.messages:
            yield from field(f"> {message['role']}", str(message["content"]), whole=True)
        if each.answer is not None:
            if each.answer.reasoning:
                yield from field("< reasoning", each.answer.reasoning, whole=True)
            said = in_words(each.answer) if each.request.texts else each.answer.text
            yield from field("< answer", said, whole=True)
            if each.answer.finish_reason != "stop":
                yield from field("< ended by", each.answer.finish_reason)
        if each.missing:
            yield from field("< no answer", each.missing)


def field(name: str, value: str, *, whole: bool = False, note: str = "") -> Iterator[str]:
    """A name and its text, and a note of ours: on one line where it fits, else below the name."""
    text = harmless(value)
    if len(text) > LONGEST and not whole:
        text = f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"
    width = window()
    label = f"{INDENT}{paint(harmless(name), 'name')}:"
    if "\n" not in text and (width is None or len(name) + len(text) + 5 <= width):
        yield f"{label} {text}{note}"
        return
    yield label + note
    for line in text.split("\n"):
        if width is None or not line.strip():
            yield f"{INDENT * 2}{line}".rstrip()
        else:
            # What is set in, as code is, stays so on each of its lines.
            yield from textwrap.wrap(
                line.strip(),
                max(width, 30),
                initial_indent=(indent := INDENT * 2 + line[: len(line) - len(line.lstrip())][: width // 2]),
                subsequent_indent=indent,
                break_on_hyphens=False,
            )


def _number(value: Any, measure: Measure | None = None) -> str:
    if isinstance(value, float):
        return beside(measure.bound if measure else "", value, f"{value:.4g}")
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | Mapping) else str(value)
