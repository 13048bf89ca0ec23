"""Faults strike what they name, as often as they say, and the real clients react as they do to the real Hub."""

import socket
import time
from textwrap import dedent
from typing import Any

import pytest

from tests.hub.fixture import HubServer

NO_XET = {"HF_HUB_DISABLE_XET": "1"}

UPLOAD = """
import json, random
from huggingface_hub import HfApi
D = {"repo_id": "ana/d", "repo_type": "dataset"}
api = HfApi()
api.create_repo(**D, exist_ok=True)
data = random.Random(1).randbytes(2_000_000)
def outcome(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except Exception as error:
        return [type(error).__name__, getattr(getattr(error, "response", None), "status_code", None)]
def up(content=data, path="a.bin"):
    api.upload_file(path_or_fileobj=content, path_in_repo=path, **D)
def down():
    return open(api.hf_hub_download(**D, filename="a.bin", force_download=True), "rb").read() == data
"""


def run(hub: HubServer, program: str, env: dict[str, str] | None = None) -> Any:
    return hub.run(UPLOAD + dedent(program), token=hub.token("ana"), env=env).json()


def test_each_status_is_answered_as_often_as_told(hub: HubServer) -> None:
    statuses = [401, 403, 404, 409, 412, 429, 500, 503]
    for status in statuses:
        hub.faults.answer("POST */commit/main", status, times=1)
    got = run(hub, 'print(json.dumps([outcome(up, b"text", "a.txt") for _ in range(9)]))')
    assert got == [["HfHubHTTPError", status] for status in statuses] + [None]
    assert [r.status for r in hub.requests if r.path.endswith("/commit/main")] == [*statuses, 200]


def test_a_fault_without_an_end_lasts_until_it_is_cleared(hub: HubServer) -> None:
    fault = hub.faults.answer("GET /api/datasets/ana/d", 404, code="RepoNotFound", skip=1)
    got = run(hub, "print(json.dumps([outcome(api.dataset_info, 'ana/d') for _ in range(3)]))")
    assert got == [None] + [["RepositoryNotFoundError", 404]] * 2
    assert fault.struck == 2
    hub.faults.clear()
    assert run(hub, "print(json.dumps(outcome(api.dataset_info, 'ana/d')))") is None


def test_the_client_waits_as_long_as_it_is_told_and_tries_again(hub: HubServer) -> None:
    fault = hub.faults.answer("POST */preupload/main", 429, times=1, headers={"Retry-After": "1"})
    program = "import time; start = time.monotonic(); up(); print(json.dumps(time.monotonic() - start))"
    assert 1 <= run(hub, program) < 10
    assert fault.struck == 1
    assert hub.count("POST", "/commit/main") == 1


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_an_upload_cut_in_the_middle_is_tried_again(hub: HubServer, reset: bool) -> None:
    xorb = hub.faults.cut_request("POST /v1/xorbs/*", after=500_000, reset=reset)
    assert run(hub, "up(); print(json.dumps(down()))") is True
    assert xorb.struck == 1
    lfs = hub.faults.cut_request("PUT /lfs/*", after=500_000, reset=reset)
    program = "data = data[1:]; up(data, 'b.bin'); print(json.dumps(True))"
    assert run(hub, program, NO_XET) is True
    assert lfs.struck == 1
    assert [r.status for r in hub.requests if r.path.startswith(("/v1/xorbs/", "/lfs/"))] == [0, 200, 0, 200]
    assert len(hub.repo("ana/d").files()["b.bin"]) == 1_999_999


def test_an_upload_is_cut_after_as_many_bytes_as_told(hub: HubServer) -> None:
    hub.faults.cut_request("PUT /lfs/*", after=20)
    host, _, port = hub.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(f"PUT /lfs/0 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n".encode() + b"x" * 19)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        client.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_commit_whose_answer_is_lost_has_happened(hub: HubServer) -> None:
    hub.faults.cut_response("POST */commit/main")
    got = run(hub, "print(json.dumps([outcome(up), outcome(up)]))")
    assert got == [["RemoteProtocolError", None], None]
    assert [commit.title for commit in hub.repo("ana/d").history()] == [
        "Upload a.bin with huggingface_hub",
        "initial commit",
    ]


def test_a_download_cut_in_the_middle_is_tried_again(hub: HubServer) -> None:
    assert run(hub, "up(); print(json.dumps(True))") is True
    xorb = hub.faults.cut_response("GET /xorbs/*", after=500_000)
    assert run(hub, "print(json.dumps(down()))") is True
    cdn = hub.faults.cut_response("GET /cdn/*", after=500_000)
    assert run(hub, "print(json.dumps(down()))", NO_XET) is True
    assert (xorb.struck, cdn.struck) == (1, 1)
    assert [r.status for r in hub.requests if r.path.startswith("/cdn/")] == [0, 200]


def test_a_slow_answer_comes_late_and_the_work_is_done(hub: HubServer) -> None:
    run(hub, "print(json.dumps(None))")
    hub.faults.slow("GET */refs", seconds=30)
    start = time.monotonic()
    program = """
    from huggingface_hub import get_session
    print(json.dumps(outcome(get_session().get, f"{api.endpoint}/api/datasets/ana/d/refs", timeout=0.5)))
    """
    assert run(hub, program) == ["ReadTimeout", None]
    assert time.monotonic() - start < 15


def test_a_pattern_without_a_path_is_refused(hub: HubServer) -> None:
    with pytest.raises(ValueError, match="no pattern for 'METHOD /path'"):
        hub.faults.answer("/commit/main", 500)
