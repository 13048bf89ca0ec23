"""Broken recipes are files: the wrong line ends in `# ! part of the message`, and no other line has a problem."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hfsft.errors import RecipeError
from hfsft.recipe.recipe import Recipe, with_sections
from hfsft.recipe.recipe_file import load, validate
from tests.recipe.toy import Toy

MODELS = {"toy": Toy, "recipe": Recipe}  # a folder of broken recipes -> what they should have been
FILES = sorted(Path(__file__).with_name("broken").glob("*/*.yaml"))


def expected(path: Path) -> list[tuple[int, str]]:
    marks = ((number, re.search(r"# ! (.*)", line)) for number, line in enumerate(path.read_text().splitlines(), 1))
    return [(number, mark[1].strip()) for number, mark in marks if mark]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_broken_recipe_names_every_wrong_line(path: Path) -> None:
    model = MODELS[path.parent.name]
    with pytest.raises(RecipeError) as caught:  # as `load_recipe` does it
        validate(load(path), model, with_sections if model is Recipe else None)
    problems = caught.value.problems
    assert [problem.place.line for problem in problems] == sorted(problem.place.line for problem in problems)
    told = [(problem.place.line, f"{problem.message} ({problem.help})") for problem in problems]
    missed = [mark for mark in expected(path) if not any(mark[0] == line and mark[1] in text for line, text in told)]
    surplus = [said for said in told if said[0] not in dict(expected(path))]
    assert (missed, surplus) == ([], [])


def test_there_are_broken_recipes() -> None:
    assert FILES
    assert all(expected(path) for path in FILES)
