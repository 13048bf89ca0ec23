"""The values of an attribute as files hold them: YAML, JSON, or a table of one value a row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hfsft.errors import Place, SourceError, nearest, place_of
from hfsft.rows.tables.readers import TEXT_COLUMN
from hfsft.rows.tables.table import Table
from hfsft.rows.values import as_text, printable

TREES = (".yaml", ".yml", ".json")
VALUE, WEIGHT = "value", "weight"
LARGEST = 4_000_000  # bytes of a file of values
_ESCAPED = re.compile(r"[\ud800-\udfff]")


def from_file(path: str, base: Path, name: str, given: str | None, column: str | None) -> Any:
    """What stands in a file for an attribute, as a recipe would write it: a list, weights, or these by another's value.

    A table may be .csv, .tsv, .jsonl, .txt or any other that sources read: the value stands in `column`, else in the
    column that is called like the attribute, `value`, or the only one; its weight in `weight`, 1 where there is none.
    A value that stands in several rows has the sum of their weights. What it is given stands in the column of that
    name. Raises `SourceError`.
    """
    if Path(path).suffix.lower() in TREES:
        if column is not None:
            raise SourceError(f"{path}: is no table and has no column", key="column", help="leave it out")
        return tree_in(path, base)
    return _table(path, base, name, given, column)


def tree_in(path: str, base: Path) -> Any:
    """The lists, mappings and texts that a .yaml or .json file holds. Raises `SourceError` with the place."""
    file = base / Path(path).expanduser()
    if not file.is_file():
        Table(path, base).local  # noqa: B018 - says what is there instead
        raise SourceError(f"{path}: no such file")
    try:
        if file.stat().st_size > LARGEST:
            raise SourceError(f"{path}: is larger than {LARGEST // 1_000_000} MB", help="values in a table may be many")
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path}: is not UTF-8") from None
    try:
        if file.suffix.lower() == ".json":
            return json.loads(text, object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=str)
        return _plain(yaml.compose(text, Loader=yaml.BaseLoader), file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = place_of(file, mark.line + 1, mark.column + 1) if mark else place_of(file)
        raise SourceError(str(error.problem or "cannot be read"), place=place) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"cannot be read: {' '.join(str(error).split())}", place=place_of(file)) from None
    except json.JSONDecodeError as error:
        raise SourceError(error.msg, place=place_of(file, error.lineno, error.colno)) from None
    except ValueError as error:  # a key that stands there twice
        raise SourceError(str(error), place=place_of(file)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"`{printable(key)}` stands there twice")
        found[key] = value
    return found


def _plain(node: Any, file: Path) -> Any:
    """A YAML node as lists, mappings and the texts that its file has: `no` and 1.0 are words like others."""
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            place = _place(key, file)
            if not isinstance(key, yaml.ScalarNode):
                raise SourceError("a key must be text", place=place)
            if key.value in found:
                raise SourceError(f"`{printable(key.value)}` stands there twice", place=place)
            found[key.value] = _plain(value, file)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, file) for each in node.value]
    return None if node is None else node.value


def _place(node: Any, file: Path) -> Place:
    return place_of(file, node.start_mark.line + 1, node.start_mark.column + 1)


def _table(path: str, base: Path, name: str, given: str | None, column: str | None) -> Any:
    found: dict[str, dict[str, float]] = {}
    called: str | None = None
    for record in Table(path, base).records():
        if record.defect:
            raise SourceError(f"{record.source}: {record.defect}")
        row = record.row
        called = called or _column(path, list(row), name, given, column)
        value = as_text(row.get(called))
        if value is None or not value.strip():
            raise SourceError(f"{record.source}: has no `{called}`", key="column" if column else "path")
        under = "" if given is None else (as_text(row.get(given)) or "").strip()
        if given is not None and not under:
            raise SourceError(f"{record.source}: has no `{given}`, which the attribute is given")
        weights = found.setdefault(under, {})
        weights[value.strip()] = weights.get(value.strip(), 0) + _weight(row, record.source)
    return found if given is not None else found.get("", {})


def _column(path: str, columns: list[str], name: str, given: str | None, column: str | None) -> str:
    others = [each for each in columns if each not in (given, WEIGHT)]
    wanted = [column] if column else [name, VALUE, TEXT_COLUMN, *(others if len(others) == 1 else ())]
    for each in wanted:
        if each in columns:
            return each
    raise SourceError(
        f"{path}: has no column `{wanted[0]}`", key="column" if column else "path", help=nearest(wanted[0], columns)
    )


def _weight(row: Mapping[str, Any], source: str) -> float:
    value = row.get(WEIGHT)
    if value is None or value == "":
        return 1.0
    try:
        return float(value)
    except (TypeError, ValueError):
        raise SourceError(f"{source}: weight must be a number, got `{printable(str(value))}`") from None
