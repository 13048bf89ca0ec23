"""Names of fields and roles as people spell them, made alike so that they can be looked up."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(4096)  # a table has few names, and asks for each of them a row
def spelt(name: str) -> str:
    """A name without regard to case, dashes and spaces: `Tool-Calls` is `tool_calls`."""
    return "_".join(name.replace("-", " ").replace("_", " ").lower().split())


@lru_cache(4096)
def letters(name: str) -> str:
    """A name without regard to how its words are told apart: `toolCalls` is `tool_calls`."""
    return spelt(name).replace("_", "")
