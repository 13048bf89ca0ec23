"""The languages that can be parsed here, and what fences call them."""

from __future__ import annotations

from typing import Literal

Language = Literal["python", "json", "sql", "yaml"]

_SAME = ("mysql", "sqlite", "tsql", "bigquery", "snowflake", "duckdb", "redshift", "oracle", "hive", "clickhouse")
_DIALECTS = {  # of SQL, as sqlglot calls them, by what fences say
    **{tag: tag for tag in (*_SAME, "presto", "trino")},
    **dict.fromkeys(("postgresql", "postgres", "pgsql", "plpgsql", "psql"), "postgres"),
    **dict.fromkeys(("mssql", "t-sql"), "tsql"),
    **dict.fromkeys(("spark-sql", "sparksql"), "spark"),
    "sqlite3": "sqlite",
    "mariadb": "mysql",
    "plsql": "oracle",
}
TAGS: dict[str, Language] = {
    **dict.fromkeys(("python", "py", "python3", "py3", "pycon", "python-repl", "pyi"), "python"),
    "json": "json",
    **dict.fromkeys(("sql", *_DIALECTS), "sql"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
}
"""The language of each tag. JSON with comments and Python 2 are none of them."""


def dialect_of(tag: str) -> str:
    """The dialect of SQL that a fence names, "" for none."""
    return _DIALECTS.get(tag, "")
