"""The errors a user can meet, and the exit code of each.

HfsftError
├── UserError                exit 1: the recipe, the data, a model or the Hub must change
│   ├── RecipeError          problems in a recipe, all of them at once
│   ├── PromptError          a template that cannot be read or rendered
│   ├── SourceError          seeds or examples that cannot be read
│   │   └── NothingSeenError `where` leaves out all of the rows that were looked at
│   ├── ModelError           a model that cannot be asked at all: endpoint down, no key, unknown name
│   │   ├── BudgetError      the next request could pass the recipe's budget
│   │   └── RefusedKeyError  the server does not take what a key of the recipe says
│   ├── StoreError           the response store cannot be written
│   ├── StageError           too large a share of one stage's rows failed
│   ├── ReleaseError         the Hub or an export refuses what was built
│   ├── ArgumentError        an argument from Python that the callee does not take
│   └── ColumnError          a dataset that lacks a column
├── AnswerError              one row's answer is unusable; the row fails, the build goes on
└── InternalError            exit 3: a bug of hfsft, such as a ledger whose rows do not add up
"""

from __future__ import annotations

import difflib
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands in a file; lines and columns count from 1, 0 where unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with a recipe: where, what, and what is allowed or helps."""

    place: Place
    message: str
    help: str = field(default="", compare=False)
    hides: int = field(default=0, compare=False)  # of a secret: lines from its place on that are not to be shown

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" ({self.help})" if self.help else "")

    def as_dict(self) -> dict[str, Any]:
        """The problem as JSON."""
        return {**asdict(self.place), "message": self.message, "help": self.help}


class HfsftError(Exception):
    """Any error that hfsft raises on purpose."""

    exit_code = 3


class UserError(HfsftError):
    """Something the user can mend; the message says where, what, and how."""

    exit_code = 1


class RecipeError(UserError):
    """Every problem of a recipe, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


class PromptError(UserError):
    """A template that cannot be read or rendered: its name, the line within it (from 1; 0: unknown), the message."""

    def __init__(self, name: str, line: int, message: str, help: str = "") -> None:
        self.name, self.line, self.message, self.help = name, line, message, help
        where = f"template {name}, line {line}" if line else f"template {name}"
        super().__init__(f"{where}: {message}" + (f" ({help})" if help else ""))


class SourceError(UserError):
    """Seeds or examples that cannot be read.

    `place` is where in a file the fault is. Where a key of the source in the recipe would mend it, `key` names that
    key, and `line` the line of its value, from 1, if that has several.
    """

    def __init__(
        self, message: str, *, place: Place | None = None, key: str = "path", line: int = 1, help: str = ""
    ) -> None:
        self.message, self.place, self.key, self.line, self.help = message, place, key, line, help
        super().__init__((f"{place}: " if place else "") + message + (f" ({help})" if help else ""))


class NothingSeenError(SourceError):
    """`where` leaves out all of the first rows of a source, which alone were read; it may keep later ones."""


class ModelError(UserError):
    """A model that cannot be asked at all."""


class BudgetError(ModelError):
    """The next request could pass the recipe's budget, so it was not sent."""


class RefusedKeyError(ModelError):
    """A server does not take what a key of the recipe says; `loc` is the way to it, `help` how it is left out."""

    def __init__(self, loc: tuple[str | int, ...], message: str, help: str) -> None:
        self.loc, self.help = loc, help
        self.message = f"{'.'.join(map(str, loc))}: {message}"
        super().__init__(f"{self.message} ({help})")


class StoreError(UserError):
    """The response store cannot be read or written."""


class StageError(UserError):
    """Too large a share of one stage's rows failed."""


class ReleaseError(UserError):
    """The Hub or an export refuses what was built."""


class ArgumentError(UserError, TypeError, ValueError):
    """An argument that a filter does not take, or a value that it may not have; every one of them at once."""


class ColumnError(UserError, KeyError):
    """A dataset lacks a column that is read."""

    def __str__(self) -> str:  # KeyError's own would quote the sentence
        return str(self.args[0])


class AnswerError(HfsftError):
    """One answer that cannot be used: the row that asked for it fails with this cause.

    `cause` is a short stable word (`length`, `content_filter`, `context_length`, `bad_request`, `timeout`, `server`,
    `connection`, `unreadable`, ...); the message says the rest.
    """

    def __init__(self, cause: str, message: str = "") -> None:
        self.cause = cause
        super().__init__(f"{cause}: {message}" if message else cause)


UNREADABLE = ("unreadable", "length", "empty")
"""Causes of answers that came and say nothing: where nothing hangs on them, the row goes on without what was asked."""

E = TypeVar("E", bound=BaseException)


def bare(error: E) -> E:
    """The error without the calls that it came through: these hold what they read for as long as the error is kept."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def unusable(cause: str, message: str, mend: str = "change what is asked, the sampling or the model") -> AnswerError:
    """The error of an answer that is stored and cannot be used; `mend` says what to change in the recipe.

    The same request would get the stored answer again, so only a changed one is sent.
    """
    return AnswerError(cause, f"{message}: {mend} (the same request is not sent again)")


class ReadAnewError(HfsftError):
    """What a source holds cannot be added to what was read of it before: it is read from its start."""


class InternalError(HfsftError):
    """A bug: something that hfsft guarantees does not hold. Users are asked to report it."""


def place_of(path: str | os.PathLike[str], line: int = 0, column: int = 0) -> Place:
    """A place whose file is written the way the user would type it (relative when below the working directory)."""
    if "://" in (address := os.fspath(path)):
        return Place(address, line, column)
    absolute = Path(path).absolute()
    try:
        shown = absolute.relative_to(Path.cwd())
    except ValueError:
        shown = absolute
    return Place(str(shown), line, column)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` may be a slip of, if any."""
    likeness, best = max(((alike(word, other), other) for other in known), default=(0.0, ""))
    return best if likeness >= 0.65 else None


def alike(word: str, other: str) -> float:
    """How similar two words are, 0 to 1: the mean of the share of letters in order and in any order (`lisence`)."""
    matcher = difflib.SequenceMatcher(None, word[:100], other)
    return (matcher.ratio() + matcher.quick_ratio()) / 2


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean ...? allowed: ...`, or as much of it as can be said."""
    known = list(known)
    guess = closest(word, known)
    return " ".join(
        [*([f"did you mean `{guess}`?"] if guess else []), *([f"allowed: {', '.join(known)}"] if known else [])]
    )
