"""What a row says, read in one way by all that ask: filters, split, judge, formats, card, report and the screen.

No other file looks into `messages` or puts instruction and context together.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from hfsft.hashing import digest
from hfsft.letters.quoting import quoted
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import REFERENCE, ROW
from hfsft.rows.inline import THINK, unfolded, words_of
from hfsft.rows.messages import MESSAGE, Message, bare

READS = ("instruction",)
OPTIONAL = ("system", "context", "messages", "tools")
"""What a question is made of: the column without which there is none, and what it uses where it exists."""
SETTING = ("system", "tools")
"""Of these what it is asked under."""
WHOLE = tuple(column.name for column in ROW if column.role == "text" and column.name != REFERENCE)
"""What a conversation is made of."""
ANSWER = ("response", "reasoning")
"""Of these what the assistant says last, which `messages` says too where a row has turns of its own."""
SEEN = tuple(name for name in MESSAGE if name != "weight")  # what of a message a person sees

_TITLE = re.compile(r"^(?=\[(?:system|user|assistant|tools?)\b[^\n]*\]\s*$)", re.MULTILINE)


class Question(NamedTuple):
    """All that the model is given before its last answer but the answers in between; a part that is absent is empty."""

    system: str
    said: str  # every message of the user, below each other
    context: str
    tools: str = ""  # their schemas, as JSON

    @property
    def setting(self) -> str:
        """What it is asked under: the system prompt, and below it the tools."""
        return "\n\n".join(filter(None, (self.system, self.tools)))


class Said(NamedTuple):
    """One thing that stands in a row: what somebody says, thinks, calls or gets back, or the tools that there are."""

    role: Literal["system", "user", "assistant", "tool", "tools"]
    text: str  # of a call its arguments as JSON in one line, of tools a line for each
    kind: Literal["text", "reasoning", "call"] = "text"
    name: str = ""  # of the tool that is called or answers

    @property
    def title(self) -> str:
        """Who says it, in a line: `assistant`, `assistant reasoning`, `assistant calls get_order`, `tool get_order`."""
        name = _line(self.name)
        if self.kind == "call":
            return f"{self.role} calls {name}"
        return " ".join(part for part in (self.role, "" if self.kind == "text" else self.kind, name) if part)

    @property
    def speaks(self) -> str:
        """Who says it and how, without a word of the row: `assistant`, `assistant reasoning`, `assistant calls`."""
        return f"{self.role}{' calls' if self.kind == 'call' else ' reasoning' if self.kind == 'reasoning' else ''}"

    @property
    def shown(self) -> str:
        """What is said, with the name of the tool that is called, or below that of the tool that answers."""
        name = _line(self.name)
        if self.kind == "call":
            return f"{name}({self.text})"
        return f"{name}:\n{self.text}" if name else self.text


def messages(row: Mapping[str, Any]) -> list[Message]:
    """All that any row says as typed messages, the system prompt first; fields that say nothing are absent.

    They are the row's own where it has them, else what its other columns make; of a row without an answer, its prompt.
    """
    if row.get("messages"):
        return [*_system(row), *map(bare, row["messages"])]
    said, response, thought = user_text(row), row.get("response"), row.get("reasoning")
    found: list[Message] = _system(row)
    if said:
        found.append({"role": "user", "content": said})
    if response is not None:
        answer = {"role": "assistant", "content": response}
        found.append(answer if thought is None else {**answer, "reasoning": thought})
    return found


def own_turns(row: Mapping[str, Any]) -> list[Message] | None:
    """The turns that the row has of its own, without its system prompt; None where its other columns say it all."""
    turns: list[Message] | None = row.get("messages")
    return turns or None


def prompt_messages(row: Mapping[str, Any]) -> list[Message]:
    """System (where given) and user message: what the writer is asked and the trained model will be."""
    return [*_system(row), {"role": "user", "content": user_text(row)}]


def user_text(row: Mapping[str, Any]) -> str:
    """What the user says of a row without turns: the instruction, and below it the context where there is one."""
    said: str = row.get("instruction") or ""
    context: str = row.get("context") or ""
    return f"{said}\n\n{context}" if said and context else said or context


def setting_text(row: Mapping[str, Any]) -> str | None:
    """The text that belongs to the instruction, such as the documents that it is asked over; None for none."""
    return row.get("context") or None


def ended_earlier(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The row as it would be if its conversation had ended at each answer to the user but the last."""
    turns = own_turns(row) or []
    spoken = [place for place, turn in enumerate(turns) if turn["role"] == "assistant" and not turn.get("tool_calls")]
    for place in spoken[:-1]:
        yield {**row, "messages": turns[: place + 1], "response": turns[place]["content"]}


def answers(row: Mapping[str, Any]) -> list[Message]:
    """The turns of the assistant, also those that only call tools."""
    return [turn for turn in messages(row) if turn["role"] == "assistant"]


def complete(row: Mapping[str, Any]) -> bool:
    """Whether the row makes a conversation: its own turns, or both an instruction and a response."""
    return bool(row.get("messages")) or (row["instruction"] is not None and row["response"] is not None)


