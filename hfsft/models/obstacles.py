"""What keeps a model from being asked, found without asking it anything.

Looked at in turn: this machine, the Hub, the model's servers.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from hfsft.errors import ModelError, nearest
from hfsft.models.model import STATIC, Model
from hfsft.models.vectors.door import missing_library

# A server that takes longer to accept a connection is not there.
CONNECT_SECONDS = 5.0
HUB_SECONDS = 5.0
CHAT = "conversational"  # the Hub's word for models that chat
AUTO = "auto"


Scope = Literal["here", "hub", "servers"]
"""How far to look: at this machine, at the Hub too, at the model's servers too."""


class Lack(NamedTuple):
    """What is missing: the key of the model that it hangs on, and what and how to mend it.

    `here`: on this machine or with this login only; another one could ask the model by the same recipe.
    """

    key: str
    message: str
    here: bool = True


def wrong_provider(model: Model) -> tuple[str, str] | None:
    """What is wrong with the provider's name, and what it may have meant; None where it is one that serves chats."""
    if model.provider in (None, AUTO):
        return None
    from huggingface_hub.inference._providers import PROVIDERS

    chatting = [AUTO, *(name for name, tasks in PROVIDERS.items() if CHAT in tasks)]
    if model.provider in chatting:
        return None
    known = model.provider in PROVIDERS
    said = f"the provider {model.provider} serves no models that chat" if known else f"no provider `{model.provider}`"
    return said, nearest(str(model.provider), chatting)


def lacks(name: str, model: Model, scope: Scope) -> Iterator[Lack]:
    """What the model called `name` in the recipe lacks, whose provider has a name that is known."""
    if wrong_provider(model):
        return
    found = 0
    for lack in _here(name, model):
        found += 1
        yield lack
    if scope != "here":
        for lack in _on_the_hub(name, model):
            found += 1
            yield lack
    # Without a login or weights the way to the server is not known, and would be refused in other words.
    if scope == "servers" and (model.base_urls or not found):
        yield from _at_its_servers(name, model)


def _here(name: str, model: Model) -> Iterator[Lack]:
    """What is missing here: a key, a login, llama.cpp, weights while the Hub must not be asked."""
    from hfsft.models.embedded import weights
    from hfsft.models.http import providers as endpoints

    if not model.embedded:
        lacking = [Lack(key, said) for key, said in endpoints.unset(name, model)]
        yield from lacking
        try:
            if model.provider:
                endpoints.need_the_hub(name, model)
            elif not lacking:
                endpoints.endpoints_of(name, model)
        except ModelError as error:
            at = ("provider", model.provider), ("api_key_env", model.api_key_env), ("headers", model.headers)
            yield Lack(next((key for key, value in at if value), "base_url"), str(error))
        return
    if model.local:
        if said := missing_library(model):
            yield Lack("model", f"models.{name}: {said}")
        return
    from hfsft.models.embedded import server as embedded

    if find_spec("xllamacpp") is None:
        yield Lack("model", f"models.{name}: {embedded.missing(model.model)}")
    try:
        weights.require_obtainable(model)
    except ModelError as error:
        yield Lack("model", f"models.{name}: {error}")


def _on_the_hub(name: str, model: Model) -> Iterator[Lack]:
    """What the Hub knows to be missing: the model, a provider for it, the login. Nothing where it cannot be reached."""
    from huggingface_hub import is_offline_mode

    if is_offline_mode():
        return
    if model.local:
        if model.model != STATIC and not (model.base / Path(model.model).expanduser()).exists():
            yield from _on_a_page(name, model)
        return
    if model.embedded:
        from hfsft.models.embedded import weights

        try:
            weights.require_listed(model)
        except ModelError as error:
            yield Lack("model", f"models.{name}: {error}")
    elif model.provider:
        yield from _served(name, model)
        yield from _known_login(name, model)


