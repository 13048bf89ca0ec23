"""The values in a row as files hold them: what counts as nothing, what is text, what Unicode can hold."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

NOT_UNICODE = "text that is not Unicode"
"""Half of a surrogate pair: JSON may hold one, as of an emoji that was cut; no file of text may."""
DEEPEST = 100  # levels of lists and objects; no row that anybody meant has more

LONGEST = 2**24
"""Characters of one row: more than any model reads; beyond it, a row is set aside."""
TOO_LONG = f"longer than {LONGEST:,} characters"
PRINTED = 2**20
"""Characters of a list as Python prints it; to read one takes a hundred times its size."""

SURROGATE = re.compile("[\ud800-\udfff]")
EMPTY_JSON = frozenset(("[]", "{}", "null"))


def healed(text: str) -> str:
    """The text with each surrogate pair joined into its character; a lone half stays."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def broken(text: str) -> bool:
    """Whether half of a surrogate pair stands in the (healed) text."""
    return not text.isascii() and bool(SURROGATE.search(text))


def printable(text: str) -> str:
    """The text as any file can hold it: U+FFFD for each half of a surrogate pair."""
    return text if text.isascii() else SURROGATE.sub("\ufffd", healed(text))


def absent(value: Any) -> bool:
    """Whether the value says nothing: null, NaN, or text of white space alone."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip()


def holds(value: Any, depth: int = 0) -> bool:
    """Whether anything stands in the value, at whatever depth; an empty list or object holds nothing."""
    if depth > DEEPEST:
        return True
    if value is None or isinstance(value, str):  # as most are
        said = (value or "").strip()
        return bool(said) and said not in EMPTY_JSON
    if isinstance(value, Mapping):
        return any(holds(inner, depth + 1) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(holds(inner, depth + 1) for inner in value)
    return not absent(value)


def unpadded(value: Any) -> Any:
    """The value without keys that hold null, at whatever depth: as it was before a table gave all rows one type."""
    if isinstance(value, Mapping):
        return {name: unpadded(inner) for name, inner in value.items() if inner is not None}
    return [unpadded(inner) for inner in value] if isinstance(value, list) else value


def as_text(value: Any) -> str | None:
    """A value as a column of text holds it: texts as they are, None for nothing, anything else as JSON."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return healed(value)
    if isinstance(value, bool | int | float | Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)  # a date, a decimal


def same_name(names: Iterable[str]) -> str | None:
    """A name that stands there more than once."""
    return next((name for name, times in Counter(names).items() if times > 1), None)


def from_json(value: Any) -> Any:
    """What a text holds that is a list in JSON or as Python prints it, as cells of a CSV do; any other value itself."""
    if not isinstance(value, str) or value.lstrip()[:1] != "[":
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return _printed(value) if len(value) <= PRINTED else value


def listed(value: Any) -> list[Any] | None:
    """A list, also one in a text (see `from_json`), or one of objects that is written as an object of lists.

    `{"from": [...], "value": [...]}` is how `datasets` stored a list of objects before version 4. None of any other.
    """
    value = from_json(value)
    return one_by_one(value) if isinstance(value, Mapping) else list(value) if isinstance(value, list | tuple) else None


def one_by_one(value: Mapping[str, Any]) -> list[Any] | None:
    """The objects of an object of lists of one length; None for any other object."""
    lists = list(value.values())
    if not lists or not all(isinstance(one, list) and len(one) == len(lists[0]) for one in lists):
        return None
    return [dict(zip(value, items, strict=True)) for items in zip(*lists, strict=True)]


def _printed(value: str) -> Any:
    """A list as Python prints it: `[{'role': 'user', 'content': "It's me"}]`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in a text is not ours to complain of
            found = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return value
    return found if isinstance(found, list) else value
