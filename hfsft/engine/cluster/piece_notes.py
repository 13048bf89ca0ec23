"""What is noted of the pieces that askers are done with: the next build asks for the others, and reads none of their
answers again. A piece of which rows failed, or may yet fail, is not noted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hfsft.cache import SPENT
from hfsft.models.limits.usage import Spent, short_of

if TYPE_CHECKING:
    from hfsft.engine.parts.files import Files
    from hfsft.models.limits.losses import Losses
    from hfsft.models.model import Answer

_DIGITS = 16  # of a key, see `short_of`


@dataclass
class Took:
    """What the answers of one model took that an asker was the first to read."""

    spent: Spent = field(default_factory=Spent)
    keys: list[int] = field(default_factory=list)  # of the answers, by `short_of`

    def count(self, key: str, answer: Answer, *, kept: bool = True) -> None:
        """Add one answer; one that is not `kept` was paid for all the same."""
        self.spent.count(answer)
        self.spent.answers -= not kept
        if kept:
            self.keys.append(short_of(key))

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        return {"spent": asdict(self.spent), "keys": "".join(f"{key:0{_DIGITS}x}" for key in self.keys)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Took:
        """Of that JSON."""
        digits = told["keys"]
        keys = [int(digits[at : at + _DIGITS], 16) for at in range(0, len(digits), _DIGITS)]
        return cls(Spent(**told["spent"]), keys)


class NotedPiece(Protocol):
    """A piece, which knows what it wrote."""

    @property
    def key(self) -> str:
        """A hash of all that its rows hang on."""
        ...

    def noted(self, written: Any) -> Any:
        """What it wrote, as JSON."""
        ...

    def known(self, noted: Any) -> Any:
        """What it wrote, by that JSON; None where it is not there any more."""
        ...


class FinishedPiece(NamedTuple):
    """A piece that an asker was done with."""

    written: Any
    rows: int
    lost: Mapping[str, int]  # rows that came to what is of no use, by why
    took: Mapping[str, Took]  # by model

    def counted_in(self, losses: Losses) -> None:
        """Count its rows as done."""
        losses.count(None, None, self.rows - sum(self.lost.values()))
        for why, rows in self.lost.items():
            losses.count(None, why, rows)


class PieceNotes:
    """Kept with the notes of finished steps."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def keep(self, piece: NotedPiece, written: Any, whys: list[str | None], took: defaultdict[str, Took]) -> None:
        """Note a piece; `whys` tell of each of its rows why it came to what is of no use, None where it did not."""
        note = {
            "written": piece.noted(written),
            "rows": len(whys),
            "lost": Counter(filter(None, whys)),
            "took": {model: each.as_dict() for model, each in took.items()},
        }
        self._files.keep(_name(piece), note)

    def find(self, piece: NotedPiece) -> FinishedPiece | None:
        """What is noted of a piece; None where nothing is, or what it wrote is gone."""
        try:
            note = self._files.note(_name(piece)) or {}
            took = {model: Took.from_dict(each) for model, each in note["took"].items()}
            written = piece.known(note["written"])
            return None if written is None else FinishedPiece(written, note["rows"], note["lost"], took)
        except (LookupError, TypeError, ValueError, AttributeError):  # of another version
            return None


def _name(piece: NotedPiece) -> str:
    return f"{piece.key}-piece{SPENT}"
