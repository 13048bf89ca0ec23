"""What everybody will see is listed by kind and asked for, on a terminal, before a byte is sent or a model is paid."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from tests.cli.terminal import run
from tests.hub.fixture import HubServer
from tests.hub.repo import Repo
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.release.fixture import write_build

REPO = "ana/made"
HFSFT = [sys.executable, "-m", "hfsft"]


def test_a_public_release_is_listed_and_asked_for_before_a_byte_is_sent(hub: HubServer, tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made", publish={"repo_id": REPO})
    command = [*HFSFT, "publish", str(folder)]
    environment = hub.env(hub.token("ana"))
    for typed in ("n\n", "\n", "\x04"):
        refused = run([*command, "--public"], 100, tmp_path, typed, **environment)
        assert refused.code == 1
        assert "nobody said yes" in refused.text
        assert {request.method for request in hub.requests} <= {"GET"}
        assert hub.state.repos == {}
    shown = " ".join(refused.text.split())
    for line in (
        "data/train 6 rows",
        "data/validation 2 rows",
        "rejected/rejected 1 row",
        "(no source file goes along)",
    ):
        assert line in shown
    assert "columns: id, response, score_x" in shown
    assert shown.index("data/train") < shown.index("is created as a public dataset") < shown.index("[y/N]")
    done = run([*command, "--public", "--quiet"], 100, tmp_path, "y\n", **environment)
    assert (done.code, done.text.count("[y/N]"), "data/train" in done.text) == (0, 1, True)
    assert not hub.repo(REPO).private
    again = run([*command, "--public"], 100, tmp_path, **environment)
    assert (again.code, "[y/N]" in again.text) == (0, False), "nothing is sent, so nothing is asked"
    write_build(folder, train=7, publish={"repo_id": REPO})
    assert run([*command, "--public", "--yes"], 100, tmp_path, **environment).code == 0


def test_a_repository_that_is_public_already_stops_a_private_release(hub: HubServer, tmp_path: Path) -> None:
    hub.state.repos["dataset", REPO] = Repo("dataset", REPO)
    folder = write_build(tmp_path / "made", publish={"repo_id": REPO})
    refused = hub.run([*HFSFT, "publish", folder], token=hub.token("ana"), check=False)
    assert refused.returncode == 1
    assert f"{REPO} is public, but the release is to be private" in refused.stderr
    assert {request.method for request in hub.requests} == {"GET"}


def test_a_build_that_ends_in_public_asks_once_and_before_a_model_is_paid(hub: HubServer, tmp_path: Path) -> None:
    environment = hub.env(hub.token("ana"))
    with LLM(reply=reply) as llm:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(support(llm, 2, publish={"repo_id": "ana/support", "private": False})))
        command = [*HFSFT, "build", str(path), "--out", str(tmp_path / "build")]
        refused = run(command, 100, tmp_path, "n\n", **environment)
        assert refused.code == 1
        assert "nothing was built" in refused.text
        assert "the rows that fell, with their texts" in " ".join(refused.text.split())
        assert llm.requests == []
        done = run(command, 100, tmp_path, "y\n", **environment)
        assert (done.code, done.text.count("[y/N]")) == (0, 1), done.text
        assert llm.requests
    assert not hub.repo("ana/support").private
    assert "data/train" in done.text.split("[y/N]")[1]
