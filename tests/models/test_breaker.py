"""An endpoint that is plainly down stops the stage at once, with the reason and what to do."""

from __future__ import annotations

import socket

import pytest

from hfsft.errors import ModelError
from hfsft.models.model import Model
from tests.models.fixture import rows
from tests.models.server import LLM


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listens(make_pool) -> None:
    with pytest.raises(ModelError, match=r"models\.m: http://127\.0\.0\.1:\d+: cannot connect .*is the server running"):
        make_pool(model={"base_url": f"http://127.0.0.1:{free_port()}"}).drive("generate", rows(1000), total=1000)


def test_an_unknown_host(make_pool) -> None:
    with pytest.raises(ModelError, match="cannot connect"):
        make_pool(model={"base_url": "http://no-such-host.invalid"}).drive("generate", rows(10), total=10)


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        ("403", "this key may not use this model"),
        ("quota", "the quota is used up"),
        ("429_hour", "asks to be left alone for 1.0 h"),
    ],
)
def test_a_refusal_stops_at_once(llm: LLM, make_pool, fault: str, advice: str) -> None:
    llm.fault = lambda body, coming: fault
    with pytest.raises(ModelError, match=advice):
        make_pool().drive("generate", rows(1000), total=1000)
    assert len(llm.requests) <= 64  # no more than may be open at once


def test_a_wrong_key(llm: LLM, make_pool) -> None:
    llm.key = "right"
    with pytest.raises(ModelError, match=r"HTTP 401: .*check `api_key_env`"):
        make_pool().drive("generate", rows(1000), total=1000)
    assert len(llm.requests) <= 64  # no more than may be open at once


def test_an_unknown_model(llm: LLM, make_pool) -> None:
    llm.models = ("other",)
    with pytest.raises(ModelError, match=r"404: The model m-1 does not exist; .*check `model` and `base_url`"):
        make_pool().drive("generate", rows(1000), total=1000)


def test_what_was_answered_before_the_stop_is_kept(llm: LLM, make_pool) -> None:
    llm.fault = lambda body, coming: "quota" if llm.answered >= 100 else ""
    with pytest.raises(ModelError, match="quota"):
        make_pool().drive("generate", rows(500), total=500)
    answered = llm.answered
    assert answered >= 100
    llm.fault = None
    make_pool().drive("generate", rows(500), total=500)
    assert llm.answered == 500


def test_several_addresses_share_the_load(llm: LLM, make_pool) -> None:
    llm.latency = 0.02
    with LLM(latency=0.02) as other:
        pool = make_pool(model={"base_url": [llm.url, other.url], "concurrency": 16})
        assert pool.drive("generate", rows(200), total=200) == {}
        assert len(llm.requests) + len(other.requests) == 200
        assert min(len(llm.requests), len(other.requests)) > 60
        # Their peaks come at different moments, so only each alone is bound by what may be open at once.
        assert max(llm.peak, other.peak) <= 16


def test_an_address_that_is_down_is_set_aside_while_another_lives(llm: LLM, make_pool) -> None:
    pool = make_pool(model={"base_url": [f"http://127.0.0.1:{free_port()}", llm.url]})
    assert pool.drive("generate", rows(100), total=100) == {}
    assert len(llm.requests) == 100


def test_a_server_that_was_started_meanwhile_is_found_by_the_same_pool(make_pool) -> None:
    port = free_port()
    pool = make_pool({"m": Model(model="m-1", base_url=f"http://127.0.0.1:{port}")})
    with pytest.raises(ModelError):
        pool.drive("generate", rows(3), total=3)
    with LLM(port=port) as server:
        assert pool.drive("generate", rows(3), total=3) == {}
        assert server.answered == 3
