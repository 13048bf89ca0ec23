"""A key is sent to its own server and stands nowhere else."""

from __future__ import annotations

import asyncio
import base64
import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from hfsft.errors import HfsftError, ModelError
from hfsft.keys import KnownSecrets
from hfsft.models.http.client import Client, new_session
from hfsft.models.http.faults import Fault
from hfsft.models.http.providers import endpoints_of
from hfsft.models.model import Endpoint, Model
from hfsft.models.store.store import Store
from tests.models.fixture import rows
from tests.models.raw import Raw, response
from tests.models.server import HEALING, LASTING, LLM

CANARY = "sk-canary-0123456789abcdefghij"


def test_no_error_holds_the_key_even_when_the_server_repeats_it(
    llm: LLM, make_pool, store: Store, monkeypatch, capfd, caplog, tmp_path
) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    llm.key = CANARY
    llm.faults, llm.share, llm.drip_seconds = (*HEALING, *LASTING), 0.5, 5.0
    model = {"api_key_env": "CANARY_KEY", "timeout": 0.3}
    seen = []
    pool = make_pool(model=model, on_progress=seen.append)
    failures = pool.drive("generate", rows(100), total=100, max_failed_share=1)
    assert llm.sent_headers[0]["Authorization"] == f"Bearer {CANARY}"
    said = [repr(seen), repr(pool.usage.as_dict()), repr(failures), caplog.text]
    llm.key = "another"
    with pytest.raises(ModelError, match="401") as refused:
        make_pool(model=model).drive("generate", rows(300), total=300)
    said += [str(refused.value), repr(refused.value.__context__)]
    pool.close()
    said += capfd.readouterr()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in said:
        assert CANARY not in text
    assert CANARY.encode() not in kept


def test_a_paid_answer_is_never_rewritten(llm: LLM, make_pool, monkeypatch) -> None:
    text = "Since api version 2024-10-21 our refund support team, reached by sk-learn-users, answers. EMPTY words."
    llm.reply = lambda body: text
    monkeypatch.setenv("A_KEY", "EMPTY")
    model = {
        "base_url": llm.url + "?api-version=2024-10-21",
        "headers": {"X-Title": "refund support"},
        "api_key_env": "A_KEY",
    }
    pool = make_pool(model=model)
    assert pool.drive("generate", rows(1), total=1) == {}
    assert pool.replay(rows(1)[0][1]) == text
    assert llm.sent_headers[0]["X-Title"] == "refund support"


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in CANARY)


@pytest.mark.parametrize("spelt", [ESCAPED, ESCAPED.upper().replace("\\U", "\\u"), CANARY.upper()])
def test_an_answer_that_repeats_the_key_in_another_spelling_is_not_kept(spelt: str, make_pool, monkeypatch) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    whole = '{"choices": [{"message": {"content": "It is KEY."}, "finish_reason": "stop"}]}'.replace("KEY", spelt)
    with Raw(lambda _: [response(whole.encode())]) as server:
        pool = make_pool({"m": Model(model="m", base_url=server.url, api_key_env="A_KEY")})
        (error,) = pool.drive("generate", rows(1), total=1, max_failed_share=1).values()
    assert error.cause == "secret"


def test_an_error_hides_the_key_in_capitals_too() -> None:
    key = "5f0c7e1d2b9a4c6e8f7a1b2c3d4e5f60"
    assert KnownSecrets([key]).hide(f"no tenant {key.upper()} here") == "no tenant *** here"


@pytest.mark.parametrize("where", ["text", "reasoning"])
def test_an_answer_that_repeats_the_key_is_not_kept(where: str, make_pool, store: Store, monkeypatch) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    message = {"content": f"It is {CANARY}." if where == "text" else "A.", "reasoning": f"{CANARY}!"}
    whole = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
    with Raw(lambda _: [response(whole)]) as server:
        pool = make_pool({"m": Model(model="m", base_url=server.url, api_key_env="A_KEY")})
        failures = pool.drive("generate", rows(2), total=2, max_failed_share=1)
        assert len(server.requests) == 2, "each is asked once"
    assert {error.cause for error in failures.values()} == {"secret"}
    pool.close()
    assert CANARY.encode() not in store.path.read_bytes()


SECRET = 'Canary/7+"pass word\\9&x=1'  # all that is written otherwise in an address, in JSON, in HTML


USERS = ("me", "you", "them")


