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

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.readings.one_number import number_in
from hfsft.models.readings.yes_no import asks, numbered, yes_or_no

Rounding = Literal["refuse", "nearest", "down", "up"]
"""What becomes of 7.5 where a whole number is asked for; `nearest` takes 7.5 to 8."""


class _Twice:
    """What stands for a name that an object has twice, with different values."""

    def __str__(self) -> str:
        return "two different values"


TWICE = _Twice()
_NUMERAL = at_first_use(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_MARKS = " \t\n*_`\"'"  # around a number in bold, or in quotes of its own
_BEFORE_NAMES = at_first_use(r"\d{1,2}[.)]\s{0,9}(?=\S)|[\s*_`\"'#:.>-]+")
_SYNONYMS = {
    "score": ("rating", "grade", "points", "mark", "value", "final_score", "stars", "level"),
    "reason": (
        "reasoning", "explanation", "rationale", "justification", "comment", "feedback", "analysis", "why", "note",
        "notes", "comments", "evidence",
    ),
}  # fmt: skip
_MOST = (
    "max",
    "maximum",
    "max_score",
    "score_max",
    "maximum_score",
    "out_of",
    "of",
    "scale",
    "max_points",
    "max_value",
)
"""Names under which an object tells the most that its numbers may be."""
_TELLS_SCALE = at_first_use(
    r"\s{0,3}[(\[]\s{0,3}(?:(\d{1,9})\s{0,3}(?:-|\u2013|to)|(?:out )?of|/)\s{0,3}(\d{1,9})\s{0,3}[)\]]\s*\Z"
)
_CAMEL = at_first_use(r"(?<=[a-z])(?=[A-Z][a-z])")
_ROUND = {"nearest": lambda number: math.floor(number + 0.5), "down": math.floor, "up": math.ceil}
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def fit(value: Any, schema: dict[str, Any], rounding: Rounding = "refuse", where: str = "") -> Any:
    """`value` in the shape of `schema`; ValueError with a sentence for the model where that cannot be."""
    if not where and (same := _as_asked(value, schema)) is not _ABSENT:
        return same
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
    if asks(schema) and (word := yes_or_no(value)):
        return word
    value = _scalar(value, schema, rounding, where)
    return _within(value, schema, where)


def _as_asked(value: Any, schema: dict[str, Any]) -> Any:
    """What says all that a plain schema asks for and nothing else, under its very names, as nearly every answer does;
    `_ABSENT` where that is not clear at once.
    """
    kind = schema.get("type")
    if kind == "string":
        return value if type(value) is str and len(schema) == 1 else _ABSENT
    if kind == "integer":
        whole = type(value) is int and schema.keys() <= _OF_WHOLE
        return value if whole and schema.get("minimum", value) <= value <= schema.get("maximum", value) else _ABSENT
    if kind != "object" or schema.keys() != _OF_OBJECT or schema["additionalProperties"] is not False:
        return _ABSENT
    properties = schema["properties"]
    if type(value) is not dict or value.keys() != properties.keys():
        return _ABSENT
    found = {name: _as_asked(value[name], inner) for name, inner in properties.items()}
    return _ABSENT if any(each is _ABSENT for each in found.values()) else found


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
_OF_WHOLE, _OF_OBJECT = {"type", "minimum", "maximum"}, {"type", "properties", "required", "additionalProperties"}


def _object(value: Any, schema: dict[str, Any], rounding: Rounding, where: str) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    value = numbered(value, schema)
    alone = sole(schema)
    if alone and not isinstance(value, dict):
        value = _of_number(value, alone, schema)
    if not isinstance(value, dict):
        raise ValueError(f"{_at(where)} must be a JSON object, not {_shown(value)}")
    if other := other_scale(value, schema):
        raise ValueError(f"{_at(where)} is scored out of {other}")
    value = _without_scales(value, properties)
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
        if alone and free_text(inner):
            said = _remark(said)
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
    names = set(map(plain_name, value))
    for name, inner in properties.items():
        for part in inner.get("properties", {}):
            for each, plain in _joined(name, part):
                if plain in names and each not in properties and (said := given(value, each)) is not _ABSENT:
                    parts = found.setdefault(name, {})
                    parts[part] = TWICE if parts.get(part, said) != said else said
    return found


@lru_cache(maxsize=512)  # of a schema they are the same for each answer
def _joined(name: str, part: str) -> tuple[tuple[str, str], ...]:
    """The names that a part of an object may have beside the object's others, each also without its dress."""
    words = (part, *_SYNONYMS.get(part, ()))
    joined = (each for word in words for each in (f"{name}_{word}", f"{word}_{name}", f"{word}_for_{name}"))
    return tuple((each, plain_name(each)) for each in joined)


def _of_number(value: Any, alone: str, schema: dict[str, Any]) -> Any:
    """An object of the one number that a value says, with what is said beside it; the value where it says none."""
    texts = [name for name, inner in schema["properties"].items() if free_text(inner)]
    if isinstance(value, list):  # `[4, "calm"]`
        numbers = [each for each in value if isinstance(each, int | float) and not isinstance(each, bool)]
        others = [each for each in value if isinstance(each, str)]
        if len(numbers) != 1 or len(numbers) + len(others) != len(value) or len(texts) != 1:
            return value
        return {alone: numbers[0], texts[0]: "; ".join(others)}
    if isinstance(value, str):
        low, high = (schema["properties"][alone].get(bound) for bound in ("minimum", "maximum"))
        told = None if low is None or high is None else number_in(value, low, high)
        remark = {texts[0]: told.remark} if told and told.remark and len(texts) == 1 else {}
        return {alone: told.number if told else value, **remark}
    return {alone: value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def _remark(said: Any) -> Any:
    """What is said beside a number: nothing for null, one text for a list of texts."""
    if said is None:
        return ""
    texts = isinstance(said, list) and all(isinstance(each, str) for each in said)
    return "; ".join(said) if texts else said


def most(schema: dict[str, Any]) -> Any:
    """The most that the numbers of a schema may be, where it is one for all of them; else None."""
    inner = schema.get("properties")
    if inner is None:
        return schema.get("maximum")
    found = {bound for each in inner.values() if not free_text(each) and (bound := most(each)) is not None}
    return found.pop() if len(found) == 1 else None


def other_scale(value: dict[Any, Any], schema: dict[str, Any]) -> str:
    """The most that an object says its numbers may be, where that is another than the schema's; else nothing."""
    high = most(schema)
    for key, said in value.items() if high is not None else ():
        if plain_name(key) in _MOST and plain_name(key) not in map(plain_name, schema.get("properties", {})):
            told = [float(number) for number in re.findall(r"\d{1,9}", str(said))]
            if told and told[-1] != high:
                return f"{told[-1]:g}"
    return ""


def _without_scales(value: dict[Any, Any], properties: dict[str, Any]) -> dict[Any, Any]:
    """The object with its names as they are without the scale beside them, as in `Tone (1-5)`, where it is ours."""
    found = {}
    for key, said in value.items():
        scale = _TELLS_SCALE.search(key) if isinstance(key, str) and key not in properties else None
        name = key[: scale.start()] if scale else key
        inner: dict[str, Any] = next(
            (each for other, each in properties.items() if plain_name(other) == plain_name(name)), {}
        )
        found[name if scale and most(inner) == float(scale[2]) and name not in value else key] = said
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


def _finite(value: float | int) -> bool:
    return isinstance(value, int) or math.isfinite(value)  # of an int of 400 digits that would raise


def _number(value: Any, schema: dict[str, Any], where: str) -> float | int:
    if isinstance(value, dict) and not other_scale(value, schema):  # `{"value": 4}`
        told = given(value, "score")
        value = value if told is _ABSENT or isinstance(told, dict) else told
    text = value.strip(_MARKS) if isinstance(value, str) else ""
    low, high = schema.get("minimum"), schema.get("maximum")
    if text and low is not None and high is not None and (said := number_in(text, low, high)):
        text = said.number
    if _NUMERAL.fullmatch(text):
        value = float(text) if "." in text or "e" in text.lower() else int(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
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
    text = _CAMEL.sub("_", text.strip()).casefold()
    if (before := _BEFORE_NAMES.match(text)) and before.end() < len(text):
        text = text[before.end() :]
    return re.sub(r"[\s_-]+", "_", text.rstrip(" \t*_`\"'#:."))


def _at(where: str) -> str:
    return where or "the answer"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
