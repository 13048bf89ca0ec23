"""What `hfsft check` tells of a model that writes no text, and what keeps one from being asked."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.models import obstacles
from hfsft.models.dialects.probe import Probed
from hfsft.models.http.client import new_session
from hfsft.models.model import Endpoint, Model
from hfsft.models.vectors.together import TogetherClient
from hfsft.models.vectors.vector_probe import probed, probed_here
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.models.vectors.server import Vectors


def asked(server: Vectors, task: str, seconds: float = 10) -> Probed:
    model = Model(model="m", base_url=server.url, task=task)

    async def ask() -> Probed:
        async with new_session() as session:
            return await probed(TogetherClient(session, Endpoint(server.url), model), model, seconds)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("task", "gives"),
    [
        ("embed", "a vector of 8 numbers"),
        ("rerank", "a score"),
        ("score", "a score"),
        ("classify", "a score, as bad"),
    ],
)
def test_what_a_server_gives_is_told(task: str, gives: str) -> None:
    with Vectors("vllm") as server:
        found = asked(server, task)
    assert (found.error, found.gives, found.served, found.calls) == ("", gives, "m", 1)
    assert found.takes.usage


def test_one_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    with Vectors(latency=5.0) as server:
        assert "no answer within 0.2 s" in asked(server, "embed", 0.2).error
    with Vectors(key="k") as server:
        assert "HTTP 401" in asked(server, "embed").error
    assert probed_here(Model(model="wordllama", task="embed")).gives == "a vector of 256 numbers"
    assert "512" not in probed_here(Model(model="wordllama", task="embed", dimensions=64)).gives
    (tmp_path / "someone" / "embedder").mkdir(parents=True)
    assert probed_here(Model(model="someone/embedder", task="embed").at(tmp_path)).error


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="it is installed here")
def test_a_library_that_is_lacking_keeps_it_from_being_asked() -> None:
    (lack,) = obstacles.lacks("embedder", Model(model="someone/embedder", task="embed"), "servers")
    assert lack.key == "model"
    assert "pip install 'hfsft[embed]'" in lack.message
    assert not list(obstacles.lacks("embedder", Model(model="wordllama", task="embed"), "servers"))


def test_a_model_that_writes_no_text_is_not_asked_for_any() -> None:
    writer: dict[str, Any] = {"model": "m", "base_url": "http://127.0.0.1:1/v1", "task": "embed"}
    data = {"name": "toy", "seeds": [{"prompts": ["Hi?"]}], "models": {"writer": writer}}
    with pytest.raises(RecipeError, match="generate asks `writer` to write, and its task is embed"):
        compile_recipe(load_recipe(data), weights=False)
