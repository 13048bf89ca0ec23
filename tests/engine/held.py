"""Functions of tests as the work of steps: found again in this process alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hfsft.engine.resources import Work

FUNCTIONS: dict[str, Callable[..., Any]] = {}


def held(function: Callable[..., Any]) -> Work:
    """The work that a function does."""
    key = str(len(FUNCTIONS))
    FUNCTIONS[key] = function
    return Work("tests.engine.held:made", {"key": key})


def made(key: str) -> Callable[..., Any]:
    return FUNCTIONS[key]
