"""What servers say of files, batches and lines, read; and where they are asked."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from hfsft.keys import KnownSecrets, scrub
from hfsft.models.batches import lines, remote
from hfsft.models.batches.api import BatchApi
from hfsft.models.http.faults import MOST_BYTES, Fault
from hfsft.models.model import Answer, Endpoint

KEY = "ab" * 32


def api(base_url: str) -> BatchApi:
    client: Any = SimpleNamespace(endpoint=Endpoint(base_url))
    return BatchApi(client, 10, "m")


@pytest.mark.parametrize(
    ("base_url", "files", "endpoint"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/files", "/v1/chat/completions"),
        ("https://api.groq.com/openai/v1/", "https://api.groq.com/openai/v1/files", "/v1/chat/completions"),
        ("http://localhost:8000", "http://localhost:8000/v1/files", "/v1/chat/completions"),
        ("https://h/v1/openai/chat/completions", "https://h/v1/openai/files", "/v1/chat/completions"),
        ("https://x.azure.com/openai/v1/", "https://x.azure.com/openai/v1/files", "/v1/chat/completions"),
        (
            "https://x.azure.com/openai/deployments/gpt?api-version=2024-10-21",
            "https://x.azure.com/openai/files?api-version=2024-10-21",
            "/chat/completions",
        ),
    ],
)
def test_where_a_server_has_its_files(base_url: str, files: str, endpoint: str) -> None:
    assert api(base_url)._url("/files") == files
    assert api(base_url).endpoint == endpoint


@pytest.mark.parametrize(
    ("said", "status", "refusals"),
    [
        ({"status": "in_progress"}, "in_progress", []),
        ({"status": "COMPLETED"}, "completed", []),
        ({"status": "SUCCESS"}, "completed", []),
        ({"status": "canceled"}, "cancelled", []),
        ({"status": "TIMEOUT_EXCEEDED"}, "expired", []),
        ({"status": "failed", "errors": {"data": [{"message": "no", "code": "c", "line": 3}]}}, "failed", [("no", 3)]),
        ({"status": "failed", "errors": [{"message": "no", "line": None}, "why"]}, "failed", [("no", 0), ("why", 0)]),
        ({"status": "FAILED", "error": "no\nroom"}, "failed", [("no room", 0)]),
        ({"status": "failed", "errors": {"message": "no"}}, "failed", [("no", 0)]),
        ({"status": "failed", "errors": 7}, "failed", []),
        ({}, "", []),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_batch_in_other_words(said: dict[str, Any], status: str, refusals: list[Any], wrapped: bool) -> None:
    found = {"id": "batch_1", "request_counts": {"total": 3, "completed": "2", "failed": None}, **said}
    batch = remote.read({"job": found} if wrapped else found, scrub)
    assert batch is not None
    assert (batch.status, batch.total, batch.completed, batch.failed) == (status, 3, 0, 0)
    assert [(each.message, each.line) for each in batch.refusals] == refusals


@pytest.mark.parametrize(
    "found", [None, [], "x", {}, {"id": None}, {"id": ""}, {"job": 3}, {"error": {"message": "no"}}]
)
def test_what_is_no_batch(found: Any) -> None:
    assert remote.read(found, scrub) is None


COMPLETION = {"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}], "model": "m"}


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"response": {"status_code": 200, "body": COMPLETION}, "error": None}, "Hello."),
        ({"response": {"status_code": 200, "body": json.dumps(COMPLETION)}}, "Hello."),
        ({"response": {"id": "1", **COMPLETION}}, "Hello."),
        ({"response": {"status_code": 400, "body": {"error": {"message": "bad"}}}}, "bad_request"),
        ({"response": {"status_code": 429, "body": {}}, "error": None}, "rate_limit"),
        ({"response": {"status_code": 500, "body": None}}, "server"),
        ({"response": {"status_code": 200, "body": {"choices": []}}}, "unreadable"),
        ({"response": {"status_code": 200, "body": None}}, "unreadable"),
        ({"response": None, "error": {"code": "batch_expired", "message": "late"}}, "expired"),
        ({"response": None, "error": {"code": "batch_cancelled", "message": "late"}}, "cancelled"),
        ({"response": None, "error": {"code": "500", "message": "broke"}}, "server"),
        ({"response": None, "error": {"code": 400, "message": "no"}}, "bad_request"),
        ({"error": {"type": "invalid_request_error", "message": "no"}}, "bad_request"),
        ({"error": "no"}, "server"),
        ({"response": None, "error": None}, "server"),
        ({}, "server"),
    ],
)
def test_a_line_in_other_words(told: dict[str, Any], outcome: str) -> None:
    returned = lines.read(json.dumps({"custom_id": KEY, **told}).encode(), KnownSecrets([]))
    assert returned.key == KEY
    if isinstance(returned.outcome, Answer):
        assert returned.outcome.text == outcome
    else:
        assert returned.outcome.cause == outcome


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"3", b'{"custom_id": 3}', b'{"custom_id": "../../etc"}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_line_of_nobody(line: bytes) -> None:
    returned = lines.read(line, KnownSecrets([]))
    assert returned.key == ""
    assert isinstance(returned.outcome, Fault)
    assert lines.key_in(line) == ""


def test_a_line_that_never_ends_takes_no_more_memory_than_an_answer() -> None:
    file = io.BytesIO(b"a" * (2 * MOST_BYTES + 5) + b"\n\n  \nnext\n")
    found = list(lines.split(file))
    assert [len(line) for line in found] == [MOST_BYTES, 5]


def test_a_request_is_one_line() -> None:
    line = lines.written(KEY, "/v1/chat/completions", b'{"model":"m"}')
    assert json.loads(line) == {
        "custom_id": KEY, "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m"},
    }  # fmt: skip
    assert lines.key_in(line) == KEY
