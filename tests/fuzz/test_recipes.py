"""A recipe with slips in it is read, or refused in words at lines of the file, soon."""

from __future__ import annotations

import os
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import yaml
from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import Place, Problem, RecipeError, UserError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.fuzz.bounds import soon, tries

GOOD = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
SLIPS = (
    *(
        "",
        ":",
        "- ",
        "  ",
        "\n",
        "\t",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "&a ",
        "*a",
        "!!x ",
        "|",
        ">",
        "#",
        "---\n",
        "%",
        "@",
        "`",
    ),
    *(
        "\0",
        "\x1b[31m",
        "\u202e",
        "\ufeff",
        "é",
        "\ud7ff",
        "9" * 50,
        "-1",
        "1e999",
        ".nan",
        "null",
        "true",
        "[[[[[[",
        "{{ x }}",
        "{% for",
    ),
)
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        2**70,
        1e300,
        "",
        "x",
        "x\ny",
        "\u202e\x1b[31m",
        "{{",
        "{% for x in range(9) %}",
        [],
        [[]],
        {},
        {"a": {}},
    ),
    *(["x"] * 30, {"": ""}, "hf://a/b", "../x", "/dev/zero", "~", "\0", "a" * 3000),
)


def checked(text: bytes) -> None:
    # "~" may come out as a path: whatever lies in the home of who runs this is not the test's to read.
    with TemporaryDirectory() as name, mock.patch.dict(os.environ, HOME=name), soon():
        path = Path(name) / "recipe.yaml"
        path.write_bytes(text)
        problems = found(path)
    assert len(problems) < 300
    assert all(problem.message for problem in problems)


def found(path: Path) -> list[Problem]:
    """What is wrong with the recipe."""
    try:
        compile_recipe(load_recipe(path))
    except RecipeError as error:
        return error.problems
    except UserError as error:
        return [Problem(Place(path.name), str(error))]
    return []


@tries(60)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(SLIPS)), min_size=1, max_size=4),
)
def test_a_recipe_with_slips_of_the_pen(recipe: Path, slips: list[tuple[float, int, str]]) -> None:
    text = recipe.read_text("utf-8")
    for where, gone, slip in slips:
        place = int(where * len(text))
        text = text[:place] + slip + text[place + gone :]
    checked(text.encode("utf-8"))


@tries(40)
@given(st.sampled_from(GOOD), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_recipe_with_other_bytes(recipe: Path, slips: list[tuple[float, int]]) -> None:
    data = bytearray(recipe.read_bytes())
    for where, byte in slips:
        data[int(where * (len(data) - 1))] = byte
    checked(bytes(data))


@tries(80)
@given(st.sampled_from(GOOD), st.integers(0, 2**32), st.lists(st.sampled_from(ODD), min_size=1, max_size=3))
def test_a_recipe_with_other_values(recipe: Path, seed: int, values: list[Any]) -> None:
    data = yaml.safe_load(recipe.read_text("utf-8"))
    choose = random.Random(seed)
    for value in values:
        here: Any = data
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = choose.choice(keys)
            if isinstance(here[key], dict | list) and here[key] and choose.random() < 0.7:
                here = here[key]
                continue
            here[key] = value
            break
    checked(yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass"))
