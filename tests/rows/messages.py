"""Messages as columns hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfsft.rows.messages import MESSAGE, Message


def full(message: Mapping[str, Any]) -> Message:
    """The message with every field of `MESSAGE`, None where it says nothing."""
    return {name: message.get(name) for name in MESSAGE}
