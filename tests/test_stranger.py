"""Recipes of others: what one from the Hub may read, send and publish before its user says yes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cli import terminal
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
EVERY_WAY = """
import json, sys
from hfsft import pipeline
from hfsft.errors import RecipeError
found = {}
for name in ("build", "preview", "forecast", "validate", "why"):
    try:
        found[name] = repr(getattr(pipeline, name)(sys.argv[1]))
    except RecipeError as error:
        found[name] = [[problem.place.line, problem.message] for problem in error.problems]
print(json.dumps(found))
"""


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM() as llm:
        yield llm


def put(hub: HubServer, server: LLM, **changes: Any) -> None:
    """Put a recipe on the Hub as mallory: it reads what lies beside it, and asks a model at `server`."""
    recipe: dict[str, Any] = {
        "name": "nice",
        "models": {"writer": {"model": "org/m", "base_url": server.url}},
        "seeds": [{"path": "sources/seeds-0.txt"}],
        "filters": [],
        "split": {"validation": 0},
    }
    folder = hub.new_home()
    (folder / "sources").mkdir()
    (folder / "sources" / "seeds-0.txt").write_text("Where is my parcel?\n")
    (folder / "recipe.resolved.yaml").write_text(yaml.safe_dump(merged(recipe, changes), sort_keys=False))
    hub.run(PUSH, folder, token=hub.token("mallory"))


def test_a_recipe_from_the_hub_gets_no_private_file_no_key_and_no_server(hub: HubServer, server: LLM) -> None:
    diary = hub.folder / "private-notes.txt"
    diary.write_text("my diary: the vault code is 4711")
    put(hub, server, models={"writer": {"api_key_env": "HF_TOKEN"}}, seeds=[{"path": str(diary)}])
    found = hub.run(EVERY_WAY, RECIPE, token=hub.token("victim")).json()
    host = f"http://127.0.0.1:{server.port}"
    reads = f"seeds[0].path names {diary}, outside the recipe's folder: a recipe of others reads its own folder and "
    for name, problems in found.items():
        said = {message: line for line, message in problems}
        assert said.pop(f"{reads}the Hub alone") == 8
        if name in ("build", "preview"):
            assert said == {
                f"models.writer sends its rows to {host}: a recipe of others needs your yes for that": 5,
                f"models.writer sends the key in HF_TOKEN to {host}: a recipe of others needs your yes for that": 6,
            }
    assert server.requests == []


def test_the_user_is_asked_on_a_terminal(hub: HubServer, server: LLM) -> None:
    put(hub, server, models={"writer": {"api_key_env": "MY_KEY"}}, publish={"repo_id": "mallory/more"})
    env = {**hub.env(hub.token("victim")), "MY_KEY": "the-victims-key"}
    command = [*HFSFT, "build", RECIPE, "--no-publish"]
    refused = terminal.run([*HFSFT, "build", RECIPE], 200, hub.folder, "n\n", **env)
    assert refused.code == 1
    for wanted in (
        f"models.writer sends its rows to http://127.0.0.1:{server.port} (",
        f"models.writer sends the key in MY_KEY to http://127.0.0.1:{server.port} (",
        "publishes to mallory/more, with your Hugging Face login (",
        "allow all of it? [y/N]",
        "nothing was read, sent or published",
    ):
        assert wanted in refused.text
    assert server.requests == []
    done = terminal.run(command, 200, hub.folder, "y\n", **env)
    assert done.code == 0, done.text
    assert "mallory/more" not in done.text, "what was not wanted is not asked for"
    assert [headers.get("Authorization") for headers in server.sent_headers] == ["Bearer the-victims-key"]


def test_without_a_terminal_the_user_says_it_on_the_command_line(hub: HubServer, server: LLM) -> None:
    put(hub, server)
    token = hub.token("victim")
    refused = hub.run([*HFSFT, "build", RECIPE], token=token, check=False)
    assert refused.returncode == 1
    assert "recipe.resolved.yaml:5:15: models.writer sends its rows to http://127.0.0.1:" in refused.stderr
    assert "(say yourself what you want, --set models.writer.base_url=..., or allow all that is" in refused.stderr
    assert server.requests == []
    planned = hub.run([*HFSFT, "plan", RECIPE], token=token).stdout
    assert "note: a build asks you first: models.writer sends its rows to http://127.0.0.1:" in planned
    hub.run([*HFSFT, "build", RECIPE, "-q", "--set", f"models.writer.base_url={server.url}"], token=token)
    assert len(server.requests) == 1
    hub.run([*HFSFT, "build", RECIPE, "-q", "--trust", "--set", "generate.temperature=0.1"], token=token)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("where", "advice"),
    [
        ("https://evil.example/recipe.yaml", "download it, and build the file with --untrusted"),
        ("file:///tmp/recipe.yaml", "download it, and build the file with --untrusted"),
        ("https://huggingface.co/datasets/ana/toy/tree/main", "write hf://datasets/ana/toy"),
    ],
)
def test_an_address_elsewhere_is_no_recipe(where: str, advice: str) -> None:
    from hfsft.errors import ReleaseError
    from hfsft.pipeline import validate

    with pytest.raises(ReleaseError, match=f"a recipe is a file, or hf://datasets/you/name \\({advice}"):
        validate(where)
