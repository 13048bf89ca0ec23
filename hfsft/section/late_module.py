"""Modules that are imported when something of them is first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LateModule:
    """Stands where a module is named that few builds need: `toolbox.answered(...)` imports `toolbox`, if it comes to
    that.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)
