"""Where a server is asked: its address as a recipe writes it, as it is sent to, and as it may be shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

_VERSION = re.compile(r"v\d\w*")
CHAT, COMPLETIONS = "/chat/completions", "/completions"
SECURE = "https"


def wrong_with(base_url: str) -> str:
    """What keeps an address from being asked, in words that repeat nothing of it; empty where nothing does."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address (write one such as http://localhost:8000/v1)"
    if any(letter.isspace() or not letter.isprintable() for letter in base_url):
        return "has a blank or a control character in it"
    if "://" not in base_url:
        return "has no http:// or https:// before it (write one such as http://localhost:8000/v1)"
    if parts.scheme not in ("http", SECURE):
        return "is not an http:// or https:// address"
    return "" if host else "names no host (write one such as http://localhost:8000/v1)"


def chat_url(base_url: str) -> str:
    """The address of chat completions below `base_url`; its query stays.

    A whole path ending in /chat/completions is kept as it is; one of a gateway, /deployments/<name> or with an
    api-version, gets that end; any other has its /v1 before it, unless it names a version itself.
    """
    return url_below(base_url, CHAT)


def completions_url(base_url: str) -> str:
    """The address of completions of a raw text, beside that of chat completions."""
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/").removesuffix(CHAT)
    return url_below(urlunsplit(parts._replace(path=path)), COMPLETIONS)


def url_below(base_url: str, end: str, *, versioned: bool = True) -> str:
    """The same for another end than chat completions; what is not `versioned` stands beside the /v1."""
    if wrong := wrong_with(base_url):
        raise ValueError(wrong)
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    if path.endswith(end):
        return urlunsplit(parts._replace(fragment=""))
    steps = path.split("/")
    if not versioned:
        beside = path.removesuffix(f"/{steps[-1]}") if _VERSION.fullmatch(steps[-1]) else path
        return urlunsplit(parts._replace(path=beside + end, fragment=""))
    named = any(map(_VERSION.fullmatch, steps)) or (len(steps) > 2 and steps[-2] == "deployments")
    named = named or any(re.sub("[^a-z]", "", name.lower()) == "apiversion" for name, _ in parse_qsl(parts.query))
    return urlunsplit(parts._replace(path=path + (end if named else f"/v1{end}"), fragment=""))


def shown(base_url: str) -> str:
    """The address without a user, password, query or fragment, for messages."""
    parts = urlsplit(base_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def led_to(asked: str, location: str) -> str:
    """Where a redirect leads, for messages; empty where that is no address."""
    try:
        target = urljoin(asked, re.split(r"[?#]", location.strip(), maxsplit=1)[0])
        return shown(target) if not wrong_with(target) else ""
    except ValueError:
        return ""
