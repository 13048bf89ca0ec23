"""What only the Hub can tell is asked of it before the first request: who serves a model, who may write where."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hub.fixture import HubServer
from tests.hub.repo import Repo
from tests.models.server import LLM
from tests.recipes import reply, support

HFSFT = [sys.executable, "-m", "hfsft"]


@pytest.fixture
def llm() -> Iterator[LLM]:
    with LLM(reply=reply) as server:
        yield server


@pytest.fixture
def told(hub: HubServer, llm: LLM, tmp_path: Path) -> Callable[..., str]:
    """What a command that must fail says of a recipe with changes in it, unwrapped; no model was asked."""

    def told(command: str, models: dict[str, Any], *, code: int = 1, token: str | None = None, **changes: Any) -> str:
        recipe = support(llm, **changes)
        recipe["models"] |= models
        (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
        done = hub.run([*HFSFT, command, str(tmp_path / "recipe.yaml")], token=token or hub.token("ana"), check=False)
        assert done.returncode == code, done.stderr
        assert llm.requests == []
        return done.stdout + done.stderr

    return told


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("groq", r"models\.judge: provider groq does not serve org/m \(those that do: auto, together\)"),
        ("novita", r"models\.judge: provider novita does not serve org/m \(those that do: auto, together\)"),
    ],
    ids=["not at all", "for another task"],
)
def test_a_provider_that_does_not_serve_the_model(
    hub: HubServer, told: Callable[..., str], provider: str, message: str
) -> None:
    served = {"together": "conversational", "novita": "text-generation"}
    hub.state.repos["model", "org/m"] = Repo("model", "org/m", providers=served)
    judge = {"judge": {"model": "org/m", "provider": provider}}
    for command in ("build", "validate", "preview"):
        assert re.search(rf"recipe\.yaml:\d+:\d+: {message}", told(command, judge)), command
    assert re.search(rf"warning: \S*recipe\.yaml:\d+:\d+: {message}", told("plan", judge, code=0))


def test_a_model_that_the_hub_does_not_have_or_nobody_serves(hub: HubServer, told: Callable[..., str]) -> None:
    hub.state.repos["model", "org/m"] = Repo("model", "org/m")
    said = told("build", {name: {"model": f"org/{name[0]}", "provider": "auto"} for name in ("writer", "judge")})
    assert "models.writer: the Hub has no model org/w" in said
    assert "models.judge: the Hub has no model org/j" in said
    said = told("build", {"judge": {"model": "org/m:fastest", "provider": "auto"}})
    assert "models.judge: no provider serves org/m: choose another model" in said


def test_a_login_that_the_hub_does_not_know(hub: HubServer, told: Callable[..., str]) -> None:
    hub.state.repos["model", "org/m"] = Repo("model", "org/m", providers={"together": "conversational"})
    said = told("build", {"judge": {"model": "org/m", "provider": "auto"}}, token="hf_of_last_year")
    assert "models.judge: the Hub does not take the login: run `hf auth login`" in said


def test_weights_that_the_hub_does_not_have(hub: HubServer, told: Callable[..., str]) -> None:
    hub.state.repos["model", "ana/gguf"] = Repo("model", "ana/gguf")
    said = told("build", {"judge": "ana/gguf:*Q4.gguf"})
    assert re.search(r"recipe\.yaml:\d+:\d+: models\.judge: no file of ana/gguf matches \*Q4\.gguf", said)
    said = told("validate", {"judge": "ana/gguf:*Q4.gguf"}, code=0)
    assert re.search(r"warning: .*models\.judge: no file of ana/gguf matches \*Q4\.gguf", said)


@pytest.mark.parametrize(
    ("publish", "message"),
    [
        ({"repo_id": "acme/support"}, r"publish\.repo_id: acme/support: ana may not write there \(may write to: ana\)"),
        ({"repo_id": "ana/open"}, r"publish\.repo_id: ana/open is public, but the release is to be private"),
    ],
    ids=["of an organisation", "a public one for a private release"],
)
def test_a_repository_that_would_not_take_the_release(
    hub: HubServer, told: Callable[..., str], publish: dict[str, Any], message: str
) -> None:
    hub.org("acme", "ben")
    hub.state.repos["dataset", "ana/open"] = Repo("dataset", "ana/open")
    assert re.search(rf"recipe\.yaml:\d+:\d+: {message}", told("build", {}, publish=publish))
    for command in ("validate", "plan"):
        said = told(command, {}, code=0, publish=publish)
        assert re.search(rf"warning: \S*recipe\.yaml:\d+:\d+: {message}", said), command
