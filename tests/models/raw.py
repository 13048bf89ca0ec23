"""A server that sends what bytes a test wants, however wrong, and notices when nobody reads on."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Answer = Callable[[bytes], Iterable[bytes]]
"""What is sent for a request, given as the bytes that came, piece by piece."""


@dataclass
class Raw:
    """Serves at `url` while it is entered; `requests` are those that came, whole."""

    answer: Answer
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    sent: int = 0  # bytes, of all answers
    left: threading.Event = field(default_factory=threading.Event)  # a client went before the end of its answer

    def __enter__(self) -> Raw:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/v1"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError, ConnectionError), connection:
            connection.settimeout(20)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            while request := _read(connection):
                self.requests.append(request)
                try:
                    for piece in self.answer(request):
                        connection.sendall(piece)
                        self.sent += len(piece)
                except (OSError, ssl.SSLError):
                    self.left.set()
                    return


def _read(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        if not (piece := connection.recv(65536)):
            return b""
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole response with its length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunks(pieces: Iterable[bytes], *headers: str, status: str = "200 OK") -> Iterator[bytes]:
    """A response whose length nobody says."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Transfer-Encoding: chunked", *headers]
    yield "\r\n".join([*lines, "", ""]).encode()
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"
