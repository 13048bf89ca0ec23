"""What is checked before anything is written: login, rights, names, visibility, tags; and pull requests."""

import sys
from pathlib import Path

import pytest
from aiohttp import web

from hfsft.errors import ReleaseError
from hfsft.recipe.publish import Publish
from hfsft.release.hub.hub import Account
from hfsft.release.hub.upload import section_of
from tests.hub.faults import Fault, Handler
from tests.hub.fixture import HubServer
from tests.hub.repo import Blob, Repo
from tests.release.fixture import Client, write_build

REPO = "ana/made"


def test_what_stands_against_a_push_is_said_before_it_and_nothing_is_written(hub: HubServer, client: Client) -> None:
    hub.org("acme", "ana")
    hub.state.repos["dataset", "ana/open"] = Repo("dataset", "ana/open")
    write = client.token
    for token, section, message in (
        (None, {}, "not logged in to the Hub: run `hf auth login`"),
        ("hf_stale", {}, "log in with `hf auth login`"),
        (hub.token("ana", "read"), {}, "the token of ana may only read"),
        (write, {"repo_id": None}, "no repository to publish to: set publish.repo_id"),
        (write, {"repo_id": "bob/made"}, "ana may not write there (may write to: ana, acme); to propose the release"),
        (write, {"repo_id": "ana/open"}, "ana/open is public, but the release is to be private"),
    ):
        client.token = token
        assert message in client.check(fails=True, **{"repo_id": REPO, **section})
        assert "hf_" not in (client.check(fails=True, **{"repo_id": REPO, **section}) + client.logged)
    assert {request.method for request in hub.requests} == {"GET"}

    checked = client.check(repo_id="made")
    assert checked == {
        "repo_id": REPO,
        "url": f"{hub.endpoint}/datasets/{REPO}",
        "exists": False,
        "private": True,
        "notes": [],
    }
    assert client.check(repo_id="acme/made")["repo_id"] == "acme/made"
    assert client.check(repo_id="ana/open", private=False)["exists"]
    hub.repo("ana/open").private = True
    assert "is private and stays so" in client.check(repo_id="ana/open", private=False)["notes"][0]
    assert {request.method for request in hub.requests} == {"GET"}


@pytest.mark.parametrize(
    ("role", "repo_id", "may"),
    [
        ("write", "ana/other", True),
        ("", "acme/any", True),
        ("write", "club/any", False),
        ("write", "bob/any", False),
        ("read", "ana/made", False),
        ("fineGrained", "ana/made", True),
        ("fineGrained", "hidden/any", True),
        ("fineGrained", "ana/other", False),
    ],
)
def test_a_token_may_write_what_its_user_may_and_what_it_names(role: str, repo_id: str, may: bool) -> None:
    account = Account("ana", {"acme": "write", "club": "read"}, role, frozenset({"ana/made", "hidden"}))
    assert account.may_write(repo_id.partition("/")[0], repo_id) is may


