"""Who may do what: private and gated repositories, read-only tokens, organisations; and create, move, delete."""

from textwrap import dedent
from typing import Any

from tests.hub.fixture import HubServer

SETUP = """
import json, os
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError
def api(user, role="write"):
    return HfApi(token=f"hf_{user}_{role}" if user else False)
def status(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except HfHubHTTPError as error:
        return [type(error).__name__, error.response.status_code]
def push(api, repo_id, content=b"x", **kwargs):
    return api.upload_file(
        path_or_fileobj=content, path_in_repo="x.txt", repo_id=repo_id, repo_type="dataset", **kwargs
    )
"""


def run(hub: HubServer, program: str) -> Any:
    for user in ("ana", "bob"):
        hub.token(user)
        hub.token(user, "read")
    return hub.run(SETUP + dedent(program)).json()


def test_a_private_repository_looks_missing_to_everybody_else(hub: HubServer) -> None:
    got = run(
        hub,
        """
        api("ana").create_repo("ana/secret", repo_type="dataset", private=True)
        push(api("ana"), "ana/secret")
        print(json.dumps([
            [status(api(user).dataset_info, repo_id) for repo_id in ("ana/secret", "ana/none")]
            + [status(api(user).hf_hub_download, "ana/secret", "x.txt", repo_type="dataset")]
            for user in ("", "bob", "ana")
        ]))
        """,
    )
    unknown, known = ["RepositoryNotFoundError", 401], ["RepositoryNotFoundError", 404]
    assert got == [[unknown] * 3, [known] * 3, [None, known, None]]


def test_a_token_with_the_role_read_reads_and_writes_nothing(hub: HubServer) -> None:
    got = run(
        hub,
        """
        api("ana").create_repo("ana/d", repo_type="dataset")
        reader = api("ana", "read")
        print(json.dumps([
            reader.whoami()["auth"]["accessToken"]["role"],
            status(reader.create_repo, "ana/e", repo_type="dataset"),
            status(push, reader, "ana/d"),
            status(push, reader, "ana/d", create_pr=True),
            status(reader.create_tag, "ana/d", tag="v1", repo_type="dataset"),
            status(reader.dataset_info, "ana/d"),
            status(api("eve").dataset_info, "ana/d"),
        ]))
        """,
    )
    forbidden = ["HfHubHTTPError", 403]
    assert got == ["read", forbidden, forbidden, forbidden, forbidden, None, ["HfHubHTTPError", 401]]
    assert hub.repo("ana/d").files() == {}


def test_strangers_may_propose_and_members_of_an_organisation_may_write(hub: HubServer) -> None:
    hub.org("acme", "ana")
    got = run(
        hub,
        """
        api("ana").create_repo("acme/d", repo_type="dataset")
        push(api("ana"), "acme/d")
        print(json.dumps([
            api("ana").whoami()["orgs"][0]["name"],
            status(push, api("bob"), "acme/d"),
            push(api("bob"), "acme/d", b"y", create_pr=True).pr_url.rpartition("/datasets/")[2],
            status(api("bob").create_repo, "acme/e", repo_type="dataset"),
        ]))
        """,
    )
    assert got == ["acme", ["HfHubHTTPError", 403], "acme/d/discussions/1", ["HfHubHTTPError", 403]]


def test_a_repository_is_created_once_closed_moved_and_deleted(hub: HubServer) -> None:
    got = run(
        hub,
        """
        ana, kind = api("ana"), {"repo_type": "dataset"}
        ana.create_repo("ana/d", **kind)
        again = [status(ana.create_repo, "ana/d", **kind), ana.create_repo("ana/d", exist_ok=True, **kind).repo_id]
        ana.update_repo_settings("ana/d", private=True, **kind)
        closed = ana.dataset_info("ana/d").private
        ana.update_repo_settings("ana/d", private=False, gated="auto", **kind)
        push(ana, "ana/d")
        gated = [status(api(user).hf_hub_download, "ana/d", "x.txt", **kind) for user in ("", "bob")]
        ana.move_repo(from_id="ana/d", to_id="ana/e", **kind)
        moved = [status(ana.dataset_info, repo_id) for repo_id in ("ana/d", "ana/e")]
        ana.delete_repo("ana/e", **kind)
        gone = [status(ana.dataset_info, "ana/e"), status(ana.delete_repo, "ana/e", **kind)]
        ana.create_repo("ana/model")
        print(json.dumps([again, closed, gated, moved, gone, ana.model_info("ana/model").id]))
        """,
    )
    missing = ["RepositoryNotFoundError", 404]
    assert got == [
        [["HfHubHTTPError", 409], "ana/d"],
        True,
        [["GatedRepoError", 401], ["GatedRepoError", 403]],
        [missing, None],
        [missing, missing],
        "ana/model",
    ]
    assert list(hub.state.repos) == [("model", "ana/model")]
