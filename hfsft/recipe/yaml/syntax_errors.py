"""What YAML's parser says of broken text, in words that tell an author what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

DEEPEST = 50
"""Levels of lists and mappings in one another; a parser may give up before the tree is built, but only far beyond."""

# What the parser says (two parsers, hence patterns), what to say instead, and what to do. The first that fits counts.
SAYINGS = (
    ("unexpected end of stream", "a quote that opens here is never closed", "close it, or remove it"),
    (r"expected ',' or '\]'", "a list that opens here with [ is never closed", "close it with ]"),
    (
        r"expected ',' or '\}'",
        "a mapping that opens here with { is never closed",
        "close it with }; text that begins with { needs quotes",
    ),
    ("tab character", "a tab indents this line", "use spaces"),
    (
        "mapping values",
        "a `key: value` cannot stand here",
        "text with `: ` in it needs quotes; the keys of a mapping start in one column",
    ),
    ("sequence entries", "a list item cannot start here", "items start on a line of their own, with `- `"),
    (
        "could not find expected ':'",
        "this line is no `key: value`",
        "a colon is missing, or the indentation of a longer text",
    ),
    (
        "unknown escape",
        "this escape is not known between double quotes",
        "put the text in single quotes, or double the backslash",
    ),
    ("alphabetic or numeric", "a name must follow * or &", "text that begins with * or & needs quotes"),
    (
        "expected key|block end|'-' indicator",
        "this does not fit what is above it",
        "check the indentation; text that begins with a quote, { or [ needs quotes around all of it",
    ),
    (
        "comment or line break|indentation indicators",
        "a longer text starts on the line below | or >",
        "text that begins with | or > needs quotes",
    ),
    ("maximum nesting depth", f"nested deeper than {DEEPEST} levels", ""),
    ("incompatible YAML", "only YAML 1.x can be read", "remove the %YAML line"),
)
OURS = {message for _, message, _ in SAYINGS}
OPENING = ("quoted scalar", "flow sequence", "flow mapping")


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str, str]:
    """Offset, message and advice for a syntax error."""
    said = error.problem or "cannot be read as YAML"
    mark = error.problem_mark or error.context_mark
    offset = mark.index if mark else 0
    if "cannot start any token" in said:
        found = text[offset : offset + 1]
        if found == "\t":
            return offset, "a tab indents this line", "use spaces"
        return offset, f"text cannot begin with {found}", "put the text in quotes"
    for pattern, message, advice in SAYINGS:
        if re.search(pattern, said):
            opened = error.context_mark if (error.context or "").endswith(OPENING) else None
            return opened.index if opened and "opens" in message else offset, message, advice
    return offset, said, ""
