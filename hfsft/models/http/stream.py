"""An answer that comes in pieces (server-sent events), put together to the body that it would have been in one.

data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}

data: {"choices": [{"index": 0, "delta": {"content": "lo."}, "finish_reason": "stop"}]}

data: [DONE]
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hfsft.models.http.faults import Fault

PIECE = "chat.completion.chunk"
"""What a body calls itself that came in pieces."""

_DONE = "[DONE]"
_OF_A_LINE = 64  # bytes that the shortest one takes in memory
_OPENING = (b"data:", b"event:", b"id:", b"retry:", b":")
_BOM = b"\xef\xbb\xbf"


def is_stream(content_type: str) -> bool:
    """Whether a response says of itself that it comes in pieces."""
    return "event-stream" in content_type.lower()


def looks_streamed(raw: bytes) -> bool:
    """Whether a whole body is pieces all the same, whatever its type says."""
    return raw[:200].removeprefix(_BOM).lstrip().startswith(_OPENING)


class Pieces:
    """Takes the bytes of a stream as they come, and holds what they say: of at most `most` bytes, then Fault.

    `done` is whether the server said that this was all. Comments, empty events and fields that are no data are
    skipped; lines may end in any of the three ways that the standard knows.
    """

    def __init__(self, most: int) -> None:
        self.done = False
        self.begun = False  # whether any of the answer came
        self._most = most
        self._held = 0  # bytes of what is kept
        self._rest: list[bytes] = []  # of a line that has not ended
        self._waiting = 0  # bytes of that line, and of the event that has not ended
        self._data: list[str] = []
        self._pending = 0  # bytes of these
        self._event = ""
        self._streamed: bool | None = None  # None until the first sign shows
        self._whole: list[bytes] = []  # of what is no stream at all
        self._error: Any = None
        self._top: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._choices: dict[int, dict[str, Any]] = {}

    def feed(self, part: bytes) -> None:
        """Take some bytes; Fault where they are no pieces of an answer, or too much."""
        self._count(len(part))
        if self._streamed is None:
            part = self._recognised(part)
        if not self._streamed:
            self._whole.append(part)
            return
        if b"\n" not in part and b"\r" not in part:
            self._rest.append(part)
            return
        text = b"".join([*self._rest, part])
        # An end of line may be two characters, of which the second is still to come.
        cut = len(text) - 1 if text.endswith(b"\r") else max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        self._rest = [text[cut:]]
        for line in text[:cut].splitlines():
            self._line(line)
        self._waiting = len(self._rest[0]) + self._pending

    def body(self) -> str:
        """The body of an answer in one piece, as JSON; Fault where the stream ended before the answer did."""
        if not self._streamed:
            return b"".join(self._whole).decode("utf-8", "replace")
        for line in b"".join(self._rest).splitlines():  # the last line of many a stream has no end
            self._line(line)
        self._rest = []
        self._dispatch()
        if self._error is not None:
            return json.dumps({"error": self._error})
        choices = [self._choices[index] for index in sorted(self._choices)]
        if choices and not any(choice.get("finish_reason") for choice in choices):
            raise Fault("heal", "unreadable", "its stream ended before the answer did", paid=True)
        usage = {"usage": self._usage} if self._usage else {}
        return json.dumps({**self._top, "choices": choices, **usage})

    def _recognised(self, part: bytes) -> bytes:
        """All bytes by now, of which the first that is no blank shows whether they are a stream or a whole body."""
        if head := part.removeprefix(_BOM).lstrip():
            self._streamed = head[:1] not in (b"{", b"[", b"<")
            part = b"".join([*self._whole, part])
            self._whole = []
        return part

    def _count(self, more: int) -> None:
        self._waiting += more
        if self._held + self._waiting > self._most:
            said = f"its answer is longer than {self._most // 1_000_000} MB, which is no model's: is `base_url` right?"
            raise Fault("row", "too_long", said, status=200, paid=True)

    def _line(self, line: bytes) -> None:
        if not line:
            self._dispatch()
            return
        name, _, value = line.removeprefix(_BOM).decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._pending += len(value) + _OF_A_LINE
        elif name == "event":
            self._event = value

    def _dispatch(self) -> None:
        lines, event = self._data, self._event
        self._data, self._pending, self._event = [], 0, ""
        if self.done or not lines:
            return
        try:
            found = [_read("\n".join(lines))]
        except ValueError:
            try:  # some servers end no event
                found = [_read(line) for line in lines if line.strip()]
            except (ValueError, RecursionError):
                raise Fault("heal", "unreadable", "a piece of its answer is not JSON", paid=True) from None
        except RecursionError:
            raise Fault("heal", "unreadable", "a piece of its answer is not JSON", paid=True) from None
        for piece in found:
            self._take(piece, event)

    def _take(self, piece: Any, event: str) -> None:
        if piece == _DONE:
            self.done = True
        if not isinstance(piece, Mapping):
            return
        error = piece.get("error")
        if error or event == "error" or (piece.get("object") == "error" and "choices" not in piece):
            self._error = error or dict(piece)
            return
        for name, value in piece.items():
            if name not in ("choices", "usage", "error") and value is not None:
                self._top.setdefault(name, value)
        self._top["object"] = PIECE
        for usage in (_dig(piece, "x_groq", "usage"), piece.get("usage")):
            if isinstance(usage, Mapping):  # in the last piece, or counted up in each
                self._usage.update({name: value for name, value in usage.items() if value is not None})
        choices = piece.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, Mapping):
                self._add(choice)

    def _add(self, choice: Mapping[str, Any]) -> None:
        index = choice.get("index")
        place = index if isinstance(index, int) else 0
        kept = self._choices.setdefault(
            place, {"index": place, "message": {"role": "assistant"}, "finish_reason": None}
        )
        delta, whole = choice.get("delta"), choice.get("message")
        if isinstance(delta, Mapping):
            self._say(kept["message"], delta)
        elif isinstance(whole, Mapping):  # not a piece of it but all by now
            kept["message"] = dict(whole)
        elif isinstance(choice.get("text"), str):
            self._say(kept["message"], {"content": choice["text"]})
        for name, value in choice.items():
            if name in ("index", "delta", "message", "text") or value is None:
                continue
            if name == "logprobs" and isinstance(value, Mapping):
                told = kept.setdefault("logprobs", {})
                for field, places in value.items():
                    if isinstance(places, list):
                        told.setdefault(field, []).extend(places)
                        self._held += len(json.dumps(places))
            else:
                kept[name] = value

    def _say(self, message: dict[str, Any], delta: Mapping[str, Any]) -> None:
        """Add what one piece says to a message: texts and lists go on where they ended, anything else is replaced."""
        for name, value in delta.items():
            if value is None or name == "role":
                continue
            self.begun = True
            self._held += len(value) if isinstance(value, str) else len(json.dumps(value))
            if name == "tool_calls" and isinstance(value, list):
                _call(message.setdefault(name, []), value)
            else:
                message[name] = _joined(message.get(name), value)


def _joined(before: Any, more: Any) -> Any:
    """A value that came in two pieces."""
    if isinstance(before, str) and isinstance(more, str):
        return before + more
    if isinstance(before, str) and isinstance(more, list):
        return _joined([{"type": "text", "text": before}] if before else [], more)
    if isinstance(before, list) and isinstance(more, str):
        return _joined(before, [{"type": "text", "text": more}] if more else [])
    if isinstance(before, list) and isinstance(more, list):
        for part in more:
            _add_part(before, part)
        return before
    if isinstance(more, list):
        return _joined([], more)
    if isinstance(before, dict) and isinstance(more, Mapping):
        return {**before, **{name: _joined(before.get(name), value) for name, value in more.items()}}
    return dict(more) if isinstance(more, Mapping) else more


def _add_part(parts: list[Any], part: Any) -> None:
    """One part more, or more of the last one: parts of one kind in a row are pieces of one."""
    last = parts[-1] if parts else None
    if not isinstance(last, dict) or not isinstance(part, Mapping) or _kind(last) != _kind(part):
        parts.append(_joined(None, part))
        return
    for name, value in part.items():
        if name in ("type", "index", "format", "id") or value is None:
            last.setdefault(name, value)
        else:
            last[name] = _joined(last.get(name), value)


def _kind(part: Mapping[str, Any]) -> tuple[Any, Any]:
    return part.get("type"), part.get("index")


def _call(calls: list[Any], pieces: list[Any]) -> None:
    """Put pieces of tool calls to theirs: by `index`, else by a new `id`, else to the last one."""
    for piece in pieces:
        if not isinstance(piece, Mapping):
            continue
        index, number = piece.get("index"), piece.get("id")
        known = [call for call in calls if index is not None and call.get("index") == index]
        if index is None and calls and (not number or calls[-1].get("id") == number):
            known = calls[-1:]
        if not known:
            calls.append({"index": index, "function": {}} if index is not None else {"function": {}})
            known = calls[-1:]
        call = known[0]
        call.update({name: piece[name] for name in ("id", "type") if piece.get(name)})
        said, more = call["function"], piece.get("function")
        if isinstance(more, Mapping):
            if more.get("name"):
                said["name"] = more["name"]
            if more.get("arguments") is not None:
                said["arguments"] = _joined(said.get("arguments"), more["arguments"])


def _read(text: str) -> Any:
    return _DONE if text.strip() == _DONE else json.loads(text) if text.strip() else None


def _dig(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
