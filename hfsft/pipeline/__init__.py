"""Load, compile, run, write: what the command and `hfsft.build()` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.section.late_module import late_names

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


__getattr__ = late_names(__name__, _HOMES)  # a build needs nothing of an audit
