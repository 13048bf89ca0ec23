"""The texts most like one that need not be among them: every one is compared, none is missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hfsft.similarity.lexical.measure import SLACK
from hfsft.similarity.lexical.postings import Postings
from hfsft.similarity.lexical.shingles import Chunk, Chunks
from hfsft.similarity.lexical.templates import Templates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.postings import Shares


class _Block:
    """Some of the texts."""

    def __init__(self, chunk: Chunk, templates: Templates) -> None:

        self.whole = Postings(chunk.shingles())
        self.templated, rests = templates.rests(chunk)
        self.rest = Postings(rests)
        self.bare: NDArray[np.bool_] = self.rest.sizes == 0


class Searched:
    """Different normalised texts, to be compared with others; what is template in any follows from these texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = {text: place for place, text in enumerate(texts)}
        chunks = Chunks(texts)
        self._templates = Templates(chunks)
        self._blocks = [_Block(chunk, self._templates) for _, chunk in chunks]

    def similarity(self, text: str) -> Shares:
        """How like a normalised text each is, from 0 to 1; a blank one is like a blank one alone."""
        import numpy as np

        alike = np.zeros(len(self._texts))
        if text:
            chunk = Chunk([text])
            (whole,), ((templated,), (rest,)) = chunk.shingles(), self._templates.rests(chunk)
            start = 0
            for block in self._blocks:
                found = block.whole.shares(whole)
                if len(self._templates.runs):
                    asked = block.templated | templated
                    if not len(rest):
                        asked &= ~block.bare
                    found = np.where(asked, np.minimum(found, SLACK * block.rest.shares(rest)), found)
                alike[start : start + len(found)] = found
                start += len(found)
            if (blank := self._texts.get("")) is not None:
                alike[blank] = 0
        if (same := self._texts.get(text)) is not None:
            alike[same] = 1
        return alike
