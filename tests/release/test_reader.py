"""Builds and releases are read again: from a folder, and from a Hub on loopback with the real client."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hfsft.errors import ReleaseError
from hfsft.pipeline import run
from hfsft.release.reader import fetch_recipe, open_release
from tests.hub.fixture import HubServer
from tests.release.samples import examples

HFSFT = [sys.executable, "-m", "hfsft"]
PUSH = """
import sys, huggingface_hub as h
api = h.HfApi()
api.create_repo("ana/toy", repo_type="dataset", private=True, exist_ok=True)
for folder, tag in zip(sys.argv[1::2], sys.argv[2::2]):
    api.upload_folder(folder_path=folder, repo_id="ana/toy", repo_type="dataset", delete_patterns="*")
    api.create_tag("ana/toy", tag=tag, repo_type="dataset")
"""
REBUILD = """
from hfsft.pipeline import run
from hfsft.release.reader import fetch_recipe
print(run(fetch_recipe("hf://datasets/ana/toy@v1"), out="rebuilt")[1])
"""


def test_a_build_is_read_from_its_folder(tmp_path: Path, home: Path) -> None:
    built, folder = run(examples(), out=tmp_path)
    release = open_release(str(folder))
    assert (release.name, release.splits(), release.columns()) == ("toy", ("train", "validation"), ("messages",))
    assert release.rows("validation")["id"][:] == built.split("validation")["id"][:]
    assert release.rejected() is None
    with pytest.raises(ReleaseError, match=r"no split test \(it has train, validation\)"):
        release.rows("test")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("nowhere", "nowhere: no such folder"),
        (".", r"\.: holds no build of hfsft"),
        ("hf://spaces/you/name", "not the address of a dataset"),
        ("hf://datasets/you/name/data", "not the address of a dataset"),
    ],
)
def test_what_is_no_build_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReleaseError, match=message):
        open_release(where)


def test_an_address_without_a_dataset_has_no_recipe() -> None:
    with pytest.raises(ReleaseError, match="not the address of a dataset"):
        fetch_recipe("hf://datasets/")


def test_releases_on_the_hub_are_compared_with_builds_and_with_each_other(
    tmp_path: Path, home: Path, hub: HubServer
) -> None:
    first, second = (run(examples(count), out=tmp_path / str(count))[1] for count in (20, 30))
    token = hub.token("ana")
    hub.run(PUSH, first, "v1", second, "v2", token=token)

    same = hub.run([*HFSFT, "diff", "hf://datasets/ana/toy", second, "--json"], token=token).stdout
    assert '"added": {},\n  "removed": {},\n  "changed": {},\n  "rewritten": {},\n  "moved": {}' in same
    grown = hub.run([*HFSFT, "diff", "hf://datasets/ana/toy@v1", "hf://datasets/ana/toy@v2"], token=token).stdout
    assert "added    10 (10 new)" in grown
    reviewed = hub.run([*HFSFT, "review", "hf://datasets/ana/toy", "--summary"], token=token).stdout
    assert reviewed == "toy: nobody has said anything yet (toy.review.jsonl)\n"
    exported = hub.run([*HFSFT, "export", "hf://datasets/ana/toy", "--out", "rows.jsonl"], token=token).stdout
    assert f"wrote {open_release(str(second)).rows('train').num_rows} rows to rows.jsonl" in exported

    for where, who, message in (
        ("hf://datasets/ana/toy", None, "no such dataset, or a private one of others (hf auth login)"),
        ("hf://datasets/ana/toy@v3", token, "the dataset has no revision v3"),
    ):
        refused = hub.run([*HFSFT, "diff", where, second], token=who, home=hub.new_home(), check=False)
        assert (refused.returncode, refused.stderr) == (1, f"error: {where}: {message}\n")


def test_a_hub_that_is_busy_is_waited_for(tmp_path: Path, home: Path, hub: HubServer) -> None:
    folder, token = run(examples(20), out=tmp_path)[1], hub.token("ana")
    hub.run(PUSH, folder, "v1", token=token)
    lookup = "GET /api/datasets/ana/toy/revision/*"
    command = [*HFSFT, "diff", "hf://datasets/ana/toy", folder]

    hub.faults.answer(lookup, 429, times=1, headers={"Retry-After": "1"})
    done = hub.run(command, token=token, home=hub.new_home())
    assert (
        "reading hf://datasets/ana/toy: the Hub answers 429: A fault of the test: 429; trying again in" in done.stderr
    )
    assert "added    0" in done.stdout
    hub.faults.answer(lookup, 401)
    refused = hub.run(command, token=token, home=hub.new_home(), check=False)
    assert refused.returncode == 1
    assert "reading hf://datasets/ana/toy: the Hub answers 401" in refused.stderr


def test_a_published_recipe_builds_the_same_rows_again(tmp_path: Path, home: Path, hub: HubServer) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Where is it?", "completion": "Here."}\n', encoding="utf-8")
    recipe = {"name": "toy", "examples": [{"path": str(tmp_path / "rows.jsonl")}], "publish": {"sources": True}}
    folder = run(recipe, out=tmp_path / "first")[1]
    token = hub.token("ana")
    hub.run(PUSH, folder, "v1", token=token)
    again = tmp_path / hub.run(REBUILD, token=token, home=hub.new_home()).stdout.strip().splitlines()[-1]
    data = "data/train-00000-of-00001.parquet"
    assert (again / data).read_bytes() == (folder / data).read_bytes()
