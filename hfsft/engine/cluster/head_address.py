"""Where a cluster is reached: `ray://HOST:PORT`, the address of its head as `ray start --head` shows it."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass

from hfsft.errors import UserError

SCHEME = "ray://"
PORT = 6379  # of the head, unless it was started with another
CLIENT = 10001  # where a head serves Ray's own client, which is no node of the cluster
PATIENCE = 10.0  # seconds within which a head answers


@dataclass(frozen=True)
class ClusterAddress:
    """The address of the head of a cluster."""

    host: str
    port: int

    @classmethod
    def of(cls, name: str) -> ClusterAddress:
        """The address that `ray://HOST:PORT` says. Raises `UserError` where it says none."""
        host, _, port = name.removeprefix(SCHEME).rstrip("/").partition(":")
        if not host or not (port or str(PORT)).isdecimal() or not 0 < int(port or PORT) < 1 << 16:
            raise UserError(f"{name} is no address of a cluster (ray://HOST:PORT, as `ray start --head` shows it)")
        return cls(host, int(port or PORT))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def node(self) -> str | None:
        """The address of the node on which this process takes part; None where Ray finds it out: that of this machine.

        A cluster that lies within one machine gives each node a loopback address of its own.
        """
        return self.host if self.host.startswith("127.") and self.host != "127.0.0.1" else None

    def answers(self) -> str:
        """Why nothing answers there; empty where something does."""
        try:
            with closing(socket.create_connection((self.host, self.port), PATIENCE)):
                return ""
        except OSError as error:
            return error.strerror or str(error) or type(error).__name__

    def require(self) -> None:
        """Raise `UserError` where nothing answers there."""
        if why := self.answers():
            raise UserError(
                f"no Ray cluster answers at {self} ({why}): start one with `ray start --head --port={self.port}` on "
                f"that machine, and `ray start --address={self}` on each of the others"
            )
