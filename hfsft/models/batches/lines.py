"""The lines of a batch's files: a request as it is submitted, an answer as it comes back.

{"custom_id": "9f2c", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": [...]}}
{"custom_id": "9f2c", "response": {"status_code": 200, "body": {"choices": [...]}}, "error": null}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from hfsft.models.http import answer
from hfsft.models.http.faults import MOST_BYTES, Fault, message_in, of_response

if TYPE_CHECKING:
    from hfsft.keys import KnownSecrets
    from hfsft.models.model import Answer

_KEY_DIGITS = 64


class Returned(NamedTuple):
    """What came back for one request; `key` is empty where the line does not say for which."""

    key: str
    outcome: Answer | Fault


def written(key: str, endpoint: str, body: bytes) -> bytes:
    """The line of one request."""
    return b'{"custom_id":"%s","method":"POST","url":"%s","body":%s}\n' % (key.encode(), endpoint.encode(), body)


def key_in(line: bytes) -> str:
    """The key of the request that a line is of, empty where it tells none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return _key(found)


def split(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, blank ones left out; of one that is too long only its beginning."""
    while line := file.readline(MOST_BYTES):
        rest = line
        while len(rest) == MOST_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MOST_BYTES)
        if line.strip():
            yield line


def read(line: bytes, secrets: KnownSecrets) -> Returned:
    """The answer or the fault that a line tells, and of which request."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return Returned("", Fault("heal", "unreadable", "a line of the batch's file is not JSON", paid=True))
    key = _key(found)
    if not key:
        return Returned("", Fault("heal", "unreadable", "a line of the batch's file names no request", paid=True))
    try:
        returned = Returned(key, _answer(found, secrets))
    except Fault as fault:
        return Returned(key, fault)
    if secrets.stand_in(line):
        said = "the answer repeats the key that it was asked with, so it is not kept"
        return Returned(key, Fault("row", "secret", said, status=200, paid=True))
    return returned


def _key(found: Any) -> str:
    key = found.get("custom_id") if isinstance(found, dict) else None
    if not isinstance(key, str) or len(key) != _KEY_DIGITS or set(key) - set("0123456789abcdef"):
        return ""
    return key


def _answer(found: dict[str, Any], secrets: KnownSecrets) -> Answer:
    response, error = found.get("response"), found.get("error")
    if isinstance(response, dict):
        status = response.get("status_code", 200)
        body = response.get("body", response)
        text = body if isinstance(body, str) else json.dumps(body)
        if status != 200 and isinstance(status, int):
            raise of_response(status, {}, text, hide=secrets.hide)
        if not error or (isinstance(body, dict) and body.get("choices")):
            return answer.read(text, hide=secrets.hide)
    raise _refused(error, secrets)


def _refused(error: Any, secrets: KnownSecrets) -> Fault:
    """The fault of a line that tells an error and no response."""
    text = json.dumps({"error": error})
    code = error.get("code") if isinstance(error, dict) else None
    kind = f"{code} {error.get('type') if isinstance(error, dict) else error}".lower()
    if "expire" in kind:
        return Fault("heal", "expired", message_in(text, secrets.hide) or "the batch expired before it was answered")
    if "cancel" in kind:
        return Fault("heal", "cancelled", message_in(text, secrets.hide) or "the batch was cancelled")
    status = int(str(code)) if re.fullmatch("[45][0-9][0-9]", str(code)) else 0
    if not status:
        status = 429 if "rate" in kind else 400 if "invalid" in kind or "bad" in kind else 500
    return of_response(status, {}, text, hide=secrets.hide)