def test_a_repository_made_public_after_the_check_gets_no_private_release(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    client.push(write_build(tmp_path / "made"), repo_id=REPO)
    before = hub.repo(REPO).at().oid

    async def opened(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        hub.repo(REPO).private = False
        return answer

    fault = Fault(f"GET /api/datasets/{REPO}", opened, skip=0, times=1)  # the check sees it private still
    hub.faults.active.append(fault)
    said = client.push(write_build(tmp_path / "made", train=9), repo_id=REPO, fails=True)
    assert fault.struck == 1
    assert "is public by now, but the release is to be private" in said
    assert hub.repo(REPO).at().oid == before


def test_a_tag_on_another_release_is_refused_before_the_push(hub: HubServer, client: Client, tmp_path: Path) -> None:
    client.push(write_build(tmp_path / "made"), repo_id=REPO, tag="v1")
    old = hub.repo(REPO).at("v1").oid
    assert "one with other rows needs another tag" in client.check(repo_id=REPO, tag="v1")["notes"][0]
    folder = write_build(tmp_path / "next", train=7)
    said = client.push(folder, repo_id=REPO, tag="v1", fails=True)
    assert f"the tag v1 is on commit {old[:12]} already" in said
    assert f"hfsft publish {folder}" in said
    assert hub.repo(REPO).at("main").oid == old
    client.push(folder, repo_id=REPO, tag="v2")
    assert "tag v1 is on commit" in client.check(repo_id=REPO, tag="v1", fails=True)
    assert hub.repo(REPO).tags["v1"] == old


def test_data_of_others_is_not_replaced_and_a_card_alone_is(hub: HubServer, client: Client, tmp_path: Path) -> None:
    repo = hub.state.repos["dataset", REPO] = Repo("dataset", REPO, private=True)
    repo.commit("main", {"README.md": Blob(b"# Mine\n"), "data/train.csv": Blob(b"a\n1\n")}, "Mine", "", "ana")
    folder = write_build(tmp_path / "made")
    assert "holds data that hfsft did not write, such as data/train.csv" in client.push(
        folder, repo_id=REPO, fails=True
    )
    assert repo.history()[0].title == "Mine"
    repo.commit("main", {"README.md": Blob(b"# Mine\n")}, "Start again", "", "ana")
    assert client.push(folder, repo_id=REPO)["changed"]
    assert "# Mine" not in repo.text("README.md")


def test_a_member_pushes_to_an_organisation_and_a_stranger_proposes(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    hub.org("acme", "ana")
    client.push(write_build(tmp_path / "made"), repo_id="acme/made", private=False)
    repo = hub.repo("acme/made")
    main = repo.at("main").oid
    client.token = hub.token("bob")
    folder = write_build(tmp_path / "next", train=8)
    section = {"repo_id": "acme/made", "private": False, "tag": "v9"}
    assert "--create-pr" in client.push(folder, fails=True, **section)
    done = client.push(folder, options={"create_pr": True}, **section)
    assert done["pull_request"] == f"{hub.endpoint}/datasets/acme/made/discussions/1"
    assert done["revision"] == repo.at("refs/pr/1").oid
    assert done["rows"]["default"] == {"train": 8, "validation": 2}
    assert done["tag"] is None
    assert "the tag v9 is not set" in done["notes"][0]
    assert (repo.at("main").oid, repo.tags) == (main, {})
    again = client.push(folder, options={"create_pr": True}, **section)
    assert (again["changed"], again["pull_request"]) == (False, done["pull_request"])
    hub.faults.cut_response("POST */commit/main")
    other = client.push(write_build(tmp_path / "next", train=9), options={"create_pr": True}, **section)
    assert other["pull_request"].endswith("/discussions/2")
    assert list(repo.pulls) == ["refs/pr/1", "refs/pr/2"]
    missing = client.push(folder, options={"create_pr": True}, repo_id="acme/none", fails=True)
    assert "no such dataset to propose a release to" in missing


def test_the_command_says_what_it_would_do_then_does_it_and_how_to_load_it(hub: HubServer, tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made", publish={"repo_id": REPO, "private": True, "tag": "v1"})
    command, token = [sys.executable, "-m", "hfsft", "publish", folder], hub.token("ana")
    dry = hub.run([*command, "--dry-run"], token=token)
    assert "  write  data/train-00000-of-00001.parquet" in dry.stdout
    assert hub.state.repos == {}
    unknown = hub.run([*command, "--dry-run"])
    assert unknown.stdout == dry.stdout, "a dry run needs no login"
    assert "is taken for new" in unknown.stderr
    shown = hub.run([*command, "--public"], token=token)
    assert f"published 10 files to {hub.endpoint}/datasets/{REPO} (public)" in shown.stdout
    listed = shown.stderr.split("this goes to the Hub, for everybody to see:")[1]
    for line in (
        "data/train  6 rows",
        "data/validation  2 rows",
        "rejected/rejected  1 row",
        "columns: id, fate, stage",
    ):
        assert line.split("  ") == [part for part in line.split("  ") if part in listed]
    assert "the rows that fell: ids, rules and numbers" in listed
    assert "and what was there once stays in its history" in listed
    assert "Publish it?" not in listed, "nobody is asked where nobody can answer"
    assert "(no source file goes along)" in shown.stderr
    assert "loaded back default: 6 train, 2 validation" in shown.stdout
    assert f'load_dataset("{REPO}", revision="v1")' in shown.stdout
    assert not hub.repo(REPO).private
    assert hub.run([*command, "--public", "--json"], token=token).stdout.count('"changed": false') == 1
    refused = hub.run(command, token=token, check=False)
    assert refused.returncode == 1
    assert f"to go on: hfsft publish {folder}" in refused.stderr


def test_what_is_given_stands_in_place_of_the_recipe(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made", publish={"repo_id": REPO, "tag": "v1"})
    assert section_of(folder, {"tag": "v2", "private": False}) == Publish(repo_id=REPO, tag="v2", private=False)
    for given, message in (({"repo_id": "a/b/c"}, "repo_id: "), ({"privat": True}, "privat: ")):
        with pytest.raises(ReleaseError, match=message):
            section_of(folder, given)
    with pytest.raises(ReleaseError, match="holds no build that can be published"):
        section_of(tmp_path, {})


def test_what_goes_along_of_the_sources_is_listed_and_a_missing_repository_is_told_how_to_name_one(
    hub: HubServer, tmp_path: Path
) -> None:
    folder = write_build(tmp_path / "made")
    (folder / "sources").mkdir()
    (folder / "sources" / "examples-0.jsonl").write_text("{}" * 1000)
    command = [sys.executable, "-m", "hfsft", "publish", folder]
    nowhere = hub.run(command, token=hub.token("ana"), check=False)
    assert f"to go on: hfsft publish {folder} --repo-id you/made" in nowhere.stderr
    assert "no repository is named" in hub.run([*command, "--dry-run"]).stderr
    shown = hub.run([*command, "--repo-id", REPO], token=hub.token("ana"))
    assert "2.0 kB  what was read of this source" in shown.stderr
