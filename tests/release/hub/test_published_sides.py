"""A recipe without its sides file keeps the sides of the release that its repository has."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.errors import UserError
from hfsft.loading import load
from hfsft.release.folder.sides_file import LAYOUT
from hfsft.release.hub.published_sides import with_published
from hfsft.stages.split.sides import NONE
from tests.hub.fixture import HubServer

BUILD = [sys.executable, "-m", "hfsft", "build", "--json"]


def recipe(folder: Path, rows: int) -> str:
    """The recipe as a clone of a repository has it, that nobody put a sides file into."""
    folder.mkdir()
    said = [
        {"instruction": f"Where is parcel {i * 7919}?", "response": f"It is at depot {i} today."} for i in range(rows)
    ]
    made: dict[str, Any] = {"name": "parcels", "examples": [{"rows": said}], "filters": ["control_tokens"]}
    made |= {"split": {"validation": 0.2, "test": 0.1, "similarity": 0.95}, "publish": {"repo_id": "ana/parcels"}}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(made))
    return str(path)


def sides(folder: Path) -> dict[str, str]:
    lines = [json.loads(line) for line in (folder / "parcels" / "ledger.jsonl").read_text("utf-8").splitlines()]
    return {line["id"]: line["fate"] for line in lines}


def test_another_machine_keeps_the_sides_of_the_release(hub: HubServer, tmp_path: Path) -> None:
    token = hub.token("ana")
    for stop in (20, 33):
        hub.run([*BUILD, recipe(tmp_path / f"one{stop}", stop), "--out", str(tmp_path / "one")], token=token)
    released = sides(tmp_path / "one")
    for how in ([], ["--no-publish"]):
        there = tmp_path / f"other{len(how)}"
        command = [*BUILD, recipe(tmp_path / f"clone{len(how)}", 60), "--out", str(there), *how]
        hub.run(command, token=token, home=hub.new_home())
        found = sides(there)
        assert {row_id: found[row_id] for row_id in released} == released
        assert len(found) == 60
    alone = tmp_path / "alone"
    path = Path(recipe(tmp_path / "nowhere", 60))
    path.write_text(path.read_text().replace("ana/parcels", "ana/others"))
    hub.run([*BUILD, str(path), "--out", str(alone), "--no-publish"], token=token, home=hub.new_home())
    assert {row_id: sides(alone)[row_id] for row_id in released} != released, "without a release they are others"


@pytest.mark.parametrize("wanted", [True, False])
def test_a_hub_out_of_reach_is_told_of_in_seconds(
    wanted: bool, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    told: list[str] = []

    def unreachable(*_: Any, **__: Any) -> Any:
        raise ConnectionError("no way there")

    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", unreachable)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", unreachable)
    loaded = load(recipe(tmp_path / "here", 4), (), True, frozenset())
    if wanted:
        with pytest.raises(UserError, match=r"sides.jsonl of ana/parcels: the connection failed: no way there"):
            with_published(loaded, NONE, told.append, wanted=True)
    else:
        assert with_published(loaded, NONE, told.append, wanted=False) is NONE
        kept = tmp_path / "sides.jsonl"
        kept.write_text(json.dumps({"sides": LAYOUT, "asked": {}}) + '\n{"key": "a", "side": "test"}\n')
        monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: str(kept))
        assert with_published(loaded, NONE, told.append, wanted=False).known == {"a": "test"}
    assert len(told) == (2 if wanted else 1)
    assert sum(waited) < 5
