"""A loopback server that costs almost no CPU: fixed latency, a canned answer. Prints its port, then serves.

python tests/benchmarks/loopback.py 0.2
"""

from __future__ import annotations

import asyncio
import json
import sys

TEXT = "Refunds take three to five business days. " * 20
BODY = json.dumps(
    {
        "model": "canned",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 160},
    }
).encode()
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


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
            self.data = self.data[head + 4 + length :]
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, RESPONSE)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Chat(float(sys.argv[1])), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
