"""A value brought into the shape that a JSON Schema asks for, or what is wrong with it.

Knows the words that our own schemas use: type, properties, required, additionalProperties, items, minItems,
maxItems, minLength, enum, const, minimum, maximum. It is lenient where the meaning is plain (`"4"` for 4, `Relevance`
for relevance) and never guesses a verdict: 7.5 on a scale of whole numbers is refused unless rounding is declared.
"""

from __future__ import annotations

import math
import re
from typing import Any, Literal

Rounding = Literal["refuse", "nearest", "down", "up"]
"""What becomes of 7.5 where a whole number is asked for; `nearest` takes 7.5 to 8."""

_NUMERAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_ROUND = {"nearest": lambda number: math.floor(number + 0.5), "down": math.floor, "up": math.ceil}
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def fit(value: Any, schema: dict[str, Any], rounding: Rounding = "refuse", where: str = "") -> Any:
    """`value` in the shape of `schema`; ValueError with a sentence for the model where that cannot be."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return _any_of(value, [{**schema, "type": kind} for kind in kinds], rounding, where)
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return _any_of(value, branches, rounding, where)
    if kinds == "object":
        return _object(value, schema, rounding, where)
    if kinds == "array":
        return _array(value, schema, rounding, where)
    value = _scalar(value, kinds, rounding, where)
    return _within(value, schema, where)


def _any_of(value: Any, branches: list[dict[str, Any]], rounding: Rounding, where: str) -> Any:
    wrong = ""
    for branch in branches:
        try:
            return fit(value, branch, rounding, where)
        except ValueError as error:  # noqa: PERF203 (trying is how a branch is chosen)
            wrong = wrong or str(error)
    raise ValueError(wrong or f"{_at(where)} has no allowed shape")


def _object(value: Any, schema: dict[str, Any], rounding: Rounding, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{_at(where)} must be a JSON object, not {_shown(value)}")
    properties = schema.get("properties", {})
    named = {**{_plain(key): key for key in reversed(list(value))}, **{key: key for key in value}}
    fitted: dict[str, Any] = {}
    problems: list[str] = []
    for name, inner in properties.items():
        path = f"{where}.{name}" if where else name
        key = named.get(name, named.get(_plain(name)))
        if key is None:
            if name in schema.get("required", []):
                problems.append(f"{path} is missing")
            continue
        try:
            fitted[name] = fit(value[key], inner, rounding, path)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems))
    rest = schema.get("additionalProperties", True)
    if rest is not False:
        known = {_plain(name) for name in properties}
        for key, other in value.items():
            if _plain(key) not in known:
                fitted[key] = fit(other, rest, rounding, f"{where}.{key}") if isinstance(rest, dict) else other
    return fitted


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


def _scalar(value: Any, kind: str | None, rounding: Rounding, where: str) -> Any:
    if kind == "integer":
        number = _number(value, where)
        if number != int(number) and rounding == "refuse":
            raise ValueError(f"{_at(where)} must be a whole number, not {_shown(value)}")
        return int(number) if number == int(number) else _ROUND[rounding](number)
    if kind == "number":
        return _number(value, where)
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


def _number(value: Any, where: str) -> float | int:
    if isinstance(value, str) and _NUMERAL.fullmatch(value.strip()):
        text = value.strip()
        value = float(text) if "." in text or "e" in text.lower() else int(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{_at(where)} must be a number, not {_shown(value)}")
    return value


def _within(value: Any, schema: dict[str, Any], where: str) -> Any:
    if "const" in schema and value != schema["const"]:
        raise ValueError(f"{_at(where)} must be {_shown(schema['const'])}, not {_shown(value)}")
    if "enum" in schema and value not in schema["enum"]:
        same = [word for word in schema["enum"] if isinstance(word, str) and _plain(word) == _plain(value)]
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


def _plain(name: Any) -> str:
    return re.sub(r"[\s_-]+", "_", str(name).strip().casefold())


def _at(where: str) -> str:
    return where or "the answer"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
