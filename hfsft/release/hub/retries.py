"""Retries of calls to the Hub: which errors are tried again, how long to wait before, and what a refusal means.

Knows the Hub's errors, and sends it nothing.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from hfsft.errors import ReleaseError
from hfsft.keys import scrub
from hfsft.models.http.retry_after import limit_pause, retry_after

Tell = Callable[[str], None]
"""Is told in one line what goes on."""

T = TypeVar("T")

TRIES = 6
FIRST_WAIT = 1.0  # seconds; doubled at each further try
LONGEST_WAIT = 30.0
LONGEST_ASKED_WAIT = 330.0  # the Hub counts requests in windows of five minutes
PASSING = {408, 425, 429}  # and every 5xx
CONFLICTS = {409, 412}  # somebody else committed in between
# hf_xet has no error types: "Network error: Request error: HTTP status client error (403 Forbidden), domain: http://..."
_QUERY = re.compile(r"(https?://[^\s?]{1,2000})\?\S+")
_XET_STATUS = re.compile(r"HTTP status (?:client|server) error \((\d{3})\b")


def patiently(call: Callable[[], T], doing: str, tell: Tell, *, tries: int = TRIES) -> T:
    """What `call` returns, tried again while the Hub is busy, failing or out of reach, `tries` times at most.

    Raises `ReleaseError` where another try is of no use, or none is left. Errors by which the Hub says that something
    does not exist pass through, for they are answers.
    """
    for tried in range(1, tries + 1):
        try:
            return call()
        except Exception as error:  # noqa: PERF203 - trying again is what the loop is for
            if is_answer(error):
                raise
            pause(error, doing, tried, tell, tries=tries)
    raise AssertionError("the last try returns or raises")


def pause(error: Exception, doing: str, tried: int, tell: Tell, *, conflicts: bool = False, tries: int = TRIES) -> None:
    """Wait before the next try, or raise the `ReleaseError` that says why there is none.

    With `conflicts`, somebody else's commit in between is worth another try too.
    """
    wait = _wait(error, tried, conflicts)
    if wait is None or tried >= tries:
        raise refusal(error, doing) from None
    tell(f"{doing}: {_brief(error)}; trying again in {wait:.0f} s")
    time.sleep(wait)


def may_have_landed(error: Exception) -> bool:
    """Whether what was asked for may have been done although it failed: its answer was lost, or the Hub is unsure."""
    status = _status(error)
    return _is_network(error) if status is None else status >= 500 or status == 408


def is_answer(error: Exception) -> bool:
    """Whether the Hub says that a repository, a revision or a file does not exist."""
    from huggingface_hub import errors

    known = (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError)
    return isinstance(error, known) and not isinstance(error, errors.GatedRepoError)


def refusal(error: Exception, doing: str) -> ReleaseError:
    """The error for the user: what was refused, why, and what may help. Errors that are no refusal are raised again."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, ReleaseError):
        return error
    status = _status(error)
    if isinstance(error, OfflineModeIsEnabled):
        return ReleaseError(f"{doing}: HF_HUB_OFFLINE is set; unset it to publish")
    if status is None and not _is_network(error) and not isinstance(error, (OSError, ValueError, RuntimeError)):
        raise error
    return ReleaseError(f"{doing}: {_brief(error)}" + (f" ({HELP[status]})" if status in HELP else ""))


HELP = {
    401: "log in with `hf auth login`, or set HF_TOKEN to a token that is still valid",
    403: "the token needs the right to write there; `--create-pr` proposes the release instead",
    404: "it is not there, or your token may not see it",
    409: "the repository kept changing; try again",
    412: "the repository kept changing; try again",
    429: "too many requests; try again in a few minutes",
}


def clean(text: str) -> str:
    """Text fit to be shown: no token, no signed link, not endless."""
    text = _QUERY.sub(r"\1", text)
    return scrub(" ".join(text.split()))[:400]


def _wait(error: Exception, tried: int, conflicts: bool) -> float | None:
    """Seconds to wait before another try; None where none is of use."""
    status = _status(error)
    if status is None:
        if not _is_network(error):
            return None
    elif status in CONFLICTS:
        if not conflicts:
            return None
    elif status not in PASSING and status < 500:
        return None
    asked = _asked(error)
    if asked is not None:
        return asked + random.uniform(0, FIRST_WAIT) if asked <= LONGEST_ASKED_WAIT else None
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tried - 1))
    return random.uniform(longest / 2, longest)  # spread, so that builds that failed together do not come back together


def _asked(error: Exception) -> float | None:
    """Seconds that the Hub asks to wait, as a number, a date or a rate limit's reset."""
    headers: Any = getattr(_response(error), "headers", {})
    after = retry_after(headers)
    return limit_pause(headers) if after is None else after


def _root(error: BaseException) -> BaseException:
    """What lies below an error by which the client only says which file it concerns."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    wraps = isinstance(error, LocalEntryNotFoundError) or type(error) is RuntimeError
    return _root(error.__cause__) if wraps and error.__cause__ else error


def _response(error: Exception) -> Any:
    return getattr(_root(error), "response", None)


def _status(error: Exception) -> int | None:
    response = _response(error)
    if response is not None:
        return int(response.status_code)
    told = _XET_STATUS.search(str(_root(error)))
    return int(told[1]) if told else None


def _is_network(error: Exception) -> bool:
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    # The client's HTTP library is httpx or httpx2, by its version; its errors share the base of the Hub's own.
    http_error = HfHubHTTPError.__bases__[0]
    if isinstance(error, OfflineModeIsEnabled):
        return False
    return isinstance(_root(error), (http_error, ConnectionError, TimeoutError, LocalEntryNotFoundError))


def _brief(error: Exception) -> str:
    """The error in one line, without what a log may not hold."""
    status = _status(error)
    root = _root(error)
    said = getattr(root, "server_message", None) or ("" if _response(error) is not None else str(root))
    if status:
        return clean(f"the Hub answers {status}: {said}" if said else f"the Hub answers {status}")
    if _is_network(error):
        return clean(f"the connection failed: {said or type(root).__name__}")
    return clean(said or type(root).__name__)
