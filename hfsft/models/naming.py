"""Which names of models say what they are, and what tells the others apart.

`default` at `localhost:8000` need not be the `default` of another server: such a model is named with its server.
"""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

from hfsft.errors import ModelError

# Public services, each of which gives a name to one model for all who ask it.
PUBLIC = (
    "anthropic.com", "cerebras.ai", "cohere.ai", "cohere.com", "deepseek.com", "fireworks.ai", "googleapis.com",
    "groq.com", "huggingface.co", "mistral.ai", "moonshot.ai", "moonshot.cn", "nvidia.com", "openai.com",
    "openrouter.ai", "perplexity.ai", "sambanova.ai", "together.ai", "together.xyz", "x.ai", "z.ai",
)  # fmt: skip
LOOPBACK = ("127.0.0.1", "::1")
PORTS = {"http": 80, "https": 443}


def told_apart_by(model: str, base_url: str) -> str:
    """The server in few words where `model` is a name that its owner chose freely, else nothing.

    Names with a slash are those of the Hub, and a public service means one model by each of its names.
    """
    return "" if "/" in model else server(base_url)


@cache
def server(base_url: str) -> str:
    """Host, port and path of a server without its `/v1`; empty for a public service."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:  # no address at all, which is told where the server is looked for
        return base_url
    if any(host == known or host.endswith(f".{known}") for known in PUBLIC):
        return ""
    path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
    return f"{'localhost' if host in LOOPBACK else host}:{port}{path}"


def check_served(name: str, called: str, first: str, now: str) -> None:
    """Raise `ModelError` if a server says that it serves another model by a name than it did at first."""
    if first != now:
        raise ModelError(
            f"models.{name}: the server says that `{called}` is `{now}`, but the answers kept so far are of `{first}`: "
            f"load that model again, or tell the two apart with `identity:`, such as `identity: {now}`"
        )
