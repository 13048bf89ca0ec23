"""A batch as its server tells it, whichever of the dialects it speaks.

{"id": "batch_1", "status": "in_progress", "request_counts": {"total": 3, "completed": 1, "failed": 0}, ...}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hfsft.keys import Hide
from hfsft.plain import plain

ENDED = ("completed", "failed", "expired", "cancelled")
"""States in which a batch stays as it is."""
# Other words of providers for the same.
_STATES = {
    "success": "completed",
    "succeeded": "completed",
    "done": "completed",
    "timeout_exceeded": "expired",
    "canceled": "cancelled",
    "canceling": "cancelling",
    "error": "failed",
}
NAME = "hfsft"
"""The metadata field that says which of our batches it is."""
_MOST_ERRORS = 1000


@dataclass(frozen=True)
class BatchRefusal:
    """Why a server did not begin a batch; `line` counts from 1 in its file, 0 where it is no single line."""

    message: str
    code: str = ""
    line: int = 0


@dataclass(frozen=True)
class RemoteBatch:
    """How far a batch is at its server."""

    id: str
    status: str
    file: str = ""  # of the requests
    name: str = ""  # ours, where it keeps metadata
    output: str = ""
    errors: str = ""  # the file of requests that failed
    total: int = 0
    completed: int = 0
    failed: int = 0
    created: float = 0.0
    refusals: tuple[BatchRefusal, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED


def read(found: Any, hide: Hide) -> RemoteBatch | None:
    """A batch in a response, None where none is; what it says passes through `hide`."""
    if isinstance(found, dict) and isinstance(found.get("job"), dict):
        found = found["job"]
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not found["id"]:
        return None
    status = str(found.get("status") or "").lower()
    counts = found.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    metadata = found.get("metadata")
    created = found.get("created_at")
    total, completed, failed = (_count(counts.get(name)) for name in ("total", "completed", "failed"))
    return RemoteBatch(
        found["id"],
        _STATES.get(status, status),
        _text(found, "input_file_id"),
        str(metadata.get(NAME) or "") if isinstance(metadata, dict) else "",
        _text(found, "output_file_id"),
        _text(found, "error_file_id"),
        total,
        completed,
        failed,
        float(created) if isinstance(created, int | float) else 0.0,
        tuple(_refusals(found, hide)),
    )


def listed(found: Any) -> list[Any]:
    """The items of a response that lists some."""
    if isinstance(found, dict):
        found = found.get("data")
    return found if isinstance(found, list) else []


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _refusals(found: dict[str, Any], hide: Hide) -> Iterator[BatchRefusal]:
    errors = found.get("errors") or found.get("error") or ()
    if isinstance(errors, dict):
        errors = errors.get("data") or [errors]
    for error in (errors if isinstance(errors, list) else [errors])[:_MOST_ERRORS]:
        if isinstance(error, dict) and error.get("message"):
            message = plain(hide(str(error["message"])), 300)
            yield BatchRefusal(message, str(error.get("code") or ""), _count(error.get("line")))
        elif isinstance(error, str) and error:
            yield BatchRefusal(plain(hide(error), 300))
