"""An answer in pieces is the answer that it would have been in one; what breaks off is none."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from hfsft.models.http import answer as answers
from hfsft.models.http import client
from hfsft.models.http.client import Client, new_session
from hfsft.models.http.faults import Fault
from hfsft.models.http.stream import Pieces
from hfsft.models.model import Answer, Endpoint
from tests.models.raw import Raw, chunks, response

EVENTS = "Content-Type: text/event-stream"
MEGABYTE = 1_000_000


def piece(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    found = {"id": "c", "object": "chat.completion.chunk", "model": "m-7", "choices": choices, **more}
    return f"data: {json.dumps(found, ensure_ascii=False)}\n\n"


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
DONE = "data: [DONE]\n\n"
STOP = piece({}, "stop") + piece(usage=USAGE) + DONE
HELLO = piece({"role": "assistant", "content": ""}) + piece({"content": "Grüß "}) + piece({"content": "Gott"})
TOLD = Answer("Grüß Gott", "", "stop", 9, 4, "m-7")


def whole(text: str, step: int = 10**9) -> str:
    """The body that a stream comes to, fed in steps of so many bytes."""
    pieces, raw = Pieces(MEGABYTE), text.encode()
    for at in range(0, len(raw), step):
        pieces.feed(raw[at : at + step])
    return pieces.body()


STREAMS: dict[str, tuple[str, Answer]] = {
    "as OpenAI": (HELLO + STOP, TOLD),
    "no blank after the colon": ((HELLO + STOP).replace("data: ", "data:"), TOLD),
    "lines that end in CRLF": ((HELLO + STOP).replace("\n", "\r\n"), TOLD),
    "lines that end in CR": ((HELLO + STOP).replace("\n", "\r"), TOLD),
    "a byte order mark": ("\ufeff" + HELLO + STOP, TOLD),
    "comments and empty events": (": ping\n\n\n\nevent: ping\n\n" + HELLO + ":\n\ndata:\n\nretry: 3\n\n" + STOP, TOLD),
    "events with names and numbers": (HELLO.replace("data:", "event: message\nid: 3\ndata:") + STOP, TOLD),
    "data of several lines": ((HELLO + STOP).replace('"choices"', '\ndata: "choices"'), TOLD),
    "events that nothing ends": ((HELLO + STOP).replace("\n\n", "\n"), TOLD),
    "no word at the end": (HELLO + piece({}, "stop") + piece(usage=USAGE), TOLD),
    "no line end at the end": ((HELLO + piece({}, "stop") + piece(usage=USAGE)).rstrip(), TOLD),
    "the ending with the last words": (
        piece({"content": "Grüß "}) + piece({"content": "Gott"}, "stop", usage=USAGE) + DONE, TOLD,
    ),
    "tokens counted up in each piece": (
        piece({"content": "Grüß "}, usage={"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10})
        + piece({"content": "Gott"}, "stop", usage=USAGE) + DONE, TOLD,
    ),
    "usage null but in the last": (
        (HELLO + piece({}, "stop")).replace('"choices"', '"usage": null, "choices"') + piece(usage=USAGE) + DONE, TOLD,
    ),
    "usage beside": (HELLO + piece({}, "stop", x_groq={"usage": USAGE}) + DONE, TOLD),
    "words after the end": (HELLO + STOP + piece({"content": "more"}), TOLD),
    "pieces that say all by now": (
        'data: {"model": "m-7", "choices": [{"message": {"role": "assistant", "content": "Grüß"}}]}\n\n'
        'data: {"model": "m-7", "choices": [{"message": {"content": "Grüß Gott"}, "finish_reason": "stop"}]}\n\n'
        + piece(usage=USAGE), TOLD,
    ),
    "thoughts": (
        piece({"reasoning_content": "Let me "}) + piece({"reasoning_content": "see."}) + HELLO + STOP,
        Answer("Grüß Gott", "Let me see.", "stop", 9, 4, "m-7"),
    ),
    "thoughts between marks": (
        piece({"content": "<thi"}) + piece({"content": "nk>Let me see.</think>"}) + HELLO + STOP,
        Answer("Grüß Gott", "Let me see.", "stop", 9, 4, "m-7"),
    ),
    "thoughts in parts": (
        piece({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Let me "}]}]})
        + piece({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "see."}]}]})
        + piece({"content": [{"type": "text", "text": "Grüß "}]}) + piece({"content": "Gott"}) + STOP,
        Answer("Grüß Gott", "Let me see.", "stop", 9, 4, "m-7"),
    ),
    "cut at its most tokens": (HELLO + piece({}, "length") + piece(usage=USAGE), Answer("Grüß Gott", "", "length", 9, 4,
                                                                                       "m-7")),
    "no tokens told": (HELLO + piece({}, "stop") + DONE, Answer("Grüß Gott", "", "stop", None, None, "m-7")),
    "several choices": (
        HELLO + 'data: {"choices": [{"index": 1, "delta": {"content": "Moin"}, "finish_reason": "stop"}]}\n\n' + STOP,
        TOLD,
    ),
    "the second choice first": (
        'data: {"model": "m-7", "choices": [{"index": 1, "delta": {"content": "Moin"}, "finish_reason": "stop"}]}\n\n'
        + HELLO + STOP, TOLD,
    ),
    "one whole body": (
        json.dumps({"model": "m-7", "usage": USAGE, "choices": [
            {"message": {"content": "Grüß Gott"}, "finish_reason": "stop"}
        ]}), TOLD,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_reads_as_the_answer(name: str) -> None:
    text, answer = STREAMS[name]
    for step in (10**9, 1, 2, 3, 7, 64):
        assert answers.read(whole(text, step)) == answer, step


def test_calls_are_put_together_by_number_or_by_name_of_their_own() -> None:
    def call(arguments: str, **more: Any) -> dict[str, Any]:
        name = more.pop("name", None)
        function = {"arguments": arguments, **({"name": name} if name else {})}
        return {"function": function, **more}

    numbered = (
        piece(
            {"role": "assistant", "content": None, "tool_calls": [call("", index=0, id="a", type="function", name="f")]}
        )
        + piece({"tool_calls": [call('{"x": ', index=0)]})
        + piece({"tool_calls": [call('{"y"', index=1, id="b", type="function", name="g")]})
        + piece({"tool_calls": [call("1}", index=0), call(": 2}", index=1)]})
        + piece({}, "tool_calls")
    )
    unnumbered = (
        piece({"tool_calls": [call('{"x": ', id="a", name="f")]})
        + piece({"tool_calls": [call("1}", id="a", name="f")]})
        + piece({"tool_calls": [call('{"y"', id="b", name="g")]})
        + piece({"tool_calls": [call(": 2}")]})
        + piece({}, "tool_calls")
    )
    for text in (numbered, unnumbered):
        answer = answers.read(whole(text, 11))
        assert answer.finish_reason == "tool_calls"
        assert answer.tool_calls == (
            {"id": "a", "name": "f", "arguments": '{"x": 1}'},
            {"id": "b", "name": "g", "arguments": '{"y": 2}'},
        )


def test_probabilities_come_in_their_order() -> None:
    def told(token: str) -> str:
        places = [{"token": token, "logprob": -0.5, "top_logprobs": [{"token": token, "logprob": -0.5}]}]
        choice = {"index": 0, "delta": {"content": token}, "logprobs": {"content": places}, "finish_reason": None}
        return f"data: {json.dumps({'choices': [choice]})}\n\n"

    answer = answers.read(whole(told("Hel") + told("lo") + STOP))
    assert answer.text == "Hello"
    assert [place.token for place in answer.logprobs] == ["Hel", "lo"]


FAULTS: dict[str, tuple[str, str, str]] = {
    "no ending": (HELLO, "unreadable", "its stream ended before the answer did"),
    "no ending but the last word": (HELLO + DONE, "unreadable", "its stream ended before the answer did"),
    "half a piece": (HELLO + STOP[:40], "unreadable", "a piece of its answer is not JSON"),
    "an error": (HELLO + 'data: {"error": {"message": "engine died", "code": 500}}\n\n', "server", "engine died"),
    "an error by name": (HELLO + 'event: error\ndata: {"message": "engine died"}\n\n', "server", "engine died"),
    "an error of its own form": (
        HELLO + 'data: {"object": "error", "message": "engine died", "code": 500}\n\n', "server", "engine died",
    ),
    "an error that is a text": (HELLO + 'data: {"error": "engine died"}\n\n', "server", "engine died"),
    "an error, then the last word": (
        HELLO + 'data: {"error": {"message": "busy", "code": 429}}\n\n' + DONE, "rate_limit", "busy",
    ),
    "nothing": ("", "unreadable", "the body is not JSON"),
    "only the last word": (DONE, "unreadable", "the body holds no choice"),
    "only comments": (": ping\n\n" * 9, "unreadable", "the body holds no choice"),
    "a page": ("<html><body>Welcome</body></html>", "unreadable", "the body is not JSON"),
    "a tower of lists": ("data: " + "[" * 100_000 + "\n\n", "unreadable", "a piece of its answer is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_whole_answer_is_a_fault_that_heals(name: str) -> None:
    text, cause, said = FAULTS[name]
    for step in (10**9, 5):
        with pytest.raises(Fault, match=said) as caught:
            answers.read(whole(text, step))
        assert caught.value.cause == cause
        assert caught.value.kind in ("heal", "slow")


@pytest.mark.parametrize(
    "endless",
    [
        itertools.repeat(b"a" * 65_536),
        itertools.repeat(b" " * 65_536),
        itertools.chain([b"data: "], itertools.repeat(b"a" * 65_536)),
        itertools.repeat(b"data: 1\n" * 8_192),
        itertools.repeat(piece({"content": "a" * 5_000}).encode() * 10),
        itertools.repeat(piece({"tool_calls": [{"index": 0, "function": {"arguments": "a" * 5_000}}]}).encode() * 10),
        itertools.chain([b"{"], itertools.repeat(b"a" * 65_536)),
    ],
    ids=["no line", "blanks", "one line", "one event", "an answer", "a call", "a whole body"],
)
def test_an_endless_stream_is_read_no_further(endless: Iterable[bytes]) -> None:
    pieces = Pieces(MEGABYTE)

    def feed() -> None:
        for part in itertools.islice(endless, 3_000):
            pieces.feed(part)

    tracemalloc.start()
    try:
        with pytest.raises(Fault, match="its answer is longer than 1 MB") as caught:
            feed()
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert (caught.value.kind, caught.value.cause, caught.value.paid) == ("row", "too_long", True)


def test_a_long_stream_of_few_words_is_no_long_answer() -> None:
    pieces = Pieces(MEGABYTE)
    for _ in range(20_000):
        pieces.feed(piece({"content": "a"}).encode())
    pieces.feed(STOP.encode())
    assert answers.read(pieces.body()).text == "a" * 20_000


# --- over HTTP


def ask(url: str, timeout: float = 20, **endpoint: Any) -> Answer:
    async def exchange() -> Answer:
        async with new_session() as session:
            found = [await Client(session, Endpoint(url, **endpoint), timeout).ask(b"{}") for _ in range(2)]
            return found[0][0]

    return asyncio.run(exchange())


def fault_of(pieces: Iterable[bytes], timeout: float = 20, **endpoint: Any) -> tuple[Fault, Raw]:
    with Raw(lambda _: pieces) as server, pytest.raises(Fault) as caught:
        ask(server.url, timeout, **endpoint)
    assert caught.value.message.startswith(server.url)
    return caught.value, server


def streamed(text: str, *headers: str) -> list[bytes]:
    return list(chunks([text.encode()], *headers))


@pytest.mark.parametrize(
    "sent",
    [
        [part.replace(b"Content-Type: application/json", EVENTS.encode()) for part in streamed(HELLO + STOP)],
        streamed(HELLO + STOP),
        [response((HELLO + STOP).encode()).replace(b"application/json", b"text/event-stream; charset=utf-8")],
        [response(gzip.compress((HELLO + STOP).encode()), "Content-Encoding: gzip").replace(b"application/json",
                                                                                           b"text/event-stream")],
    ],
    ids=["in chunks", "under another type", "with its length", "packed"],
)  # fmt: skip
def test_streams_are_known_by_their_type_or_their_look(sent: list[bytes]) -> None:
    with Raw(lambda _: sent) as server:
        assert ask(server.url) == TOLD


def events(parts: Iterable[bytes], *headers: str) -> Iterator[bytes]:
    for part in chunks(parts, *headers):
        yield part.replace(b"Content-Type: application/json", EVENTS.encode())


def test_what_a_stream_may_send_has_the_bounds_of_a_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", MEGABYTE)
    line = itertools.chain([b"data: "], itertools.repeat(b"a" * 65_536, 3_000))
    fault, server = fault_of(events(line))
    assert "its answer is longer than 1 MB" in fault.message
    assert server.sent < 20 * MEGABYTE
    assert server.left.wait(20), "the connection is closed"
    bomb = gzip.compress(b"data: " + b" " * 200 * MEGABYTE, 1)
    tracemalloc.start()
    try:
        fault, _ = fault_of(
            [response(bomb, "Content-Encoding: gzip").replace(b"application/json", b"text/event-stream")]
        )
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert "its answer is longer than 1 MB" in fault.message


def test_a_header_of_a_megabyte_and_a_redirect_are_told_for_streams_too() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + EVENTS.encode() + b"\r\nX-Long: "
    fault, _ = fault_of(iter([head, b"a" * MEGABYTE, b"\r\n\r\n" + HELLO.encode()]))
    assert "its answer has a header of more than 16 kB" in fault.message
    moved = response(HELLO.encode(), "Location: https://elsewhere.example/v1?key=1", status="307 Temporary Redirect")
    fault, server = fault_of([moved.replace(b"application/json", b"text/event-stream")], api_key="canary-0123456789")
    assert "it sends us to https://elsewhere.example/v1: put that in `base_url`" in fault.message
    assert fault.kind == "down"
    assert len(server.requests) == 1


def test_a_key_in_pieces_is_a_key() -> None:
    said = piece({"content": "canary-01"}) + piece({"content": "23456789"}) + STOP
    fault, _ = fault_of(events([said.encode()]), api_key="canary-0123456789")
    assert (fault.kind, fault.cause) == ("row", "secret")
    assert "canary" not in fault.message


def test_a_stream_that_breaks_off_heals() -> None:
    def broken() -> Iterator[bytes]:
        yield from itertools.islice(events([HELLO.encode(), b""]), 2)
        raise ConnectionError

    fault, _ = fault_of(broken())
    assert (fault.kind, fault.cause, fault.paid) == ("heal", "unreadable", True)
    assert "its answer broke off" in fault.message


def test_silence_in_the_middle_of_an_answer_is_told_before_the_whole_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "SILENCE_SECONDS", 0.3)
    over = threading.Event()

    def silent() -> Iterator[bytes]:
        yield from itertools.islice(events([HELLO.encode(), b""]), 2)
        over.wait(30)

    fault, _ = fault_of(silent(), timeout=60)
    assert (fault.kind, fault.cause) == ("slow", "timeout")
    assert "no byte for 0.3 s in the middle of its answer" in fault.message
    over.set()


def test_the_whole_time_bounds_a_stream_that_drips() -> None:
    over = threading.Event()

    def drips() -> Iterator[bytes]:
        yield HELLO.encode()
        while not over.wait(0.02):
            yield b": ping\n\n"

    fault, server = fault_of(events(drips()), timeout=0.5)
    assert "no answer within 0.5 s" in fault.message
    assert server.left.wait(20)
    over.set()


def test_a_server_that_keeps_the_line_open_after_the_last_word_has_answered() -> None:
    over = threading.Event()

    def held() -> Iterator[bytes]:
        yield (HELLO + STOP).encode()
        over.wait(30)

    with Raw(lambda _: events(held())) as server:
        assert ask(server.url) == TOLD
        over.set()
