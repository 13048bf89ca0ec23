"""What takes long to import, and is imported before it is needed."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfsft.cache import cache_folder, has_rows
from hfsft.recipe.recipe import NAME

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe

CLIENT = ("aiohttp", "filelock")  # what every request needs


def import_hub_clients(recipe: Recipe) -> None:
    """Import what asks the Hub, where anything will: two threads that import it at once may find it half made."""
    if any(model.provider for model in recipe.models.values()):
        import huggingface_hub.inference._providers
    if recipe.publish.repo_id or recipe.publish.tokenizer:
        import huggingface_hub.hf_api  # noqa: F401


def start_importing(told: Mapping[str, Any]) -> None:
    """Begin to import what asks servers, where a recipe that says this may soon send its first request: a third of that
    is spent reading the certificates of this machine, which holds up nothing else.
    """
    models, name = told.get("models"), told.get("name")
    each = models.values() if isinstance(models, Mapping) else ()
    served = any(isinstance(model, Mapping) and (model.get("base_url") or model.get("provider")) for model in each)
    if served and isinstance(name, str) and re.match(NAME, name) and not has_rows(cache_folder(name)):
        threading.Thread(target=_import, name="hfsft-import", daemon=True).start()


def _import() -> None:
    for name in CLIENT:
        import_module(name)
