"""What explains itself: every section, key and filter, from the classes that recipes are made of and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from hfsft.cli import main
from hfsft.engine.step import Step
from hfsft.errors import UserError
from hfsft.filters import FILTERS
from hfsft.filters.listed import any_of
from hfsft.filters.text_column import OfColumn
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.explain.reference import reference
from hfsft.recipe.explain.schema_keys import Schema, written
from hfsft.recipe.explain.subjects import Subject, around, example_of, found, installed, subjects
from hfsft.recipe.json_schema import reachable
from hfsft.recipe.recipe import Recipe, with_filters
from hfsft.recipe.recipe_file import parse
from hfsft.stages.base import Context, Section, Stage

LISTS = "list of lists of whole numbers"
CLASSES = [kind for kind in reachable(Recipe) if kind is not Recipe]


def within(value: Any) -> Iterator[Any]:
    """A value and all that it holds."""
    yield value
    if isinstance(value, BaseModel):
        fields = {**dict(value), **(value.__pydantic_extra__ or {})}
        for inner in fields.values():
            yield from within(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from within(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from within(inner)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_of_a_recipe_has_an_example_that_is_valid(kind: type[BaseModel]) -> None:
    example = example_of(kind)
    assert example, "give it an `example`"
    recipe = around(example)
    assert any(type(each) is kind for each in within(recipe)), "the example has none of it"
    compile_recipe(recipe, weights=False, download=False, sources=False)
    assert max(map(len, example.splitlines())) <= 78, "a terminal of 80 columns shows it"


@pytest.mark.parametrize("subject", subjects(), ids=lambda subject: subject.name)
def test_every_subject_says_what_it_is(subject: Subject) -> None:
    assert subject.summary
    assert all(key.about for top in subject.top for key in top.all())
    for form in subject.forms:
        if form.example:
            around(form.example)
    if subject.kind == "filter":
        assert subject.range, "give the filter its `values`"
        assert subject.blind, "say in `blind` what it does not see"
    assert all(column.type for column in subject.writes)


def test_examples_of_single_keys_are_valid() -> None:
    plain = [each for each in subjects() if each.kind == "key"]
    assert [each.name for each in plain] == ["name", "description", "language", "license", "written_by"]
    for each in plain:
        assert parse(each.forms[0].example).data.keys() == {each.name}


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("judge.scale", ["judge.scale"]),
        ("judge.anchors", ["judge.anchors"]),
        ("judge.anchors[0].scores", ["judge.anchors[].scores"]),
        ("judge.anchors.why", ["judge.anchors[].why"]),
        ("models.writer.price.input", ["models.<name>.price.input"]),
        ("models.temperature", ["models.<name>.temperature"]),
        ("models.writer.headers.X-Team.env", ["models.<name>.headers.<name>.env"]),
        ("seeds[2].path", ["seeds[].path"]),
        ("filters.tokens.at_least", ["tokens.at_least"]),
        ("filters[tokens].tokenizer", ["tokens.tokenizer"]),
        ("near_duplicate.floor", ["near_duplicate.floor"]),
        ("score.usefulness.at_least", ["score.<name>.at_least"]),
        ("scale", ["judge.scale"]),
        ("prompts", ["seeds[].prompts"]),
        (
            "failed_at_most",
            [
                f"{key}.failed_at_most"
                for key in (
                    *("seeds[]", "evolve", "write[]", "generate", "converse", "label", "judge", "refine", "pairs"),
                    "contradictions",
                )
            ],
        ),
    ],
)
def test_a_key_is_found_however_it_is_written(name: str, paths: list[str]) -> None:
    assert [each.path for each in found(name) if not isinstance(each, Subject)] == paths


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("judgee", r"no key of a recipe and no filter is called `judgee` \(did you mean `judge`\? allowed: name, "),
        ("judge.scael", r"no key `scael` in judge \(did you mean `scale`\? allowed: on_error, "),
        ("seeds.pth", r"no key `pth` in seeds \(did you mean `path`\?"),
        ("filters.tokns", r"`tokns` \(did you mean `tokens`\? allowed: tokens, repetition"),
        ("judge.scale.low", r"no key `low` in judge.scale \(it has no keys of its own\)"),
        ("", r"no key of a recipe and no filter is called ``"),
    ],
)
def test_a_name_that_nothing_has_is_guessed_at(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=said):
        found(name)
    assert main(["explain", name]) == 1
    assert re.search(said, " ".join(capsys.readouterr().err.split()))


def test_a_section_tells_keys_example_columns_and_whom_it_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "judge"]) == 0
    said = capsys.readouterr().out
    for part in (
        "judge.scale: list of 2 whole numbers, default [1, 5]\n      Lowest and highest score",
        "judge.on_error: text, reject | fail, default reject",
        "judge.anchors[].scores: mapping of names to numbers, default {}",
        "judge.failed_at_most: number, 0 to 1, default 0.05",
        "\nExample\n  judge:\n    rubric:\n",
        "  score_mean: float64\n",
        "judge.model names",
    ):
        assert part in said
    assert main(["explain", "split"]) == 0
    assert "\nAsks\n  nobody\n" in capsys.readouterr().out


def test_a_filter_tells_its_measure_its_range_and_where_it_is_blind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "near_duplicate"]) == 0
    said = capsys.readouterr().out
    assert "Its measure\n  0, or from floor to 1\n" in said
    assert "Blind to\n  Meaning: a paraphrase" in said
    assert "  near_duplicate_instruction: float64\n      Highest similarity" in said
    assert "  near_duplicate_instruction_of: string\n      The id of the row" in said


def test_everything_fits_eighty_columns_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    for name in [None, *(each.name for each in subjects())]:
        assert main(["explain", *([name] if name else [])]) == 0
        said = capsys.readouterr().out
        assert "\x1b" not in said
        assert not [line for line in said.splitlines() if len(line) > 80 and " " in line.strip()]


def test_a_terminal_shows_colours_in_its_width(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("commands.explain", "console", "escape"):
        monkeypatch.setattr(f"hfsft.cli.{module}.window", lambda *_: 50)
    monkeypatch.setattr("hfsft.cli.console.coloured", lambda *_: True)
    assert main(["explain", "generate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("\x1b[" in line for line in lines)
    texts = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    keys = texts[texts.index("Keys") : texts.index("Example")]
    assert max(map(len, keys)) <= 50


def test_json_says_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in whole] == [each.name for each in subjects()]
    assert main(["explain", "judge", "--json"]) == 0
    (judge,) = json.loads(capsys.readouterr().out)
    assert judge == next(each for each in whole if each["name"] == "judge")
    assert judge["asks"] == ["judge.model"]
    scale = next(key for key in judge["forms"][0]["keys"] if key["key"] == "judge.scale")
    assert scale["default"] == [1, 5]
    assert main(["explain", "judge.scale", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [scale]


class Shout(OfColumn):
    """Share of the instruction that the text says again.

    A stranger's filter.
    """

    name: ClassVar[str] = "shout"

    at_most: float | None = Field(0.5, description="Largest share that is kept.")

    def value(self, cell: Any) -> float:
        return float(len(cell))


class Needy(Shout):
    """Needs to be told what to do, and has no example."""

    name: ClassVar[str] = "needy"

    word: str = Field(description="What to look for.")


class Stamp(Stage):
    """Stamp every row."""

    key: ClassVar[str] = "stamp"
    example: ClassVar[str] = "stamp: {ink: [red]}"

    ink: list[Literal["red", "blue"]] = Field(min_length=1, description="Colours, one of which each row gets.")

    def steps(self, context: Context) -> list[Step]:
        return [Step("stamp", writes={"topic": "string", "stamp": "string"}, place=context.place("stamp"))]


class Paper(Section):
    """Which paper."""

    weight: float = Field(gt=0, lt=500, description="Grams.")


Wider: Any = create_model(
    "Wider",
    __base__=with_filters(FILTERS),
    stamp=(Stamp | None, Field(None, description="Stamps; left out: none.")),
    papers=(dict[str, Paper], Field({}, description="Papers by their names.")),
    filters=(list[any_of({**FILTERS, "shout": Shout, "needy": Needy})], Field(None, description="Rules.")),
)


def test_a_new_section_and_a_new_filter_appear_by_themselves() -> None:
    known = {each.name: each for each in subjects(Wider)}
    stamp, shout, papers = known["stamp"], known["shout"], known["papers"]
    (ink,) = stamp.top
    assert (ink.type, ink.allowed, ink.left_out) == ("list of texts", "not empty, each red | blue", "required")
    assert [(column.name, column.about) for column in stamp.writes] == [
        ("topic", "What the row is about."),
        ("stamp", ""),
    ]
    assert stamp.asks == ()
    assert [key.path for key in papers.top] == ["papers.<name>.weight"]
    assert papers.top[0].allowed == "above 0, below 500"
    assert shout.summary == "Share of the instruction that the text says again."
    assert shout.forms[0].example == "filters:\n  - shout"
    assert [column.name for column in shout.writes] == ["shout_response"]
    assert "shout" in known["filters"].key.allowed
    assert known["needy"].forms[0].example == ""
    assert [key.name for key in known["needy"].top] == ["at_least", "at_most", "column", "word"]


def test_the_reference_names_everything() -> None:
    page = reference()
    for each in subjects():
        assert re.search(rf"^##+ {each.name}$", page, re.MULTILINE), each.name
        for key in (key for top in each.top for key in top.all()):
            assert " ".join(key.about.split()).replace("|", "\\|") in page, key.path


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain words", "plain words"),
        ("yes", '"yes"'),
        ("1.5", '"1.5"'),
        ("a: b", '"a: b"'),
        ("", '""'),
        (1.0, "1"),
        (0.25, "0.25"),
        (None, "null"),
        (True, "true"),
        ({"a": ["b", 2], "c d": {}}, "{a: [b, 2], c d: {}}"),
    ],
)
def test_values_are_written_as_yaml(value: Any, line: str) -> None:
    assert written(value) == line
    assert parse(f"value: {line}").data["value"] == value


@pytest.mark.parametrize(
    ("part", "kind", "allowed"),
    [
        ({}, "anything", ""),
        ({"type": "array"}, "list", ""),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "list of lists of whole numbers",
            "",
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text", ""),
        ({"anyOf": [{"type": "number", "minimum": 0}, {"enum": ["auto"]}]}, "number or text", "at least 0; auto"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "mapping of names to true or false", ""),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]}, "list of 2 texts or numbers", ""),
    ],
)
def test_types_are_told_in_words(part: dict[str, Any], kind: str, allowed: str) -> None:
    schema = Schema({"$defs": {}})
    assert (schema.type_of(part), schema.allowed(part)) == (kind, allowed)


def test_filters_of_other_packages_are_explained_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    every = {"shout": Shout}, ["acme's filter `x` cannot be used"]
    monkeypatch.setattr("hfsft.filters.entry_points.Installed.every", lambda _: every)
    installed.cache_clear()
    try:
        assert main(["explain", "shout.at_most"]) == 0
        shown = capsys.readouterr()
        assert shown.out.startswith("shout.at_most: number, default 0.5\n")
        assert shown.err == "warning: acme's filter `x` cannot be used\n"
        assert main(["explain"]) == 0
        assert re.search("^  shout +Share of the instruction", capsys.readouterr().out, re.MULTILINE)
    finally:
        installed.cache_clear()
    assert "shout" not in reference()
