"""Whatever fails, wherever: the Hub holds the old release or the new one, never half of it, and never twice."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hub.fixture import HubServer
from tests.hub.repo import Blob
from tests.release.fixture import Client, write_build

REPO = "ana/made"
API = f"/api/datasets/{REPO}"

# Every kind of request that a push of a second release makes, in their order.
STAGES = [
    "GET /api/whoami-v2",
    f"GET {API}",
    f"GET {API}/tree/*",
    f"GET {API}/refs",
    f"* /datasets/{REPO}/resolve/*/README.md",
    f"* /datasets/{REPO}/resolve/*/funnel.json",
    "POST /api/validate-yaml",
    f"POST {API}/preupload/main",
    f"GET {API}/xet-write-token/*",
    "POST /v1/xorbs/*",
    f"POST {API}/commit/main",
    f"POST {API}/tag/*",
]

FAULTS: dict[str, Callable[[HubServer, str], Any]] = {
    "429": lambda hub, stage: hub.faults.answer(stage, 429, times=1, headers={"Retry-After": "7"}),
    "503": lambda hub, stage: hub.faults.answer(stage, 503, times=2),
    "cut": lambda hub, stage: hub.faults.cut_request(stage, after=0),
    "lost": lambda hub, stage: hub.faults.cut_response(stage, reset=True),
}


def commits(hub: HubServer) -> list[str]:
    return [commit.title for commit in hub.repo(REPO).history()][-2::-1]


def test_a_fault_that_passes_at_every_stage_delays_a_release_and_changes_nothing_else(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    client.push(write_build(tmp_path / "made"), repo_id=REPO)
    repo = hub.repo(REPO)
    for number, (name, fault) in enumerate(FAULTS.items()):
        folder = write_build(tmp_path / "next", train=60 + number, answer=name)
        hub.faults.clear()
        struck = {stage: fault(hub, stage) for stage in STAGES}
        done = client.push(folder, repo_id=REPO, tag=name)
        assert done["changed"]
        assert [stage for stage in STAGES if not struck[stage].struck] == []
        assert commits(hub)[number + 1 :] == [f"Publish made {name}"]
        assert done["revision"] == repo.at("main").oid == repo.tags[name]
        assert_holds(hub, folder)
        if name == "429":
            assert all(7 <= waited <= 8 for waited in client.waited)
        else:
            assert max(client.waited) <= 30
    assert repo.text("README.md").count("\n### ") == 5


BEFORE, MIDDLE, LAST = f"GET {API}", f"POST {API}/preupload/main", f"POST {API}/commit/main"


STAYING = [
    (403, [stage for stage in STAGES if "/refs" not in stage], "`--create-pr` proposes the release instead"),
    (401, [MIDDLE, LAST], "log in with `hf auth login`"),
    (404, [BEFORE, LAST], "it is not there, or your token may not see it"),
    (409, [BEFORE, LAST], "the repository kept changing"),
    (412, [LAST], "the repository kept changing"),
    (429, [BEFORE, LAST], "try again in a few minutes"),
    (503, [BEFORE, MIDDLE, LAST], "the Hub answers 503"),
]


def test_a_fault_that_stays_leaves_the_old_release_or_the_new_one_and_says_how_to_go_on(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    client.push(write_build(tmp_path / "made"), repo_id=REPO)
    repo = hub.repo(REPO)
    faults = [(status, stage, says) for status, stages, says in STAYING for stage in stages]
    for number, (status, stage, says) in enumerate(faults):
        old = repo.at("main").oid
        folder = write_build(tmp_path / "next", train=60 + number, answer="better")
        hub.faults.clear()
        hub.faults.answer(stage, status)
        said = client.push(folder, repo_id=REPO, tag=f"v{number}", fails=True)
        assert says in said, (status, stage)
        assert f"to go on: hfsft publish {folder}" in said
        assert "hf_ana" not in said + client.logged
        if repo.at("main").oid != old:  # what failed came after the commit
            assert f"ana/made holds the build as {repo.at('main').oid}, but" in said, (status, stage)
            assert_holds(hub, folder)
    hub.faults.clear()
    done = client.push(folder, repo_id=REPO)
    assert done["rows"]["default"]["train"] == 60 + number
    assert_holds(hub, folder)


def assert_holds(hub: HubServer, folder: Path) -> None:
    """The repository holds the whole build in `folder`, and nothing else."""
    there = hub.repo(REPO).files()
    here = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert there.pop("README.md").startswith(here.pop("README.md"))
    assert there == here


def test_a_commit_in_between_is_kept_and_the_release_goes_on_top(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    client.push(write_build(tmp_path / "made"), repo_id=REPO)
    repo = hub.repo(REPO)
    base = repo.at("main").oid
    slow = hub.faults.slow(f"POST {API}/preupload/main", 1.0, times=1)

    def interfere() -> None:
        while not slow.matched:
            pass
        repo.commit("main", {**repo.at("main").files, "notes.txt": Blob(b"mine")}, "By hand", "", "ana")

    other = threading.Thread(target=interfere)
    other.start()
    done = client.push(write_build(tmp_path / "next", train=7), repo_id=REPO)
    other.join()
    assert commits(hub) == ["Publish made", "By hand", "Publish made"]
    assert done["revision"] == repo.at("main").oid
    assert repo.files()["notes.txt"] == b"mine"
    assert hub.count("POST", "/commit/main", 412) == 1
    assert base != done["revision"]


def test_an_upload_cut_in_the_middle_is_sent_again(hub: HubServer, tmp_path: Path) -> None:
    uploads = {"POST /v1/xorbs/*": {}, "PUT /lfs/*": {"HF_HUB_DISABLE_XET": "1"}}
    for number, (upload, env) in enumerate(uploads.items()):
        folder = write_build(tmp_path / "made", train=2_000 + number)
        cut = hub.faults.cut_request(upload, after=5_000, times=2)
        sender = Client(hub, env)
        try:
            sender.push(folder, repo_id=REPO)
        finally:
            sender.stop()
        assert cut.struck == 2
        assert_holds(hub, folder)
    assert commits(hub) == ["Publish made"] * 2


def test_a_first_push_that_fails_leaves_an_empty_repository_for_the_next(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    folder = write_build(tmp_path / "made")
    hub.faults.answer("POST /api/repos/create", 403)
    assert "creating ana/made: the Hub answers 403" in client.push(folder, repo_id=REPO, fails=True)
    assert hub.state.repos == {}
    hub.faults.clear()
    hub.faults.cut_response("POST /api/repos/create")
    hub.faults.answer("POST */commit/main", 403)
    assert "ana/made was created and is empty; the next push uses it" in client.push(folder, repo_id=REPO, fails=True)
    assert hub.repo(REPO).files() == {}
    hub.faults.clear()
    done = client.push(folder, repo_id=REPO)
    assert done["rows"]["default"]["train"] == 6
    assert hub.repo(REPO).private
