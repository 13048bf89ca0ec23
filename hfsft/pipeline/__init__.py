"""Load, compile, run, write: what the command and `hfsft.build()` share."""

from hfsft.pipeline.building import OUT, Publishing, Watcher, build, preview, publish, run
from hfsft.pipeline.inspecting import (
    Checked,
    StepForecast,
    budget,
    check,
    forecast,
    hindrances,
    under_way,
    validate,
    wants,
    why,
)

__all__ = [
    "OUT",
    "Checked",
    "Publishing",
    "StepForecast",
    "Watcher",
    "budget",
    "build",
    "check",
    "forecast",
    "hindrances",
    "preview",
    "publish",
    "run",
    "under_way",
    "validate",
    "wants",
    "why",
]
