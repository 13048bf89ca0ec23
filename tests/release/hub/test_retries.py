"""What is tried again, how long it waits before, and what the user gets to read."""

import time
from collections.abc import Mapping
from email.utils import formatdate

import pytest
from huggingface_hub import errors
from multidict import CIMultiDict

from hfsft.errors import ReleaseError
from hfsft.release.hub import retries as patience


class Response:
    """As much of an answer as an error holds."""

    def __init__(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status
        self.headers = CIMultiDict(headers or {})
        self.request = None


def http(status: int, message: str | None = None, **headers: str) -> Exception:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return errors.HfHubHTTPError("long text", response=Response(status, named), server_message=message)  # type: ignore[arg-type]


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize(
    ("error", "at_least", "at_most"),
    [
        (http(503), 0.5, 1),
        (http(500), 0.5, 1),
        (http(429, retry_after="12"), 12, 13),
        (http(503, retry_after="12"), 12, 13),
        (http(429, ratelimit='"api";r=0;t=55'), 55, 56),
        (http(429, ratelimit='"api";r=12;t=55'), 0.5, 1),
        (http(429, retry_after="soon"), 0.5, 1),
        (ConnectionResetError("reset"), 0.5, 1),
        (TimeoutError(), 0.5, 1),
        (errors.HfHubHTTPError.__bases__[0]("read"), 0.5, 1),
        (ConnectionError("HTTP status server error (503 Service Unavailable)"), 0.5, 1),
    ],
)
def test_what_passes_is_tried_again(waited: list[float], error: Exception, at_least: float, at_most: float) -> None:
    told: list[str] = []
    answers = iter([error, "done"])

    def call() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert patience.patiently(call, "reading", told.append) == "done"
    assert len(waited) == len(told) == 1
    assert at_least <= waited[0] <= at_most


def test_a_date_to_come_back_at_is_kept(waited: list[float]) -> None:
    error = http(429, retry_after=formatdate(time.time() + 60, usegmt=True))
    patience.pause(error, "reading", 1, lambda _: None)
    assert 30 <= waited[0] <= 61


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (http(401, "Invalid"), "reading: the Hub answers 401: Invalid (log in with `hf auth login`"),
        (http(403), "reading: the Hub answers 403 (the token needs the right to write there"),
        (http(400, "Bad https://x/y?X-Amz-Signature=abc name"), "reading: the Hub answers 400: Bad https://x/y name"),
        (http(429, retry_after="4000"), "too many requests"),
        (errors.OfflineModeIsEnabled("off"), "HF_HUB_OFFLINE is set"),
        (ValueError("Invalid metadata in README.md.\n- broken"), "reading: Invalid metadata in README.md. - broken"),
        (ConnectionError("HTTP status client error (403 Forbidden), domain: http://x"), "the right to write there"),
        (PermissionError("token hf_AbCdEfGhIjKlMnOpQrStUvWx"), "reading: token ***"),
    ],
)
def test_what_stays_is_said_at_once_without_secrets(waited: list[float], error: Exception, message: str) -> None:
    def call() -> None:
        raise error

    with pytest.raises(ReleaseError) as refused:
        patience.patiently(call, "reading", lambda _: None)
    assert message in str(refused.value)
    assert waited == []


def test_tries_come_to_an_end_ever_further_apart(waited: list[float]) -> None:
    def call() -> None:
        raise http(503)

    with pytest.raises(ReleaseError, match="the Hub answers 503"):
        patience.patiently(call, "reading", lambda _: None)
    assert len(waited) == patience.TRIES - 1
    assert all(2**n / 2 <= seconds <= 2**n for n, seconds in enumerate(waited))


def test_an_answer_that_something_does_not_exist_and_a_mistake_of_ours_pass_through(waited: list[float]) -> None:
    missing = errors.RepositoryNotFoundError("no", response=Response(404))  # type: ignore[arg-type]
    for error in (missing, KeyError("ours")):

        def call(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)):
            patience.patiently(call, "reading", lambda _: None)
    assert waited == []


def test_what_the_client_wraps_is_read_below_it() -> None:
    wrapped = RuntimeError("Error while uploading 'data/train' to the Hub.")
    wrapped.__cause__ = http(503)
    assert patience.may_have_landed(wrapped)
    assert not patience.may_have_landed(http(412))
    assert "503" in str(patience.refusal(wrapped, "sending"))
