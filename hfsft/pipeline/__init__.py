"""Load, compile, run, write: what the command and `hfsft.build()` share."""

from hfsft.pipeline.auditing import audit
from hfsft.pipeline.building import OUT, Publishing, Watcher, build, preview, publish, run
from hfsft.pipeline.foreseeing import Foresight, foresee
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
from hfsft.pipeline.rendering import Rendered, render
from hfsft.pipeline.template_list import KnownTemplate, template_list
from hfsft.pipeline.topic_trees import TopicTrees, topic_trees

__all__ = [
    "OUT",
    "Checked",
    "Foresight",
    "KnownTemplate",
    "Publishing",
    "Rendered",
    "StepForecast",
    "TopicTrees",
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
    "template_list",
    "topic_trees",
    "under_way",
    "validate",
    "wants",
    "why",
]
