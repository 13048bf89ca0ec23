"""links: addresses of pages, of mail and of telephones."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import Field

from hfsft.filters.text_column import COLUMN, CountingFilter
from hfsft.rows.views import Question
from hfsft.texts.spelling.addresses import addresses


class Links(CountingFilter):
    """Number of addresses in a text at which something or somebody is reached, 0 and up.

    Counted are addresses of pages (with `https://` or `www.`, or a name with one of the commonest endings), of
    mail, and telephone numbers, as `pii` finds these. Answers with many of them are lists of links that nobody can
    open any more, or made up; `links: {column: context, at_most: 0}` finds instructions about a page that the model
    cannot read. In the ledger stands how many of each kind there are, never which.

    Of 3,000 rows of the first Alpaca set, the 19 whose input is a link are found, and no other. More than three
    stand in 1 of 1,925 English answers (alpaca, dolly), 1 of 922 Chinese ones, 1 of 2,014 of code, none of 1,669
    Vietnamese ones.
    """

    name: ClassVar[str] = "links"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "Whether an address leads anywhere, names of accounts, and addresses of houses."
    example: ClassVar[str] = """\
    filters:
      - links: {at_most: 0}
      - links: {column: context, at_most: 0}
    """

    column: str = Field("response", description=COLUMN)
    at_most: float | None = Field(3, ge=0, description="Largest number that is kept.")

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float, str | None]:
        """How many, and how many of each kind; never which."""
        kinds = addresses(text)
        told = ", ".join(f"{count} {_several(kind) if count > 1 else kind}" for kind, count in kinds.most_common())
        return kinds.total(), told or None


def _several(kind: str) -> str:
    return f"{kind}{'es' if kind.endswith('s') else 's'}"
