"""A bound written into a recipe: the one value changes, every other sign of the file stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfsft.errors import RecipeError
from hfsft.recipe.editing.score_bound import write_bound
from hfsft.recipe.recipe import load_recipe

HEAD = """\
# Sailing, by Jo.
name: boats   # the set
examples:
  - path: rows.jsonl   # all of them
judge:
  rubric:
    usefulness: Does it help?
    tone: "Is it calm?"
"""


def written(tmp_path: Path, filters: str, score: str = "mean", at_least: float = 3.5, newline: str = "\n") -> str:
    path = tmp_path / "boats.yaml"
    path.write_bytes((HEAD + filters).replace("\n", newline).encode())
    (tmp_path / "rows.jsonl").write_text('{"instruction": "What is a keel?", "response": "A fin."}\n')
    write_bound(load_recipe(path), score, at_least)
    found = path.read_bytes().decode()
    assert found.startswith(HEAD.replace("\n", newline))
    load_recipe(path)
    return found[len(HEAD.replace("\n", newline)) :]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "filters:\n  - score: {mean: {at_least: 2}}  # a guess\n",
            "filters:\n  - score: {mean: {at_least: 3.5}}  # a guess\n",
            id="flow",
        ),
        pytest.param(
            "filters:\n  - score:\n      mean:\n        at_least: 2 # a guess\n        at_most: 4.9\nsplit: {}\n",
            "filters:\n  - score:\n      mean:\n        at_least: 3.5 # a guess\n        at_most: 4.9\nsplit: {}\n",
            id="block",
        ),
        pytest.param(
            "filters: [score: {tone: {at_least: 3}, mean: {at_least: 2.0}}, refusal]\n",
            "filters: [score: {tone: {at_least: 3}, mean: {at_least: 3.5}}, refusal]\n",
            id="list in brackets",
        ),
        pytest.param(
            "filters:\n- score:\n    tone: {at_least: 3}   # calm\n- refusal\n",
            "filters:\n- score:\n    tone: {at_least: 3}   # calm\n    mean: {at_least: 3.5}\n- refusal\n",
            id="another criterion, block",
        ),
        pytest.param(
            "filters:\n  - score: { tone: {at_least: 3}, }\n",
            "filters:\n  - score: { tone: {at_least: 3}, mean: {at_least: 3.5}, }\n",
            id="another criterion, trailing comma",
        ),
        pytest.param(
            "filters:\n  - score: {mean: {at_most: 4.5}}\n",
            "filters:\n  - score: {mean: {at_most: 4.5, at_least: 3.5}}\n",
            id="only at_most",
        ),
        pytest.param(
            "filters:\n  - refusal\n  # none yet\nsplit: {validation: 0}\n",
            "filters:\n  - refusal\n  - score: {mean: {at_least: 3.5}}\n  # none yet\nsplit: {validation: 0}\n",
            id="no score filter",
        ),
        pytest.param(
            "filters: [refusal, html]  # two\n",
            "filters: [refusal, html, {score: {mean: {at_least: 3.5}}}]  # two\n",
            id="no score filter, in brackets",
        ),
        pytest.param(
            "filters: []  # none\nsplit: {validation: 0}\n",
            "filters: [{score: {mean: {at_least: 3.5}}}]  # none\nsplit: {validation: 0}\n",
            id="empty list",
        ),
        pytest.param(
            "filters:\n  - score: {tone: {at_least: 2}}\n  - score: {mean: {at_least: 2}, tone: {at_least: 1}}\n"
            "  - score: {mean: {at_least: 3}}\n",
            "filters:\n  - score: {tone: {at_least: 2}}\n  - score: {mean: {at_least: 3.5}, tone: {at_least: 1}}\n"
            "  - score: {mean: {at_least: 3.5}}\n",
            id="several, each that bounds it",
        ),
        pytest.param(
            "filters:\n  - score: {mean: {at_least: 2}}  # no end of line",
            "filters:\n  - score: {mean: {at_least: 3.5}}  # no end of line",
            id="no line break at the end",
        ),
        pytest.param(
            "filters:\n  - tokens: {at_least: 3}\n  - refusal",
            "filters:\n  - tokens: {at_least: 3}\n  - refusal\n  - score: {mean: {at_least: 3.5}}\n",
            id="no line break, a new item",
        ),
        pytest.param(
            "filters:\n  - expr:\n      that: |\n        True\n  - score: {mean: {at_least: 2}}\n",
            "filters:\n  - expr:\n      that: |\n        True\n  - score: {mean: {at_least: 3.5}}\n",
            id="beside a text of several lines",
        ),
        pytest.param(
            "filters:\n  - expr:\n      that: |\n        True\n\n# the end\nsplit: {}\n",
            "filters:\n  - expr:\n      that: |\n        True\n  - score: {mean: {at_least: 3.5}}\n\n# the end\n"
            "split: {}\n",
            id="behind a text of several lines",
        ),
        pytest.param(
            "filters: [\n  refusal,  # one\n  html,     # two\n]\n",
            "filters: [\n  refusal,  # one\n  html, {score: {mean: {at_least: 3.5}}},     # two\n]\n",
            id="brackets over several lines",
        ),
    ],
)
def test_the_bound_is_written_and_all_else_stays(tmp_path: Path, before: str, after: str) -> None:
    assert written(tmp_path, before) == after


def test_where_filters_are_left_out_the_default_ones_are_written_out_too(tmp_path: Path) -> None:
    found = written(tmp_path, "split: {validation: 0}  # no split\n")
    assert found.startswith("split: {validation: 0}  # no split\nfilters:\n  - exact_duplicate\n  - near_duplicate\n")
    assert "  - tokens: {at_least: 1}\n" in found
    assert found.endswith("  - language\n  - score: {mean: {at_least: 3.5}}\n")


def test_filters_that_say_nothing_are_the_default_ones(tmp_path: Path) -> None:
    found = written(tmp_path, "filters:  # those that there are\nsplit: {}\n")
    assert found.startswith("filters: [exact_duplicate, near_duplicate, {tokens: {at_least: 1}}, ")
    assert found.endswith("language, {score: {mean: {at_least: 3.5}}}]  # those that there are\nsplit: {}\n")


def test_line_breaks_of_windows_and_a_mark_of_utf_8_stay(tmp_path: Path) -> None:
    assert written(tmp_path, "filters:\n  - refusal\n", newline="\r\n") == (
        "filters:\r\n  - refusal\r\n  - score: {mean: {at_least: 3.5}}\r\n"
    )
    path = tmp_path / "boats.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    write_bound(load_recipe(path), "mean", 4)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# Sailing")
    assert b"at_least: 4}" in path.read_bytes()


def test_what_an_override_says_is_not_written_and_a_file_that_changed_is_not_either(tmp_path: Path) -> None:
    written(tmp_path, "filters: [refusal]\n")
    path = tmp_path / "boats.yaml"
    recipe = load_recipe(path, ["filters=[html, refusal, language]"])
    write_bound(recipe, "tone", 2)
    assert path.read_text().endswith("filters: [refusal, {score: {mean: {at_least: 3.5}, tone: {at_least: 2}}}]\n")
    with pytest.raises(RecipeError, match="has changed since it was read"):
        write_bound(recipe, "tone", 3)


def test_a_number_of_many_digits_is_written_as_it_is(tmp_path: Path) -> None:
    assert "at_least: 3.6666666666666665}" in written(tmp_path, "filters: [refusal]\n", at_least=11 / 3)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("filters:\n  - score: &s {mean: {at_least: 2}}\n  - score: *s\n", "without a change of something else"),
        ("filters:\n  - score: {mean: {at_least: 2, at_most: 3}}\n", "would keep nothing, as at_most is 3"),
    ],
    ids=["alias", "at_most below"],
)
def test_where_it_would_change_more_nothing_is_written(tmp_path: Path, filters: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said) as error:
        written(tmp_path, filters)
    assert "boats.yaml:" in str(error.value)
    assert (tmp_path / "boats.yaml").read_text() == HEAD + filters
