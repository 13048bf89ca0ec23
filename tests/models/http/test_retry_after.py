"""What servers send to say how long they want to be left alone, as seconds from now."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from multidict import CIMultiDict

from hfsft.models.http.retry_after import duration, limit_pause, retry_after

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20", 20),
        ("0.5", 0.5),
        ("350ms", 0.35),
        ("6m0s", 360),
        ("1h2m3s", 3723),
        (str(NOW + 90), 90),
        (str(int(NOW + 90) * 1000), 90),
        (str(NOW - 90), 0),
        (formatdate(NOW + 90, usegmt=True), 90),
        ("2027-01-15T08:01:30Z", 90),
        ("20 seconds", 20),
        ("1m 20s", 80),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_duration_reads(text: str, seconds: float | None) -> None:
    assert duration(text, NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"Retry-After": "soon"}, None),
        ({"x-ratelimit-retry-after": "7"}, 7),
        ({"x-ratelimit-timeremaining": "7"}, 7),
    ],
)
def test_retry_after_reads(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(CIMultiDict(headers)) == seconds


def test_a_date_is_meant_by_the_clock_of_the_server() -> None:
    slow = time.time() - 3600
    headers = {"Date": formatdate(slow, usegmt=True), "Retry-After": formatdate(slow + 30, usegmt=True)}
    assert retry_after(CIMultiDict(headers)) == pytest.approx(30, abs=1)


def test_a_date_from_a_server_that_shows_no_clock_is_meant_by_ours() -> None:
    assert retry_after(CIMultiDict({"Retry-After": formatdate(time.time() + 9000, usegmt=True)})) == pytest.approx(
        9000, abs=60
    )


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, None),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "9s"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "9s"}, 9),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m"}, 60),
        ({"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "4s"}, 4),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, 7),
        ({"ratelimit": '"default";r=0;t=12'}, 12),
        ({"ratelimit": '"default";r=4;t=12'}, None),
        ({"ratelimit": "limit=100, remaining=0, reset=12"}, 12),
        ({"x-ratelimit-remaining-tokens": "-12", "x-ratelimit-reset-tokens": "850ms"}, 0.85),
    ],
)
def test_the_servers_own_limits_are_read(headers: dict[str, str], pause: float | None) -> None:
    assert limit_pause(CIMultiDict(headers)) == pause