def _at_its_servers(name: str, model: Model) -> Iterator[Lack]:
    """Why none of a model's servers can be connected to; nothing is sent. An embedded model is loaded."""
    if model.local:
        return
    if model.embedded:
        from hfsft.models.embedded import server as embedded

        try:
            embedded.start(model)
        except ModelError as error:
            yield Lack("model", f"models.{name}: {error}")
        return
    from hfsft.models.http.providers import endpoints_of

    addresses = model.base_urls
    if model.provider:
        try:
            addresses = tuple(endpoint.base_url for endpoint in endpoints_of(name, model))
        except ModelError as error:
            yield Lack("provider", str(error))
            return
    reasons = [unreachable(address) for address in addresses]
    if all(reasons):  # of several servers the others take over
        key = "provider" if model.provider else "base_url"
        yield from (Lack(key, f"models.{name}: {reason}") for reason in reasons)


def unreachable(base_url: str) -> str:
    """Why no connection can be made to a server, and what to do; empty where one can. Nothing is sent."""
    from yarl import URL

    from hfsft.models.http.address import chat_url, shown
    from hfsft.models.http.client import proxy_of

    try:
        url = URL(chat_url(base_url))
    except ValueError as error:
        return str(error)
    named, proxy = shown(base_url), proxy_of(url)
    if proxy:
        url, named = URL(proxy), f"the proxy {shown(proxy)}"
    try:
        socket.create_connection((url.host or "", url.port or 0), timeout=CONNECT_SECONDS).close()
    except socket.gaierror:
        return f"the name {url.host} of {named} is not known: mend `base_url`, or look at the network"
    except ConnectionRefusedError:
        return f"nobody answers at {named}: start the server, or mend `base_url`"
    except TimeoutError:
        return f"no connection to {named} within {CONNECT_SECONDS:.0f} s: is the server running, and the network up?"
    except OSError as error:
        return f"no connection to {named}: {error.strerror or error}: look at `base_url` and the network"
    return ""


def _on_a_page(name: str, model: Model) -> Iterator[Lack]:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    try:
        HfApi().model_info(model.model, timeout=HUB_SECONDS)
    except (RepositoryNotFoundError, HFValidationError) as error:
        gated = isinstance(error, GatedRepoError)
        why = "is gated: ask for access on its page" if gated else "is no folder here, and no model of the Hub"
        yield Lack("model", f"models.{name}: {model.model} {why} (a private one needs `hf auth login`)", gated)
    except Exception:  # the network failed, or the Hub did: nothing is known
        return


def _served(name: str, model: Model) -> Iterator[Lack]:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    # With `auto` the router takes a provider or a policy behind the name.
    repo = model.model.partition(":")[0] if model.provider == AUTO else model.model
    try:
        info = HfApi().model_info(repo, expand=["inferenceProviderMapping"], timeout=HUB_SECONDS)
    except (RepositoryNotFoundError, HFValidationError) as error:
        if not isinstance(error, GatedRepoError):
            yield Lack(
                "model", f"models.{name}: the Hub has no model {repo} (a private one needs `hf auth login`)", False
            )
        return
    except Exception:  # the network failed, or the Hub did: nothing is known
        return
    mapping = info.inference_provider_mapping or []
    serving = sorted({entry.provider for entry in mapping if entry.task == CHAT})
    if model.provider == AUTO and not serving:
        yield Lack(
            "model", f"models.{name}: no provider serves {repo}: choose another model, or give `base_url:`", False
        )
    elif model.provider != AUTO and model.provider not in serving:
        others = f"those that do: {AUTO}, {', '.join(serving)}" if serving else "no provider does"
        yield Lack("provider", f"models.{name}: provider {model.provider} does not serve {repo} ({others})", False)


def _known_login(name: str, model: Model) -> Iterator[Lack]:
    from hfsft.models.http.providers import key_of

    try:
        key = key_of(name, model) or ""
    except ModelError:  # told by the look at this machine
        return
    # Another key is the provider's own, which the Hub does not know.
    if key.startswith("hf_") and _refused(key):
        which, at = (
            (f"the key in {model.api_key_env}", "api_key_env") if model.api_key_env else ("the login", "provider")
        )
        yield Lack(at, f"models.{name}: the Hub does not take {which}: run `hf auth login`, or give a valid token")


@cache
def _refused(token: str) -> bool:
    """Whether the Hub says that it gave out no such token."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().whoami(token=token)
    except HfHubHTTPError as error:
        return error.response is not None and error.response.status_code == 401
    except Exception:  # the network failed: nothing is known
        return False
    return False