def answered(row: Mapping[str, Any]) -> bool:
    """Whether the assistant has the last word: an answer, or a call of a tool."""
    turns = row.get("messages")
    return bool(row.get("response")) or bool(turns and turns[-1]["role"] == "assistant")


def plain_answer(row: Mapping[str, Any]) -> str | None:
    """The last answer where it is a text and nothing else; None where it calls a tool, or something was thought."""
    turns = messages(row)
    last = unfolded(turns[-1], words_of(row)) if turns else None
    if last is None or last["role"] != "assistant" or last.get("tool_calls") or last.get("reasoning"):
        return None
    return last["content"].strip() or None


def unanswered(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as it was before its last answer."""
    turns = row.get("messages")
    return {**row, "response": None, "reasoning": None, "messages": turns[:-1] if turns else turns}


def answered_so(row: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The columns in which the last answer of a row stands, with another one in its place."""
    turns = row.get("messages")
    return {"response": text, "messages": [*turns[:-1], {**turns[-1], "content": text}] if turns else turns}


def asked_and_answered(row: Mapping[str, Any]) -> tuple[list[Message], list[Message]]:
    """The messages of a row up to the last of its user, and those behind it: an answer, with the calls it took."""
    turns = messages(row)
    asked = max((place for place, turn in enumerate(turns, 1) if turn["role"] == "user"), default=0)
    return turns[:asked], turns[asked:]


def spoken_text(row: Mapping[str, Any], turns: Sequence[Message], *, reasoning: bool = False) -> str:
    """What some turns of a row say as one text, each of several told apart by who speaks; thoughts with `reasoning`."""
    words = () if reasoning else [word for word in words_of(row) if word == THINK]
    said_there = {"messages": list(turns), "tools": None}
    found = [each for each in said(said_there, words=words, reasoning=reasoning) if each.shown]
    spoken = [each for each in found if each.role != "system"]
    if len(spoken) < 2:
        return "\n\n".join(each.shown for each in found)
    return "\n\n".join(f"{each.speaks}: {each.shown}" for each in found)


def has_turns(row: Mapping[str, Any]) -> bool:
    """Whether the row says what it says in turns of its own, of which its columns repeat but the ends."""
    return bool(row.get("messages"))


def tools(row: Mapping[str, Any], *, strict: bool = False) -> list[dict[str, Any]]:
    """The tools that the assistant may call, as schemas; none where the row has none.

    Raises `ValueError` for a text that is no JSON where it is to be `strict`.
    """
    found = row.get("tools")
    if isinstance(found, str) and found:
        try:
            found = json.loads(found)
        except ValueError:
            if strict:
                raise
            return []  # the mark of a forecast, for tools that are not known yet
    return [tool for tool in found if isinstance(tool, dict)] if isinstance(found, list) else []


def questions(batch: Batch) -> list[Question]:
    """The question of each row; of the columns beside `instruction`, those that the batch has are used."""
    return [_question(row) for row in rows_of({name: batch[name] for name in (*READS, *OPTIONAL) if name in batch})]


def _question(row: dict[str, Any]) -> Question:
    turns = row.get("messages")
    said = [turn["content"] for turn in turns if turn["role"] == "user"] if isinstance(turns, list) else []
    spoken = "\n\n".join(text for text in said if text) if said else row["instruction"]
    given = in_one_line(row["tools"]) if row.get("tools") else ""
    return Question(row.get("system") or "", spoken or "", row.get("context") or "", given)


def asked_hash(question: Question) -> str:
    """16 hex digits of what a user says and the context to it, whatever their case, spaces and forms of letters."""
    return digest([_folded(question.said), _folded(question.context)], 16)


def _folded(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def response(row: Mapping[str, Any], *, words: Collection[str] | None = None, spoken: bool = False) -> str | None:
    """What the assistant says last; below it, unless only that is wanted, what it calls there: `get_order({"id": 7})`.

    None where it says nothing yet. What it thinks is no part of it; `words` is as of `said`.
    """
    text: str | None = row.get("response")
    turns = row.get("messages")
    last = turns[-1] if isinstance(turns, list) and turns else None
    if last is None or last["role"] != "assistant" or (last["content"] or "") != (text or ""):
        last = None if text is None else {"role": "assistant", "content": text}
    if last is None:
        return None
    turn = unfolded(bare(last), words_of(row) if words is None else words)
    return turn_text({**turn, "reasoning": None}, spoken=spoken)


def reasoning(row: Mapping[str, Any]) -> str | None:
    """All that was thought in the row, turn by turn below each other, wherever it is written; None for nothing."""
    turns = row.get("messages")
    if not (isinstance(turns, list) and turns):
        turns = [{"role": "assistant", "content": row.get("response"), "reasoning": row.get("reasoning")}]
    words = words_of(row)
    return "\n\n".join(text for turn in turns if (text := unfolded(bare(turn), words).get("reasoning"))) or None


def turn_text(turn: Message, *, spoken: bool = False) -> str:
    """All that one turn says, below each other: what is thought, what is said, what is called; with `spoken` no more
    than what is said.
    """
    if spoken:
        return turn.get("content") or ""
    called = (f"{call.get('name', '')}({in_one_line(call.get('arguments'))})" for call in turn.get("tool_calls") or ())
    return "\n\n".join(text for text in (turn.get("reasoning"), turn.get("content"), *called) if text)


def said(row: Mapping[str, Any], *, words: Collection[str] | None = None, reasoning: bool = True) -> list[Said]:
    """All that stands in a row, in its order, the tools first; a turn that says nothing is an empty text.

    What texts hold by the marks of `words` is told apart; left out, by those that the row's source means.
    """
    words = words_of(row) if words is None else words
    found = [Said("tools", text) for text in [_listed(row)] if text]
    calls: list[Mapping[str, Any]] = []  # without a result so far
    for turn in (unfolded(turn, words) for turn in messages(row)):
        parts = list(_parts(turn, _tool(turn, calls), reasoning))
        found += parts or [Said(turn["role"], "")]
        calls += turn.get("tool_calls", ())
    return found


def _tool(turn: Message, calls: list[Mapping[str, Any]]) -> str:
    """The tool that a turn is of, "" for none; its call is taken out: that of its id, else the first that waits."""
    if turn["role"] != "tool":
        return ""
    mine = next((call for call in calls if call.get("id") and call["id"] == turn.get("tool_call_id")), None)
    mine = mine or (calls[0] if calls and "tool_call_id" not in turn else None)
    if mine:
        calls.remove(mine)
    return str(turn.get("name") or (mine or {}).get("name") or "")


def transcript(row: Mapping[str, Any], *, reasoning: bool = True) -> list[dict[str, str]]:
    """What `said` tells as `role` and `content`, texts as they are written; nothing thought without `reasoning`.

    Where there are more titles than roles, as of calls, a line of a text that looks like one is quoted: what a tool
    gives back cannot speak as the assistant.
    """
    words = () if reasoning else [word for word in words_of(row) if word == THINK]
    found = said(row, words=words, reasoning=reasoning)
    told = [{"role": each.title, "content": each.text} for each in found]
    if all(each.title == each.role for each in found):
        return told
    return [{**each, "content": _TITLE.sub("> ", each["content"])} for each in told]


def quoted_turns(row: Mapping[str, Any], *, reasoning: bool = True) -> str:
    """What `said` tells for a model that is to judge it and not to follow it; nothing thought without `reasoning`.

    A line in brackets tells who speaks and how, in words of ours alone; all that the row says, also the names of its
    tools, stands below it in quoted lines.

    [assistant calls]
    | get_order({"id": 7})
    """
    words = () if reasoning else [word for word in words_of(row) if word == THINK]
    return quoted_parts((each.speaks, each.shown) for each in said(row, words=words, reasoning=reasoning))


def quoted_parts(parts: Iterable[tuple[str, str]]) -> str:
    """Texts in quoted lines, below a line in brackets that tells of each what it is."""
    return "\n".join(f"[{title}]\n{quoted(text)}" for title, text in parts)


def in_lines(turns: Sequence[Message]) -> str:
    """What turns say, a line or more for each thing: `[assistant calls get_order] {"id": 7}`."""
    return "\n".join(f"[{each.title}] {each.text}" for each in said({"messages": turns}, words=()))


def _parts(turn: Message, name: str, reasoning: bool) -> Iterator[Said]:
    role = turn["role"]
    if reasoning and turn.get("reasoning"):
        yield Said(role, turn["reasoning"], "reasoning")
    if turn["content"]:
        yield Said(role, turn["content"], name=name)
    for call in turn.get("tool_calls", ()):
        yield Said(role, in_one_line(call.get("arguments")), "call", call.get("name", ""))


def _listed(row: Mapping[str, Any]) -> str:
    """The tools, a line for each: its name, what it does, its parameters as JSON."""
    lines = []
    for tool in tools(row):
        function = tool.get("function", tool)
        name, *rest = (function.get("name"), function.get("description"), in_one_line(function.get("parameters")))
        lines.append(f"{_line(name)}: {' '.join(_line(part) for part in rest if part)}")
    return "\n".join(lines)


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())


def in_one_line(arguments: Any) -> str:
    """JSON in one line, its letters as they are; a text that is no JSON without its line breaks."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return _line(arguments)
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)


def content(row: Mapping[str, Any]) -> str | None:
    """16 hex digits of what the row says as a person sees it published: every turn, and the tools; None for nothing.

    Another answer, one word of the system prompt or of a tool's arguments makes another; where the row was read, what
    it is about, what was measured, and which format it is published in do not.
    """
    turns = [{name: value for name, value in turn.items() if name in SEEN} for turn in messages(row)]
    return digest([turns, row.get("tools") or None], 16) if turns else None


def _system(row: Mapping[str, Any]) -> list[Message]:
    return [{"role": "system", "content": row["system"]}] if row.get("system") else []
