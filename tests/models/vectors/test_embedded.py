"""Embedders in this process: llama.cpp with the weights of a language model, which stand for those of an embedder."""

from __future__ import annotations

import numpy as np
import pytest

from hfsft.errors import ModelError
from hfsft.models.model import Model
from hfsft.models.vectors.door import embedder_of

NAME = "smollm2-135m-instruct"


@pytest.mark.embedded
def test_a_gguf_makes_vectors_as_it_is_told_to(home: object) -> None:
    made = embedder_of(Model(model=NAME, task="embed", pooling="mean"))
    found = made.embed(["The parcel is late.", "My package is late.", " ", "Bake it for an hour."])
    assert (found.shape, found.dtype) == ((4, 576), np.float32)
    assert found[0] @ found[1] > found[0] @ found[3]
    assert not found[2].any()
    other = embedder_of(Model(model=NAME, task="embed", pooling="last"))
    assert made.identity != other.identity
    assert not np.allclose(other.embed(["The parcel is late."])[0], found[0])
    with pytest.raises(ModelError, match=r"say how its tokens make one vector: `pooling: mean`"):
        embedder_of(Model(model=NAME, task="embed")).embed(["a"])


def test_a_library_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"someone/embedder needs sentence-transformers.*pip install 'hfsft\[embed\]'"):
        embedder_of(Model(model="someone/embedder", task="embed"))
