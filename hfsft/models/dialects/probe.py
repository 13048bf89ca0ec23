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

from hfsft.models import structured
from hfsft.models.dialects.learned import forget, remember, server_of
from hfsft.models.http import wire
from hfsft.models.http.answer import read
from hfsft.models.http.faults import Fault
from hfsft.models.limits.sender import REFUSALS
from hfsft.models.model import Answer, Request

if TYPE_CHECKING:
    from hfsft.models.http.client import Client
    from hfsft.models.model import Model
    from hfsft.models.store.store import Store

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
        takes.streaming = await self._part({"stream": True}, _is_stream)
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
        """The first answer, under the name of the token limit that the server knows."""
        refusals: list[Fault] = []
        for name in (OLDER, NEWER):
            self.found.takes.token_limit = name
            began = time.monotonic()
            try:
                raw, _ = await self._send(self._body(parts))
                self._first(raw, time.monotonic() - began)
                return
            except Fault as fault:
                if not _refused(fault):
                    raise
                refusals.append(fault)
        self.found.takes.token_limit = None
        raise refusals[0]

    def _first(self, raw: str, seconds: float) -> None:
        try:
            answer = read(raw)
        except Fault as fault:
            fault.message = f"{self._client.name}: {fault.message}"
            raise
        self.found.seconds = round(seconds, 3)
        self.found.served = answer.model
        takes = self.found.takes
        takes.usage = answer.input_tokens is not None and answer.output_tokens is not None
        told = _dig(json.loads(raw), "usage", "completion_tokens_details", "reasoning_tokens")
        takes.reasoning_tokens = told if isinstance(told, int) else None
        takes.thinks = bool(takes.reasoning_tokens or answer.reasoning)

    async def _schema(self) -> Verdict:
        request = self._request(JSON_TOKENS, schema=SCHEMA)
        return await self._verdict(self._sent(request, constrain=True), _obeys)

    async def _in_words(self) -> Verdict:
        request = self._request(JSON_TOKENS, schema=SCHEMA)
        return await self._verdict(self._sent(request, constrain=False), _obeys)

    async def _part(self, more: Mapping[str, Any], shows: Shows, tokens: int = FEW_TOKENS) -> Verdict:
        return await self._verdict({**self._sent(self._request(tokens)), **more}, shows)

    async def _verdict(self, body: Mapping[str, Any], shows: Shows | None = None) -> Verdict:
        """`no` where the server refuses the request, `fails` where its answer is none, `unknown` for a passing fault.

        Else what `shows` says of the answer: `yes` if it did what the request asks for, `ignored` if not.
        """
        try:
            raw, headers = await self._send(body, patient=False)
        except Fault as fault:
            return "no" if _refused(fault) else "unknown" if fault.cause in _PASSING else "fails"
        try:
            shown = True if shows is None else shows(raw, headers)
        except (Fault, ValueError, TypeError, AttributeError):  # what it answers is none
            return "fails"
        return "unknown" if shown is None else "yes" if shown else "ignored"

    def _request(self, tokens: int = FEW_TOKENS, **how: Any) -> Request:
        return Request("", ({"role": "user", "content": USER},), max_tokens=tokens, **how)

    def _body(self, parts: Mapping[str, bool]) -> dict[str, Any]:
        how: dict[str, Any] = {}
        if parts.get("temperature"):
            how["temperature"] = 0.0 if self._needs.temperature is None else self._needs.temperature
        if parts.get("seed"):
            how["seed"] = 1
        body = self._sent(self._request(**how))
        if parts.get("system"):
            body["messages"] = [{"role": "system", "content": SYSTEM}, *body["messages"]]
        return body

    def _sent(self, request: Request, *, constrain: bool = True) -> dict[str, Any]:
        name = self._client.endpoint.model_name or self._model.model
        modern = self.found.takes.token_limit == NEWER
        body: dict[str, Any] = json.loads(wire.body(self._model, request, name, constrain=constrain, modern=modern))
        return body

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
    """Keep for builds what the server was found to refuse, and no longer what it was found to take."""
    server = server_of(client, model)
    # One that heeds no schema is told it in words, as one that refuses it.
    unheeded = takes.json_schema == "ignored" and takes.json_in_words == "yes"
    if takes.json_schema == "no" or unheeded:
        remember(store, server, "schema")
    elif takes.json_schema == "yes":
        forget(store, server, "schema")
    if takes.token_limit == NEWER:
        remember(store, server, "max_tokens")
    elif takes.token_limit == OLDER:
        forget(store, server, "max_tokens")


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
        return bool(structured.parse(answer.text, SCHEMA)["fruit"] == WORD)
    except ValueError:
        # One that was still thinking, or at its first brace, when the few tokens were used up.
        return None if answer.finish_reason == "length" and (answer.reasoning or "{" in answer.text) else False


def _has_logprobs(raw: str, _: Mapping[str, str]) -> bool:
    return bool(_dig(_choice(raw), "logprobs", "content"))


def _has_call(raw: str, _: Mapping[str, str]) -> bool | None:
    choice = _choice(raw)
    return True if _dig(choice, "message", "tool_calls") else None if choice.get("finish_reason") == "length" else False


def _is_stream(raw: str, headers: Mapping[str, str]) -> bool:
    return "event-stream" in str(headers.get("Content-Type", "")) or raw.lstrip().startswith("data:")


def _choice(raw: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)["choices"][0]
    return found


def _dig(value: Any, *names: str) -> Any:
    """What stands below these keys, None where one is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
