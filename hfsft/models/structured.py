"""Answers that must be JSON: constrained where the server can, read leniently, mended once, or refused.

Sure! Here is my verdict:
```json
{"reason": "names a time", "usefulness": "4",}
```
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from hfsft.errors import AnswerError, unusable
from hfsft.models.limits.mends import NOT_ASKED
from hfsft.models.readings.fit_json import TWICE, fit
from hfsft.models.readings.fit_json import Rounding as Rounding
from hfsft.models.readings.form_lines import written
from hfsft.models.readings.mended import mends
from hfsft.models.readings.wrappers import within
from hfsft.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from hfsft.models.model import Answer, Request

T = TypeVar("T")
R = TypeVar("R")
_LONGEST_QUOTE = 120

# Python's own reader of literals gets slow and deep on long text.
_MOST_LITERAL = 20_000
# A text of nothing but braces must not cost seconds: so many characters are looked at in all.
_MOST_LOOKED_AT = 500_000
# One that never ends takes the rest: were it tried again from each of its quotes, the time would go with the square.
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)
_STRUCTURE = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_TOO_DEEP = (RecursionError, MemoryError)


def ask(
    request: Request, schema: dict[str, Any], check: Callable[[Any], T], *, rounding: Rounding = "refuse"
) -> Generator[Request, Answer, T]:
    """What `check` makes of an answer in the shape of `schema`.

    `check` raises ValueError with a sentence for the model. An answer that cannot be used is asked for once more,
    with that sentence; AnswerError("unreadable") if the second cannot be used either, with what it says in a line.
    """
    request = replace(request, schema=schema)
    answer = yield request
    try:
        return check(value_in(answer, schema, rounding))
    except ValueError as error:
        wrong = str(error)
    complaint = (
        f"That answer cannot be used: {wrong}. Answer again, the whole answer, as JSON only, with no text around it."
    )
    told = ({"role": "assistant", "content": answer.text}, {"role": "user", "content": complaint})
    way, how = wrong.partition(", not ")[0], "asked twice"
    try:
        answer = yield replace(request, messages=(*request.messages, *told), mends=way)
        return check(value_in(answer, schema, rounding))
    except ValueError as error:
        wrong = str(error)
    except AnswerError as error:
        if error.cause != NOT_ASKED:
            raise
        how = "not asked again, as that helped none of the first such rows"
    raise unusable("unreadable", f"{_quoted(answer)}{wrong} ({how})")


def _quoted(answer: Answer) -> str:
    """What an answer says, in a line; nothing for an empty one."""
    said = plain(answer.text.replace('"', "'"), _LONGEST_QUOTE)
    return f'"{said}": ' if said else ""


def value_in(answer: Answer, schema: dict[str, Any], rounding: Rounding = "refuse") -> Any:
    """The value that an answer gives, wherever in it; ValueError with a sentence for the model if none fits."""
    return parse(_said(answer, schema, rounding), schema, rounding)


def _said(answer: Answer, schema: dict[str, Any], rounding: Rounding) -> str:
    """The text of an answer; where it is empty, what else of it is the one value that fits.

    Servers that tell thoughts from answers put the whole reply on the wrong side where a model does not think: it
    writes the JSON at once, and they wait for the end of a thought. A value amid thoughts is a draft. Others have the
    model call a tool to get the shape, and give the call.
    """
    if answer.text.strip():
        return answer.text
    if len(answer.tool_calls) == 1:
        return str(answer.tool_calls[0]["arguments"])
    thought = answer.reasoning.rstrip().removesuffix("```").rstrip()
    if answer.finish_reason != "stop" or not thought.endswith(("}", "]")):
        return answer.text
    fitting = 0
    for value in _values(thought, schema):
        with suppress(ValueError):
            fit(value, schema, rounding)
            fitting += 1
    return thought if fitting == 1 else answer.text


def parse(text: str, schema: dict[str, Any], rounding: Rounding = "refuse") -> Any:
    """The value in `text` that fits `schema`, the last of several; ValueError with a sentence for the model if none is.

    What a person reads without hesitation is read: JSON, within a list or a wrapper, with its signs put right, or
    written as lines of names and numbers.
    """
    text = text.strip()
    found = _values(text, schema)
    try:
        return _last(found, schema, rounding)
    except ValueError as error:
        wrong = str(error) or "it holds no JSON" + ("" if text else ", it is empty")
    if schema.get("properties"):
        for other in (*([found] if len(found) > 1 else []), *mends(text), written(text, schema)):
            if other is not None:
                try:
                    return _fitted(other, schema, rounding)
                except ValueError as error:
                    wrong = wrong if found else str(error)
    raise ValueError(wrong)


def follows(answer: Answer, schema: dict[str, Any]) -> bool:
    """Whether an answer holds JSON in the shape of `schema`, as a server gives it that holds a model to that."""
    try:
        _last(_values(_said(answer, schema, "refuse").strip(), schema), schema, "refuse", fit)
    except ValueError:
        return False
    return True


def _last(
    values: list[Any], schema: dict[str, Any], rounding: Rounding, fitting: Callable[..., Any] | None = None
) -> Any:
    """The last value that fits; ValueError of what is wrong with the last one if none does."""
    wrong = ""
    for value in reversed(values):
        try:
            return (fitting or _fitted)(value, schema, rounding)
        except ValueError as error:  # noqa: PERF203 (an earlier value may fit)
            wrong = wrong or str(error)
    raise ValueError(wrong)


def _fitted(value: Any, schema: dict[str, Any], rounding: Rounding) -> Any:
    """A value, or the one within it, in the shape of the schema; ValueError of what is wrong with the value."""
    try:
        return fit(value, schema, rounding)
    except ValueError:
        if schema.get("properties"):
            with suppress(ValueError):
                return within(value, schema, rounding)
        raise


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; what it has under one name must be one value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for name, value in pairs:
            if found[name] != value:
                found[name] = TWICE
    return found


_lenient = json.JSONDecoder(strict=False, object_pairs_hook=_object)


def _values(text: str, schema: dict[str, Any]) -> list[Any]:
    """Everything in `text` that reads as JSON of the schema's kind, in order; values within values are not counted."""
    try:
        return [json.loads(text, object_pairs_hook=_object)]
    except (ValueError, *_TOO_DEEP):
        pass
    opening = {"object": "{", "array": "["}.get(str(schema.get("type")), "{[")
    found: list[Any] = []
    position = 0
    looked_at = 0
    while looked_at < _MOST_LOOKED_AT:
        start = min((at for mark in opening if (at := text.find(mark, position)) >= 0), default=-1)
        if start < 0:
            break
        value, position = _value_at(text, start)
        if value is not None:
            found.append(value)
        looked_at += position - start if value is not None else len(text) - start
    return found


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at `start` and where to look on; None if nothing there can be read."""
    try:
        return _lenient.raw_decode(text, start)
    except (ValueError, *_TOO_DEEP):
        pass
    end = _closing(text, start)
    if end is None:
        return None, start + 1
    span = text[start:end]
    try:
        return _lenient.decode(_TRAILING_COMMA.sub(r"\1", span)), end
    except (ValueError, *_TOO_DEEP):
        pass
    if len(span) <= _MOST_LITERAL:
        try:
            # Small models like to answer with Python: {'score': 4, 'flag': True}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.literal_eval(span), end
        except (ValueError, SyntaxError, TypeError, *_TOO_DEEP):
            pass
    return None, start + 1


def _closing(text: str, start: int) -> int | None:
    """Where the bracket at `start` is closed, brackets within double quotes left out; None if it never is."""
    depth = 0
    for match in _STRUCTURE.finditer(text, start):
        mark = match[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                return match.end()
    return None


def watched(
    turns: Generator[Request, Answer, R], told: Callable[[Request, Answer | AnswerError], None]
) -> Generator[Request, Answer, R]:
    """The same turns; `told` hears of each request with its answer, or with why there is none."""
    try:
        request = next(turns)
        while True:
            try:
                answer = yield request
            except AnswerError as error:  # noqa: PERF203 (each turn may end so)
                told(request, error)
                request = turns.throw(error)
            else:
                told(request, answer)
                request = turns.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result
    finally:
        turns.close()
