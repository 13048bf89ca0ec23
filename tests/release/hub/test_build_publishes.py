"""`hfsft build` of a recipe that names a repository: asked about first, pushed last, and built again from there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.hub.fixture import HubServer
from tests.models.server import LLM
from tests.recipes import reply, support

BUILD = [sys.executable, "-m", "hfsft", "build"]


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "recipe.yaml"
    rows = [
        {"instruction": f"Where is parcel {i * 7919}?", "response": f"It is at depot {i} today."} for i in range(40)
    ]
    publish = {"repo_id": "ana/parcels", "tag": "v1"}
    path.write_text(yaml.safe_dump({"name": "parcels", "examples": [{"rows": rows}], "publish": publish}))
    return str(path)


def test_a_build_is_pushed_then_is_no_news_then_builds_again_from_the_hub(
    hub: HubServer, recipe: str, tmp_path: Path
) -> None:
    token, out = hub.token("ana"), ["--out", str(tmp_path / "build")]
    first = hub.run([*BUILD, recipe, *out], token=token)
    assert "published" in first.stdout
    assert "tag v1" in first.stdout
    assert hub.repo("ana/parcels").private
    again = json.loads(hub.run([*BUILD, recipe, *out, "--json"], token=token).stdout)
    assert not again["published"]["changed"]
    assert hub.count("POST", "/commit/main") == 1
    rebuilt = [*BUILD, "hf://datasets/ana/parcels", "--no-publish", "--json", "--out", str(tmp_path / "again")]
    summary = json.loads(hub.run(rebuilt, token=token, home=hub.new_home()).stdout)
    assert summary["fates"] == again["fates"]
    one, other = (next(folder.glob("parcels/data/train-*")) for folder in (tmp_path / "build", tmp_path / "again"))
    assert one.read_bytes() == other.read_bytes()


def test_a_push_that_cannot_succeed_stops_the_build_before_a_model_is_asked(hub: HubServer, tmp_path: Path) -> None:
    with LLM(reply=reply) as llm:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(support(llm, publish={"repo_id": "ben/support"})))
        command = [*BUILD, str(path), "--out", str(tmp_path / "build")]
        refused = hub.run(command, token=hub.token("ana"), check=False)
        assert refused.returncode == 1
        assert "ben" in refused.stderr
        assert llm.requests == []
        assert hub.run([*command, "--no-publish"], token=hub.token("ana")).returncode == 0
        assert len(llm.requests) == 30
