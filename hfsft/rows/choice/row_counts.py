"""What became of the rows of one source while it was read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Counts:
    """Rows of one source; `read` is the sum of all others but `ended`.

    `taken` are the rows that go on, those that cannot be used among them: these are set aside by a step of their own.
    """

    read: int = 0
    where: int = 0  # left out, as the expression is false for them
    sample: int = 0  # left out by `sample`
    mixture: int = 0  # left out so that shares hold
    taken: int = 0
    ended: bool = False  # `limit` was reached, and what stands behind was not read

    def clear(self) -> None:
        """Begin anew."""
        self.__init__()  # type: ignore[misc]

    def add(self, other: Counts) -> None:
        """Count the rows of other pieces of the source, too."""
        for name, value in other.as_dict().items():
            setattr(self, name, getattr(self, name) + value if name != "ended" else self.ended or value)

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON."""
        return asdict(self)
