"""A build on the Hub: one commit that replaces the one before, nothing stale, and what loads is what was built."""

from pathlib import Path
from textwrap import dedent

import yaml

from tests.hub.fixture import HubServer
from tests.release.fixture import Client, write_build

REPO = "ana/made"


def commits(hub: HubServer) -> list[str]:
    """Titles, oldest first, without the Hub's own."""
    return [commit.title for commit in hub.repo(REPO).history()][-2::-1]


def test_a_first_push_is_one_private_commit_that_loads_back_and_the_same_again_is_none(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    folder = write_build(tmp_path / "made")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = client.push(folder, repo_id=REPO, tag="v1")
    repo = hub.repo(REPO)
    assert repo.private
    assert commits(hub) == ["Publish made v1"]
    assert done["changed"]
    assert done["revision"] == repo.at("main").oid == repo.tags["v1"]
    assert done["url"] == f"{hub.endpoint}/datasets/{REPO}"
    assert done["rows"] == {
        "default": {"train": 6, "validation": 2},
        "provenance": {"train": 6, "validation": 2},
        "rejected": {"rejected": 1},
    }
    sent = {path.relative_to(folder).as_posix(): content for path, content in before.items()}
    card = sent.pop("README.md").decode()
    there = repo.files()
    assert there.pop("README.md").decode().startswith(card)
    assert there == sent
    assert "### v1\n\nFirst release: train 6, validation 2 rows." in repo.text("README.md")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    loaded = client.load(REPO, "default,provenance,rejected", done["revision"])
    assert loaded["default"]["train"][5]["messages"][1] == {"role": "assistant", "content": "answer t5"}
    assert [row["id"] for row in loaded["provenance"]["validation"]] == ["v0", "v1"]
    assert [row["id"] for row in loaded["rejected"]["rejected"]] == ["r0"]

    again = client.push(folder, repo_id=REPO, tag="v1")
    assert not again["changed"]
    assert again["rows"] == done["rows"]
    assert again["revision"] == done["revision"]
    assert commits(hub) == ["Publish made v1"]
    assert client.changes(folder, repo_id=REPO) == {"add": [], "delete": [], "bytes": 0, "entry": ""}


def test_a_release_replaces_the_one_before_and_leaves_the_users_own_files(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    first = client.push(write_build(tmp_path / "made", shards=2), repo_id=REPO, tag="v1")
    add_by_hand(hub, {"notes.txt": b"mine", "scripts/look.py": b"print()"})
    repo = hub.repo(REPO)
    card = repo.text("README.md").replace("license:", "extra_gated_prompt: Be kind.\nlicense:").encode()
    add_by_hand(hub, {"README.md": card})
    folder = write_build(tmp_path / "next", train=["t0", "t1", "v0", "new"], validation=0, rejected=0, answer="better")
    planned = client.changes(folder, repo_id=REPO)
    done = client.push(folder, repo_id=REPO, tag="v2")
    there = repo.files()
    assert {path for path in there if "/" in path} == {
        "data/train-00000-of-00001.parquet",
        "provenance/train-00000-of-00001.parquet",
        "scripts/look.py",
    }
    assert there["notes.txt"] == b"mine"
    assert sorted(planned["delete"]) == sorted(
        {path for path in repo.files(first["revision"]) if "/" in path} - set(there)
    )
    assert done["rows"] == {"default": {"train": 4}, "provenance": {"train": 4}}
    text = repo.text("README.md")
    assert "extra_gated_prompt: Be kind." in text.split("---")[1]
    assert "rejected" not in text.split("---")[1]
    assert text.index("### v2") < text.index("### v1")
    # t0 and t1 stay with another answer, v0 moved to train, new came, t2 to t5 and v1 went.
    expected = "train 4 (-2), validation 0 (-2) rows. Rows 1 added, 5 removed, 3 changed, 1 moved between splits."
    assert expected in text
    assert [commit.title for commit in repo.history()].count("Publish made v2") == 1
    assert not client.push(folder, repo_id=REPO, tag="v2")["changed"]

    back = client.push(write_build(tmp_path / "made", shards=2), repo_id=REPO)
    assert "### Release 3" in repo.text("README.md")
    assert client.load(REPO, "default", back["revision"])["default"].keys() == {"train", "validation"}


def test_what_only_a_run_says_of_itself_is_no_news(hub: HubServer, client: Client, tmp_path: Path) -> None:
    client.push(write_build(tmp_path / "made"), repo_id=REPO)
    folder = write_build(tmp_path / "made", seconds=2.0)
    assert not client.push(folder, repo_id=REPO, options={"news_only": True})["changed"]
    assert client.push(folder, repo_id=REPO, options={"message": "Say how long it took"})["changed"]
    assert commits(hub) == ["Publish made", "Say how long it took"]
    assert hub.repo(REPO).text("README.md").count("The same rows.") == 1
    assert client.push(write_build(tmp_path / "made", train=7), repo_id=REPO, options={"news_only": True})["changed"]


def test_what_hfsft_builds_goes_up_as_it_is_and_built_again_is_no_news(hub: HubServer, tmp_path: Path) -> None:
    things = ["parcel", "refund", "invoice", "password", "coupon", "battery"]
    pairs = [(first, second) for first in things for second in things if first < second]
    rows = [{"instruction": f"My {a} is late, and so is the {b}.", "response": f"Ask for the {a}."} for a, b in pairs]
    recipe = {
        "name": "toy",
        "license": "apache-2.0",
        "examples": [{"rows": rows}],
        "filters": [],
        "split": {"validation": 0.3, "similarity": 1},
        "publish": {"repo_id": REPO, "private": False, "format": "prompt_completion"},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    program = """
    import dataclasses, json
    from hfsft import pipeline
    from hfsft.release.hub import upload
    done = []
    for seconds in range(2):
        built, folder = pipeline.run("recipe.yaml")
        section = upload.section_of(folder, {})
        assert section == built.recipe.publish
        done.append(dataclasses.asdict(upload.push(folder, section, news_only=True)))
    print(json.dumps(done))
    """
    first, again = hub.run(dedent(program), token=hub.token("ana")).json()
    assert first["changed"]
    assert set(first["rows"]) >= {"default", "provenance"}
    assert sum(first["rows"]["default"].values()) == len(rows)
    assert (again["changed"], again["revision"]) == (False, first["revision"])
    assert commits(hub) == ["Publish toy"]
    assert "First release: train" in hub.repo(REPO).text("README.md")


def test_a_folder_that_is_no_build_or_holds_a_key_is_refused_before_the_hub_is_asked(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    assert "holds no build" in client.push(tmp_path / "none", repo_id=REPO, fails=True)
    folder = write_build(tmp_path / "made")
    (folder / "recipe.yaml").write_text("name: made  # hf_AbCdEfGhIjKlMnOpQrStUvWx\n")
    assert "looks like an API key" in client.push(folder, repo_id=REPO, fails=True)
    assert hub.requests == []


def add_by_hand(hub: HubServer, files: dict[str, bytes]) -> None:
    """A commit of the user's own, as through the Hub's pages."""
    from tests.hub.repo import Blob

    repo = hub.repo(REPO)
    there = {**repo.at("main").files, **{path: Blob(content) for path, content in files.items()}}
    repo.commit("main", there, "By hand", "", "ana")
