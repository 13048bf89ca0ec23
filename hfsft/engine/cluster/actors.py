"""What asking needs of a cluster: objects that live in processes of their own, wherever there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future


class Actor(Protocol):
    """An object in a process of its own; pickled, it is the same object elsewhere."""

    def call(self, method: str, *arguments: Any) -> Future[Any]:
        """What a method returns or raises there; `ActorGoneError` where its process ends before."""
        ...

    def end(self) -> None:
        """End its process."""
        ...


class Actors(Protocol):
    """Who starts them; `askers` is how many processes are to ask models."""

    @property
    def askers(self) -> int | None:
        """How many processes ask models at once; None where nobody said."""
        ...

    def nodes(self) -> int:
        """How many machines there are."""
        ...

    def actor(
        self, made: Callable[..., Any], *arguments: Any, restarts: int = 0, here: bool = False, threads: int = 1
    ) -> Actor:
        """What `made`, a class, makes of these arguments: `here` on the machine of this process.

        A process that died is started again so many times, with the same arguments. `threads` is how many of its
        methods may run at once; those that are coroutines share one.
        """
        ...
