"""What parses as Python, JSON, YAML and SQL, and how what does not is told."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.texts.code.fence_tags import Language
from hfsft.texts.code.parse_faults import LONGEST, dialects, fault_of

GOOD: dict[Language, list[str]] = {
    "python": [
        "x = 1",
        "def f(): ...\nx = [1, ..., 3]",
        "    return x\n    # a piece of a method",
        ">>> 1 + 1\n2\n>>> for i in range(2):\n...     print(i)\n...\n0\n1",
        "  >>> f()\n  Traceback (most recent call last):\n  ValueError: no (",
        "print('Xin chào', 價格, \"ราคา\")\n价格 = 3",
        "await client.get('x')",
        "x = '\\d'",
        "# nothing but a comment",
    ],
    "json": ['{"a": [1, null, true]}', "  3 ", '"文"', "[]"],
    "yaml": [
        "a: 1\nb: [x, y]",
        "---\nbase: &b {x: 1}\nnext:\n  <<: *b\n---\n- !Ref thing\n",
        "- một\n- 二\n- สาม",
        "run: |\n  a: b\n  a: c",
        "a: {x: 1}\nb: {x: 1}",
    ],
    "sql": [
        "SELECT a, count(*) FROM t WHERE x = ? AND y = :id AND z = %s GROUP BY a HAVING count(*) > 1",
        "SELECT TOP 5 [name] FROM dbo.t;\nGO\nSELECT 1",
        "SELECT `a` FROM `t` LIMIT 5, 10",
        "SELECT x::int FROM t WHERE n ILIKE '%a%'",
        "WITH r AS (SELECT 1 AS n) INSERT INTO t SELECT n FROM r",
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(30) NOT NULL);\n-- done",
        "UPDATE t SET tên = 'Hà Nội' WHERE 城市 = '北京'",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "BEGIN; DELETE FROM t; COMMIT;",
    ],
}
BAD: dict[Language, dict[str, str]] = {
    "python": {
        "x = 1\nfor": "SyntaxError line 2: invalid syntax",
        'print "x"': "SyntaxError line 1: Missing parentheses in call to 'print'",
        "def f():\nreturn 1": "IndentationError line 2: expected an indented block",
        "if x:\n\ty\n        z": "TabError line 3: inconsistent use of tabs",
        "x = 5\x00": "SyntaxError line 1: ",
        ">>> 1 +\n2": "SyntaxError line 1: invalid syntax",
        "The list is sorted.": "SyntaxError line 1: invalid syntax",
        "print(‘x’)": "SyntaxError line 1: invalid character '‘' (U+2018)",
        "": "it holds no Python",
        "-" * 90_000 + "1": "it is nested too deep to be parsed",
        "x" * (LONGEST + 1): "it is longer than 100,000 characters, which are not parsed",
    },
    "json": {
        '{"a": 1,}': "JSONDecodeError line 1: ",
        '{\n"a": 1\n"b": 2}': "JSONDecodeError line 3: Expecting ',' delimiter",
        '{"a": 1} // one': "JSONDecodeError line 1: Extra data",
        '{"a": 1, "a": 2}': "JSONDecodeError line 1: an object has one name twice",
        "[NaN]": "JSONDecodeError line 1: NaN is no number of JSON",
        "{'a': 1}": "JSONDecodeError line 1: Expecting property name",
        "[" * 90_000: "it is nested too deep to be parsed",
    },
    "yaml": {
        "a: 1\nb: [1, 2": "YAMLError line ",
        "a: 1\n\nb: 2\na: 3": "YAMLError line 4: the key `a` stands there twice",
        "a: *x": "YAMLError line 1: `*x` stands for nothing before it",
        "a:\n\t- b": "YAMLError line 2: ",
        "a: b: c": "YAMLError line 1: mapping values are not allowed",
        "Just a sentence.": "it holds no YAML: neither a mapping nor a list",
        "": "it holds no YAML",
        "a: \x07": "YAMLError line 1: ",
    },
    "sql": {
        "SELECT a,\n b\nFROM t WHERE x =": "ParseError line 3: EQ is not complete",
        "SELECT * FORM t": "ParseError line 1: ",
        "SELECT * FROM t WHERE (a = 1": "ParseError line 1: Expecting )",
        "SELECT name FROM users WHERE name = 'O'Brien'": "TokenError line 1: ",
        "Hello world": "it holds no SQL: a text that is no statement",
        "42": "it holds no SQL: a text that is no statement",
        "-- later": "it holds no SQL",
        "import sqlite3\nconn = sqlite3.connect('a')": "ParseError line ",
        "SELECT * FROM {{ ref('t') }}": "ParseError line 1: ",
        "SELECT " + "(" * 5_000: "it is nested too deep to be parsed",
    },
}


@pytest.mark.parametrize(("language", "code"), [(language, code) for language in GOOD for code in GOOD[language]])
def test_what_parses(language: Language, code: str) -> None:
    assert fault_of(code, language) is None


@pytest.mark.parametrize(
    ("language", "code", "said"),
    [(language, code, said) for language in BAD for code, said in BAD[language].items()],
    ids=lambda value: value[:20],
)
def test_what_does_not(language: Language, code: str, said: str) -> None:
    assert str(fault_of(code, language)).startswith(said)


def test_a_dialect_that_is_named_is_the_only_one() -> None:
    assert fault_of("SELECT TOP 5 * FROM t", "sql", "mysql")
    assert fault_of("SELECT TOP 5 * FROM t", "sql", "tsql") is None
    assert {"postgres", "mysql", "tsql", "sqlite", "oracle", "bigquery", "spark"} <= set(dialects())


def test_nothing_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fault_of("x = '\\d'\nx is 1", "python") is None
        assert fault_of("EXPLAIN SELECT 1", "sql") is None
    assert capsys.readouterr().err == ""


@given(st.text(), st.sampled_from(["python", "json", "yaml", "sql"]))
def test_any_text_is_told_in_one_line(code: str, language: Any) -> None:
    said = fault_of(code, language)
    assert said is None or len(said.splitlines()) == 1
