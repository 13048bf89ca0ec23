"""Where a model is asked: servers named in the recipe, or a Hub provider routed by huggingface_hub."""

from __future__ import annotations

import os

from hfsft.errors import ModelError
from hfsft.models.client import chat_url, scrub, shown
from hfsft.models.model import Endpoint, Model, Price


def key_of(name: str, model: Model) -> str | None:
    """The key that is sent, None where none is; ModelError where its variable is empty or nobody is logged in."""
    if not model.provider:
        return _key(name, model)
    from huggingface_hub import get_token

    key = _key(name, model) or get_token()
    if not key:
        raise ModelError(f"models.{name}: provider {model.provider} needs a login: run `hf auth login` or set HF_TOKEN")
    return key


def endpoints_of(name: str, model: Model) -> list[Endpoint]:
    """Every server that answers for `model`; ModelError where a key, a login or the provider is missing."""
    if model.provider:
        return [_provided(name, model)]
    key = _key(name, model)
    found = []
    for base_url in model.base_urls:
        try:
            chat_url(base_url)
        except ValueError as error:
            raise ModelError(f"models.{name}.base_url: {error}") from None
        # Without `api_key_env` no key is sent: the Hub's token is never for a foreign server.
        found.append(Endpoint(base_url, key, model.model, model.concurrency, headers=tuple(model.headers.items())))
    return found


def _key(name: str, model: Model) -> str | None:
    if model.api_key_env is None:
        return None
    key = os.environ.get(model.api_key_env, "").strip()
    if not key:
        raise ModelError(f"models.{name}: the environment variable {model.api_key_env} holds no key; set it and go on")
    if not key.isascii() or not key.isprintable():
        raise ModelError(f"models.{name}: the key in {model.api_key_env} holds characters that no key has")
    return key


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
        said = scrub(" ".join(str(error).split()))[:300]
        raise ModelError(f"models.{name}: provider {model.provider} cannot serve {model.model}: {said}") from None
    sent = {key.lower(): value for key, value in model.headers.items()}
    headers = {"user-agent": str(routed.headers.get("user-agent", "hfsft"))} | sent
    return Endpoint(
        base_url=routed.url,
        api_key=key,
        model_name=routed.model or model.model,
        concurrency=model.concurrency,
        headers=tuple(headers.items()),
    )


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
