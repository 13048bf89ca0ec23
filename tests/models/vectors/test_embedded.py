"""Embedders in this process: llama.cpp with the weights of a language model, which stand for those of an embedder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

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


def saved(folder: Path) -> Path:
    """A model of sentence-transformers in a folder: a vector for each of three words."""
    library = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    words = Tokenizer(WordLevel({"[UNK]": 0, "late": 1, "parcel": 2, "bread": 3}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    weights = np.eye(4, 6, dtype=np.float32)
    library.SentenceTransformer(modules=[StaticEmbedding(words, embedding_weights=weights)]).save(str(folder))
    return folder


def test_sentence_transformers_runs_those_of_a_folder(tmp_path: Path) -> None:
    model = Model(model=str(saved(tmp_path / "owner" / "m")), task="embed")
    found = embedder_of(model).embed(["late parcel", "  ", "bread", "late"])
    assert (found.shape, found.dtype) == ((4, 6), np.float32)
    assert np.allclose(found @ found.T, np.array([[2, 0, 0, 2**0.5], [0] * 4, [0, 0, 2, 0], [2**0.5, 0, 0, 2]]) / 2)
    relative = Model(model="owner/m", task="embed").at(tmp_path)
    assert embedder_of(relative).identity == embedder_of(model).identity
    short = Model(model="owner/m", task="embed", dimensions=2, prefix="bread ").at(tmp_path)
    assert embedder_of(short).embed(["late"]).shape == (1, 2)
    assert len({embedder_of(each).identity for each in (model, short)}) == 2
    (tmp_path / "owner" / "none").mkdir()
    with pytest.raises(ModelError, match="sentence-transformers cannot load"):
        embedder_of(Model(model="owner/none", task="embed").at(tmp_path)).embed(["a"])


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="it is installed here")
def test_a_library_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"someone/embedder needs sentence-transformers.*pip install 'hfsft\[embed\]'"):
        embedder_of(Model(model="someone/embedder", task="embed"))
