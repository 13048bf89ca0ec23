"""What a model calls, whether its server gives it in fields or it stands in the text, in the shapes that models write.

<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>
[{"name": "weather", "arguments": {"city": "Oslo"}}]
[weather(city="Oslo")]
<function=weather>{"city": "Oslo"}</function>
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.letters.late_patterns import at_first_use
from hfsft.rows.calls import ARGUMENTS, Call, ShapeError, as_json, calls_of
from hfsft.rows.shapes.hermes import CLOSING, OPENING
from hfsft.tooling.call_faults import CallFault

if TYPE_CHECKING:
    from hfsft.models.model import Answer

_MARKED = at_first_use(
    rf"{OPENING}(?P<hermes>.*?)(?:{CLOSING}|(?={OPENING})|\Z)"
    r"|<function=(?P<name>[\w.:/-]+)>(?P<arguments>.*?)(?:</function>|\Z)"
    r"|<(?:functioncall|function_call)>(?P<glaive>.*?)(?:</(?:functioncall|function_call)>|(?=<functioncall>)|\Z)"
    r"|<\|python_tag\|>(?P<python>.*?)(?:<\|e\w+_id\|>|\Z)"
    r"|\[TOOL_CALLS\](?P<mistral>.*)\Z",
    re.DOTALL,
)
_FENCE = at_first_use(r"\A\s*```[\w-]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_PARAMETER = at_first_use(r"<parameter=([\w.-]+)>\s*(.*?)\s*</parameter>", re.DOTALL)
_PYTHONIC = at_first_use(r"\A\[?[ \t\n]{0,9}[A-Za-z_][\w.]{0,99}\(")  # how it begins; how it ends is looked at apart
_MOST = 20_000  # characters of what may be Python: its reader gets slow and deep on long text
_LONGEST = 120


class SaidOrCalled(NamedTuple):
    """What one answer says: the text without the calls in it, the calls, and why one of them cannot be read."""

    text: str
    calls: list[Call]
    fault: CallFault | None = None


def said_in(answer: Answer, names: Collection[str]) -> SaidOrCalled:
    """The text and the calls of an answer; `names` are those of the tools.

    Where a server gives calls in fields, these are all. Else the text is looked through for the marks around calls, and
    a text that is nothing but a call, or a list of them, is taken for what it is.
    """
    text = answer.text.strip()
    if answer.tool_calls:
        return SaidOrCalled(_MARKED.sub("", text).strip(), [dict(call) for call in answer.tool_calls])
    if _MARKED.search(text):
        try:
            calls = [call for found in _MARKED.finditer(text) for call in _marked(found)]
        except ShapeError as error:
            return SaidOrCalled(text, [], CallFault("unreadable", str(error)))
        return SaidOrCalled(_MARKED.sub("", text).strip(), calls)
    bare = inner[1].strip() if (inner := _FENCE.match(text)) else text
    return SaidOrCalled("", list(found)) if (found := _bare(bare, names)) else SaidOrCalled(text, [])


def _marked(found: re.Match[str]) -> list[Call]:
    """The calls behind one mark. Raises `ShapeError` with what stands there."""
    try:
        return _calls(found)
    except ShapeError:
        raise ShapeError(f"no call can be read in `{_short(found[0])}`") from None


def _calls(found: re.Match[str]) -> list[Call]:
    if name := found["name"]:
        given = _PARAMETER.findall(found["arguments"])
        arguments = as_json({key: _value(text) for key, text in given}) if given else found["arguments"].strip()
        return [{"name": name, "arguments": arguments or "{}"}]
    inner = next(found[group] for group in ("hermes", "glaive", "python", "mistral") if found[group] is not None)
    if nested := re.search(r"<function=([\w.:/-]+)>(.*?)(?:</function>|\Z)", inner, re.DOTALL):  # Qwen3-Coder
        given = _PARAMETER.findall(nested[2])
        return [{"name": nested[1], "arguments": as_json({key: _value(text) for key, text in given})}]
    return calls_of(_loaded(inner.strip()))[0]


def _loaded(text: str) -> Any:
    """The JSON that a text is, with its signs put right where a person would see what is meant. Raises `ShapeError`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    import json_repair

    try:
        found = json_repair.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping | list) or not found:
        raise ShapeError("a tool call is not JSON")
    return found


def _value(text: str) -> Any:
    """A parameter between tags: JSON where it is, else the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _bare(text: str, names: Collection[str]) -> list[Call]:
    """The calls that a text is and nothing else; none for any other text."""
    if text[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        listed = value if isinstance(value, list) else [value]
        if listed and all(map(_is_call, listed)):
            try:
                return calls_of(value)[0]
            except ShapeError:
                return []
    return list(_pythonic(text, names)) if len(text) <= _MOST and _looks_pythonic(text.strip()) else []


def _looks_pythonic(text: str) -> bool:
    return bool(_PYTHONIC.match(text)) and text.rstrip("] \t\n").endswith(")")


def _is_call(value: Any) -> bool:
    function = value.get("function") if isinstance(value, Mapping) else None
    inner = function if isinstance(function, Mapping) else value
    return (
        isinstance(inner, Mapping)
        and isinstance(inner.get("name"), str)
        and any(isinstance(inner.get(key), Mapping | str) for key in ARGUMENTS)
    )


def _pythonic(text: str, names: Collection[str]) -> Iterator[Call]:
    """Calls as Llama and ToolACE write them, `[weather(city="Oslo")]`, of tools that there are."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else [tree]
        calls = [
            {
                "name": ast.unparse(node.func),
                "arguments": as_json({str(each.arg): ast.literal_eval(each.value) for each in node.keywords}),
            }
            for node in nodes
            if isinstance(node, ast.Call) and not node.args
        ]
    except (SyntaxError, ValueError, TypeError, ShapeError, RecursionError, MemoryError):
        return
    if calls and len(calls) == len(nodes) and all(call["name"] in names for call in calls):
        yield from calls


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
