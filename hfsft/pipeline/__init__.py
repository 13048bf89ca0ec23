"""Load, compile, run, write: what the command and `hfsft.build()` share."""

from hfsft.pipeline.building import OUT, Publishing, Watcher, build, preview, publish, run
from hfsft.pipeline.inspecting import Checked, StepForecast, budget, check, forecast, hindrances, validate, wants, why
from hfsft.pipeline.topic_trees import TopicTrees, topic_trees

__all__ = [
    "OUT",
    "Checked",
    "Publishing",
    "StepForecast",
    "TopicTrees",
    "Watcher",
    "budget",
    "build",
    "check",
    "forecast",
    "hindrances",
    "preview",
    "publish",
    "run",
    "topic_trees",
    "validate",
    "wants",
    "why",
]
