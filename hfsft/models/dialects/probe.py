"""What a server takes of a request, found out by asking it: some requests of a few tokens each, none of a row.

Of most parts only the server's word shows whether it takes them (it answers, or refuses the request); of a schema, log
probabilities, tools and streaming the answer itself does.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hfsft.models.dialects import dialect_table as table
from hfsft.models.dialects.learned import forget, remember, server_of
from hfsft.models.dialects.refused_request import REFUSALS, read_refusal
from hfsft.models.http import wire
from hfsft.models.http.answer import read
from hfsft.models.http.faults import Fault
from hfsft.models.http.stream import PIECE, is_stream
from hfsft.models.model import Answer, Request
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from hfsft.models import structured
    from hfsft.models.http.client import Client
    from hfsft.models.model import Model
    from hfsft.models.store.store import Store
else:
    structured = LateModule("hfsft.models.structured")

Shows = Callable[[str, Mapping[str, str]], bool | None]
"""Whether body and headers of a response show that the server did what was asked; None where they cannot."""
Verdict = Literal["yes", "no", "ignored", "fails", "unknown"]
"""Taken; refused; taken without effect; answered by an error that is no refusal; not to be told."""
TokenLimit = Literal["max_tokens", "max_completion_tokens"]

OLDER: TokenLimit = "max_tokens"
NEWER: TokenLimit = "max_completion_tokens"
FEW_TOKENS = 16
JSON_TOKENS = 32  # a brief answer, laid out over several lines
TRIES = 3
PAUSE_SECONDS = 1.0
SYSTEM = "Answer in one word."
USER = "Say hello."
WORD = "kiwi"  # which no model says by itself here: so the schema was obeyed
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"fruit": {"type": "string", "enum": [WORD]}},
    "required": ["fruit"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "greet", "description": "Says hello.", "parameters": {
    "type": "object", "properties": {}, "additionalProperties": False
}}}  # fmt: skip


@dataclass(frozen=True)
class Needs:
    """What a recipe's requests to a model hold."""

    system: bool = False
    temperature: float | None = None
    seed: bool = False
    json: bool = False  # answers that must be JSON


@dataclass
class Takes:
    """What one server takes."""

    token_limit: TokenLimit | None = None
    system: Verdict = "unknown"
    temperature: Verdict = "unknown"
    seed: Verdict = "unknown"
    json_schema: Verdict = "unknown"
    json_in_words: Verdict = "unknown"  # JSON as the prompt asks for it; only asked where it is needed
    logprobs: Verdict = "unknown"
    tools: Verdict = "unknown"
    streaming: Verdict = "unknown"
    usage: bool = False  # whether it tells the tokens that an answer took
    thinks: bool = False  # whether the first answer began with reasoning
    reasoning_tokens: int | None = None  # of it, where the server tells them
    dialects: set[str] = field(default_factory=set)  # in which it was asked, by their names in the table


@dataclass
class Probed:
    """What asking one server came to; `error` says why it cannot be asked at all."""

    error: str = ""
    seconds: float | None = None  # that the first answer took
    served: str = ""  # what the server calls the model
    takes: Takes = field(default_factory=Takes)
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unmetered: int = 0  # answers without token counts
    gives: str = ""  # of a model that writes no text, what it gives instead


