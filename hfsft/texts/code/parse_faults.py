"""Whether a piece of code parses: what is wrong with it and in which line, as its parser says it."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import Any

from hfsft.letters.late_patterns import at_first_use
from hfsft.plain import plain
from hfsft.texts.code.fence_tags import Language
from hfsft.texts.code.strict_json import strict_json

LONGEST = 100_000
"""Characters that are parsed; more take seconds as SQL."""
SAID = 160
DIALECTS = ("", "postgres", "mysql", "tsql", "sqlite", "bigquery", "snowflake", "oracle")
"""Of SQL, in the order in which they are tried; "" is sqlglot's own, which takes most of what all share."""

_PROMPT = at_first_use(r"[ \t]{0,99}(?:>>>|\.\.\.)(?: |$)")
_BATCH = at_first_use(r"^[ \t]*GO[ \t]*;?[ \t]*$", re.MULTILINE | re.IGNORECASE)
_PARAMETER = at_first_use(r"%s\b|%\(\w{1,60}\)s")
_LACKING = at_first_use(r"Required keyword: '\w+' missing for <class '[\w.]*\.(\w+)'>")
_COLOURS = at_first_use(r"\x1b\[[\d;]*m")


def fault_of(code: str, language: Language, dialect: str = "") -> str | None:
    """What is wrong with code in that language, as `SyntaxError line 3: invalid syntax`; None where it parses.

    Of SQL a dialect that is named is the only one that is tried.
    """
    if len(code) > LONGEST:
        return f"it is longer than {LONGEST:,} characters, which are not parsed"
    try:
        if language == "sql":
            return _sql(code, dialect)
        return {"python": _python, "json": _json, "yaml": _yaml}[language](code)
    except (RecursionError, MemoryError):
        return "it is nested too deep to be parsed"


def dialects() -> list[str]:
    """The dialects of SQL that are known by name."""
    from sqlglot import Dialect
    from sqlglot.dialects import Dialects

    return sorted(each.value for each in Dialects if each.value and Dialect.get(each.value))


def _said(kind: str, line: int | None, message: str) -> str:
    return f"{kind} line {line or 1}: {plain(message, SAID)}"


def _python(code: str) -> str | None:
    """By the grammar of the Python that runs. Of a session with prompts, what was typed counts, not what came out."""
    lines = code.splitlines()
    if any(line.lstrip().startswith(">>> ") for line in lines):
        typed = [_PROMPT.sub("", line, count=1) if _PROMPT.match(line) else "" for line in lines]
        code = "\n".join(typed)
    code = textwrap.dedent(code)
    if not code.strip():
        return "it holds no Python"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        return _said(type(error).__name__, error.lineno, error.msg)
    except ValueError as error:  # such as a null character
        return _said("SyntaxError", 1, str(error))
    return None


def _json(code: str) -> str | None:
    try:
        strict_json(code)
    except ValueError as error:
        return _said("JSONDecodeError", getattr(error, "lineno", 1), getattr(error, "msg", str(error)))
    return None


def _yaml(code: str) -> str | None:
    """By the events of PyYAML's parser, which makes nothing of them; a text that is one bare value is prose."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _yaml_events(yaml.parse(code, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        context = getattr(error, "context", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        return _said("YAMLError", mark and mark.line + 1, f"{context}: {problem}" if context else str(problem))


def _yaml_events(events: Any) -> str | None:
    """What the grammar allows and no reader takes: an alias of nothing, a key that comes twice."""
    import yaml

    anchors, inside, found = set[str](), list[_Mapping | None](), False
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            anchors = set()
        if isinstance(event, yaml.AliasEvent) and event.anchor not in anchors:
            return _said("YAMLError", line, f"`*{event.anchor}` stands for nothing before it")
        if isinstance(event, yaml.CollectionEndEvent):
            inside.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        if event.anchor:
            anchors.add(event.anchor)
        around = inside[-1] if inside else None
        key = event.value if isinstance(event, yaml.ScalarEvent) else None
        if around is not None and around.takes(key):
            return _said("YAMLError", line, f"the key `{plain(key or '', 40)}` stands there twice")
        if isinstance(event, yaml.CollectionStartEvent):
            found = True
            inside.append(_Mapping() if isinstance(event, yaml.MappingStartEvent) else None)
    return None if found else "it holds no YAML: neither a mapping nor a list"


class _Mapping:
    """A mapping of which keys and values come in turn."""

    def __init__(self) -> None:
        self._keys, self._is_key = set[str](), True

    def takes(self, value: str | None) -> bool:
        """Take its next key or value (None: no plain one); whether that is a key that it has."""
        is_key, self._is_key = self._is_key, not self._is_key
        if not is_key or value is None or value == "<<":
            return False
        twice = value in self._keys
        self._keys.add(value)
        return twice


def _sql(code: str, dialect: str) -> str | None:
    """By sqlglot, in any of the dialects; of those that refuse it, the one that came furthest is heard."""
    code = _PARAMETER.sub(":parameter", _BATCH.sub(";", code))
    furthest, told = (-1, -1), ""
    for each in (dialect,) if dialect else DIALECTS:
        at, fault = _in_dialect(code, each)
        if not fault:
            return None
        if at > furthest:
            furthest, told = at, fault
    return told


def _in_dialect(code: str, dialect: str) -> tuple[tuple[int, int], str]:
    """How far it parses, by line and column, and what is wrong there; nothing where it parses."""
    import sqlglot
    from sqlglot import expressions
    from sqlglot.errors import ParseError, TokenError

    try:
        statements = [each for each in sqlglot.parse(code, dialect=dialect or None) if each is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        line, column = first.get("line") or 1, first.get("col") or 0
        about = str(first.get("description") or error).partition(" but got <Token")[0]
        about = _LACKING.sub(lambda found: f"{found[1].upper()} is not complete", about)
        near = f" at `{first['highlight']}`" if first.get("highlight") else ""
        return (line, column), _said("ParseError", line, f"{about}{near}")
    except TokenError as error:
        return (0, 0), _said("TokenError", 1, _COLOURS.sub("", str(error)))
    if not statements:
        return (0, 0), "it holds no SQL"
    # sqlglot takes `Hello world` for a column with another name.
    values = (expressions.Condition, expressions.Alias, expressions.Aliases, expressions.Tuple, expressions.Identifier)
    if any(isinstance(each, values) for each in statements):
        return (0, 0), "it holds no SQL: a text that is no statement"
    return (0, 0), ""
