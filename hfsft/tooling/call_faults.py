"""What is wrong with the calls of a turn, seen from the tools that there are.

Source of the checks: Liu et al. 2024, "APIGen" (arXiv 2406.18518), section 3.2: the format of a call, then whether it
could be run: the function is known, its arguments fit. Whether a call is what the user wanted is for a judge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.placeholders import stands_for_value
from hfsft.rows.calls import as_json
from hfsft.sandbox.json_schemas import misfit
from hfsft.tooling.tool_schemas import Tool

Cause = Literal[
    "unreadable", "unknown_tool", "not_json", "missing_argument", "unknown_argument", "wrong_argument", "placeholder",
    "repeated", "unwanted", "no_call",
]  # fmt: skip
"""Why a call cannot be used:

- `unreadable`: it is no call at all, as XML around what is no JSON.
- `unknown_tool`: there is no tool of that name.
- `not_json`: its arguments are no JSON object.
- `missing_argument`: it lacks one that is required.
- `unknown_argument`: it gives one that the tool does not name.
- `wrong_argument`: one does not fit its schema, such as a text where a number belongs.
- `placeholder`: one is no value but stands for one, such as `<city>` or `your_api_key`.
- `repeated`: the same call stands in the turn twice.
- `unwanted`: it can be used, where the right answer calls nothing, or as many were made as there may be.
- `no_call`: there is none, where the answer must begin with one.
"""
CAUSES: tuple[Cause, ...] = get_args(Cause)
_PLACEHOLDER = at_first_use(
    r"<[A-Za-z][\w -]*>|\{\{?[A-Za-z][\w -]*\}?\}|\[(?:your|insert|the|enter)[ _][\w -]*\]"
    r"|(?:your|insert|enter)_\w+|YOUR[_-][A-Z_-]+|placeholder|tbd"
    r"|to be (?:provided|determined|specified|confirmed)|not (?:provided|specified|given)",
    re.IGNORECASE,
)
_LONGEST = 160


class CallFault(NamedTuple):
    """One thing that is wrong with one call."""

    cause: Cause
    message: str  # a clause for the model, without a full stop

    def __str__(self) -> str:
        return f"{self.cause}: {self.message}"


def faults(calls: Sequence[Mapping[str, Any]], tools: Sequence[Tool]) -> list[CallFault]:
    """What is wrong with each call that cannot be used, the first thing of each; none where all can be."""
    known = {tool.name: tool for tool in tools}
    found, seen = [], set[str]()
    for call in calls:
        fault = _fault(call, known)
        same = f"{call.get('name')} {canonical(call.get('arguments'))}"
        if fault is None and same in seen:
            fault = CallFault("repeated", f"{call['name']} is called twice with the same arguments")
        seen.add(same)
        found += [fault] if fault else []
    return found


def canonical(arguments: Any) -> str:
    """Arguments as JSON in which neither spaces nor the order of names count; what is no JSON as it is."""
    try:
        value = json.loads(arguments or "{}") if isinstance(arguments, str) or arguments is None else arguments
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return str(arguments)


def _fault(call: Mapping[str, Any], known: Mapping[str, Tool]) -> CallFault | None:
    name = str(call.get("name") or "")
    tool = known.get(name)
    if tool is None:
        listed = f"the tools are {', '.join(known)}" if known else "there are no tools"
        return CallFault("unknown_tool", f"there is no tool `{_short(name)}`; {listed}")
    try:
        arguments = json.loads(call.get("arguments") or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        said = _short(str(call.get("arguments")))
        return CallFault("not_json", f"the arguments of {name} are no JSON object: {said}")
    return next(_wrong(tool, arguments), None)


def _wrong(tool: Tool, arguments: dict[str, Any]) -> Iterator[CallFault]:
    if missing := [name for name in tool.required if name not in arguments]:
        yield CallFault("missing_argument", f"the call of {tool.name} lacks {_named(missing)}, which it requires")
    if not tool.open and (more := [name for name in arguments if name not in tool.properties]):
        takes = f"it takes {', '.join(tool.properties)}" if tool.properties else "it takes none"
        yield CallFault("unknown_argument", f"{tool.name} has no argument {_named(more)}; {takes}")
    if error := _misfit(tool, arguments):
        yield CallFault("wrong_argument", f"the arguments of {tool.name} do not fit its schema: {error}")
    for name, value in arguments.items():
        allowed = tool.properties.get(name)
        listed = isinstance(allowed, Mapping) and ("enum" in allowed or "const" in allowed)
        if isinstance(value, str) and not listed and _stands_for_nothing(value.strip()):
            yield CallFault("placeholder", f"{name} of {tool.name} is `{_short(value)}`, which is no value")


def _stands_for_nothing(value: str) -> bool:
    """Whether a value is none; one that was personal data, or a secret, is one."""
    return _PLACEHOLDER.fullmatch(value) is not None and not stands_for_value(value)


def _misfit(tool: Tool, arguments: dict[str, Any]) -> str:
    """The first way in which arguments do not fit, in words; empty where they do, or the schema cannot be read."""
    found = misfit(arguments, as_json(tool.parameters))
    if found is None:
        return ""
    way, message = found
    return _short(f"{way}: {message}" if way else message)


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{_short(name)}`" for name in names)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
