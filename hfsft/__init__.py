"""Fine-tuning data from one recipe: grown, answered, cleaned, judged, split without leaks.

import hfsft

dataset = hfsft.build("recipe.yaml")        # a datasets.DatasetDict with train and validation
kept, rejected = hfsft.filters.Repetition(at_most=0.2).apply(dataset["train"])
"""

from __future__ import annotations

import os
import sys

# `python -m hfsft` has put the working directory before all else: whatever lies there would be imported for what it is
# called. At this moment `-m` stands in the place of the script; only a command line that names this package is meant.
if (
    getattr(sys, "argv", [])[:1] == ["-m"]
    and sys.orig_argv[-len(sys.argv)] in ("hfsft", "-mhfsft")
    and sys.path[:1] == [os.getcwd()]  # noqa: PTH109 (nothing is imported from there yet)
    and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False))
):
    del sys.path[0]

from typing import TYPE_CHECKING, Any

from hfsft.errors import HfsftError, RecipeError, UserError

if TYPE_CHECKING:
    from hfsft import filters
    from hfsft.models.model import Model
    from hfsft.models.probabilities import probabilities
    from hfsft.models.vectors.door import embedder_of, scorer_of
    from hfsft.pipeline import audit, build, check, forecast, preview, run
    from hfsft.pipeline.calibrating import calibrate
    from hfsft.recipe.compile import compile_recipe
    from hfsft.recipe.recipe import Recipe, load_recipe

__all__ = [
    "HfsftError",
    "Model",
    "Recipe",
    "RecipeError",
    "UserError",
    "audit",
    "build",
    "calibrate",
    "check",
    "compile_recipe",
    "embedder_of",
    "filters",
    "forecast",
    "load_recipe",
    "preview",
    "probabilities",
    "run",
    "scorer_of",
]

_HOMES = {
    "Recipe": "hfsft.recipe.recipe",
    "load_recipe": "hfsft.recipe.recipe",
    "compile_recipe": "hfsft.recipe.compile",
    "embedder_of": "hfsft.models.vectors.door",
    "scorer_of": "hfsft.models.vectors.door",
    "Model": "hfsft.models.model",
    "audit": "hfsft.pipeline",
    "build": "hfsft.pipeline",
    "calibrate": "hfsft.pipeline.calibrating",
    "check": "hfsft.pipeline",
    "forecast": "hfsft.pipeline",
    "preview": "hfsft.pipeline",
    "probabilities": "hfsft.models.probabilities",
    "run": "hfsft.pipeline",
}


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", *(name for name in globals() if name.startswith("__"))])


def __getattr__(name: str) -> Any:
    """Public names, imported when first used: `hfsft --help` must not wait for them."""
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("hfsft")
    if name == "filters":
        return import_module("hfsft.filters")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'hfsft' has no attribute {name!r}")
