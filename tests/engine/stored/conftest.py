"""A place in an object store that the environment says how to reach, as for the tools of AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.stored.s3_server import KEYS, bucket, s3_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with s3_server() as address:
        bucket(address, "builds")
        yield address


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A folder of its own for each test."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server, "AWS_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    return f"s3://builds/{request.node.name.replace('[', '-').replace(']', '')}"
