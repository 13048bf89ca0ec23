"""Work as data, and what it depends on beside rows and JSON: a corpus, a tokenizer, a list of words, a file of labels.

A resource is known by a hash of its content, which is part of what a step depends on. It is loaded by the process that
needs it, when it first needs it, and once; where its content is another one by then, that is an error.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from operator import attrgetter
from platform import node
from typing import Any, Protocol

from hfsft.errors import InternalError, UserError
from hfsft.hashing import digest

EVERYWHERE = "with files where every machine sees them, under the same path"
AT_ONCE = 64  # resources that a process holds; the one that was not used for longest goes first


@dataclass(frozen=True)
class Work:
    """`function` is `module:name` of what is called with `arguments`, which are JSON; it returns what does the work."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def made(self, *before: Any) -> Any:
        """What the function returns, called with `before` and then the arguments by their names.

        Raises `InternalError` where there is no such function, as in a process that lacks the package it is in.
        """
        module, _, name = self.function.partition(":")
        try:
            found = attrgetter(name)(import_module(module))
        except (ImportError, AttributeError) as error:
            raise InternalError(f"{self.function} cannot be imported: {error}") from None
        return found(*before, **self.arguments)

    def as_dict(self) -> dict[str, Any]:
        """The work as JSON."""
        return {"function": self.function, "arguments": dict(self.arguments)}


def path_of(thing: Any) -> str:
    """`module:name` of a class or a function."""
    return f"{thing.__module__}:{thing.__qualname__}"


class Loader(Protocol):
    """What the work of a resource makes: it tells what the content is, and loads it."""

    def identity(self) -> str:
        """A hash of the content, the same under any name."""
        ...

    def load(self) -> Any:
        """The content, as steps use it."""
        ...


@dataclass(frozen=True)
class Resource:
    """One thing that a step depends on. `work` makes its `Loader`; `kind` says in a word what it is.

    One that is not `pinned` is of this machine alone, as what builds before left: no release depends on it.
    """

    kind: str
    work: Work
    identity: str
    pinned: bool = True

    @classmethod
    def of(cls, kind: str, work: Work, *, pinned: bool = True, loader: Loader | None = None) -> Resource:
        """The resource as its content is now; `loader` is what `work` makes, where it is at hand.

        Raises what the loader raises where there is none.
        """
        loader = work.made() if loader is None else loader
        made = cls(kind, work, loader.identity(), pinned)
        _hold(made.key, loader)
        return made

    @cached_property
    def key(self) -> str:
        """A hash of the content and how it is loaded."""
        return digest([self.work.as_dict(), self.identity])

    def load(self) -> Any:
        """The content, loaded when it is first asked for in a process, once.

        Raises `UserError` where it is another one by now, or this process finds none.
        """
        with _LOCK:
            held = self._held()
            _HELD.move_to_end(self.key)
            if not held.loaded:
                held.content, held.loaded = held.loader.load(), True
            return held.content

    def _held(self) -> _Held:
        try:
            held = _HELD.get(self.key) or _hold(self.key, self.work.made())
            same = held.loaded or held.loader.identity() == self.identity
        except (UserError, OSError) as error:  # whoever planned the step found it
            raise UserError(f"a {self.kind} is not there on {node()}: {error}. Try again, {EVERYWHERE}") from error
        if not same:
            told = f"a {self.kind} was changed while it was in use, or is another one on {node()}"
            raise UserError(f"{told}: run the command again, {EVERYWHERE}")
        return held

    def as_dict(self) -> dict[str, Any]:
        """The resource as JSON, without what it takes to load it, which may be large."""
        return {"kind": self.kind, "identity": self.identity, "load": self.work.function}


@dataclass
class _Held:
    loader: Loader
    loaded: bool = False
    content: Any = None


_HELD: OrderedDict[str, _Held] = OrderedDict()
_LOCK = threading.RLock()  # steps may run beside the loop that asks


def _hold(key: str, loader: Loader) -> _Held:
    with _LOCK:
        held = _HELD[key] = _Held(loader)
        while len(_HELD) > AT_ONCE:
            _HELD.popitem(last=False)
        return held
