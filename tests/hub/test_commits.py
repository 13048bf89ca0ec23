"""`HfApi` against the routes that change and list revisions: commits, conflicts, pull requests, branches, tags."""

from textwrap import dedent
from typing import Any

from tests.hub.fixture import HubServer

SETUP = """
import json
from huggingface_hub import CommitOperationAdd as Add, CommitOperationDelete as Delete, HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError
api = HfApi()
D = {"repo_id": "ana/d", "repo_type": "dataset"}
api.create_repo(**D)
def status(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except HfHubHTTPError as error:
        return [type(error).__name__, error.response.status_code]
def commit(title, *operations, **kwargs):
    return api.create_commit(**D, operations=list(operations), commit_message=title, **kwargs)
"""


def run(hub: HubServer, program: str) -> Any:
    return hub.run(SETUP + dedent(program), token=hub.token("ana")).json()


def test_one_commit_replaces_data_and_card_and_a_stale_parent_is_refused(hub: HubServer) -> None:
    refused = run(
        hub,
        """
        first = commit("one", Add("README.md", b"old"), Add("data/a.parquet", b"PAR1 a"), Add("data/b.jsonl", b"{}"))
        new = [Delete("data/", is_folder=True), Add("README.md", b"new"), Add("data/c.parquet", b"PAR1 c")]
        commit("two", *new, parent_commit=first.oid)
        print(json.dumps([
            status(commit, "three", Add("README.md", b"late"), parent_commit=first.oid),
            status(commit, "four", Delete("data/a.parquet")),
            status(commit, "five", Add("x", b"x"), revision="nowhere"),
        ]))
        """,
    )
    assert refused == [["HfHubHTTPError", 412], ["RemoteEntryNotFoundError", 404], ["RevisionNotFoundError", 404]]
    repo = hub.repo("ana/d")
    assert repo.files() == {"README.md": b"new", "data/c.parquet": b"PAR1 c"}
    assert [commit.title for commit in repo.history()] == ["two", "one", "initial commit"]
    assert repo.files(repo.history()[1].oid)["README.md"] == b"old"
    assert hub.count("POST", "/commit/main", 412) == 1


def test_a_pull_request_leaves_main_alone_and_takes_further_commits(hub: HubServer) -> None:
    revision, text = run(
        hub,
        """
        pr = commit("draft", Add("README.md", b"draft"), Add("a.parquet", b"PAR1"), create_pr=True)
        commit("better", Add("README.md", b"better"), revision=pr.pr_revision)
        path = api.hf_hub_download(**D, filename="README.md", revision=pr.pr_revision)
        print(json.dumps([pr.pr_revision, open(path).read()]))
        """,
    )
    assert (revision, text) == ("refs/pr/1", "better")
    assert hub.repo("ana/d").files() == {}
    assert hub.repo("ana/d").files("refs/pr/1") == {"README.md": b"better", "a.parquet": b"PAR1"}


def test_branches_and_tags_name_commits_once(hub: HubServer) -> None:
    got = run(
        hub,
        """
        first = commit("one", Add("README.md", b"one"))
        api.create_tag(**D, tag="v1")
        api.create_branch(**D, branch="side/line")
        commit("two", Add("README.md", b"two"), revision="side/line")
        api.create_tag(**D, tag="v2", revision="side/line")
        pr = commit("three", Add("README.md", b"three"), create_pr=True)
        refs = api.list_repo_refs(**D, include_pull_requests=True)
        names = [[ref.ref for ref in kind] for kind in (refs.branches, refs.tags, refs.pull_requests)]
        refused = [
            status(api.create_tag, **D, tag="v1"),
            status(api.create_tag, **D, tag="v3", revision="nowhere"),
            status(api.create_branch, **D, branch="main"),
            status(api.delete_tag, **D, tag="v3"),
            status(commit, "four", Add("README.md", b"four"), revision="v1"),
        ]
        api.create_tag(**D, tag="v1", exist_ok=True)
        api.delete_tag(**D, tag="v2")
        api.delete_branch(**D, branch="side/line")
        left = api.list_repo_refs(**D)
        print(json.dumps([names, refused, [ref.name for ref in left.branches + left.tags], refs.tags[0].target_commit]))
        """,
    )
    names, refused, left, target = got
    assert names == [
        ["refs/heads/main", "refs/heads/side/line"],
        ["refs/tags/v1", "refs/tags/v2"],
        ["refs/pr/1"],
    ]
    assert [code for _, code in refused] == [409, 404, 409, 404, 400]
    assert left == ["main", "v1"]
    assert target == hub.repo("ana/d").at("v1").oid
    assert hub.repo("ana/d").text("README.md", "v1") == "one"


def test_listings_come_in_pages_and_know_sizes_hashes_and_last_commits(hub: HubServer) -> None:
    hub.state.page_size = 2
    got = run(
        hub,
        """
        commit("one", Add("data/a.parquet", b"PAR1 a"), Add("data/deep/b.txt", b"b"), Add("c.txt", b"c"))
        commit("two", Add("c.txt", b"cc"))
        def short(entries):
            return [[e.path, getattr(e, "size", None), e.last_commit and e.last_commit.title] for e in entries]
        siblings = api.dataset_info("ana/d", files_metadata=True).siblings
        print(json.dumps({
            "root": short(api.list_repo_tree(**D, expand=True)),
            "all": short(api.list_repo_tree(**D, recursive=True)),
            "data": short(api.list_repo_tree(**D, path_in_repo="data")),
            "paths": short(api.get_paths_info(**D, paths=["c.txt", "data", "nothing"], expand=True)),
            "missing": status(lambda: list(api.list_repo_tree(**D, path_in_repo="none"))),
            "files": api.list_repo_files(**D),
            "lfs": api.get_paths_info(**D, paths="data/a.parquet")[0].lfs.sha256,
            "commits": [c.title for c in api.list_repo_commits(**D)],
            "blobs": {s.rfilename: [s.size, s.lfs is not None] for s in siblings},
        }))
        """,
    )
    attributes = [".gitattributes", len(hub.repo("ana/d").at().files[".gitattributes"].data), "initial commit"]
    assert got == {
        "root": [attributes, ["c.txt", 2, "two"], ["data", None, "one"]],
        "all": [
            [*attributes[:2], None],
            ["c.txt", 2, None],
            ["data", None, None],
            ["data/a.parquet", 6, None],
            ["data/deep", None, None],
            ["data/deep/b.txt", 1, None],
        ],
        "data": [["data/a.parquet", 6, None], ["data/deep", None, None]],
        "paths": [["c.txt", 2, "two"], ["data", None, "one"]],
        "missing": ["RemoteEntryNotFoundError", 404],
        "files": [".gitattributes", "c.txt", "data/a.parquet", "data/deep/b.txt"],
        "lfs": hub.repo("ana/d").at().files["data/a.parquet"].sha256,
        "commits": ["two", "one", "initial commit"],
        "blobs": {
            ".gitattributes": [attributes[1], False],
            "c.txt": [2, False],
            "data/a.parquet": [6, True],
            "data/deep/b.txt": [1, False],
        },
    }


def test_a_card_with_broken_yaml_is_refused_before_anything_is_committed(hub: HubServer) -> None:
    got = run(
        hub,
        """
        try:
            commit("broken", Add("README.md", b"---\\nlicense: [mit\\n---\\n"))
        except ValueError as error:
            print(json.dumps(str(error).splitlines()[0]))
        """,
    )
    assert got == "Invalid metadata in README.md."
    assert hub.count("POST", "/commit/main") == 0