class Probe:
    """Asks one server of one model, for at most so many seconds in all."""

    def __init__(self, client: Client, model: Model, needs: Needs, seconds: float) -> None:
        self.found = Probed()
        self._client = client
        self._model = model
        self._needs = needs
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        # The recipe's own bound holds here too.
        self._gap = 60 / model.requests_per_minute if model.requests_per_minute else 0.0
        self._next = 0.0
        self._refusal: Fault | None = None  # the last one that a verdict came of

    async def run(self) -> Probed:
        """What it takes, part by part."""
        try:
            await self._plain()
        except Fault as fault:
            self.found.error = fault.message
            return self.found
        takes = self.found.takes
        takes.json_schema = await self._schema()
        takes.logprobs = await self._part({"logprobs": True, "top_logprobs": 2}, _has_logprobs)
        takes.tools = await self._part({"tools": [TOOL], "tool_choice": "required"}, _has_call, JSON_TOKENS)
        pieces = "stream" in takes.dialects
        takes.streaming = "yes" if pieces else await self._part({"stream": True}, _is_stream)
        if self._needs.json and takes.json_schema != "yes":
            takes.json_in_words = await self._in_words()
        return self.found

    async def _plain(self) -> None:
        """A request as builds send it; where that is refused, each part by itself. Fault if nothing is taken."""
        whole = {"system": True, "temperature": True, "seed": True}
        takes = self.found.takes
        try:
            await self._limited(whole)
        except Fault as fault:
            if not _refused(fault):
                raise
            await self._limited({})
            for part in whole:
                verdict = await self._verdict(self._body({part: True}))
                setattr(takes, part, verdict)
            return
        takes.system = takes.temperature = takes.seed = "yes"

    async def _limited(self, parts: Mapping[str, bool]) -> None:
        """The first answer, in the dialect that refusals show; a vague one is taken to be of `max_tokens`."""
        dialects = self.found.takes.dialects
        refusals: list[Fault] = []
        while True:
            body = self._body(parts)
            began = time.monotonic()
            try:
                raw, _ = await self._send(body)
                self._first(raw, time.monotonic() - began)
            except Fault as fault:
                refusals.append(fault)
                shown = {each.name for each in table.learned(read_refusal(fault), body, dialects, ())} & _PLAIN
                if not (shown or _refused(fault)):
                    raise
                if not shown and "max_tokens" in dialects:
                    dialects.discard("max_tokens")
                    raise refusals[0] from None
                dialects |= shown or {"max_tokens"}
            else:
                self.found.takes.token_limit = NEWER if "max_tokens" in dialects else OLDER
                return

    def _first(self, raw: str, seconds: float) -> None:
        try:
            answer = read(raw)
        except Fault as fault:
            fault.message = f"{self._client.name}: {fault.message}"
            fault.body, fault.status = raw, fault.status or 200
            raise
        self.found.seconds = round(seconds, 3)
        self.found.served = answer.model
        takes = self.found.takes
        takes.usage = answer.input_tokens is not None and answer.output_tokens is not None
        told = _dig(json.loads(raw), "usage", "completion_tokens_details", "reasoning_tokens")
        takes.reasoning_tokens = told if isinstance(told, int) else None
        takes.thinks = bool(takes.reasoning_tokens or answer.reasoning)

    async def _schema(self) -> Verdict:
        """Whether answers follow a schema; where it is refused, the dialect of the refusal is noted."""
        body = self._sent(self._request(JSON_TOKENS, schema=SCHEMA))
        verdict = await self._verdict(body, _obeys)
        if verdict == "no":
            self._shaped(body, self._refusal)
        return verdict

    async def _in_words(self) -> Verdict:
        """The same of a schema that is told in words, with as much of the server's own way as it takes."""
        request = self._request(JSON_TOKENS, schema=SCHEMA)
        if not self.found.takes.dialects & table.SHAPED:
            self.found.takes.dialects.add("unheeded")
        verdict = await self._verdict(body := self._sent(request), _obeys)
        if verdict == "no" and "response_format" in body:
            self._shaped(body, self._refusal)
            verdict = await self._verdict(self._sent(request), _obeys)
        return verdict

    def _shaped(self, body: Mapping[str, Any], fault: Fault | None) -> None:
        known = self.found.takes.dialects
        shown = table.learned(read_refusal(fault), dict(body), known, ()) if fault else []
        known |= {each.name for each in shown} & table.SHAPED or {"schema"}

    async def _part(self, more: Mapping[str, Any], shows: Shows, tokens: int = FEW_TOKENS) -> Verdict:
        return await self._verdict({**self._sent(self._request(tokens)), **more}, shows)

    async def _verdict(self, body: Mapping[str, Any], shows: Shows | None = None) -> Verdict:
        """`no` where the server refuses the request, `fails` where its answer is none, `unknown` for a passing fault.

        Else what `shows` says of the answer: `yes` if it did what the request asks for, `ignored` if not.
        """
        try:
            raw, headers = await self._send(body, patient=False)
        except Fault as fault:
            self._refusal = fault
            return "no" if _refused(fault) else "unknown" if fault.cause in _PASSING else "fails"
        try:
            shown = True if shows is None else shows(raw, headers)
        except (Fault, ValueError, TypeError, AttributeError):  # what it answers is none
            return "fails"
        return "unknown" if shown is None else "yes" if shown else "ignored"

    def _request(self, tokens: int = FEW_TOKENS, *, system: bool = False, **how: Any) -> Request:
        told = ({"role": "system", "content": SYSTEM},) if system else ()
        return Request("", (*told, {"role": "user", "content": USER}), max_tokens=tokens, **how)

    def _body(self, parts: Mapping[str, bool]) -> dict[str, Any]:
        how: dict[str, Any] = {}
        if parts.get("temperature"):
            how["temperature"] = 0.0 if self._needs.temperature is None else self._needs.temperature
        if parts.get("seed"):
            how["seed"] = 1
        return self._sent(self._request(system=bool(parts.get("system")), **how))

    def _sent(self, request: Request) -> dict[str, Any]:
        body = wire.body(self._model, request, self._client.endpoint.model_name or self._model.model)
        return table.spoken(body, self.found.takes.dialects)[0]

    async def _send(self, body: Mapping[str, Any], *, patient: bool = True) -> tuple[str, Mapping[str, str]]:
        """The body and headers of a response; tried again, while time is left, where the server is full or broken."""
        payload = json.dumps(body).encode()
        for tried in range(1, TRIES + 1):
            await asyncio.sleep(min(self._left(), max(0.0, self._next - time.monotonic())))
            self._next = time.monotonic() + self._gap
            try:
                if not self._left():
                    raise asyncio.TimeoutError
                self.found.calls += 1
                raw, headers = await asyncio.wait_for(self._client.exchange(payload), self._left())
                self._count(raw)
                return raw, headers
            except asyncio.TimeoutError:
                said = f"{self._client.name}: no answer within {self._seconds:.0f} s"
                raise Fault("slow", "timeout", said) from None
            except Fault as fault:
                wait = fault.after if fault.after is not None else PAUSE_SECONDS
                again = fault.kind == "slow" or (fault.kind == "heal" and patient)
                if not again or tried == TRIES or time.monotonic() + wait > self._until:
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def _count(self, raw: str) -> None:
        answer = _answer(raw)
        if answer is None or answer.input_tokens is None or answer.output_tokens is None:
            self.found.unmetered += 1
            return
        self.found.input_tokens += answer.input_tokens
        self.found.output_tokens += answer.output_tokens


