"""A key is sent to its own server and stands nowhere else."""

from __future__ import annotations

import pytest

from hfsft.errors import HfsftError, ModelError
from hfsft.models.endpoints import endpoints_of
from hfsft.models.model import Model
from hfsft.models.store import Store
from tests.models.fixture import rows
from tests.models.server import HEALING, LASTING, LLM, echo

CANARY = "sk-canary-0123456789abcdefghij"


def test_no_output_holds_the_key_even_when_the_server_repeats_it(
    llm: LLM, make_pool, store: Store, monkeypatch, capfd, caplog, tmp_path
) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    llm.key = CANARY
    llm.reply = lambda body: f"{echo(body)} your key is {CANARY}"
    llm.faults, llm.share, llm.drip_seconds = (*HEALING, *LASTING), 0.5, 5.0
    model = {"api_key_env": "CANARY_KEY", "timeout": 0.3, "headers": {"x-team": "blue-canary-team"}}
    seen = []
    pool = make_pool(model=model, on_progress=seen.append)
    failures = pool.drive("generate", rows(100), total=100, max_failed_share=1)
    assert llm.sent_headers[0]["Authorization"] == f"Bearer {CANARY}"
    assert llm.sent_headers[0]["x-team"] == "blue-canary-team"
    said = [repr(seen), repr(pool.usage.as_dict()), repr(failures), caplog.text]
    said += [pool.replay(start) for row_id, start in rows(100) if row_id not in failures]
    llm.key = "another"
    with pytest.raises(ModelError, match="401") as refused:
        make_pool(model=model).drive("generate", rows(300), total=300)
    said += [str(refused.value), repr(refused.value.__context__)]
    pool.close()
    said += capfd.readouterr()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in said:
        assert CANARY not in text
        assert "blue-canary-team" not in text
    assert CANARY.encode() not in kept
    assert b"blue-canary-team" not in kept


def test_the_hub_token_is_not_sent_to_a_server_of_the_recipe(llm: LLM, make_pool, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz")
    make_pool().drive("generate", rows(1), total=1)
    assert "Authorization" not in llm.sent_headers[0]


def test_a_password_in_an_address_is_not_shown(make_pool) -> None:
    with pytest.raises(HfsftError) as error:
        make_pool(model={"base_url": "http://me:pa55word-canary@127.0.0.1:9/v1?key=canary-query"}).drive(
            "generate", rows(1), total=1
        )
    assert "canary" not in str(error.value)


def test_a_missing_key_is_named(make_pool, monkeypatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ModelError, match=r"models\.m: the environment variable NO_SUCH_KEY holds no key"):
        make_pool(model={"api_key_env": "NO_SUCH_KEY"}).drive("generate", rows(1), total=1)


@pytest.fixture
def hub_login(monkeypatch) -> str:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return "hf_abcdefghijklmnopqrstuvwxyz"


def test_provider_auto_asks_the_router_with_the_hub_login(hub_login: str) -> None:
    (endpoint,) = endpoints_of("judge", Model(model="org/model", provider="auto"))
    assert endpoint.base_url == "https://router.huggingface.co/v1/chat/completions"
    assert (endpoint.model_name, endpoint.api_key) == ("org/model", hub_login)
    assert hub_login not in repr(endpoint)


def test_a_named_provider_is_asked_by_its_own_name_of_the_model(hub_login: str, monkeypatch) -> None:
    from huggingface_hub.hf_api import InferenceProviderMapping
    from huggingface_hub.inference._providers import _common

    mapping = InferenceProviderMapping(
        provider="together",
        hf_model_id="org/model",
        providerId="Vendor/Model-Turbo",
        status="live",
        task="conversational",
    )
    monkeypatch.setattr(_common, "_fetch_inference_provider_mapping", lambda model: [mapping])
    (endpoint,) = endpoints_of("judge", Model(model="org/model", provider="together"))
    assert endpoint.base_url == "https://router.huggingface.co/together/v1/chat/completions"
    assert endpoint.model_name == "Vendor/Model-Turbo"
    with pytest.raises(ModelError, match="provider groq cannot serve org/model"):
        endpoints_of("judge", Model(model="org/model", provider="groq"))
    with pytest.raises(ModelError, match="provider no-such cannot serve"):
        endpoints_of("judge", Model(model="org/model", provider="no-such"))


def test_a_provider_without_login_or_network_says_so(hub_login: str, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="needs the Hub, and HF_HUB_OFFLINE is set"):
        endpoints_of("judge", Model(model="org/model", provider="auto"))
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(ModelError, match="needs a login: run `hf auth login`"):
        endpoints_of("judge", Model(model="org/model", provider="auto"))
