"""Which items are alike: one index for texts, one for vectors, and the families that pairs join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.section.late_module import late_names

# These two are called as their files are: what is imported late must not stand behind the name of a file.
from hfsft.similarity.families import families
from hfsft.similarity.normalise import first_words, normalise, split_words

if TYPE_CHECKING:
    from hfsft.similarity.dense_index import DenseIndex, cosines, units
    from hfsft.similarity.index import Index
    from hfsft.similarity.lexical.shingles import IDEOGRAPH, LETTER, WORD, Chunks, mixed
    from hfsft.similarity.lexical_index import LexicalIndex
    from hfsft.similarity.normalise_many import normalise_all
    from hfsft.similarity.sketched import COUNTED, SKETCH, VERSION, Sketched, grouped, keys_of, sketches_of

_HOMES = {
    "dense_index": ("DenseIndex", "cosines", "units"),
    "index": ("Index",),
    "lexical.shingles": ("IDEOGRAPH", "LETTER", "WORD", "Chunks", "mixed"),
    "lexical_index": ("LexicalIndex",),
    "normalise_many": ("normalise_all",),
    "sketched": ("COUNTED", "SKETCH", "VERSION", "Sketched", "grouped", "keys_of", "sketches_of"),
}

__all__ = [
    "COUNTED",
    "IDEOGRAPH",
    "LETTER",
    "SKETCH",
    "VERSION",
    "WORD",
    "Chunks",
    "DenseIndex",
    "Index",
    "LexicalIndex",
    "Sketched",
    "cosines",
    "families",
    "first_words",
    "grouped",
    "keys_of",
    "mixed",
    "normalise",
    "normalise_all",
    "sketches_of",
    "split_words",
    "units",
]


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


__getattr__ = late_names(__name__, _HOMES)  # whoever writes words alike needs no index
