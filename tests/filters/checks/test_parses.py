"""parses: which part of a text is parsed, as what, and what becomes of texts without any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfsft.errors import ArgumentError, RecipeError
from hfsft.filters import Parses
from hfsft.recipe.recipe import load_recipe
from tests.filters.checks.test_checks import faults

TWO = "First:\n```python\nx = 1\n```\nthen\n```py\ndef\n```\n```bash\nls -l |\n```"
WRONG = "SyntaxError line 1: invalid syntax"


@pytest.mark.parametrize(
    ("given", "text", "said"),
    [
        ("python", "x = 1", None),
        ("python", "def", WRONG),
        ("python", TWO, f"block 2: {WRONG}"),
        ("python", "Run\n```\npip install a\n```\nand\n```\nimport a\na.b(1)\n```", None),
        ("python", "Output\n```\n1\n```\nof\n```\nprint 1 2 3 4\n```", "SyntaxError line 1: "),
        ("python", "```bash\nls\n```", "it holds no python"),
        ("python", "", "it holds no python"),
        ("python", None, "it holds no python"),
        ({"as": "python", "missing": "keep"}, "No code here.", None),
        ({"as": "python", "missing": "keep"}, TWO, f"block 2: {WRONG}"),
        (["python", "json"], "```json\n{}\n```\n```python\ndef\n```", f"block 2: {WRONG}"),
        (["python", "json"], "null", None),
        (["python", "json"], "", "it holds no python and no json"),
        ({}, "No code here.", None),
        ({}, "```\nneither tagged nor code\n```", None),
        ({}, "```json\n{a: 1}\n```", "JSONDecodeError line 1: "),
        ({}, "```yml\na: 1\n```\n```sql\nSELECT\n```", None),
        ({"missing": "reject"}, "No code here.", "it holds no "),
        ({"as": "sql"}, "```mysql\nSELECT TOP 5 * FROM t\n```", "ParseError line 1: "),
        ({"as": "sql", "dialect": "tsql"}, "```sql\nSELECT TOP 5 * FROM t\n```", None),
        ("sql", "用这个：\n```sql\nSELECT 价格 FROM 商品;\n```\n就好。", None),
        ("python", "Dùng mã này:\n```python\nprint('giá')\n```\nhoặc\n```python\nprint('giá'\n```", "block 2: Syntax"),
    ],
)
def test_what_is_parsed(given: Any, text: str | None, said: str | None) -> None:
    (found,) = faults(Parses.model_validate(given), text)
    assert found == said if said is None else str(found).startswith(said)


def test_any_column_and_any_dataset() -> None:
    rows = Dataset.from_dict({"config": ["a: 1", "a: [1"], "n": [1, 2]})
    kept, fallen = Parses.model_validate({"as": "yaml", "column": "config"}).apply(rows)
    assert (kept["n"][:], fallen["n"][:]) == ([1], [2])
    assert fallen["parses_config"][0].startswith("YAMLError line ")


@pytest.mark.parametrize("item", ["parses", {"parses": "sql"}, {"parses": ["sql", "json"]}, {"parses": {"as": "sql"}}])
def test_the_ways_to_write_it(item: Any, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "toy", "seeds": [{"prompts": ["Where?"]}], "filters": [item]}))
    (rule,) = load_recipe(path).filters or ()
    assert isinstance(rule, Parses)
    assert rule.languages == (None if item == "parses" else ["sql"] if "json" not in str(item) else ["sql", "json"])


@pytest.mark.parametrize(
    ("given", "said"),
    [("perl", "'python', 'json', 'sql' or 'yaml'"), ({"as": "sql", "dialect": "mysq"}, "did you mean `?mysql")],
)
def test_a_slip_is_told_with_what_is_allowed(given: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "toy", "seeds": [{"prompts": ["Where?"]}], "filters": [{"parses": given}]}))
    with pytest.raises(RecipeError) as raised:
        load_recipe(path)
    print(raised.value)
    assert len(raised.value.problems) == 1
    with pytest.raises(ArgumentError):
        Parses(**(given if isinstance(given, dict) else {"as": given}))


def test_another_version_of_a_parser_measures_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    python, sql = Parses.model_validate("python"), Parses.model_validate("sql")
    before = python.identity(), sql.identity()
    monkeypatch.setattr("platform.python_version_tuple", lambda: ("3", "99", "1"))
    assert (python.identity() != before[0], sql.identity() == before[1]) == (True, True)
    assert "sqlglot" in before[1]
