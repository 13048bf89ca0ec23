"""What asks servers is imported while the recipe is looked through, so that the first request is sent sooner."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.cache import SOURCE
from hfsft.errors import RecipeError
from hfsft.preflight import importing
from hfsft.recipe.recipe import load_recipe
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


def test_the_client_is_imported_beside_the_plan_where_requests_are_to_come(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(importing, "import_module", begun.append)
    written = {"name": "toy", "models": {"writer": {"model": "embedded"}}, "seeds": [{"prompts": ["Where is it?"]}]}
    served = {**written, "models": {"writer": {"model": "m", "base_url": "http://127.0.0.1:9/v1"}}}
    wrong: list[dict[str, Any]] = [{}, {"models": ["writer"]}, {**served, "name": "../../toy"}, {**served, "name": 3}]
    for told in (written, *wrong):
        importing.start_importing(told)
    assert not [thread for thread in threading.enumerate() if thread.name == "hfsft-import"]
    importing.start_importing(served)
    until(lambda: begun == ["aiohttp", "filelock"])
    made = home / "datasets" / "hfsft" / "toy" / f"0{SOURCE}"
    made.parent.mkdir(parents=True)
    made.write_text("{}")  # as a build leaves it, whose answers are stored
    importing.start_importing(served)
    assert begun == ["aiohttp", "filelock"]


def test_what_a_recipe_says_is_heard_before_it_is_looked_through() -> None:
    heard: list[Any] = []
    with pytest.raises(RecipeError):
        load_recipe({"name": "toy", "seedz": []}, heard=heard.append)
    assert heard == [{"name": "toy", "seedz": []}]
