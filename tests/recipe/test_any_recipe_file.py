"""Whatever the text, the data or the override is, it is read or refused in words."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hfsft.errors import RecipeError
from hfsft.recipe.recipe_file import RecipeFile, load, parse, validate
from tests.recipe.test_recipe_file import GOOD
from tests.recipe.toy import Toy

YAML = st.text(alphabet=st.sampled_from(list("ab:-?[]{},&*!|>'\"%@`#~ \n\t\r01.e<é\ufeff\u2028\0\x85"))) | st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
SECTIONS = st.dictionaries(st.sampled_from([*Toy.model_fields, "other"]), JSON, max_size=4)


@given(YAML)
@example("a: &a\n  b: *a")
@example("? - a\n: b")
@example("a: 1\n\ufeffb: 2")
@example("--- a\n...\n%YAML 1.1")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(parse(text), RecipeFile)
    except RecipeError as error:
        told = error.problems
        assert told


@given(SECTIONS, st.lists(st.text(max_size=20) | st.sampled_from(["seeds[0].a=1", "filters.x=1", "a.b.c=[1]"])))
def test_any_data_is_valid_or_refused_in_words(data: dict[str, Any], overrides: list[str]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    for source in (lambda: parse(text, overrides=overrides), lambda: load(data, overrides)):
        try:
            validate(source(), Toy)
        except RecipeError as error:
            said = " ".join(problem.message for problem in error.problems)
            assert said
            assert not any(word in said for word in ("Input should", "pydantic", "NoneType", "dict"))


@given(st.text(max_size=30))
def test_any_override_is_applied_or_refused(override: str) -> None:
    parse(GOOD, overrides=[override])
