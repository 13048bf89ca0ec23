"""A value brought into the shape that a JSON Schema asks for, or what is wrong with it.

Knows the words that our own schemas use: type, properties, required, additionalProperties, items, minItems,
maxItems, minLength, enum, const, minimum, maximum. It is lenient where the meaning is plain (`"4"` for 4, `"4/5"` where
5 is the most, `Relevance` for relevance, 4 for an object of which all else is text) and never guesses a verdict: 7.5
on a scale of whole numbers is refused unless rounding is declared, `"4/10"` where 5 is the most always.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal

Rounding = Literal["refuse", "nearest", "down", "up"]
"""What becomes of 7.5 where a whole number is asked for; `nearest` takes 7.5 to 8."""


class _Twice:
    """What stands for a name that an object has twice, with different values."""

    def __str__(self) -> str:
        return "two different values"


TWICE = _Twice()
_NUMERAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_OUT_OF = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)\s{0,3}(?:[/\uff0f]|out of|of)\s{0,3}(\d{1,9})", re.IGNORECASE)
_MARKS = " \t\n*_`\"'"  # around a number in bold, or in quotes of its own
_BEFORE_NAMES = re.compile(r"\d{1,2}[.)]\s{0,9}(?=\S)|[\s*_`\"'#:.>-]+")
_SYNONYMS = {
    "score": ("rating", "grade", "points", "mark", "value"),
    "reason": ("reasoning", "explanation", "rationale", "justification", "comment", "feedback"),
}
_ROUND = {"nearest": lambda number: math.floor(number + 0.5), "down": math.floor, "up": math.ceil}
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def fit(value: Any, schema: dict[str, Any], rounding: Rounding = "refuse", where: str = "") -> Any:
    """`value` in the shape of `schema`; ValueError with a sentence for the model where that cannot be."""
    if value is TWICE:
        raise ValueError(f"{_at(where)} is given twice, with different values")
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return _any_of(value, [{**schema, "type": kind} for kind in kinds], rounding, where)
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return _any_of(value, branches, rounding, where)
    if kinds == "object":
        return _object(value, schema, rounding, where)
    if kinds == "array":
        return _array(value, schema, rounding, where)
    value = _scalar(value, schema, rounding, where)
    return _within(value, schema, where)


def _any_of(value: Any, branches: list[dict[str, Any]], rounding: Rounding, where: str) -> Any:
    wrong = ""
    for branch in branches:
        try:
            return fit(value, branch, rounding, where)
        except ValueError as error:  # noqa: PERF203 (trying is how a branch is chosen)
            wrong = wrong or str(error)
    raise ValueError(wrong or f"{_at(where)} has no allowed shape")


def sole(schema: dict[str, Any]) -> str:
    """The one property of an object that must be there and is no free text; empty where there is not just one."""
    properties = schema.get("properties", {})
    needed = [name for name in schema.get("required", []) if not free_text(properties.get(name, {}))]
    return str(needed[0]) if len(needed) == 1 else ""


def free_text(schema: dict[str, Any]) -> bool:
    """Whether a value may be any text, also none: such as a reason."""
    return schema.get("type") == "string" and not any(word in schema for word in ("minLength", "enum", "const"))


def given(value: dict[Any, Any], name: str, others: Collection[str] = ()) -> Any:
    """What an object says under a name, however it is written: `TWICE` for two values that differ, else `_ABSENT`.

    `others` are the names that mean something else.
    """
    plain = plain_name(name)
    same = [name] if name in value else []
    same += [key for key in value if key != name and key not in others and plain_name(key) == plain]
    if not same:
        words = (word for word in _SYNONYMS.get(name, ()) if word not in others)
        same = [key for word in words for key in value if plain_name(key) == word]
    if not same:
        return _ABSENT
    first = value[same[0]]
    return first if all(value[key] == first for key in same[1:]) else TWICE


_ABSENT = object()
_LONGEST_NAME = 200


def _object(value: Any, schema: dict[str, Any], rounding: Rounding, where: str) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    alone = sole(schema)
    if alone and isinstance(value, int | float | str) and not isinstance(value, bool):
        value = {alone: value}
    if not isinstance(value, dict):
        raise ValueError(f"{_at(where)} must be a JSON object, not {_shown(value)}")
    spread = _spread(value, properties)
    # A text that may be empty may be left out; an object of nothing else must have what it says.
    lacking_nothing = any(not free_text(properties.get(name, {})) for name in required)
    fitted: dict[str, Any] = {}
    problems: list[str] = []
    for name, inner in properties.items():
        path = f"{where}.{name}" if where else name
        said = given(value, name, properties)
        if said is _ABSENT:
            said = spread.get(name, _ABSENT)
        if said is _ABSENT and name in required and lacking_nothing and free_text(inner):
            said = ""
        if said is _ABSENT:
            if name in required:
                problems.append(f"{path} is missing")
            continue
        try:
            fitted[name] = fit(said, inner, rounding, path)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems))
    rest = schema.get("additionalProperties", True)
    if rest is not False:
        known = {plain_name(name) for name in properties}
        for key, other in value.items():
            if plain_name(key) not in known:
                inner = rest if isinstance(rest, dict) else {}
                fitted[key] = fit(other, inner, rounding, f"{where}.{key}" if where else str(key))
    return fitted


def _spread(value: dict[Any, Any], properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The objects whose parts stand one by one beside each other, as in `{"tone_score": 4, "tone_reason": "calm"}`."""
    found: dict[str, dict[str, Any]] = {}
    for name, inner in properties.items():
        for part in inner.get("properties", {}):
            for joined in (f"{name}_{part}", f"{part}_{name}"):
                if joined not in properties and (said := given(value, joined)) is not _ABSENT:
                    found.setdefault(name, {})[part] = said
    return found


