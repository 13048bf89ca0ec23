"""What a server may send has bounds: each is told in one sentence, memory stays small, and the connection is closed."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import shutil
import ssl
import subprocess
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from hfsft.errors import ModelError, StageError
from hfsft.models.http import client
from hfsft.models.http.client import Client, new_session
from hfsft.models.http.faults import Fault
from hfsft.models.model import Answer, Endpoint, Model
from tests.models.fixture import rows
from tests.models.raw import Raw, chunks, response

SPACES = b" " * 65_536
HEAD = b'{"choices": [{"message": {"content": "'
GOOD = json.dumps({"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}]}).encode()
MEGABYTE = 1_000_000


def ask(url: str, timeout: float = 20, **endpoint: object) -> Answer:
    """What one exchange brings."""

    async def exchange() -> Answer:
        async with new_session() as session:
            answer, _ = await Client(session, Endpoint(url, **endpoint), timeout).ask(b"{}")  # type: ignore[arg-type]
            return answer

    return asyncio.run(exchange())


def fault_of(answer: Callable[[bytes], Iterable[bytes]], timeout: float = 20) -> tuple[Fault, Raw]:
    with Raw(answer) as server, pytest.raises(Fault) as caught:
        ask(server.url, timeout)
    return caught.value, server


@cache
def zipped(megabytes: int, form: int = 31) -> bytes:
    """So many megabytes of spaces, packed by gzip (31) or deflate (15)."""
    packer = zlib.compressobj(1, wbits=form)
    pieces = (packer.compress(SPACES) for _ in range(megabytes * MEGABYTE // len(SPACES)))
    return b"".join([*pieces, packer.flush()])


def cut(content: bytes) -> Iterator[bytes]:
    return (content[at : at + 5000] for at in range(0, len(content), 5000))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", MEGABYTE)


ENDLESS: dict[str, Callable[[], Iterable[bytes]]] = {
    "a length of 200 MB": lambda: itertools.chain(
        [response(b"").replace(b"Length: 0", b"Length: 200000000")], itertools.repeat(SPACES, 3000)
    ),
    "no end": lambda: chunks(itertools.chain([HEAD], itertools.repeat(SPACES, 3000))),
    "gzip": lambda: [response(zipped(100), "Content-Encoding: gzip")],
    "deflate": lambda: [response(zipped(100, 15), "Content-Encoding: deflate")],
    "gzip in chunks": lambda: chunks(cut(zipped(100)), "Content-Encoding: gzip"),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_that_is_too_long_is_read_no_further(kind: str) -> None:
    zipped(100), zipped(100, 15)
    fault, server, peak = measured(lambda _: ENDLESS[kind]())
    assert (fault.kind, fault.cause, fault.paid) == ("row", "too_long", True)
    assert "its answer is longer than 1 MB" in fault.message
    assert peak < 8 * MEGABYTE
    assert server.sent < 20 * MEGABYTE
    if "gzip" not in kind and kind != "deflate":  # those are sent at once
        assert server.left.wait(20), "the connection is closed"


def test_the_bound_as_it_is_holds_for_a_bomb_of_two_gigabytes() -> None:
    bomb = zipped(100) * 20
    assert len(bomb) < 15 * MEGABYTE
    fault, _, peak = measured(lambda _: [response(bomb, "Content-Encoding: gzip")])
    assert "longer than 16 MB" in fault.message
    assert peak < 4 * client.MOST_BYTES


def measured(answer: Callable[[bytes], Iterable[bytes]]) -> tuple[Fault, Raw, int]:
    """The fault, the server, and the most bytes that were held at once."""
    tracemalloc.start()
    try:
        return *fault_of(answer), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("small")
def test_an_answer_below_the_bound_comes_packed_or_not() -> None:
    whole = GOOD.replace(b"Hello.", b"Hello." * 100_000)
    for pieces in (
        [response(whole)],
        list(chunks([whole[:7], whole[7:]])),
        [response(gzip.compress(whole), "Content-Encoding: gzip")],
        [response(zlib.compress(whole), "Content-Encoding: deflate")],
    ):
        with Raw(lambda _, pieces=pieces: pieces) as server:  # type: ignore[misc]
            assert ask(server.url).text == "Hello." * 100_000


def test_of_a_long_error_the_beginning_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_ERROR_BYTES", MEGABYTE)
    page = itertools.chain([b"<h1>The model is not loaded</h1>"], itertools.repeat(SPACES, 3000))
    fault, server = fault_of(lambda _: chunks(page, status="404 Not Found"))
    assert "HTTP 404: The model is not loaded" in fault.message
    assert server.sent < 20 * MEGABYTE


HEADERS: dict[str, tuple[Callable[[], Iterator[bytes]], str]] = {
    "a header of 1 MB": (
        lambda: iter([b"HTTP/1.1 200 OK\r\nX-Long: ", b"a" * MEGABYTE, b"\r\nContent-Length: 2\r\n\r\n{}"]),
        "its answer has a header of more than 16 kB",
    ),
    "a header that never ends": (
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\nX-Long: "], itertools.repeat(b"a" * 10_000, 5000)),
        "its answer has a header of more than 16 kB",
    ),
    "the name of a header that never ends": (
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"a" * 10_000, 5000)),
        "its answer has a header of more than 16 kB",
    ),
    "10,000 headers": (
        lambda: iter([response(b"{}", *(f"X-{number}: y" for number in range(10_000)))]),
        "its answer has more than 128 headers",
    ),
    "headers that never end": (
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], (b"X-%d: y\r\n" % number for number in range(500_000))),
        "its answer has more than 128 headers",
    ),
    "a status that never ends": (
        lambda: itertools.chain([b"HTTP/1.1 200 "], itertools.repeat(b"a" * 10_000, 5000)),
        "its answer has a header of more than 16 kB",
    ),
    "no HTTP": (lambda: iter([b"SSH-2.0-OpenSSH_9.6\r\n"]), "what it answers is no HTTP"),
    "unpackable": (lambda: iter([response(b"abc", "Content-Encoding: gzip")]), "its answer cannot be unpacked"),
    "an unknown packing": (lambda: iter([response(b"abcdef", "Content-Encoding: br")]), "cannot be unpacked"),
    "half a body": (lambda: iter([response(b"{}").replace(b"Length: 2", b"Length: 9"), b""]), "its answer broke off"),
    "a tower of lists": (lambda: iter([response(b"[" * 200_000)]), "the body is not JSON"),
    "a number of 10,000 digits": (lambda: iter([response(b"1" * 10_000)]), "the body is not JSON"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_what_is_no_answer_is_told_in_one_sentence(kind: str) -> None:
    pieces, said = HEADERS[kind]

    def answer(_: bytes) -> Iterator[bytes]:
        yield from pieces()
        if kind == "half a body":
            raise ConnectionError

    fault, server = fault_of(answer)
    assert said in fault.message
    assert fault.message.startswith(f"http://127.0.0.1:{server.port}/v1: ")
    assert "aaaa" not in fault.message
    assert len(fault.message) < 300
    assert fault.kind == "heal"
    assert server.sent < 10 * MEGABYTE


def test_a_server_that_drips_is_left_when_its_time_is_over() -> None:
    over = threading.Event()

    def drips() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    fault, server = fault_of(lambda _: chunks(drips()), timeout=0.5)
    assert "no answer within 0.5 s" in fault.message
    assert server.left.wait(20)
    over.set()


def test_rows_fail_with_the_bound_and_the_stage_says_it(make_pool: Callable[..., object], monkeypatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", MEGABYTE)
    with Raw(lambda _: chunks(itertools.repeat(SPACES, 3000))) as server:
        pool = make_pool({"m": Model(model="m", base_url=server.url, concurrency=8)})
        with pytest.raises(StageError, match=r"too_long.*its answer is longer than 1 MB"):
            pool.drive("generate", rows(40), total=40)  # type: ignore[attr-defined]
        assert len(server.requests) < 40, "none is asked again"


def test_long_answers_that_come_together_take_a_bounded_memory(make_pool: Callable[..., object], monkeypatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 2 * MEGABYTE)
    monkeypatch.setattr(client, "LONG_BYTES", 100_000)
    with Raw(lambda _: chunks(itertools.repeat(SPACES, 3000))) as server:
        pool = make_pool({"m": Model(model="m", base_url=server.url, concurrency=64)})
        tracemalloc.start()
        try:
            failures = pool.drive("generate", rows(128), total=128, max_failed_share=1)  # type: ignore[attr-defined]
            held, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(failures) == 128
        assert peak < 100 * MEGABYTE, "64 at once, of 2 MB each, copied once"
        assert held < 20 * MEGABYTE, "no error holds what was read"


def test_an_answer_of_more_values_than_any_is_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"choices":[' + b"{}," * 1_600_000 + b"{}]}"
    fault, _, peak = measured(lambda _: [response(body)])
    assert (fault.kind, fault.cause) == ("row", "too_long")
    assert peak < 40 * MEGABYTE


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate")
def test_a_certificate_that_nobody_signed_is_told(
    tmp_path: Path, make_pool: Callable[..., object], monkeypatch
) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"]
    subprocess.run([*made, "-keyout", "k.pem", "-out", "c.pem"], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    monkeypatch.setenv("A_KEY", "canary-0123456789")
    with Raw(lambda _: [response(GOOD)], tls=context) as server:
        pool = make_pool({"m": Model(model="m", base_url=server.url, api_key_env="A_KEY")})
        with pytest.raises(ModelError, match="its certificate is not trusted"):
            pool.drive("generate", rows(3), total=3)  # type: ignore[attr-defined]
    assert server.requests == [], "nothing was sent to it"
