"""One request for several texts, in the way in which the server understands it, and what came of each.

Which way that is, and whether vectors come in base64, is found out by the first request.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hfsft.models.http.address import url_below
from hfsft.models.http.answer import as_count, error_instead, parsed, tokens
from hfsft.models.http.client import Client
from hfsft.models.http.faults import Fault
from hfsft.models.http.wire import sendable
from hfsft.models.model import Answer, Endpoint, Model
from hfsft.models.vectors.cut_texts import CutTexts
from hfsft.models.vectors.shapes import WAYS, Found, Texts, Way

if TYPE_CHECKING:
    import aiohttp

    from hfsft.keys import Hide
    from hfsft.models.limits.throttle import Bucket

_NOT_HERE = {404, 405}
# What a server says to a way of asking that it does not know, as long as it was never seen to take it.
_OTHER_WAY = {400, 404, 405, 415, 422, 501}
_TOO_LONG = re.compile(r"too large to process|physical batch|must have less than \d+ tokens|input validation", re.I)
_POOLING = re.compile(r"pooling type", re.I)
_ENCODING = "encoding_format"

Came = tuple[Answer, Mapping[str, str]] | Fault
"""An answer with the headers of its response, or why there is none."""


class TextExchange:
    """Sends one request at a time to one endpoint of a model; `bucket` bounds requests per minute."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoint: Endpoint,
        model: Model,
        bucket: Bucket | None,
        name: str,
        hide: Hide,
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._bucket = bucket
        self._name = name
        self._hide = hide
        self._ways = [
            (
                way,
                Client(
                    session, endpoint, model.timeout, url_below(endpoint.base_url, way.path, versioned=way.versioned)
                ),
            )
            for way in WAYS[model.task]
        ]
        self._known = len(self._ways) == 1  # whether it is known which of the ways the server takes
        self._base64 = model.task == "embed"
        self._answered = False
        self._width = model.dimensions
        self._cuts = CutTexts() if model.task == "embed" and model.prompt_cut == "fail" else None

    @property
    def first(self) -> bool:
        """Whether all texts of a request must have the same first text."""
        return self._ways[0][0].first

    async def asked(self, texts: Texts) -> list[Came]:
        """The answers of one request, in the server's own way: the first request finds out which that is."""
        refused: Fault | None = None
        for way, client in list(self._ways):
            try:
                found = await self._in_one_way(way, client, texts)
            except Fault as fault:
                if self._known or fault.status not in _OTHER_WAY:
                    if fault.status in _NOT_HERE:
                        fault.message += f" (it was asked at {way.path}: check `task`)"
                    raise
                # Of several refusals that one says most which is not of an address that nobody knows.
                if refused is None or (refused.status in _NOT_HERE and fault.status not in _NOT_HERE):
                    refused = fault
                continue
            self._ways, self._known = [(way, client)], True
            return found
        assert refused is not None
        if refused.status in _NOT_HERE:
            refused.message += f" (it was asked at {' and '.join(way.path for way, _ in self._ways)}: check `task`)"
        raise refused

    async def _in_one_way(self, way: Way, client: Client, texts: Texts) -> list[Came]:
        if not self._base64:
            return await self._exchanged(way, client, texts, {})
        try:
            found = await self._exchanged(way, client, texts, {_ENCODING: "base64"})
        except Fault as fault:
            # Taken by most servers, and by those that ignore it; one that refuses it says so, or refuses the first.
            if fault.kind != "row" or (self._answered and _ENCODING not in fault.message):
                raise
            try:
                found = await self._exchanged(way, client, texts, {})
            except Fault:
                raise fault from None
            self._base64 = False
        return found

    async def _exchanged(self, way: Way, client: Client, texts: Texts, more: dict[str, Any]) -> list[Came]:
        body, found, headers = await self._sent(way, client, texts, more)
        tokens = _tokens(body)
        if self._cuts and tokens is not None:
            tokens += await self._look_for_cuts(self._cuts, way, client, [each[0] for each in texts], tokens)
        shares = _shared(tokens, [sum(map(len, each)) for each in texts])
        served = body.get("model") if isinstance(body, dict) else None
        called = sendable(served) if isinstance(served, str) else ""
        told: list[Came] = []
        for text, asked, share in zip(found, texts, shares, strict=True):
            if isinstance(text, Fault):
                text.message = f"{self._name}: {text.message}"
                told.append(text)
            elif wrong := self._wrong_width(text) or self._read_in_part(asked[0]):
                told.append(wrong)
            else:
                told.append((Answer(text, "", "stop", share, None if share is None else 0, called), headers))
        return told

    async def _look_for_cuts(self, cuts: CutTexts, way: Way, client: Client, texts: list[str], tokens: int) -> int:
        """Find out whether the server cuts texts; the tokens that it took."""
        suspect = cuts.suspect(texts, tokens)
        if suspect is None:
            return 0
        if len(texts) == 1:
            cuts.learn(suspect, tokens)
            return 0
        body, _, _ = await self._sent(way, client, [(suspect,)], {})
        alone = _tokens(body)
        if alone is not None:
            cuts.learn(suspect, alone)
        return alone or 0

    def _read_in_part(self, text: str) -> Fault | None:
        said = self._cuts.why(text) if self._cuts else ""
        return Fault("row", "prompt_cut", f"{self._name}: {said}", status=200, paid=True) if said else None

    async def _sent(
        self, way: Way, client: Client, texts: Texts, more: dict[str, Any]
    ) -> tuple[Any, Found, Mapping[str, str]]:
        """What a response says, what came of each text, and the headers."""
        sent = {"model": self._endpoint.model_name or self._model.model, **way.body(texts), **more}
        if self._model.dimensions:
            sent["dimensions"] = self._model.dimensions
        sent.update(self._model.extra_body)
        payload = sendable(json.dumps(sent, ensure_ascii=False, separators=(",", ":"), allow_nan=False)).encode()
        await self._turn()
        try:
            raw, headers = await client.exchange(payload)
            body, found = self._read(way, raw, len(texts))
        except Fault as fault:
            raise self._meant(fault) from None
        self._answered = True
        return body, found, headers

    async def _turn(self) -> None:
        """Wait until the bound per minute lets one more request through."""
        while self._bucket and (wait := self._bucket.wait(1, time.monotonic())) > 0:  # noqa: ASYNC110 - told by time
            await asyncio.sleep(wait)
        if self._bucket:
            self._bucket.take(1, time.monotonic())

    def _read(self, way: Way, raw: str, count: int) -> tuple[Any, Found]:
        """What a response says, and what came of each text."""
        try:
            body = parsed(raw, self._hide)
            if fault := error_instead(body, raw, self._hide):
                raise fault
            return body, way.read(body, count)
        except Fault as fault:
            fault.message = f"{self._name}: {fault.message}"
            raise

    def _meant(self, fault: Fault) -> Fault:
        """The fault as it is meant where texts are only read: a text too long is no trouble of the server."""
        if fault.kind == "row" and self._model.dimensions and "dimension" in fault.message:
            said = f"{fault.message}; leave `dimensions` out, or write what the model has"
            return Fault("down", "refused", said, status=fault.status)
        if _POOLING.search(fault.message):
            said = f"{fault.message}; say how its tokens make one vector: `pooling: mean`, `cls` or `last`"
            return Fault("down", "refused", said, status=fault.status)
        if _TOO_LONG.search(fault.message) and fault.kind in ("row", "heal"):
            return Fault("row", "context_length", fault.message, status=fault.status)
        return fault

    def _wrong_width(self, text: str) -> Fault | None:
        """What is wrong with the length of a vector; None where nothing is, and for a score."""
        if self._model.task != "embed":
            return None
        width = (len(text) // 4 * 3 - text.count("=", -2)) // 4
        if self._width is None:
            self._width = width
        if width == self._width:
            return None
        if self._model.dimensions:
            said = f"gives vectors of {width} numbers, and `dimensions` asks for {self._width}: leave it out"
            return Fault("down", "refused", f"{self._name}: {said}, or ask a model that can shorten its vectors")
        said = f"{self._name}: the vector that came for it has {width} numbers, and others have {self._width}"
        return Fault("row", "vector", said, status=200, paid=True)


def _tokens(body: Any) -> int | None:
    """The tokens that a server says it read for a request; None where it does not say."""
    usage = body.get("usage") if isinstance(body, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    read = tokens(usage).read
    return as_count(usage.get("total_tokens")) if read is None else read


def _shared(tokens: int | None, sizes: list[int]) -> list[int | None]:
    """Each text's part of the tokens, by its length; the parts make the whole."""
    if tokens is None:
        return [None] * len(sizes)
    whole, before, given = sum(sizes) or 1, 0, 0
    shares: list[int | None] = []
    for size in sizes:
        before += size
        shares.append(tokens * before // whole - given)
        given = tokens * before // whole
    return shares
