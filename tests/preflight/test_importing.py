"""What asks servers is imported while the plan is made, so that the first request is sent sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.cache import SOURCE
from hfsft.preflight import build as preflight
from hfsft.recipe.recipe import Recipe
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_client_is_imported_beside_the_plan_where_requests_are_to_come(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(preflight, "import_module", begun.append)
    seeds = {"seeds": [{"prompts": ["Where is it?"]}]}
    served = Recipe(name="toy", models={"writer": {"model": "m", "base_url": "http://127.0.0.1:9/v1"}}, **seeds)
    preflight.start_importing(Recipe(name="toy", **seeds))
    preflight.start_importing(served)
    until(lambda: begun == ["aiohttp"])
    made = home / "datasets" / "hfsft" / "toy" / f"0{SOURCE}"
    made.parent.mkdir(parents=True)
    made.write_text("{}")  # as a build leaves it, whose answers are stored
    preflight.start_importing(served)
    assert begun == ["aiohttp"]
