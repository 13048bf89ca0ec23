"""What tools give back: a result from the recipe's own list, or one that a model writes. Nothing is ever run."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hfsft.errors import AnswerError, unusable
from hfsft.hashing import sampling_seed
from hfsft.models.model import Answer, Request
from hfsft.prompts import Prompt
from hfsft.rows.calls import as_json
from hfsft.rows.messages import Message
from hfsft.rows.views import in_lines
from hfsft.tooling.call_faults import canonical
from hfsft.tooling.tool_schemas import Tool

FOLDER = "tools"
VARIABLES = ("tool", "tool_description", "parameters", "arguments", "conversation", "results", "instruction", "topic")
"""What a template of a result may use beside the recipe's own words."""
_FENCE = re.compile(r"\A```[\w-]*\s*\n(.*?)\n?```\Z", re.DOTALL)


class Canned:
    """Results by tool and arguments; one without arguments is the tool's for all that are not listed."""

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Raises ValueError, in words, for an entry that is none."""
        self._found: dict[tuple[str, str | None], str] = {}
        for number, entry in enumerate(entries, 1):
            name, given = entry.get("name"), entry.get("arguments")
            if not isinstance(name, str) or "result" not in entry:
                raise ValueError(f"result {number} needs the keys name and result, and may have arguments")
            self._found[name, None if given is None else canonical(given)] = _text(entry["result"])

    @property
    def tools(self) -> set[str]:
        """The names of the tools that it knows results of."""
        return {name for name, _ in self._found}

    def of(self, call: Mapping[str, Any]) -> str | None:
        """The result of a call, None where there is none."""
        exact = self._found.get((call["name"], canonical(call["arguments"])))
        return self._found.get((call["name"], None)) if exact is None else exact


def entries_in(path: Path) -> list[Mapping[str, Any]]:
    """The entries of a file of results: a JSON list, or an object a line. ValueError, in words, where it has none."""
    text = path.read_text("utf-8-sig")
    try:
        found = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in _lines(text)]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is neither a JSON list nor JSON lines: {error}") from None
    if not found or not all(isinstance(entry, Mapping) for entry in found):
        raise ValueError(f"{path.name} holds no list of objects with name, arguments and result")
    return found


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _text(result: Any) -> str:
    return result if isinstance(result, str) else as_json(result)


@dataclass(frozen=True)
class Results:
    """Where results come from: `canned` first, then a model where there is a `prompt` for it."""

    canned: Canned
    prompt: Prompt | None
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    chosen: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)  # what every template may use of the recipe

    def of(
        self, call: Mapping[str, Any], tool: Tool, said: Sequence[Message], row: Mapping[str, Any], tag: str
    ) -> Generator[Request, Answer, str]:
        """The result of one call; `said` is the conversation up to it, `tag` tells its seed from those of others.

        Raises `AnswerError` where the list has none and nobody writes one, and where nothing was written.
        """
        if (result := self.canned.of(call)) is not None:
            return result
        if self.prompt is None:
            shown = f"{call['name']}({call['arguments']})"
            raise AnswerError("no_result", f"`results` lists none of {shown}: add one, or write `unknown: simulate`")
        turns = [turn for turn in said if turn["role"] != "system"]
        prompt = self.prompt.render(
            **self.values,
            tool=tool.name,
            tool_description=tool.description,
            parameters=as_json(tool.parameters),
            arguments=call["arguments"],
            conversation=in_lines(turns),
            results=[turn["content"] for turn in turns if turn["role"] == "tool"],
            instruction=row.get("instruction") or "",
            topic=row.get("topic"),
        )
        answer = yield Request(
            model=self.model,
            messages=({"role": "user", "content": prompt},),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], tag),
            chosen=self.chosen,
        )
        result = _bare(answer.text)
        if not result:
            raise unusable("empty", f"the model wrote no result of {call['name']}")
        return result


def _bare(text: str) -> str:
    """A result without a fence around it; JSON in one line."""
    text = text.strip()
    if found := _FENCE.match(text):
        text = found[1].strip()
    try:
        return as_json(json.loads(text)) if text[:1] in ("{", "[") else text
    except (ValueError, RecursionError):
        return text
