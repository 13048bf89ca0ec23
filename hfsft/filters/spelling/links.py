"""links: addresses of pages, of mail and of telephones."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import Field

from hfsft.filters.text_column import TellingFilter
from hfsft.rows.views import Question
from hfsft.texts.spelling.addresses import addresses


class Links(TellingFilter):
    """Number of addresses in a text at which something or somebody is reached, 0 and up."""

    name: ClassVar[str] = "links"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "Whether an address leads anywhere, names of accounts, and addresses of houses."
    example: ClassVar[str] = """\
    filters:
      - links: {at_most: 0}
      - links: {column: context, at_most: 0}
    """

    kind: ClassVar[str] = "int64"
    by_turn: ClassVar[bool] = True

    at_least: float | None = Field(None, ge=0, description="Smallest number that is kept.")
    at_most: float | None = Field(3, ge=0, description="Largest number that is kept.")

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float, str | None]:
        """How many, and how many of each kind; never which."""
        kinds = addresses(text)
        told = ", ".join(f"{count} {_several(kind) if count > 1 else kind}" for kind, count in kinds.most_common())
        return kinds.total(), told or None


def _several(kind: str) -> str:
    return f"{kind}{'es' if kind.endswith('s') else 's'}"
