"""What reading one row comes to beside its texts: the first thing wrong with it, and what of it was not carried."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from hfsft.rows.values import NOT_UNICODE, absent, broken, healed, holds, printable

Drop = Literal["reasoning", "tools", "images", "label", "weight", "pair", "history", "unanswered"]
"""What a recipe may leave out of rows that hold it, where they would else be set aside."""

BRIEF = 40  # characters of a name that a message shows


@dataclass
class RowReport:
    """Filled while a row is read."""

    drop: Collection[str] = ()
    defect: str | None = None
    unread: dict[str, None] = field(default_factory=dict)  # names in the order they were met
    padded: bool = False  # whether objects have null for keys that they were written without
    dialect: dict[str, None] = field(default_factory=dict)  # words for how the row is written
    tools: list[Any] = field(default_factory=list)  # what stands in turns for tools

    def odd(self, reason: str, *, above_all: bool = False) -> None:
        """The row cannot be used; of several reasons the first counts, or one that no key of the recipe settles."""
        self.defect = reason if above_all else self.defect or reason

    def refuse(self, group: str, reason: str) -> None:
        """As `odd`, unless the recipe drops that group of things."""
        if group not in self.drop:
            self.odd(reason)

    def wrote(self, word: str) -> None:
        """The row is written so."""
        self.dialect[word] = None

    def left(self, name: str, value: Any) -> None:
        """The value under that name is not carried; told where it holds anything."""
        if name not in self.unread and holds(value):
            self.unread[printable(name)] = None

    def text(self, value: Any, name: str) -> str | None:
        """A value as a text of the row, to the letter; None where it says nothing."""
        if absent(value):
            return None
        if not isinstance(value, str):
            self.odd(f"{name} is not text")
            return None
        text = healed(value)
        if broken(text):
            self.odd(NOT_UNICODE)
        return printable(text)


def brief(value: Any) -> str:
    """A name out of a row, short and in one line, for a message."""
    text = printable(" ".join(str(value).split()))
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 3]}..."


def below(*parts: str | None) -> str | None:
    """Texts below each other, a blank line between, each once; None where there is none."""
    said: dict[str, str] = {}
    for part in parts:
        if part is not None:
            said.setdefault(part.strip(), part)
    return "\n\n".join(said.values()) or None
