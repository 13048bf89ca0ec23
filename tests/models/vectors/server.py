"""Loopback servers of vectors and scores, after what OpenAI, vLLM, TEI, Jina and llama.cpp document.

What they answer depends on the text alone: so a test knows each vector and each score beforehand.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.models.loopback import Loopback

Body = dict[str, Any]


def vector(text: str, width: int = 8) -> list[float]:
    """How many words of a text fall into each of `width` boxes, and a half more: exact in single precision."""
    found = [0.5] * width
    for word in text.lower().split():
        found[zlib.crc32(word.encode()) % width] += 1.0
    return found


def fit(query: str, text: str) -> float:
    """The share of the words of a query that a text has, in quarters."""
    words = query.lower().split()
    return round(4 * sum(word in text.lower().split() for word in words) / max(1, len(words))) / 4


@dataclass
class Vectors(Loopback):
    """`with Vectors(...) as server:` serves at `server.url`; what came is in `server.requests`, as (path, body)."""

    kind: str = "openai"  # or tei, vllm, jina: which paths there are
    width: int = 8
    most_words: int = 1000  # in one text
    reads_words: int = 0  # of a longer text no more is read, and nothing said; all where it is 0
    most_texts: int = 10_000  # in one request
    key: str = ""
    base64: str = "yes"  # or ignored, refused
    shortens: bool = True  # whether it heeds `dimensions`
    usage: bool = True
    fault: Callable[[Body, int], str] | None = None  # the fault of one body at its nth coming, from 1
    change: Callable[[Any, Body], Any] = lambda found, _: found  # what is sent in place of the answer
    latency: float = 0.0
    headers: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self.requests: list[tuple[str, Body]] = []
        self.sent_headers: list[dict[str, str]] = []
        self.asked: Counter[str] = Counter()
        self.open = self.peak = 0

    @property
    def texts(self) -> list[str]:
        """Every text that came to the embedder, in order."""
        return [text for path, body in self.requests if path.endswith("/embeddings") for text in body["input"]]

    def routes(self, app: web.Application) -> None:
        for path, answer in PATHS[self.kind].items():
            app.router.add_post(path, self._answering(answer))

    def _answering(self, answer: Callable[[Vectors, Body], Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            body = json.loads(await request.read())
            self.requests.append((request.path, body))
            self.sent_headers.append(dict(request.headers))
            name = json.dumps(body, sort_keys=True)
            self.asked[name] += 1
            self.open += 1
            self.peak = max(self.peak, self.open)
            try:
                if self.latency:
                    await asyncio.sleep(self.latency)
                if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
                    return error(401, "who are you?")
                if fault := self.fault(body, self.asked[name]) if self.fault else "":
                    return error(int(fault), "something went wrong")
                try:
                    found = answer(self, body)
                except Refused as refused:
                    return error(refused.status, str(refused))
                return web.json_response(self.change(found, body), headers=self.headers)
            finally:
                self.open -= 1

        return handle

    def check(self, texts: list[str]) -> None:
        if len(texts) > self.most_texts:
            raise Refused(422, f"batch size {len(texts)} > maximum allowed batch size {self.most_texts}")
        for text in texts:
            if not text:
                raise Refused(400, "Input content cannot be empty")
            if len(text.split()) > self.most_words:
                raise Refused(400, f"This model's maximum context length is {self.most_words} tokens")

    def told(self, texts: list[str]) -> Body:
        tokens = sum(min(len(text.split()), self.reads_words or 10**9) for text in texts)
        return {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}} if self.usage else {}


class Refused(Exception):  # noqa: N818
    def __init__(self, status: int, said: str) -> None:
        self.status = status
        super().__init__(said)


def error(status: int, said: str) -> web.Response:
    return web.json_response({"error": {"message": said, "code": status}}, status=status)


def _embeddings(server: Vectors, body: Body) -> Any:
    texts = body["input"]
    server.check(texts)
    if "encoding_format" in body and server.base64 == "refused":
        raise Refused(422, "extra inputs are not permitted")
    width = body["dimensions"] if "dimensions" in body and server.shortens else server.width
    data = []
    for index, text in enumerate(texts):
        numbers: Any = vector(text, server.width)[:width]
        if body.get("encoding_format") == "base64" and server.base64 == "yes":
            numbers = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
        data.append({"object": "embedding", "index": index, "embedding": numbers})
    return {"object": "list", "data": data, "model": body["model"], **server.told(texts)}


def _jina_rerank(server: Vectors, body: Body) -> Any:
    server.check(body["documents"])
    results = [
        {"index": index, "relevance_score": fit(body["query"], text), "document": {"text": text}}
        for index, text in enumerate(body["documents"])
    ]
    results.sort(key=lambda each: -each["relevance_score"])
    return {"model": body["model"], "results": results[: body["top_n"]], **server.told(body["documents"])}


def _tei_rerank(server: Vectors, body: Body) -> Any:
    server.check(body["texts"])
    found = [{"index": index, "score": fit(body["query"], text)} for index, text in enumerate(body["texts"])]
    return sorted(found, key=lambda each: -each["score"])


def _score(server: Vectors, body: Body) -> Any:
    server.check(body["text_2"])
    pairs = zip(body["text_1"], body["text_2"], strict=True)
    data = [{"index": index, "object": "score", "score": fit(*pair)} for index, pair in enumerate(pairs)]
    return {"object": "list", "data": data, "model": body["model"], **server.told(body["text_2"])}


def _classify(server: Vectors, body: Body) -> Any:
    server.check(body["input"])
    data = []
    for index, text in enumerate(body["input"]):
        good = fit("good", text)
        shares = [1 - good, good] if server.width > 1 else [good * 8 - 4]
        label = ("bad", "good")[good > 0.5] if server.width > 1 else "LABEL_0"
        data.append({"index": index, "label": label, "probs": shares, "num_classes": len(shares)})
    return {"object": "list", "data": data, "model": body["model"], **server.told(body["input"])}


def _predict(server: Vectors, body: Body) -> Any:
    server.check([text for (text,) in body["inputs"]])
    found = []
    for (text,) in body["inputs"]:
        good = fit("good", text)
        found.append([{"score": good, "label": "good"}, {"score": 1 - good, "label": "bad"}])
    return found


PATHS: dict[str, dict[str, Callable[[Vectors, Body], Any]]] = {
    "openai": {"/v1/embeddings": _embeddings},
    "jina": {"/v1/embeddings": _embeddings, "/v1/rerank": _jina_rerank},
    "vllm": {
        "/v1/embeddings": _embeddings, "/v1/rerank": _jina_rerank, "/rerank": _jina_rerank, "/score": _score,
        "/classify": _classify,
    },
    "tei": {"/v1/embeddings": _embeddings, "/rerank": _tei_rerank, "/predict": _predict},
}  # fmt: skip
