"""What another process answers: what came of some work, or the error that ended it, whole.

An error is taken apart before it is sent, as pickle would make it again from its message alone, and told on this side
with its class and all that it knows.
"""

from __future__ import annotations

import pickle
import sys
import traceback
from importlib.metadata import version
from typing import Any, NamedTuple

from hfsft.engine.resources import Work
from hfsft.errors import HfsftError, InternalError, UserError


class Versions(NamedTuple):
    """What must be the same in all processes, or they would make other rows of the same recipe."""

    python: str
    hfsft: str | None  # None where it is not installed

    @classmethod
    def here(cls) -> Versions:
        """Those of this process."""
        return cls(f"{sys.version_info[0]}.{sys.version_info[1]}", version("hfsft"))

    def require(self, other: Versions, node: str) -> None:
        """Raise `UserError` where those of a node are other ones."""
        if other.python != self.python:
            has = f"Python {other.python} and this machine {self.python}"
            raise UserError(f"node {node} has {has}: all nodes need the same")
        if other.hfsft != self.hfsft:
            has = f"has hfsft {other.hfsft}" if other.hfsft else "has no hfsft"
            mend = f"run `pip install 'hfsft[cluster]=={self.hfsft}'` there"
            raise UserError(f"node {node} {has} and this machine {self.hfsft}: {mend}")


class Carried(NamedTuple):
    """What came of some work: `made`, or the error as bytes and where it was raised, as text."""

    made: Any = None
    raised: bytes = b""
    where: str = ""

    def get(self) -> Any:
        """What was made. Raises the error that there was instead."""
        if self.raised:
            raise _whole(self.raised) from ElsewhereError(self.where)
        return self.made


class ElsewhereError(Exception):
    """Where an error was raised in another process: the traceback as text."""


class ActorGoneError(HfsftError):
    """An actor died before it answered; it may be on its way back."""


def failed(error: BaseException, node: str) -> Carried:
    """The answer of work that raised an error on a node."""
    if isinstance(error, FileNotFoundError):
        error = UserError(
            f"{error.filename or error} is not there on node {node}: files that a recipe names must lie where every "
            "node sees them, under the same path"
        )
    where = f"on node {node}\n{''.join(traceback.format_exception(type(error), error, error.__traceback__))}"
    try:
        told = pickle.dumps((type(error), error.args, vars(error)))
        _whole(told)
    except Exception:  # what it holds is of that process alone
        kind = UserError if isinstance(error, UserError) else InternalError
        told = pickle.dumps((kind, (str(error) if kind is UserError else f"{type(error).__name__}: {error}",), {}))
    return Carried(raised=told, where=where)


def _whole(told: bytes) -> BaseException:
    kind, arguments, known = pickle.loads(told)  # noqa: S301, of a process of this cluster
    error: BaseException = kind.__new__(kind, *arguments)
    error.__dict__.update(known)
    return error


def answered(work: str, task: bytes, versions: tuple[str, str | None], node: str) -> Carried:
    """What the function `module:name` of hfsft makes of a pickled task, in the process of a node."""
    try:
        Versions(*versions).require(Versions.here(), node)
        return Carried(Work(work).made(pickle.loads(task)))  # noqa: S301, of the process that began this one
    except Exception as error:
        return failed(error, node)
