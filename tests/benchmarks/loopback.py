"""A loopback server that costs almost no CPU: fixed latency, a canned answer, or a canned verdict where a request
holds an answer to a JSON schema. Prints its port, then serves.

python tests/benchmarks/loopback.py 0.2
"""

from __future__ import annotations

import asyncio
import json
import sys

TEXT = "Refunds take three to five business days. " * 20
VERDICT = json.dumps({name: {"reason": "names a time", "score": 4} for name in ("relevance", "usefulness")})


def response(text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 40, "completion_tokens": 160}
    body = json.dumps({"model": "canned", "choices": [choice], "usage": usage}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


PLAIN, JUDGED = response(TEXT), response(VERDICT)


class Chat(asyncio.Protocol):
    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (head := self.data.find(b"\r\n\r\n")) >= 0:
            length = next(
                int(line.split(b":")[1])
                for line in self.data[:head].split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            if len(self.data) < head + 4 + length:
                return
            answer = JUDGED if b'"json_schema"' in self.data[head : head + 4 + length] else PLAIN
            self.data = self.data[head + 4 + length :]
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Chat(float(sys.argv[1])), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
