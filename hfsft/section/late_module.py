"""Modules that are imported when something of them is first used, and names that stand for what is in such ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class LateModule:
    """Stands where a module is named that few builds need: `toolbox.answered(...)` imports `toolbox`, if it comes to
    that.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, name: str) -> Any:
        if self._module is None:
            self._module = import_module(self._name)
        return getattr(self._module, name)


def late_names(package: str, homes: Mapping[str, Collection[str]]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: it imports a name of it from the file of it where `homes` has that name."""

    def named(name: str) -> Any:
        for module, names in homes.items():
            if name in names:
                return getattr(import_module(f"{package}.{module}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return named
