"""A recipe's text, its places and its overrides; whatever the text is, it is read or refused."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from hfsft.errors import RecipeError
from hfsft.recipe.recipe_file import load, name_path, parse, validate
from hfsft.recipe.yaml import tree as nodes
from tests.recipe.toy import Toy

GOOD = """\
name: toy
seeds:
  - prompts: [How long?, Why?]
  - {path: a.jsonl, prompt: question}
models:
  writer: small
filters:
  - tokens: {at_least: 5}
  - refusal
  - tokens:
      at_most: 9
generate:
  temperature: 0.5
  system: |
    You are
      an agent.

    Be {{ tone }}.
"""


def test_a_good_recipe_is_read() -> None:
    recipe = validate(parse(GOOD), Toy)
    assert recipe.models["writer"].model == "small"
    assert len(recipe.filters) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("On", "On"), ("off", "off"), ("y", "y"),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("1", 1), ("-0", 0), ("+3", 3), ("1e-3", 0.001), ("1E5", 1e5), (".5", 0.5), ("5.", 5.0), ("-1.5e+2", -150.0),
        ("007", "007"), ("0x1F", "0x1F"), ("0o17", "0o17"), ("1_000", "1_000"), ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"), ("2024-01-01 10:00:00", "2024-01-01 10:00:00"),
        (".inf", ".inf"), (".nan", ".nan"), ("=", "="),
        ("a\u2028b\x85c", "a\u2028b\x85c"), ("1.2.3", "1.2.3"), ("1e", "1e"), (".", "."),
        ('"1"', "1"), ("'true'", "true"), ("! 5", "5"), ("|-\n  5", "5"), ("\U0001f600", "\U0001f600"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    read = parse(f"a: {text}\n").data["a"]
    assert read == value
    assert type(read) is type(value)


def test_an_alias_is_a_copy() -> None:
    data = parse("a: &a [1]\nb: *a\n").data
    assert data == {"a": [1], "b": [1]}
    assert data["a"] is not data["b"]


@pytest.mark.parametrize(
    ("loc", "key", "line", "column"),
    [
        (("name",), False, 1, 7),
        (("name",), True, 1, 1),
        (("seeds", 1, "prompt"), False, 4, 29),
        (("seeds", 1, "prompt"), True, 4, 21),
        (("seeds", 1, "topic"), False, 4, 5),
        (("filters", 2, "tokens", "at_most"), False, 11, 16),
        (("generate", "shuffle"), False, 12, 1),
        (("judge",), False, 1, 1),
        ((), False, 1, 1),
    ],
)
def test_a_path_has_a_place_or_the_nearest_one(loc: tuple[str | int, ...], key: bool, line: int, column: int) -> None:
    place = parse(GOOD).place(loc, key)
    assert (place.line, place.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("|\n    one\n\n      two\n    three\n", [2, 3, 4, 5]),
        ("|2-\n    one\n    two\n", [2, 3]),
        (">\n    one\n    more of one\n\n    two\n\n\n    four\n", [2, 5, 5, 8]),
        (">\n    one\n      set deeper\n    three\n", [2, 3, 4]),
        ("one\n  more of one\n\n  two\n", [1, 4]),
        ("'one\n  more of one\n\n  two'\n", [1, 4]),
        ('"one\n\n\n  three\\nfour"\n', [1, 1, 4, 4]),
        ("one\n", [1, 1]),
    ],
)
def test_a_line_of_a_text_has_a_line_of_the_file(text: str, lines: list[int]) -> None:
    source = parse(f"a: {text}b: 1\n")
    assert [source.place_in_text(("a",), number).line for number in range(1, len(lines) + 1)] == lines


def test_a_line_of_a_text_names_its_first_column() -> None:
    place = parse(GOOD).place_in_text(("generate", "system"), 4)
    assert (place.line, place.column) == (18, 5)
    assert parse(GOOD).place_in_text(("generate", "missing"), 4).line == 12


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_an_editor(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + ending.join(["# \u2028é", "name: toy", "seeds: 5"]).encode())
    with pytest.raises(RecipeError) as caught:
        validate(load(path), Toy)
    (problem,) = caught.value.problems
    assert (problem.place.line, problem.place.column) == (3, 8)


def test_the_slower_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = GOOD.replace("[How long?, Why?]", "[How, Why]")
    fast = parse(text)
    monkeypatch.setattr(nodes, "_Loader", yaml.Loader)
    slow = parse(text)
    assert slow.data == fast.data
    assert slow.place(("seeds", 1, "prompt")) == fast.place(("seeds", 1, "prompt"))


LOCS = [
    (("filters", 1), "filters[refusal]"),
    (("filters", 0, "tokens", "at_least"), "filters[0].tokens.at_least"),
    (("seeds", 0, "prompts", 1), "seeds[0].prompts[1]"),
    (("generate", "temperature"), "generate.temperature"),
    (("models", "a.b"), 'models["a.b"]'),
    ((), ""),
]


@pytest.mark.parametrize(("loc", "name"), LOCS)
def test_a_path_is_said_as_a_reader_would(loc: tuple[str | int, ...], name: str) -> None:
    assert name_path(loc, parse(GOOD).data) == name


@pytest.mark.parametrize(
    ("override", "loc", "value"),
    [
        ("generate.temperature=0.3", ("generate", "temperature"), 0.3),
        ("size=1e1", ("size",), 10.0),
        ("name=", ("name",), None),
        ("name=a=b", ("name",), "a=b"),
        ("language=[de, no]", ("language",), ["de", "no"]),
        ("seeds[1].path=b.jsonl", ("seeds", 1, "path"), "b.jsonl"),
        ("filters[refusal].at_most=0.1", ("filters", 1, "refusal", "at_most"), 0.1),
        ("filters[0].tokens.at_least=1", ("filters", 0, "tokens", "at_least"), 1),
        ("filters[1]=tokens", ("filters", 1), "tokens"),
        ("judge.scale=[1, 3]", ("judge", "scale"), [1, 3]),
        ('models["a.b"]={model: x}', ("models", "a.b"), {"model": "x"}),
        ("models['a.b'].model=x", ("models", "a.b", "model"), "x"),
    ],
)
def test_an_override_changes_one_value(override: str, loc: tuple[Any, ...], value: Any) -> None:
    source = parse(GOOD, overrides=[override])
    assert source.found == ()
    here: Any = source.data
    for step in loc:
        here = here[step]
    assert here == value
    assert str(source.place(loc)).startswith("--set ")


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("generate.temperatur=0.3", "unknown key `temperatur` in generate (did you mean `temperature`?"),
        ("generat.temperature=0.3", "unknown key `generat` in a recipe (did you mean `generate`?"),
        ("generate.temperature=hot", "generate.temperature must be a number, got the text `hot`"),
        ("size=1.50", "size must be a whole number, got 1.5"),
        ("filters[refusl].at_most=0", "filters has no item `refusl` (did you mean `refusal`?"),
        ("filters[tokens].at_most=0", "filters has 2 items called tokens (say filters[0] or filters[2])"),
        ("filters[9]=refusal", "filters has no item 9 (items 0 to 2)"),
        ("filters.tokens=1", "filters is a list (name an item, as in filters[0])"),
        ("generate[0]=1", "generate is no list (write .0)"),
        ("models.writer.model=x", "models.writer is text, with nothing inside (set it as a whole)"),
        ("size", "is no `section.key=value` (as in generate.temperature=0.3)"),
        ("=5", "is no `section.key=value`"),
        ("a b=5", "is no `section.key=value`"),
        ("size=[1", "a list that opens here with [ is never closed"),
        ("models.writer=hf_AbCdEfGhIjKlMnOpQrStUvWxYz", "models.writer looks like a secret key"),
    ],
)
def test_a_wrong_override_is_named(override: str, problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        validate(parse(GOOD, overrides=[override]), Toy)
    (only,) = caught.value.problems
    assert f"{only.message} ({only.help})".startswith(problem) or only.message == problem
    assert only.place.file == "--set " + override.partition("=")[0]
    assert "AbCd" not in str(only)


def test_what_stands_in_a_file_is_changed_there() -> None:
    (told,) = parse("judge: {rubric: care.yaml}\n", overrides=["judge.rubric.use.weight=2"]).found
    assert (told.message, told.help) == (
        "judge.rubric is the file care.yaml",
        "change it there, or set all of it here",
    )


def test_overrides_and_the_file_are_told_together() -> None:
    with pytest.raises(RecipeError) as caught:
        validate(parse("name: A\nname: b\nseeds: 5\n", overrides=["size=0", "what=1"]), Toy)
    assert len(caught.value.problems) == 5


def test_a_mapping_is_a_recipe_too() -> None:
    recipe = validate(load({"name": "toy", "seeds": ({"prompts": ["a"]},)}, ["size=3"]), Toy)
    assert recipe.size == 3
    with pytest.raises(RecipeError, match="recipe: unknown key `sise`"):
        validate(load({"name": "toy", "seeds": [{"prompts": ["a"]}], "sise": 1}), Toy)


def test_a_mapping_may_hold_no_secret() -> None:
    with pytest.raises(RecipeError, match=r"models\.a looks like a secret key") as caught:
        validate(load({"name": "toy", "models": {"a": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz"}, "seeds": ["x"]}), Toy)
    assert "AbCd" not in str(caught.value)


def test_a_mapping_with_other_keys_is_refused() -> None:
    with pytest.raises(RecipeError, match="a key must be text, not 5"):
        validate(load({"name": "toy", 5: 1}), Toy)


def refused(path: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1:1: the recipe is empty"),
        (b"# nothing\n", ":1:1: the recipe is empty"),
        (b"---\n", "a recipe is a mapping of sections, not nothing"),
        (b"just text", ":1:1: a recipe is a mapping of sections, not text"),
        (b"name: caf\xe9\n", ":1:10: byte 0xE9 is not UTF-8; in Latin-1 it is '\xe9' (save the file as UTF-8: iconv"),
        (b"\xef\xbb\xbfa: 1\nb: \xff\n", ":2:4: byte 0xFF is not UTF-8"),
        ("name: toy".encode("utf-16"), "is UTF-16, and recipes are UTF-8 (iconv -f UTF-16"),
        ("name: toy".encode("utf-16-le"), "is UTF-16, and recipes are UTF-8"),
        (b"name: a\x00b", ":1:8: the character U+0000 (NUL) cannot stand in YAML"),
        (b"name: \x1b[1m", ":1:7: the character U+001B cannot stand in YAML"),
        (b"a: " + b"[" * 5000, "nested deeper than 50 levels"),
        (b"- " * 5000 + b"a", "nested deeper than 50 levels"),
        (b"".join(b" " * depth + b"a:\n" for depth in range(500)), "nested deeper than 50 levels"),
        (b"a: " + b"9" * 10_000, "this number is too large"),
        (b"#" * 4_000_001, "is larger than 4 MB"),
    ],
)
def test_a_text_that_is_no_recipe(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)
    if b"999" in content:
        assert expected in str(load(path).found)
    else:
        assert expected in refused(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "refund_support.yaml").write_text("name: a")
    assert f"did you mean {tmp_path / 'refund_support.yaml'}?" in refused(tmp_path / "refund_suport.yaml")
    assert "there is no such file" in refused(tmp_path / "x")
    assert "there is no folder" in refused(tmp_path / "no" / "x.yaml")
    assert "is a folder, not a recipe (in it: refund_support.yaml)" in refused(tmp_path)
    assert "cannot be read" in refused(tmp_path / ("x" * 500))
    assert "cannot be read" in refused(tmp_path / "a\0b")
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    assert "cannot be read" in refused(loop)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", forbidden)
    assert "may not be read (check its permissions)" in refused(tmp_path / "recipe.yaml")


@pytest.mark.skipif(sys.platform == "win32", reason="no such file there")
def test_an_endless_file_is_refused() -> None:
    assert "is UTF-16" in refused(Path("/dev/zero")) or "larger" in refused(Path("/dev/zero"))


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 30)]
    before = time.process_time()
    with pytest.raises(RecipeError, match="aliases repeat more than"):
        parse("\n".join(lines))
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "seeds:\n" + "  - a\n" * 120_000,
            "recipe:99999:5: a recipe has at most 100,000 values (rows belong in a file",
        ),
        ("seeds: [" + "a," * 200_000 + "]", "a recipe has at most 100,000 values"),
        ("".join(f"k{number}: 1\n" for number in range(60_000)), "a recipe has at most 100,000 values"),
        ("name: toy\n" + "a: 1\n" * 300_000, "recipe:102:1: from here on nothing was looked at (mend these first)"),
        ("a: " + "[" * 900_000, "recipe:1:"),
        ("a: " + "{a: " * 300_000, "nested deeper than 50 levels"),
        ("- " * 500_000, "nested deeper than 50 levels"),
        ("name: " + "9" * 900_000, "too large"),
        ("seeds:\n" + "  - a\n" * 90_000, "and more problems (mend these first)"),
        ("name: toy\n" + "".join(f"k{number}: 1\n" for number in range(40_000)), "and more problems"),
    ],
)
def test_a_recipe_of_too_much_is_refused_soon_and_briefly(text: str, expected: str) -> None:
    before = time.process_time()
    with pytest.raises(RecipeError) as caught:
        validate(parse(text), Toy)
    assert expected in str(caught.value)
    assert len(caught.value.problems) <= 102
    assert time.process_time() - before < 10  # about one second


def test_a_mapping_and_an_override_nested_without_end_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless
    with pytest.raises(RecipeError, match="nested deeper than 50 levels"):
        load(endless)
    with pytest.raises(RecipeError, match="--set: the path has more than 50 steps"):
        validate(parse(GOOD, overrides=["a." * 9_000 + "a=1"]), Toy)
    with pytest.raises(RecipeError, match="nested deeper than 50 levels"):
        validate(parse(GOOD, overrides=["name=" + "[" * 9_000]), Toy)


def test_of_a_union_only_the_meant_branch_is_told() -> None:
    class Inner(BaseModel):
        a: int | list[int]

    class Outer(BaseModel):
        x: dict[str, Inner | list[Inner] | None] = {}

    def problems(text: str) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            validate(parse(text), Outer)
        return [problem.message for problem in caught.value.problems]

    assert problems("x: {k: 5}") == ["x.k must be a mapping or a list, got 5"]
    assert problems("x: {k: {a: b}}") == ["x.k.a must be a whole number or a list, got the text `b`"]
    assert problems("x: {k: [{a: 1}, {a: b}]}") == ["x.k[1].a must be a whole number or a list, got the text `b`"]
    assert problems("x: {k: {a: [1, b]}}") == ["x.k.a[b] must be a whole number, got the text `b`"]
