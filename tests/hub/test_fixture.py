"""The fixture itself: clients are shielded from the developer's set-up, and failures say what happened."""

import socket

import pytest

from tests.hub.answers import HubError, span
from tests.hub.fixture import HubServer
from tests.hub.xet import read_shard, read_xorb


def test_a_client_that_fails_fails_the_test_with_all_it_wrote(hub: HubServer) -> None:
    hub.run("import huggingface_hub as h; h.HfApi().whoami()", token=hub.token("ana"))
    with pytest.raises(AssertionError, match=r"(?s)status 1.*ZeroDivisionError.*200 GET /api/whoami-v2"):
        hub.run("1 / 0")
    assert hub.run("1 / 0", check=False).returncode == 1
    with pytest.raises(AssertionError, match=r"ran past 0\.5 s"):
        hub.run("import time; time.sleep(60)", timeout=0.5)
    with pytest.raises(AssertionError, match="printed nothing"):
        hub.run("pass").json()


def test_a_client_sees_nothing_of_the_developers_own_set_up(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HUGGING_FACE_HUB_TOKEN", "https_proxy", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, "mine")
    assert "mine" not in hub.env().values()
    assert hub.env(token="hf_x")["HF_TOKEN"] == "hf_x"


def test_a_command_runs_like_source_and_arguments_are_passed(hub: HubServer) -> None:
    assert hub.run(["echo", "a"], "b").stdout == "a b\n"
    assert hub.run("import sys, json; print(json.dumps(sys.argv[1:]))", "b").json() == ["b"]


def test_what_does_not_exist_is_named_with_what_does(hub: HubServer) -> None:
    hub.run("import huggingface_hub as h; h.create_repo('d', repo_type='dataset')", token=hub.token("ana"))
    with pytest.raises(LookupError, match=r"no dataset ana/e \(it has: dataset ana/d\)"):
        hub.repo("ana/e")
    with pytest.raises(ValueError, match="read or write, not 'admin'"):
        hub.token("ana", "admin")


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=10-", None),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("rows=0-1", None),
    ],
)
def test_ranges_are_read_as_http_defines_them(asked: str, got: tuple[int, int] | None) -> None:
    if got is None:
        with pytest.raises(HubError) as refused:
            span(asked, 10)
        assert refused.value.status == 416
    else:
        assert span(asked, 10) == got


@pytest.mark.parametrize("body", [b"\0", b"\0\5\0\0\0\5\0\0abc", b"\0\3\0\0\7\3\0\0abc", b"\0\3\0\0\1\3\0\0abc"])
def test_a_broken_xorb_is_refused(body: bytes) -> None:
    with pytest.raises(HubError, match="Malformed xorb"):
        read_xorb(body)


@pytest.mark.parametrize("body", [b"", b"HFRepoMetaData" + b"\0" * 40])
def test_a_broken_shard_is_refused(body: bytes) -> None:
    with pytest.raises(HubError, match="Malformed shard"):
        read_shard(body)


def test_a_client_that_goes_away_is_no_bug_of_the_hub_and_a_bug_fails_the_test(hub: HubServer) -> None:
    host, _, port = hub.endpoint.removeprefix("http://").partition(":")
    head = f"POST /api/repos/create HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {hub.token('ana')}\r\n"
    with socket.create_connection((host, int(port))) as half:
        half.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    with socket.create_connection((host, int(port))) as whole:
        whole.sendall(f"{head}Content-Length: 2\r\nConnection: close\r\n\r\n{{]".encode())
        answer = b"".join(iter(lambda: whole.recv(1000), b""))
    assert b"A bug of the test hub: JSONDecodeError" in answer
    assert [type(bug).__name__ for bug in hub.bugs] == ["JSONDecodeError"]
    hub.bugs.clear()
