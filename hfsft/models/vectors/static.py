"""The embedder that comes as a package beside hfsft: each token has a vector, and a text has the mean of its tokens'.

No network, no torch, some 20,000 texts a second. It knows which words mean the like, and nothing of their order: a
sentence and its opposite are nearly the same to it. English above all.

The weights are WordLlama's. The package is found and not imported: it would set up the logging of the whole process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import ModelError
from hfsft.letters.characters import HAN, HAN_A, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.models.vectors.text_turns import listed
from hfsft.similarity import units

if TYPE_CHECKING:
    from hfsft.models.vectors.numbers import Vector

WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
DIMENSIONS = 256  # of which the first make a shorter vector
STRANGE = 0.05  # share of letters with marks or of other scripts, from which words are spelled and not known
BATCH = 1024  # texts whose tokens are held at once

_STRANGE = at_first_use(f"[^\\W\\d_\\x00-\\x7f{signs(HAN, HAN_A)}]")


class Static:
    """The packaged embedder. Raises `ModelError` where its package is not there, or has fewer `dimensions`."""

    heavy = False

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions or DIMENSIONS
        if self.dimensions > DIMENSIONS:
            raise ModelError(f"the packaged embedder has vectors of {DIMENSIONS} numbers: no `dimensions` above that")
        spec = find_spec("wordllama")
        folder = Path(spec.origin).parent if spec and spec.origin else Path()
        self._files = [folder / WEIGHTS, folder / TOKENIZER]
        if not all(file.is_file() for file in self._files):
            advice = "`pip install wordllama` where it has a wheel, else name a model with `task: embed`"
            raise ModelError(f"the packaged embedder is not there: {advice}")

    @cached_property
    def identity(self) -> str:
        """A hash of the weights and the tokens."""
        hashed = hashlib.sha256()
        for file in self._files:
            hashed.update(file.read_bytes())
        return f"static {hashed.hexdigest()[:32]} {self.dimensions}"

    def embed(self, texts: Sequence[str]) -> Vector:
        """A vector of length 1 for each text; of zeros for one without a token."""
        import numpy as np

        found = np.zeros((len(listed(texts)), self.dimensions), np.float32)
        for place, tokens in enumerate(self._tokens(texts)):
            if tokens:
                found[place] = self._matrix[np.minimum(tokens, len(self._matrix) - 1)].mean(axis=0)
        return units(found)

    def knows(self, text: str) -> bool:
        """Whether a text is of plain Latin letters or Chinese: what others are spelled in makes all of them alike."""
        letters = sum(map(str.isalpha, text))
        strange = len(_STRANGE.findall(text))
        return strange <= STRANGE * letters

    def _tokens(self, texts: Sequence[str]) -> Iterator[list[int]]:
        left = iter(texts)
        while some := list(islice(left, BATCH)):
            said = [text.strip() for text in some]
            for text, one in zip(said, self._tokenizer.encode_batch(said, add_special_tokens=False), strict=True):
                yield one.ids if text else []

    @cached_property
    def _matrix(self) -> Vector:
        import numpy as np
        from safetensors.numpy import load_file

        (matrix,) = load_file(self._files[0]).values()
        return np.ascontiguousarray(matrix[:, : self.dimensions], np.float32)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._files[1]))
