"""The templates that are shipped: found by their names, and what they take from each other."""

from __future__ import annotations

import pytest

from hfsft import prompts
from hfsft.errors import PromptError
from hfsft.prompts import Prompt, available
from hfsft.sandbox import parsed_template


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Write files below `templates/` of their own."""
    monkeypatch.setattr(prompts, "templates", lambda: tmp_path)

    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".jinja")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")

    return write


def test_shipped_templates_are_found_by_folder_and_name(shipped) -> None:
    shipped(evolve__deepen="Deepen {{ instruction }}", evolve__concretize="x", evolve___rules="y", judge__score="z")
    assert available("evolve") == ["concretize", "deepen"]
    assert available("nothing") == []
    assert Prompt.named("evolve", "deepen").render(instruction="it") == "Deepen it"


@pytest.mark.parametrize("name", ["depen", "../judge/score", "_rules/../deepen", "", "deepen.jinja"])
def test_an_unknown_name_lists_the_known_ones(shipped, name: str) -> None:
    shipped(evolve__deepen="x", judge__score="z")
    with pytest.raises(PromptError, match="allowed: deepen"):
        Prompt.named("evolve", name)


def test_included_templates_count_for_names_and_identity(shipped) -> None:
    shipped(evolve__a="{% include 'evolve/_b.jinja' %} {{ x }}", evolve___b="{{ y }}{% include 'evolve/_c.jinja' %}")
    shipped(evolve___c="{{ z }}")
    first = Prompt.named("evolve", "a")
    assert first.variables == {"x", "y", "z"}
    assert first.render(x=1, y=2, z=3) == "23 1"
    shipped(evolve___c="{{ z }}!")
    parsed_template._shipped.cache_clear()  # files do not change during a build
    second = Prompt.named("evolve", "a")
    assert second.identity != first.identity
    assert second.render(x=1, y=2, z=3) == "23! 1"


@pytest.mark.parametrize("name", ["rubric", "question"])
def test_a_template_that_is_read_late_is_the_same(name: str) -> None:
    prompts._PARSED.clear()
    late = Prompt.named("judge", name, late=True)
    assert not prompts._PARSED
    assert prompts._WAITING
    prompts.prepare()
    assert len(prompts._PARSED) == 1
    assert not prompts._WAITING
    soon = Prompt.named("judge", name)
    assert (late, late.variables) == (soon, soon.variables)
    assert late._parsed is soon._parsed


def test_what_a_template_sets_is_there_in_what_it_includes(shipped) -> None:
    shipped(judge__a="{% for c in rubric %}{% include 'judge/_c.jinja' %}{% endfor %}", judge___c="[{{ c }}]")
    prompt = Prompt.named("judge", "a")
    assert prompt.variables == {"rubric"}
    assert prompt.render(rubric=["x", "y"]) == "[x][y]"


def test_macros_can_be_imported(shipped) -> None:
    shipped(
        judge__a="{% from 'judge/_m.jinja' import m %}{{ m(x) }}", judge___m="{% macro m(v) %}<{{ v }}>{% endmacro %}"
    )
    assert Prompt.named("judge", "a").render(x=1) == "<1>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{% include '../secret' %}", "no template"),
        ("{% include 'evolve/none.jinja' %}", "no template `evolve/none.jinja`"),
        ("{% include name %}", "quoted text"),
    ],
)
def test_only_shipped_templates_can_be_included(shipped, text: str, reason: str) -> None:
    shipped(evolve__a=text)
    with pytest.raises(PromptError, match=reason):
        Prompt.named("evolve", "a")


def test_templates_that_include_each_other_are_stopped(shipped) -> None:
    shipped(evolve__a="{% include 'evolve/b.jinja' %}", evolve__b="{% include 'evolve/a.jinja' %}")
    with pytest.raises(PromptError, match="without end"):
        Prompt.named("evolve", "a").render()


def test_an_error_in_an_included_template_names_that_one(shipped) -> None:
    shipped(evolve__a="{% include 'evolve/_b.jinja' %}", evolve___b="\n{{ x.y }}")
    with pytest.raises(PromptError, match=r"evolve/_b.jinja, line 2"):
        Prompt.named("evolve", "a").render(x=1)
