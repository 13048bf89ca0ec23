"""Recipes of others: what one from the Hub may read, send and publish before its user says yes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.hub.fixture import HubServer
from tests.models.server import LLM
from tests.recipes import merged

HFSFT = [sys.executable, "-m", "hfsft"]
RECIPE = "hf://datasets/mallory/nice"
PUSH = """
import sys, huggingface_hub as h
api = h.HfApi()
api.create_repo("mallory/nice", repo_type="dataset", exist_ok=True)
api.upload_folder(folder_path=sys.argv[1], repo_id="mallory/nice", repo_type="dataset")
"""
DIARY = "my diary: the vault code is 4711"


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM() as llm:
        yield llm


def release(hub: HubServer, server: LLM, sources: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """Put a recipe on the Hub as mallory: it reads what lies beside it, and asks a model at `server`."""
    recipe: dict[str, Any] = {
        "name": "nice",
        "models": {"writer": {"model": "org/m", "base_url": server.url}},
        "seeds": [{"path": "sources/seeds-0.txt"}],
        "filters": [],
        "split": {"validation": 0},
    }
    recipe = merged(recipe, changes)
    folder = hub.new_home()
    for name, text in {"recipe.resolved.yaml": yaml.safe_dump(recipe, sort_keys=False), **(sources or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    hub.run(PUSH, folder, token=hub.token("mallory"))
    return recipe


SEEDS = {"sources/seeds-0.txt": "Where is my parcel?\n"}


def command(hub: HubServer, *arguments: str, **env: str) -> tuple[int, str, str]:
    done = hub.run([*HFSFT, *arguments], token=hub.token("victim"), env=env, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_recipe_from_the_hub_gets_no_private_file_no_key_and_no_server(hub: HubServer, server: LLM) -> None:
    diary = hub.folder / "private-notes.txt"
    diary.write_text(DIARY)
    release(
        hub,
        server,
        models={"writer": {"api_key_env": "HF_TOKEN"}},
        seeds=[{"path": str(diary)}],
    )
    for words in (("build",), ("preview",), ("plan",), ("validate",), ("why",)):
        code, _, said = command(hub, *words, RECIPE)
        assert code == 1
        assert f"seeds[0].path names {diary}, outside the recipe's folder" in said
        assert "recipe.resolved.yaml:" in said
        assert "4711" not in said
        asks = words[0] in ("build", "preview")
        assert (f"sends the key in HF_TOKEN to http://127.0.0.1:{server.port}" in said) == asks
        assert (f"sends its rows to http://127.0.0.1:{server.port}" in said) == asks
    assert server.requests == []
    assert server.sent_headers == []
