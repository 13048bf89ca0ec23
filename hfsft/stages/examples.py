"""Examples: complete human-written rows that join the data and pass the same filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from hfsft.errors import Place, SourceError
from hfsft.plan.step import Row
from hfsft.readers import Table
from hfsft.stages.base import Section

Format = Literal["auto", "columns", "alpaca", "sharegpt", "messages", "prompt_completion"]

# What people call the two texts of a row; the first name that the table has counts.
INSTRUCTION_COLUMNS = ("instruction", "prompt", "question", "query")
RESPONSE_COLUMNS = ("response", "output", "completion", "answer")
CONTEXT_COLUMNS = ("context", "input")

SHAREGPT_ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "bard": "assistant",
    "bing": "assistant",
    "model": "assistant",
    "system": "system",
}


class ExampleRow(Section):
    """One row written in the recipe."""

    instruction: str = Field(min_length=1, description="What the user says.")
    response: str = Field(min_length=1, description="What the assistant answers.")
    context: str | None = Field(None, description="Text that belongs to the instruction, shown below it.")
    system: str | None = Field(None, description="The system prompt.")
    topic: str | None = Field(None, description="The row's topic.")


class ExampleRows(Section):
    """Examples written in the recipe itself."""

    rows: list[ExampleRow] = Field(min_length=1, description="The rows.")

    def identity(self, base: Path) -> dict[str, Any]:
        """What the rows depend on."""
        return self.model_dump(mode="json")

    def texts(self, base: Path) -> Iterator[tuple[Row, str | None]]:
        """The texts of each row; written by hand, none has a defect."""
        for row in self.rows:
            yield row.model_dump(), None


class ExampleTable(Section):
    """Examples from a file or a dataset, in any of the usual formats."""

    path: str = Field(min_length=1, description="A .jsonl, .json, .csv, .tsv or .parquet file, or a dataset.")
    split: str | None = Field(None, description="The dataset's split.")
    config: str | None = Field(None, description="The dataset's configuration.")
    revision: str | None = Field(None, description="The dataset's revision on the Hub.")
    format: Format = Field("auto", description="How rows are written; `auto` tells by the columns.")
    instruction: str | None = Field(None, description="Column of the instruction, for format columns.")
    response: str | None = Field(None, description="Column of the response, for format columns.")
    context: str | None = Field(None, description="Column of a text that belongs to the instruction.")
    system: str | None = Field(None, description="Column of the system prompt.")
    topic: str | None = Field(None, description="Column of the topic.")
    limit: int | None = Field(None, ge=1, description="Read only the first rows.")

    def identity(self, base: Path) -> dict[str, Any]:
        """What the rows depend on: how columns are read, and a hash of the data."""
        read = self.model_dump(mode="json", exclude={"path", "split", "config", "revision"})
        return {**read, "table": self._table(base).identity()}

    def texts(self, base: Path) -> Iterator[tuple[Row, str | None]]:
        """The texts of each row, and what is wrong with it (None for a sound one).

        Raises `SourceError` where no row could be read this way: no rows, or none of the columns.
        """
        how: Format | None = None
        for place, row in islice(self._table(base).rows(), self.limit):
            how = how or self._format(row, place)
            if how in ("sharegpt", "messages"):
                yield from _conversation(row, how, self.system, self.topic)
            elif how == "prompt_completion" and isinstance(row["prompt"], list):
                turns = {"messages": [*row["prompt"], *(row["completion"] or [])]}
                yield from _conversation(turns, "messages", None, None)
            else:
                yield _single(row, self._columns(row, place))
        if how is None:
            raise SourceError(f"{self.path}: has no rows")

    def _table(self, base: Path) -> Table:
        return Table(self.path, base, self.split, self.config, self.revision)

    def _format(self, row: Mapping[str, Any], place: Place) -> Format:
        if self.format != "auto":
            needed = {
                "sharegpt": ("conversations",),
                "messages": ("messages",),
                "alpaca": ("instruction", "output"),
                "prompt_completion": ("prompt", "completion"),
            }.get(self.format, ())
            missing = [name for name in needed if name not in row]
            if missing:
                listed = ", ".join(row)
                raise SourceError(f"{place}: format {self.format} needs {', '.join(missing)} (the row has {listed})")
            return self.format
        if self.instruction or self.response:
            return "columns"
        if isinstance(row.get("messages"), list):
            return "messages"
        if isinstance(row.get("conversations"), list):
            return "sharegpt"
        if "prompt" in row and "completion" in row:
            return "prompt_completion"
        return "columns"

    def _columns(self, row: Mapping[str, Any], place: Place) -> dict[str, str | None]:
        """Which column holds which text."""

        def find(named: str | None, usual: tuple[str, ...], required: str = "") -> str | None:
            if named is not None and named not in row:
                raise SourceError(f"{place}: no column {named!r} (the row has {', '.join(row)})")
            found = named or next((name for name in usual if name in row), None)
            if found is None and required:
                listed = ", ".join(row)
                raise SourceError(
                    f"{place}: no column holds the {required} (name it with {required}:; it has {listed})"
                )
            return found

        return {
            "instruction": find(self.instruction, INSTRUCTION_COLUMNS, "instruction"),
            "response": find(self.response, RESPONSE_COLUMNS, "response"),
            "context": find(self.context, CONTEXT_COLUMNS),
            "system": find(self.system, ("system",)),
            "topic": find(self.topic, ("topic",)),
        }


def _single(row: Mapping[str, Any], columns: Mapping[str, str | None]) -> tuple[Row, str | None]:
    texts: Row = {}
    defect = None
    for name, column in columns.items():
        value = row[column] if column and column in row else None
        if isinstance(value, str):
            texts[name] = value.strip() or None
        elif value is not None:
            defect = defect or f"{name} is not text"
    for name in ("instruction", "response"):
        if defect is None and not texts.get(name):
            defect = f"no {name}"
    return texts, defect


def _conversation(
    row: Mapping[str, Any], how: str, system_column: str | None, topic_column: str | None
) -> Iterator[tuple[Row, str | None]]:
    """A conversation as texts: one turn as instruction and response, more as messages, the system apart."""
    role_key, text_key, name = (
        ("from", "value", "conversations") if how == "sharegpt" else ("role", "content", "messages")
    )
    turns, defect = _turns(row.get(name), role_key, text_key)
    system = row.get(system_column or "system")
    texts: Row = {"system": system if isinstance(system, str) and system.strip() else None}
    topic = row.get(topic_column or "topic")
    texts["topic"] = topic if isinstance(topic, str) else None
    if turns and turns[0]["role"] == "system":
        texts["system"] = turns.pop(0)["content"]
    texts["instruction"] = next((turn["content"] for turn in turns if turn["role"] == "user"), None)
    texts["response"] = next((turn["content"] for turn in reversed(turns) if turn["role"] == "assistant"), None)
    defect = defect or _order_defect([turn["role"] for turn in turns])
    if len(turns) > 2 or defect:
        texts["messages"] = turns
    yield texts, defect


def _turns(value: Any, role_key: str, text_key: str) -> tuple[list[dict[str, str]], str | None]:
    if not isinstance(value, list) or not value:
        return [], "no conversation"
    turns: list[dict[str, str]] = []
    defect = None
    for turn in value:
        if not isinstance(turn, Mapping):
            return turns, "a turn is not an object"
        role = SHAREGPT_ROLES.get(str(turn.get(role_key)), str(turn.get(role_key)))
        text = _flat(turn.get(text_key))
        if text is None:
            defect = defect or "a turn is not text"
        elif not text.strip():
            defect = defect or f"empty {role} turn"
        turns.append({"role": role, "content": (text or "").strip()})
    return turns, defect


def _flat(content: Any) -> str | None:
    """Text of a turn: a string, or a list of parts that are all text."""
    if isinstance(content, str):
        return content
    if (
        isinstance(content, list)
        and content
        and all(isinstance(p, Mapping) and p.get("type") == "text" for p in content)
    ):
        return "\n".join(str(part.get("text") or part.get("value") or "") for part in content)
    return None


def _order_defect(roles: list[str]) -> str | None:
    """What is wrong with the order of roles: user and assistant take turns, the assistant has the last word."""
    for role in roles:
        if role not in ("user", "assistant"):
            return f"unknown role {role}"
    if not roles or roles[0] != "user":
        return "does not begin with the user"
    if roles[-1] != "assistant":
        return "does not end with the assistant"
    if any(a == b for a, b in pairwise(roles)):
        return "two turns in a row by one role"
    return None
