"""Load, compile, run, write: what the command and `hfsft.build()` share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfsft.pipeline.auditing import audit
    from hfsft.pipeline.building import OUT, Publishing, Watcher, build, preview, publish, run
    from hfsft.pipeline.foreseeing import foresee
    from hfsft.pipeline.inspecting import budget, check, forecast, hindrances, under_way, validate, wants, why
    from hfsft.pipeline.rendering import render

_HOMES = {
    "auditing": ("audit",),
    "building": ("OUT", "Publishing", "Watcher", "build", "preview", "publish", "run"),
    "foreseeing": ("foresee",),
    "inspecting": ("budget", "check", "forecast", "hindrances", "under_way", "validate", "wants", "why"),
    "rendering": ("render",),
}

__all__ = [
    "OUT",
    "Publishing",
    "Watcher",
    "audit",
    "budget",
    "build",
    "check",
    "forecast",
    "foresee",
    "hindrances",
    "preview",
    "publish",
    "render",
    "run",
    "under_way",
    "validate",
    "wants",
    "why",
]


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def __getattr__(name: str) -> Any:
    """Each is imported when it is first used: a build needs nothing of an audit."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"hfsft.pipeline.{module}"), name)
    raise AttributeError(f"module 'hfsft.pipeline' has no attribute {name!r}")
