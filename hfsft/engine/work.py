"""Work as data: the name of a function and JSON, which any process can make the same thing of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from operator import attrgetter
from typing import Any

from hfsft.errors import InternalError


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
