"""The README says what is so: its blocks run, its generated parts are those of the code."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs import GENERATED, README, REFERENCE, part, reference
from tests.quickstart import COMMAND, hfsft, run

TEXT = README.read_text(encoding="utf-8")
BLOCKS = [
    (match["language"], match["code"])
    for match in re.finditer(
        r"(?P<skip><!-- not run[^\n]*-->\n)?```(?P<language>sh|python|yaml)\n(?P<code>.*?)```", TEXT, re.DOTALL
    )
    if not match["skip"]
]


@pytest.mark.parametrize("name", GENERATED)
def test_generated_parts_are_those_of_the_code(name: str) -> None:
    assert part(TEXT, name)[1] == GENERATED[name](), "make docs writes them"


def test_the_reference_is_that_of_the_code() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "make docs writes it"


@pytest.mark.embedded
def test_the_quick_start_is_a_real_dataset_by_a_real_model(quickstart: str, clone: Path) -> None:
    assert re.search(r"\d+ model calls, 0 answers from the store", quickstart)
    shown = part(TEXT, "quickstart")[1]
    # Sampling in parallel slots is not repeatable to the word, but the steps and the seeds are.
    for line in ("sources ", "evolve[1] ", "generate ", "judge "):
        assert line in quickstart
        assert line in shown
    from datasets import load_dataset

    loaded = load_dataset(str(clone / "build" / "quickstart"))
    assert len(loaded["train"]) >= 10
    assert len(loaded["validation"]) >= 1


@pytest.mark.embedded
def test_the_second_build_asks_nothing(quickstart: str, clone: Path) -> None:
    assert "no model calls" in hfsft(clone, COMMAND).stdout
    assert "the next build makes 0 model calls" in hfsft(clone, "hfsft plan recipes/quickstart.yaml").stdout


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("language", "code"), BLOCKS, ids=[f"{language}-{n}" for n, (language, _) in enumerate(BLOCKS)]
)
def test_every_block_runs(language: str, code: str, quickstart: str, clone: Path) -> None:
    if language == "python":
        done = run(clone, [sys.executable, "-c", code])
        assert done.returncode == 0, done.stderr
    elif language == "yaml":
        (clone / "block.yaml").write_text(code)
        done = hfsft(clone, "hfsft validate block.yaml")
        assert done.returncode == 0, done.stderr
    else:
        for line in code.strip().splitlines():
            done = hfsft(clone, line)
            assert done.returncode == 0, done.stderr


def test_every_command_is_named() -> None:
    from hfsft.cli import COMMANDS

    assert [name for name in COMMANDS if f"hfsft {name}" not in TEXT] == []


def test_every_field_of_the_recipe_is_described() -> None:
    from hfsft.recipe.json_schema import undescribed
    from hfsft.recipe.recipe import Recipe

    assert undescribed(Recipe) == []


def test_public_names_are_these() -> None:
    import hfsft as package

    names: list[Any] = package.__all__
    assert names == sorted(names, key=lambda name: (name.islower(), name))
    assert all(getattr(package, name) for name in names)