def echoes(request: bytes) -> Iterator[bytes]:
    """Errors that repeat a request's key in every shape that one meets, one after another."""
    head = request.partition(b"\r\n\r\n")[0].decode()
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    key = headers["x-api-key"]
    basics = [base64.b64encode(f"{user}:{key}".encode()).decode() for user in USERS]
    location = f"Location: http://me:{quote(key, safe='')}@elsewhere.test/{quote(key)}/v1?key={quote_plus(key)}#{key}"
    bodies = (
        key, quote(key), quote_plus(key), quote(key, safe=""), html.escape(key), repr(key), *basics,
        f"Basic {basics[0]}",
        base64.b64encode(key.encode()).decode(), json.dumps(key).replace("/", "\\/"), json.dumps(json.dumps(headers)),
        json.dumps({"error": {"message": f"wrong key {key}", "headers": headers}}), json.dumps({"detail": [headers]}),
        f"<html>{'x' * 285}{key}</html>", json.dumps({"error": "x" * 290 + key}), key[: len(key) // 2 + 1] + "...",
        "".join(f"\x1b[0m{letter}" for letter in key), json.dumps({"error": {"message": head}}),
    )  # fmt: skip
    for body in bodies:
        for status in ("400 Bad Request", "401 Unauthorized", "500 Broken", "307 Temporary Redirect", "200 OK"):
            yield response(body.encode(), location, f"X-Echo: {quote(key)}", status=status)
    yield f"HTTP/1.1 200 OK\r\nX-Echo: {key}\x00\r\n\r\n".encode()
    yield f"{key} {head}\r\n".encode()
    yield f"HTTP/1.1 200 OK\r\nX-Echo: {key}\r\nContent-Length: {key}\r\n\r\n".encode()


def test_no_shape_of_a_key_is_in_an_error() -> None:
    told: list[str] = []
    answers: list[bytes] = []
    with Raw(lambda request: [(answers or answers.extend(echoes(request)) or answers).pop(0)]) as server:
        endpoint = Endpoint(server.url, secret_headers=(("x-api-key", SECRET),))

        async def ask_all() -> None:
            async with new_session() as session:
                client = Client(session, endpoint, 2)
                while not told or answers:
                    with pytest.raises(Fault) as caught:
                        await client.ask(b"{}")
                    told.append(f"{caught.value} {caught.value!r} {caught.value.message}")

        asyncio.run(ask_all())
    assert len(told) > 90
    basics = [base64.b64encode(f"{user}:{SECRET}".encode()).decode()[8:20] for user in USERS]
    shapes = {SECRET, quote(SECRET), quote_plus(SECRET), quote(SECRET, safe=""), html.escape(SECRET), *basics}
    for said in told:
        assert "Canary" not in said, said
        assert not [shape for shape in shapes if shape in said], said
    assert sum("it sends us to http://elsewhere.test/***/v1: put that" in said for said in told) >= 18


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{port}/v1/chat/completions/", "/v2", "//127.0.0.1:1/v1", "", "::"]
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(status: str, location: str, make_pool, monkeypatch) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    with Raw(lambda _: [response(b"", f"Location: {location.format(port=server.port)}", status=status)]) as server:
        pool = make_pool({"m": Model(model="m", base_url=server.url, api_key_env="A_KEY")})
        with pytest.raises(ModelError, match=r"it sends us to .*: put that in `base_url`"):
            pool.drive("generate", rows(1), total=1)
        assert len(server.requests) == 1


def test_a_key_in_a_header_of_its_own(llm: LLM, make_pool, monkeypatch, store: Store) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    monkeypatch.setenv("B_KEY", "canary-tenant-12345")
    model = {"api_key_env": "A_KEY", "api_key_header": "api-key", "headers": {"X-Tenant-Key": {"env": "B_KEY"}}}
    pool = make_pool(model=model)
    assert pool.drive("generate", rows(1), total=1) == {}
    (sent,) = llm.sent_headers
    assert (sent["api-key"], sent["X-Tenant-Key"]) == (CANARY, "canary-tenant-12345")
    assert "Authorization" not in sent
    # Another key is no other question: the answer is found.
    monkeypatch.setenv("B_KEY", "another-tenant-678")
    other = make_pool(model={**model, "api_key_header": "x-other"})
    assert other.drive("generate", rows(1), total=1) == {}
    assert len(llm.requests) == 1
    (endpoint,) = endpoints_of("m", Model(model="m", base_url=llm.url, **model))
    assert "another-tenant" not in repr(endpoint)
    assert CANARY not in repr(endpoint)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "the environment variable B_KEY holds no value; set it"),
        ("  ", "the environment variable B_KEY holds no value"),
        ("a\nX-Other: b", "the value in B_KEY holds characters that no value has"),
        ("schlüssel-canary", "the value in B_KEY holds characters that no value has"),
    ],
)
def test_a_header_without_its_value_is_told_before_anything_is_sent(
    value: str | None, said: str, llm: LLM, make_pool, monkeypatch
) -> None:
    monkeypatch.delenv("B_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("B_KEY", value)
    with pytest.raises(ModelError, match=f"models.m: {said}") as caught:
        make_pool(model={"headers": {"X-Key": {"env": "B_KEY"}}}).drive("generate", rows(1), total=1)
    assert "canary" not in str(caught.value)
    assert llm.requests == []


TOKEN = "hf_abcdefghijklmnopqrstuvwxyz"
FOREIGN = (
    "{llm}", "https://api.example.org/v1", "http://huggingface.co/v1", "https://huggingface.co.example.org/v1",
    "https://evilhuggingface.co/v1", "https://huggingface.co@example.org/v1", "https://huggingface.co:8443/v1",
    "https://example.org/huggingface.co/v1", "https://x.hf.space/v1", "https://x.aws.endpoints.huggingface.cloud/v1",
)  # fmt: skip
CARRIERS: dict[str, dict[str, Any]] = {
    "as the key": {"api_key_env": "HF_TOKEN"},
    "in a header of its own": {"api_key_env": "HF_TOKEN", "api_key_header": "x-api-key"},
    "in another header": {"headers": {"X-Key": {"env": "HF_TOKEN"}}},
    "under another name": {"api_key_env": "OTHER"},
    "within a value": {"headers": {"X-Key": {"env": "LOGIN"}}},
    "another token": {"api_key_env": "SECOND"},
}


@pytest.mark.parametrize("address", FOREIGN)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_hub_token_goes_to_the_hub_alone(address: str, carrier: str, llm: LLM, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("OTHER", TOKEN)
    monkeypatch.setenv("LOGIN", f"Bearer {TOKEN}")
    monkeypatch.setenv("SECOND", "hf_zyxwvutsrqponmlkjihgfedcba")
    base_url = address.format(llm=llm.url)
    with pytest.raises(ModelError, match="the Hugging Face token goes to no host but the Hub's") as caught:
        endpoints_of("m", Model(model="m", base_url=base_url, **CARRIERS[carrier]))
    assert "hf_" not in str(caught.value)
    assert llm.requests == []


def test_a_login_from_a_file_is_the_hub_token_too(llm: LLM, tmp_path, monkeypatch) -> None:
    token = "eyJ-no-prefix-canary"  # as a login by another service gives
    (tmp_path / "token").write_text(f"{token}\n")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("HF_TOKEN", "another-token-12345")
    monkeypatch.setenv("OTHER", token)
    with pytest.raises(ModelError, match="goes to no host but the Hub's"):
        endpoints_of("m", Model(model="m", base_url=llm.url, api_key_env="OTHER"))


def test_the_hub_and_who_is_trusted_by_name_get_the_token(llm: LLM, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("OWN_KEY", "sk-of-this-server")

    def key(base_url: str, variable: str = "HF_TOKEN") -> str | None:
        return endpoints_of("m", Model(model="m", base_url=base_url, api_key_env=variable))[0].api_key

    assert key("https://router.huggingface.co/v1") == TOKEN
    assert key("https://HuggingFace.co/v1") == TOKEN
    assert key(llm.url, "OWN_KEY") == "sk-of-this-server"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", llm.url.removesuffix("/v1"))
    assert key(llm.url) == TOKEN
    monkeypatch.setenv("HFSFT_HF_TOKEN_HOSTS", "x.aws.endpoints.huggingface.cloud, y.example.org")
    assert key("https://x.aws.endpoints.huggingface.cloud/v1") == TOKEN


def test_the_hub_token_is_not_sent_to_a_server_of_the_recipe(llm: LLM, make_pool, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz")
    make_pool().drive("generate", rows(1), total=1)
    assert "Authorization" not in llm.sent_headers[0]


def test_a_password_of_a_proxy_is_not_shown(make_pool, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:pa55word-canary@127.0.0.1:9")
    monkeypatch.setattr("hfsft.models.http.client._LOOPBACK", set())
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(HfsftError, match=r"127\.0\.0\.1") as error:
        make_pool(model={"base_url": "http://10.0.0.1/v1"}).drive("generate", rows(1), total=1)
    assert "canary" not in str(error.value)
    refusal = response(b"wrong: pa55word-canary", status="407 Proxy Authentication Required")
    with Raw(lambda _: [refusal]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:pa55word-canary@127.0.0.1:{proxy.port}")
        with pytest.raises(HfsftError, match=r"the proxy http://127\.0\.0\.1:\d+ answers 407") as error:
            make_pool(model={"base_url": "https://10.0.0.1/v1"}).drive("generate", rows(1), total=1)
    assert "canary" not in f"{error.value} {error.value.__context__!r}"


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
