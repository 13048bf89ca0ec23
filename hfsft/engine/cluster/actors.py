"""What asking needs of a cluster: objects that live in processes of their own, wherever there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hfsft.errors import UserError

if TYPE_CHECKING:
    from concurrent.futures import Future


class ActorGone(UserError):
    """The process of an actor ended while it was called, or is being started again."""


class Actor(Protocol):
    """An object in a process of its own; pickled, it is the same object elsewhere."""

    def call(self, method: str, *arguments: Any) -> Future[Any]:
        """What a method returns or raises there; `ActorGone` where its process ends before."""
        ...

    def end(self) -> None:
        """End its process."""
        ...


class Actors(Protocol):
    """Who starts them; `askers` is how many processes are to ask models."""

    @property
    def askers(self) -> int:
        """How many processes ask models at once."""
        ...

    def actor(self, kind: type, *arguments: Any, restarts: int = 0, here: bool = False, threads: int = 1) -> Actor:
        """An object of a class, made from these arguments: `here` on the machine of this process.

        A process that died is started again so many times, with the same arguments. `threads` is how many of its
        methods may run at once; those that are coroutines share one.
        """
        ...
