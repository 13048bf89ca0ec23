"""Values that may be one for all rows, or one for each topic."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

DEFAULT = "default"
"""What stands for all topics that have no value of their own."""

T = TypeVar("T")


def of_topic(value: T | Mapping[str, T], topic: str | None, otherwise: T) -> T:
    """The value for a topic; `otherwise` where neither that nor `default` has one."""
    if not isinstance(value, Mapping):
        return value
    return value.get(topic or DEFAULT, value.get(DEFAULT, otherwise))


def topics_in(*values: object) -> list[str]:
    """The topics that have a value of their own, each once."""
    named = (topic for value in values if isinstance(value, Mapping) for topic in value)
    return [topic for topic in dict.fromkeys(named) if topic != DEFAULT]


def stray(topics: Collection[str], known: Collection[str]) -> list[str]:
    """Those of the topics that no row has."""
    return [topic for topic in topics if topic not in known]
