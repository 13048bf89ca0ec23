"""The pairs of a release on the Hub: anybody loads them, and a release without pairs takes them out."""

from __future__ import annotations

from pathlib import Path

from hfsft.pipeline import run
from tests.hub.fixture import HubServer
from tests.models.server import LLM
from tests.release.fixture import Client
from tests.test_pairs import answers, preference, recipe

REPO = "ana/shop"


def test_pairs_load_from_the_hub_and_leave_it_again(hub: HubServer, client: Client, tmp_path: Path) -> None:
    with LLM(reply=answers) as llm:
        _, folder = run(recipe(llm), out=tmp_path / "build")
        pairs = preference(folder)
        done = client.push(folder, repo_id=REPO)
        assert done["rows"]["preference"] == {split: len(rows) for split, rows in pairs.items()}
        loaded = client.load(REPO, "default,preference", done["revision"])
        assert loaded["preference"] == pairs
        assert set(loaded["default"]["train"][0]) == {"messages"}
        there = hub.repo(REPO).files()
        assert {path for path in there if path.startswith("preference/")} == {
            f"preference/{split}-00000-of-00001.parquet" for split in pairs
        }
        assert (
            f'load_dataset("{REPO}", "preference")' not in there["README.md"].decode()
        )  # the recipe names no repository
        assert not client.push(folder, repo_id=REPO)["changed"]
        _, folder = run(recipe(llm, pairs={"margin": 4, "likeness": {"at_most": 0.0}}), out=tmp_path / "build")
        done = client.push(folder, repo_id=REPO)
    assert "preference" not in done["rows"]
    there = hub.repo(REPO).files()
    assert not {path for path in there if path.startswith("preference/")}
    assert "preference" not in there["README.md"].decode().split("---")[1]