def keep(store: Store, client: Client, model: Model, takes: Takes) -> None:
    """Keep for builds the dialects that the server was found to speak, and no longer those that it does not need."""
    server = server_of(client, model)
    verdicts = {"system": takes.system, "temperature": takes.temperature, "seed": takes.seed}
    refused = {name for name, verdict in verdicts.items() if verdict == "no"}
    taken = {name for name, verdict in verdicts.items() if verdict == "yes"}
    # Of one that takes a schema and does not heed it, being told it in words too must have helped.
    spoken = takes.dialects - (set() if takes.json_schema == "no" or takes.json_in_words == "yes" else {"unheeded"})
    if takes.json_schema == "yes":
        taken |= table.SHAPED
    if takes.logprobs in ("no", "ignored"):  # whoever needs them need not ask for nothing
        refused.add("logprobs")
    elif takes.logprobs == "yes":
        taken.add("logprobs")
    if takes.token_limit == OLDER:
        taken.add("max_tokens")
    for name in sorted(spoken | refused):
        remember(store, server, name)
    for name in sorted(taken - spoken - refused):
        forget(store, server, name)


# Those that the very first request may need.
_PLAIN = {"max_tokens", "parts", "stream", "stream_options"}
_PASSING = {"rate_limit", "overloaded", "timeout", "connection", "quota"}


def _refused(fault: Fault) -> bool:
    return fault.status in REFUSALS and fault.cause == "bad_request"


def _answer(raw: str) -> Answer | None:
    try:
        return read(raw)
    except Fault:
        return None


def _obeys(raw: str, _: Mapping[str, str]) -> bool | None:
    answer = read(raw)
    try:
        return bool(structured.value_in(answer, SCHEMA)["fruit"] == WORD)
    except ValueError:
        # One that was still thinking, or at its first brace, when the few tokens were used up.
        return None if answer.finish_reason == "length" and (answer.reasoning or "{" in answer.text) else False


def _has_logprobs(raw: str, _: Mapping[str, str]) -> bool:
    return bool(_dig(_choice(raw), "logprobs", "content"))


def _has_call(raw: str, _: Mapping[str, str]) -> bool | None:
    choice = _choice(raw)
    return True if _dig(choice, "message", "tool_calls") else None if choice.get("finish_reason") == "length" else False


def _is_stream(raw: str, headers: Mapping[str, str]) -> bool:
    return is_stream(str(headers.get("Content-Type", ""))) or json.loads(raw).get("object") == PIECE


def _choice(raw: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)["choices"][0]
    return found


def _dig(value: Any, *names: str) -> Any:
    """What stands below these keys, None where one is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
