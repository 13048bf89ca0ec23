"""Errors name the place, and the word that was meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hfsft.errors import Place, Problem, PromptError, RecipeError, closest, nearest, place_of
from hfsft.keys import LOOKS_LIKE_KEY

SECTIONS = ["name", "language", "license", "models", "seeds", "examples", "evolve", "judge", "filters", "split"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("lisence", "license"), ("modles", "models"), ("seed", "seeds"), ("evol", "evolve"), ("jugde", "judge"),
     ("lang", "language"), ("what", None), ("size", None), ("", None), ("x" * 10_000, None)],
)  # fmt: skip
def test_the_closest_word_is_a_slip_away_or_none(word: str, expected: str | None) -> None:
    assert closest(word, SECTIONS) == expected


def test_what_is_allowed_is_said_with_the_nearest_first() -> None:
    assert nearest("at_mst", ["at_least", "at_most"]) == "did you mean `at_most`? allowed: at_least, at_most"
    assert nearest("x", ["at_most"]) == "allowed: at_most"
    assert nearest("x", []) == ""


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", True),
        ("key=sk-proj-abcdefghijklmn0p", True),
        ("hf_hub_download_with_progress", False),
        ("risk-management-in-the-2020s-and-later", False),
        ("sk-short1", False),
    ],
)
def test_keys_are_told_from_names(text: str, secret: bool) -> None:
    assert bool(LOOKS_LIKE_KEY.search(text)) is secret


def test_problems_are_sorted_by_place_and_clickable() -> None:
    later, sooner = Problem(Place("r.yaml", 10, 2), "b"), Problem(Place("r.yaml", 9, 5), "a", "write c")
    assert str(RecipeError([later, sooner])) == "r.yaml:9:5: a (write c)\nr.yaml:10:2: b"
    assert str(Place("r.yaml", 3)) == "r.yaml:3"


def test_a_template_error_names_template_and_line() -> None:
    assert str(PromptError("evolve/deepen", 3, "is wrong", "write x")) == (
        "template evolve/deepen, line 3: is wrong (write x)"
    )
    assert str(PromptError("mine", 0, "is wrong")) == "template mine: is wrong"


def test_a_place_is_written_as_the_user_would_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_of(tmp_path / "a" / "r.yaml", 1).file == os.path.join("a", "r.yaml")  # noqa: PTH118
    assert place_of("/elsewhere/r.yaml").file == "/elsewhere/r.yaml"