def _array(value: Any, schema: dict[str, Any], rounding: Rounding, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{_at(where)} must be a JSON array, not {_shown(value)}")
    least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    if not least <= len(value) <= most:
        bound = f"at least {least}" if len(value) < least else f"at most {most}"
        raise ValueError(f"{_at(where)} must have {bound} items, not {len(value)}")
    items = schema.get("items")
    if not isinstance(items, dict):
        return value
    return [fit(item, items, rounding, f"{where}[{index}]") for index, item in enumerate(value)]


def _scalar(value: Any, schema: dict[str, Any], rounding: Rounding, where: str) -> Any:
    kind = schema.get("type")
    if kind == "integer":
        number = _number(value, schema, where)
        if number != int(number):
            if rounding == "refuse":
                raise ValueError(f"{_at(where)} must be a whole number, not {_shown(value)}")
            _within(number, schema, where)  # 5.4 is off a scale to 5, whatever is made of it
        return int(number) if number == int(number) else _ROUND[rounding](number)
    if kind == "number":
        return _number(value, schema, where)
    if kind == "string":
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise ValueError(f"{_at(where)} must be text, not {_shown(value)}")
    if kind == "boolean":
        word = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
        if not isinstance(word, bool):
            raise ValueError(f"{_at(where)} must be true or false, not {_shown(value)}")
        return word
    if kind == "null" and value is not None:
        raise ValueError(f"{_at(where)} must be null, not {_shown(value)}")
    return value


def _number(value: Any, schema: dict[str, Any], where: str) -> float | int:
    text = value.strip(_MARKS) if isinstance(value, str) else ""
    if (parts := _OUT_OF.fullmatch(text)) and float(parts[2]) == schema.get("maximum"):
        text = parts[1]
    if _NUMERAL.fullmatch(text):
        value = float(text) if "." in text or "e" in text.lower() else int(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{_at(where)} must be a number, not {_shown(value)}")
    return value


def _within(value: Any, schema: dict[str, Any], where: str) -> Any:
    if "const" in schema and value != schema["const"]:
        raise ValueError(f"{_at(where)} must be {_shown(schema['const'])}, not {_shown(value)}")
    if "enum" in schema and value not in schema["enum"]:
        same = [word for word in schema["enum"] if isinstance(word, str) and plain_name(word) == plain_name(value)]
        if len(same) != 1:
            allowed = ", ".join(_shown(word) for word in schema["enum"])
            raise ValueError(f"{_at(where)} must be one of {allowed}, not {_shown(value)}")
        value = same[0]
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if isinstance(value, (int, float)) and not low <= value <= high:
        raise ValueError(f"{_at(where)} must lie between {low} and {high}, not be {_shown(value)}")
    if isinstance(value, str) and len(value.strip()) < schema.get("minLength", 0):
        raise ValueError(f"{_at(where)} must not be empty")
    return value


def plain_name(name: Any) -> str:
    """A name without its letters' case, what stands around it, and how its words are joined."""
    text = str(name)
    return _plain(text) if len(text) <= _LONGEST_NAME else _plain.__wrapped__(text)


@lru_cache(maxsize=4096)  # the names of a schema, and what models make of them, come with each answer
def _plain(text: str) -> str:
    text = text.strip().casefold()
    if (before := _BEFORE_NAMES.match(text)) and before.end() < len(text):
        text = text[before.end() :]
    return re.sub(r"[\s_-]+", "_", text.rstrip(" \t*_`\"'#:."))


def _at(where: str) -> str:
    return where or "the answer"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
