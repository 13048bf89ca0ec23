"""How long the rows are, in tokens or words, and the `max_length` to train with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hfsft.filters.cells import CONVERSATION
from hfsft.filters.text.tokens import Tokens
from hfsft.release.trainer.check import LengthSummary
from hfsft.rows.features import values_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.engine.executor import Rows
    from hfsft.release.result import Built

TOKENS_PER_WORD = 4 / 3
"""Of English text under the tokenizers of today; chat templates add a few more."""
SAMPLED, LOOKED_AT = 500, 500  # rows, and characters of each, by which letters are told
LATIN = 0.98  # share of ASCII letters, from which words are taken for such as English has


@dataclass(frozen=True)
class Lengths:
    """How long rows are in `unit`: tokens of `tokenizer`, or words of the conversation where the recipe names none.

    `max_length` (in tokens) and the rows that it cuts are then guesses at four tokens for three words, as in English;
    None and 0 where the recipe names another language, or names none and the texts are not in plain Latin letters.
    """

    unit: str
    tokenizer: str | None
    summary: LengthSummary
    max_length: int | None
    cut: int

    def as_dict(self) -> dict[str, Any]:
        """The lengths as JSON."""
        return asdict(self)


def lengths(built: Built) -> Lengths:
    """The lengths of the kept rows, of which there is at least one."""
    import numpy as np

    found = built.trainer.lengths
    if found:
        return Lengths("tokens", built.trainer.tokenizer, found, found.recommended, found.over_recommended)
    words = built.measures.words() if built.measures else None
    words = _words(built.streamed) if words is None else words
    language = built.recipe.language
    if language != ["en"] and not (language is None and _latin(built.streamed)):
        return Lengths("words", None, LengthSummary.of(words), None, 0)
    guess = LengthSummary.of(np.ceil(words * TOKENS_PER_WORD).astype(np.int64))
    return Lengths("words", None, LengthSummary.of(words), guess.recommended, guess.over_recommended)


def _latin(rows: Rows) -> bool:
    """Whether nearly all letters of the answers are those of English."""
    first: list[Any] = next(iter(rows.batches(["response"], SAMPLED)))["response"].to_pylist()
    texts = [(text or "")[:LOOKED_AT] for text in first]
    if all(map(str.isascii, texts)):
        return True
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    return sum(map(str.isascii, letters)) >= LATIN * len(letters)


def _words(rows: Rows) -> NDArray[np.int32]:
    import numpy as np

    counter = Tokens(column=CONVERSATION, at_least=0)
    (column,) = counter.writes
    names = [name for name in dict.fromkeys((*counter.reads, *counter.optional)) if name in rows.column_names]
    batches = ({name: values_of(table[name]) for name in names} for table in rows.batches(names, 1000))
    counts = (count or 0 for batch in batches for count in counter.measure(batch)[column])
    return np.fromiter(counts, np.int32, len(rows))
