"""Where a model is asked: servers named in the recipe, or a Hub provider routed by huggingface_hub."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from hfsft.errors import ModelError
from hfsft.keys import SHORTEST, KnownSecrets
from hfsft.models.http.address import SECURE, shown
from hfsft.models.model import Endpoint, FromEnv, Model, Price

_HUB_TOKEN = re.compile(r"(?<![A-Za-z0-9])hf_[A-Za-z]")
_TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN")


HUB_HOST = "huggingface.co"
# Hosts that a person trusts with the Hub's token: an Inference Endpoint of their own is none that a recipe may name.
TRUSTED = "HFSFT_HF_TOKEN_HOSTS"


def key_of(name: str, model: Model) -> str | None:
    """The key that is sent, None where none is; ModelError where its variable is empty or nobody is logged in."""
    key = _from_env(name, model.api_key_env, "key") if model.api_key_env else None
    if key or not model.provider:
        return key
    from huggingface_hub import get_token

    key = get_token()
    if not key:
        raise ModelError(f"models.{name}: provider {model.provider} needs a login: run `hf auth login` or set HF_TOKEN")
    return key


def unset(name: str, model: Model) -> Iterator[tuple[str, str]]:
    """What the environment and the login lack for asking the model: each as (key of the recipe's model, message)."""
    try:
        key_of(name, model)
    except ModelError as error:
        yield "api_key_env" if model.api_key_env else "provider", str(error)
    for value in model.headers.values():
        try:
            if isinstance(value, FromEnv):
                _from_env(name, value.env, "value")
        except ModelError as error:  # noqa: PERF203 - each header of its own
            yield "headers", str(error)


def endpoints_of(name: str, model: Model) -> list[Endpoint]:
    """Every server that answers for `model`.

    Raises `ModelError` where a key, a login or the provider is missing, or where the Hugging Face token would go to
    a host that is not the Hub's.
    """
    if model.provider:
        return [_provided(name, model)]
    key = key_of(name, model)
    plain, secret = _headers(name, model)
    found = []
    for base_url in model.base_urls:
        # Without `api_key_env` no key is sent: the Hub's token is never for a foreign server.
        endpoint = Endpoint(
            base_url,
            key,
            model.model,
            model.concurrency,
            headers=plain,
            secret_headers=secret,
            key_header=model.api_key_header or "",
        )
        _keep_the_token(name, endpoint)
        found.append(endpoint)
    return found


def _from_env(name: str, variable: str, what: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ModelError(f"models.{name}: the environment variable {variable} holds no {what}; set it and go on")
    if not value.isascii() or not value.isprintable():
        raise ModelError(
            f"models.{name}: the {what} in {variable} holds characters that no {what} has, such as a line break; "
            "set it anew"
        )
    return value


def _headers(name: str, model: Model) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """The headers that anyone may read, and those from the environment."""
    plain = tuple((header, value) for header, value in model.headers.items() if isinstance(value, str))
    secret = tuple(
        (header, _from_env(name, value.env, "value"))
        for header, value in model.headers.items()
        if isinstance(value, FromEnv)
    )
    return plain, secret


def _keep_the_token(name: str, endpoint: Endpoint) -> None:
    """Raise `ModelError` if the Hugging Face token would be sent to a host that is not the Hub's."""
    if not any(endpoint.secrets) or _is_the_hub(endpoint.base_url):
        return
    known = _hub_tokens()
    if any(_HUB_TOKEN.search(secret) or any(token in secret for token in known) for secret in endpoint.secrets):
        raise ModelError(
            f"models.{name}: the Hugging Face token goes to no host but the Hub's, and {shown(endpoint.base_url)} is "
            "none: take the key that this server gave you, or write `provider:` to ask through the Hub (for an "
            f"Inference Endpoint of your own, name its host in the environment variable {TRUSTED})"
        )


def _is_the_hub(address: str) -> bool:
    from huggingface_hub import constants

    parts, hub = urlsplit(address), urlsplit(constants.ENDPOINT)
    host, port = (parts.hostname or "").rstrip("."), parts.port
    if (parts.scheme, host, port) == (hub.scheme, hub.hostname, hub.port):
        return True
    trusted = [each.strip().lower() for each in os.environ.get(TRUSTED, "").split(",")]
    known = host == HUB_HOST or host.endswith(f".{HUB_HOST}") or host in trusted
    return known and parts.scheme == SECURE and port in (None, 443)


def _hub_tokens() -> set[str]:
    """Every token of the Hub that this machine knows of."""
    from huggingface_hub import constants, get_token

    found = {get_token() or "", *(os.environ.get(name, "").strip() for name in _TOKEN_VARIABLES)}
    with contextlib.suppress(OSError, ValueError):
        found.add(Path(constants.HF_TOKEN_PATH).read_text(encoding="utf-8").strip())
    return {token for token in found if len(token) >= SHORTEST}


def _provided(name: str, model: Model) -> Endpoint:
    from huggingface_hub.inference._providers import get_provider_helper

    key = key_of(name, model)
    need_the_hub(name, model)
    try:
        helper = get_provider_helper(model.provider, "conversational", model.model)  # type: ignore[arg-type]
        # Asked for its routing only: the payload that it would build is not ours.
        routed = helper.prepare_request(
            inputs=[{"role": "user", "content": ""}], parameters={}, headers={}, model=model.model, api_key=key
        )
    except Exception as error:  # the Hub's client raises many kinds; each means that this model has no route
        said = KnownSecrets([key or ""]).hide(" ".join(str(error).split()))[:300]
        raise ModelError(f"models.{name}: provider {model.provider} cannot serve {model.model}: {said}") from None
    plain, secret = _headers(name, model)
    headers = {"user-agent": str(routed.headers.get("user-agent", "hfsft"))} | {
        key.lower(): value for key, value in plain
    }
    endpoint = Endpoint(
        base_url=routed.url,
        api_key=key,
        model_name=routed.model or model.model,
        concurrency=model.concurrency,
        headers=tuple(headers.items()),
        secret_headers=secret,
    )
    _keep_the_token(name, endpoint)  # a provider may be asked past the router, with a key of its own
    return endpoint


def need_the_hub(name: str, model: Model) -> None:
    """Raise ModelError for a provider's model while the Hub must not be asked."""
    from huggingface_hub import is_offline_mode

    if is_offline_mode():
        raise ModelError(f"models.{name}: provider {model.provider} needs the Hub, and HF_HUB_OFFLINE is set")


def listed_price(model: Model) -> Price | None:
    """What the Hub's router lists for this model and provider, in USD per million tokens; None where it lists nothing.

    With `provider: auto` the router chooses, so the dearest live provider counts.
    """
    if not model.provider:
        return None
    from huggingface_hub import is_offline_mode
    from huggingface_hub.utils._http import get_session

    if is_offline_mode():
        return None
    try:
        prices = [
            Price(input=entry["pricing"]["input"], output=entry["pricing"]["output"])
            for listed in get_session().get(f"{_router()}/v1/models", timeout=10).json()["data"]
            if listed["id"] == model.model
            for entry in listed["providers"]
            if entry.get("pricing") and (entry["provider"] == model.provider or model.provider == "auto")
        ]
    except Exception:  # a listing is a convenience: without it the price is unknown, and said to be
        return None
    if not prices:
        return None
    return Price(input=max(price.input for price in prices), output=max(price.output for price in prices))


def _router() -> str:
    from huggingface_hub.inference._providers import CONVERSATIONAL_AUTO_ROUTER

    return shown(CONVERSATIONAL_AUTO_ROUTER.base_url)
