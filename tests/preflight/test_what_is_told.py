"""What a recipe's own text gives away before a build, and what is begun beside the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfsft import pipeline
from hfsft.cache import SOURCE
from hfsft.preflight import build as preflight
from hfsft.recipe.recipe import Recipe
from tests.waiting import until


@pytest.mark.parametrize(
    ("part", "told"), [("5f0c7e1d2b9a4c6e8f7a1b2c3d4e5f61", 1), ("openai-gpt-4o-mini-2024-07-18", 0)]
)
def test_a_path_that_may_hold_a_key_is_told(home: Path, part: str, told: int) -> None:
    address = f"http://127.0.0.1:9/{part}/v1"
    said = {"name": "x", "license": "mit", "seeds": [{"prompts": ["Hi"]}], "generate": {}}
    found = pipeline.validate({**said, "models": {"writer": {"model": "m", "base_url": address}}}, hub=False)
    warnings = [each for each in found.warnings if "looks like a key" in each.message]
    assert len(warnings) == told
    assert not any(part in str(each) for each in warnings)


def test_documents_and_attributes_that_nothing_uses_are_told(tmp_path: Path) -> None:
    (tmp_path / "doc.md").write_text("# Refunds\nThey take a week.\n")
    path = tmp_path / "recipe.yaml"
    lines = [
        "name: slip",
        "seeds: [{prompts: [How long?]}]",
        "documents: [{path: doc.md}]",
        "attributes: {tone: [a, b]}",
    ]
    path.write_text("\n".join(lines))
    warned = [str(each) for each in pipeline.validate(path, hub=False).warnings]
    assert any("recipe.yaml:3:1: documents: nothing rests on them" in each for each in warned)
    assert any("recipe.yaml:4:1: attributes: no row gets any" in each for each in warned)
    path.write_text(
        "\n".join([*lines, "generate: {context: {documents: 2}}"]).replace(
            "[{prompts", "[{from: attributes, count: 3}, {prompts"
        )
    )
    assert not [
        each for each in map(str, pipeline.validate(path, hub=False).warnings) if "nothing" in each or "no row" in each
    ]


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
