"""Which column of a table holds question, answer, turns and the rest: decided once, from its first rows, for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hfsft.errors import SourceError, closest
from hfsft.rows.reading.turns import LISTS, has_turns, is_conversation
from hfsft.rows.shapes import SEED_PROMPTS, SHAPES, Format
from hfsft.rows.shapes.openai import REASONING_FIELDS, TOOLS_FIELDS
from hfsft.rows.spelling import letters
from hfsft.rows.tables.delimited import DELIMITERS
from hfsft.rows.values import holds, printable

LOOKED_AT = 1000  # rows that settle the columns of a table
LISTED = 20  # names of columns that a message lists

# What people call the parts of a row; the first name that the table has counts, what holds something before the rest.
USUAL: Mapping[str, tuple[str, ...]] = {
    "messages": LISTS,
    "instruction": ("instruction", "prompt", "question", "query", "input"),
    "response": ("response", "output", "completion", "answer"),
    "context": ("context", "input"),
    "system": ("system", "system_prompt", "system_message", "system_instruction"),
    "topic": ("topic",),
    "history": ("history",),
    "reasoning": REASONING_FIELDS,
    "tools": TOOLS_FIELDS,
}
SEVERAL = ("context", "system", "reasoning", "tools")  # parts that may stand in more than one column
OF_ANSWERS = ("response", "reasoning", "tools", "history")  # parts that a seed has no use for
Columns = dict[str, tuple[str, ...]]
"""Part of a row -> the columns that hold it; parts that the table lacks are not in it."""


@dataclass(frozen=True)
class FirstRows:
    """The columns among the first rows of a table."""

    path: str
    names: tuple[str, ...]
    held: frozenset[str]  # those in which anything stands
    chats: frozenset[str]  # those in which what may be a list of turns stands
    turns: frozenset[str]  # those in which a list of turns stands beyond doubt

    @classmethod
    def of(cls, path: str, rows: Sequence[Mapping[str, Any]]) -> FirstRows:
        """What the rows have."""
        names = tuple(dict.fromkeys(name for row in rows for name in row))
        held = frozenset(name for name in names if any(holds(row.get(name)) for row in rows))
        chats = frozenset(n for n in held if any(holds(row.get(n)) and is_conversation(row[n]) for row in rows))
        turns = frozenset(name for name in chats if any(has_turns(row.get(name)) for row in rows))
        return cls(path, names, held, chats, turns)

    def find(self, usual: Sequence[str], among: frozenset[str] | None = None) -> list[str]:
        """The columns of these names, in their order: those that hold something, else any; case does not matter."""
        spelt: dict[str, list[str]] = {}
        for name in self.names:
            spelt.setdefault(letters(name), []).append(name)
        exact = [name if name in self.names else (*spelt.get(letters(name), ()), None)[0] for name in usual]
        found = [name for name in exact if name is not None]
        if among is not None:
            return [name for name in found if name in among]
        return [name for name in found if name in self.held] or found[:1]

    def named(self, part: str, name: str) -> str:
        """The column that the recipe names. Raises `SourceError` where no row has it."""
        if name in self.names:
            return name
        guess = closest(name, self.names)
        hint = f"did you mean `{guess}`? " if guess else ""
        raise SourceError(f"{self.path}: no column {name!r}", key=part, help=f"{hint}{self.listed}")

    def advice(self, part: str) -> str:
        """What to do where no column holds a part that must be there."""
        if len(self.names) == 1 and any(mark in self.names[0] for mark in DELIMITERS[1:]):
            return f"say with delimiter: what separates the columns; {self.listed}"
        return f"name it with {part}:; {self.listed}"

    @property
    def listed(self) -> str:
        """The names, as a message lists them."""
        names = [printable(name) for name in self.names[:LISTED]]
        more = [f"{len(self.names) - LISTED} more"] if len(self.names) > LISTED else []
        return f"it has {', '.join([*names, *more])}"


def settle(seen: FirstRows, format: Format, named: Mapping[str, str], told: str = "") -> Columns:
    """The columns of a table of examples; `named` are those that the recipe names, `told` the shape that its rows tell.

    Raises `SourceError` where no row has what the format needs, or what it names.
    """
    if not seen.names:  # no row is one: each says so itself
        return {}
    given = {part: seen.named(part, name) for part, name in named.items()}
    how = format if format != "auto" else _told(seen, given, told)
    needed = SHAPES[how].columns if how in SHAPES else {}
    columns: Columns = {}
    if how in SHAPES and (SHAPES[how].read or "messages" in needed) and "instruction" not in needed:
        _no_texts(seen, given)
        lists = seen.find((needed.get("messages", "messages"), *USUAL["messages"]), seen.chats)
        name = given.get("messages") or next(iter(lists or seen.find(USUAL["messages"])), None)
        if name is None:
            raise _lacks(seen, format, needed)
        columns["messages"] = (name,)
    else:
        for part in ("instruction", "response"):
            usual = (needed[part],) if part in needed and format != "auto" else USUAL[part]
            taken = [name for names in columns.values() for name in names] + list(given.values())
            preferred = (needed[part], *usual) if part in needed else usual
            there = [*seen.find(preferred), *(seen.find(LISTS, seen.chats) if part == "instruction" else ())]
            found = given.get(part) or next((name for name in there if name not in taken), None)
            if found is None and part == "instruction" and (whole := _whole(seen, given, needed)):
                columns["messages"] = (whole,)
                break
            if found is None:
                raise _lacks(seen, format, needed, part)
            columns[part] = (found,)
    before = () if "messages" in columns else ("context", "history")
    for part in (*before, "system", "topic", "reasoning", "tools", "reference", "dialect"):
        taken = [name for names in columns.values() for name in names]
        if part in given:
            columns[part] = (given[part],)
            continue
        if part not in USUAL:
            continue
        held = [name for name in seen.find(USUAL[part]) if name not in taken]
        # A part may stand first in a row that settles nothing: its usual names hold it there, too.
        spelt = {letters(name) for name in (*taken, *held, *given.values())}
        held += [name for name in USUAL[part] if letters(name) not in spelt]
        columns[part] = tuple(held if part in SEVERAL else held[:1])
    return columns


def settle_seeds(seen: FirstRows, format: Format, named: Mapping[str, str], told: str = "") -> Columns:
    """The columns of a table of seeds: the prompt by its usual names, the others only where the recipe names them.

    Where a format is named, or where no column is called so but one holds a list of turns, or rows tell their shape,
    they are those of examples, less what belongs to answers.
    """
    if not seen.names:
        return {}
    chats = "prompt" not in named and not seen.find(SEED_PROMPTS) and (told or seen.find(LISTS, seen.chats))
    if format not in ("auto", "columns") or "messages" in named or chats:
        given = {"instruction" if part == "prompt" else part: name for part, name in named.items()}
        found = settle(seen, format if format != "columns" else "auto", given, told)
        return _of_turns(seen, {part: names for part, names in found.items() if part not in OF_ANSWERS})
    columns = {part: (seen.named(part, name),) for part, name in named.items() if part != "prompt"}
    prompt = seen.named("prompt", named["prompt"]) if "prompt" in named else next(iter(seen.find(SEED_PROMPTS)), None)
    if prompt is None:
        message = f"{seen.path}: no column holds the prompt"
        raise SourceError(message, key="path", help=seen.advice("prompt"))
    return _of_turns(seen, {"instruction": (prompt,), **columns})


def _of_turns(seen: FirstRows, columns: Columns) -> Columns:
    """The columns of seeds, of which that of the prompt may hold a list of turns."""
    listed = set(columns.get("instruction", ())) & seen.turns
    return {"messages" if part == "instruction" and listed else part: names for part, names in columns.items()}


def _told(seen: FirstRows, given: Mapping[str, str], told: str) -> Format:
    """The format, by the columns that there are, or the shape that most rows tell, where that names columns."""
    if "messages" in given:
        return "messages"
    if "instruction" in given or "response" in given:
        return "columns"
    if told:
        return told
    if seen.find(USUAL["messages"], seen.chats):
        return "messages"
    return "prompt_completion" if {"prompt", "completion"} <= set(seen.names) else "columns"


def _whole(seen: FirstRows, given: Mapping[str, str], needed: Mapping[str, str]) -> str | None:
    """The column of the answer where it holds the question too, as preference sets without a prompt have it."""
    answer = given.get("response") or next(iter(seen.find((needed.get("response", ""),))), None)
    return answer if answer in seen.turns else None


def _no_texts(seen: FirstRows, given: Mapping[str, str]) -> None:
    for part in ("instruction", "response", "context"):
        if part in given:
            advice = "leave it out, or name the columns of texts with format: columns"
            raise SourceError(f"{seen.path}: conversations hold the {part} in their turns", key=part, help=advice)


def _lacks(seen: FirstRows, format: Format, needed: Mapping[str, str], part: str = "") -> SourceError:
    if format != "auto" and needed:
        columns = ", ".join(needed.values())
        return SourceError(f"{seen.path}: format {format} needs {columns}", key="format", help=seen.listed)
    if other := sorted(seen.turns):
        advice = f"a list of turns is read with `messages: {other[0]}`; {seen.listed}"
        return SourceError(f"{seen.path}: no column holds the {part}", key="path", help=advice)
    if called := seen.find(LISTS, seen.held):
        message = f"{seen.path}: {called[0]} holds no list of turns, and no column holds the {part}"
        advice = f"a turn is an object with a role and a text, in a list; {seen.listed}"
        return SourceError(message, key="path", help=advice)
    advice = seen.advice(part)
    if part == "response" and {"chosen", "rejected"} <= set(seen.names):
        advice = f"these are preference pairs: `response: chosen` takes the better answers; {seen.listed}"
    return SourceError(f"{seen.path}: no column holds the {part}", key="path", help=advice)
