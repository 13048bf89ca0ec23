"""Pydantic's errors in the words of a recipe's author: what must stand there, what stands there, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hfsft.errors import alike, closest, nearest
from hfsft.keys import masked
from hfsft.marks import Loc
from hfsft.plain import digits
from hfsft.recipe.overrides import item_name, name_path
from hfsft.recipe.yaml.type_paths import Trail, follow, locate

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "mapping": "a mapping",
    "path": "text",
    "none_required": "left out",
}
"""First words of an error's type -> what must stand there."""

WRITTEN_AS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", list: "a list"}
"""A type that may be written where another is meant -> the same; any other is a mapping."""

BOUNDS: dict[str, str] = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
}
"""Error type -> what must hold, with the bound from the error's context."""

WRONG_KIND = re.compile(r"_type$|_parsing$|_from_float$|^literal_error$|^enum$|^none_required$|_tag_")
SHOWN = 60
READ = 1_000
"""Errors of pydantic that are put into words; where there are more, mending some mends many."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong: where in the data, whether the key itself is meant, what, and what helps."""

    loc: Loc
    key: bool
    message: str
    help: str = ""


@dataclass(frozen=True)
class _Error:
    """One error of pydantic, with its way through types and data."""

    kind: str
    loc: Loc
    message: str
    context: Mapping[str, Any]
    value: Any
    path: Loc
    trail: Trail

    @property
    def unknown_key(self) -> str | None:
        return str(self.loc[-1]) if self.kind == "extra_forbidden" else None


Written = Callable[[Loc], str]
"""A scalar of the data as the file spells it."""


def faults(error: ValidationError, model: type[BaseModel], data: Any, written: Written) -> list[Mistake]:
    """Every error once; of a union of mappings only those of the branch whose keys fit best."""
    errors = [_read(details, model, data) for details in error.errors(include_url=False)[:READ]]
    kept, unmeant = _fitting(errors, 0)
    guesses = {(found.path[:-1], _guess(found)) for found in kept if found.unknown_key}
    said = [_fault(found, data, written) for found in kept if not _is_guessed(found, guesses)]
    for branches in unmeant:
        expected = " or ".join(dict.fromkeys(map(_expected, branches)))
        found = _kind_fault(branches[0], expected, data, written)
        if found.help == _allowed(branches[:1]):
            found = replace(found, help=_allowed(branches))
        said.append(found)
    return list(dict.fromkeys(said))


def _read(details: Mapping[str, Any], model: type[BaseModel], data: Any) -> _Error:
    loc: Loc = tuple(details["loc"])
    path = locate(loc, data, details["input"], missing=details["type"] == "missing")
    context = details.get("ctx", {})
    return _Error(details["type"], loc, details["msg"], context, details["input"], path, follow(model, loc))


def _branch(error: _Error, depth: int) -> int | None:
    """Where in the loc the union that is `depth` unions deep names its branch."""
    return error.trail.branches[depth] if depth < len(error.trail.branches) else None


def _unions(errors: Iterable[_Error], depth: int) -> dict[Loc, dict[str | int, list[_Error]]]:
    """The errors inside unions, by the union's place, then by branch."""
    unions: dict[Loc, dict[str | int, list[_Error]]] = {}
    for error in errors:
        position = _branch(error, depth)
        if position is not None:
            unions.setdefault(error.loc[:position], {}).setdefault(error.loc[position], []).append(error)
    return unions


def _is_root(error: _Error, depth: int) -> bool:
    """Whether the value is nothing that the branch could be, so that the branch was not meant."""
    position = _branch(error, depth)
    return position == len(error.loc) - 1 and WRONG_KIND.search(error.kind) is not None


def _fitting(errors: list[_Error], depth: int) -> tuple[list[_Error], list[list[_Error]]]:
    """The errors less those of branches that were not meant; and, of unions where no branch was, one a branch."""
    kept = [error for error in errors if _branch(error, depth) is None]
    unmeant = []
    for branches in _unions(errors, depth).values():
        meant = [found for found in branches.values() if not any(_is_root(error, depth) for error in found)]
        if meant or len(branches) == 1:
            best = min(meant or branches.values(), key=_misfit)
            others = [found for found in meant if found is not best and _misfit(found) == _misfit(best)]
            inner, inner_unmeant = _fitting(best, depth + 1)
            inner = [_of_any_kind(error, branches.values()) if _says_kind(error) else error for error in inner]
            kept += [_either([error, *map(_lacking, others)]) for error in inner] if _lacking(best) else inner
            unmeant += inner_unmeant
        else:
            unmeant.append([error for found in branches.values() for error in found if _is_root(error, depth)])
    return kept, unmeant


def _lacking(errors: list[_Error]) -> _Error | None:
    """The error of a branch that only lacks one key; None of any other branch."""
    return errors[0] if [error.kind for error in errors] == ["missing"] else None


def _either(errors: list[_Error | None]) -> _Error:
    """The first of several errors, each of a branch of one union that lacks a key; any of these keys would do."""
    first, *others = [error for error in errors if error is not None]
    keys = {str(error.loc[-1]): _description(error) for error in others if error.path[:-1] == first.path[:-1]}
    return replace(first, context={**first.context, "others": keys})


def _says_kind(error: _Error) -> bool:
    """Whether a key has a value by which another branch of the union is known, as `from` of a source."""
    return error.kind == "literal_error" and len(error.trail.choices) == 1


def _of_any_kind(error: _Error, branches: Iterable[list[_Error]]) -> _Error:
    """The error with the values by which all branches of its union are known."""
    alike = [each for found in branches for each in found if _says_kind(each) and each.path == error.path]
    kinds = [choice for each in alike for choice in each.trail.choices]
    return replace(error, context={**error.context, "kinds": list(dict.fromkeys(kinds))})


def _misfit(errors: list[_Error]) -> float:
    """How badly a branch fits: keys it lacks, keys it does not know, less where one may be the other misspelt."""
    misfit = 0.0
    for error in errors:
        misfit += 2 - alike(error.unknown_key, _guess(error)) if error.unknown_key else 1 + 1.5 * _says_kind(error)
    return misfit


def _guess(error: _Error) -> str:
    return closest(error.unknown_key or "", error.trail.allowed) or ""


def _is_guessed(error: _Error, guesses: set[tuple[Loc, str]]) -> bool:
    """Whether a missing key is there, misspelt, and said to be so already."""
    return error.kind == "missing" and (error.path, str(error.loc[-1])) in guesses


def _fault(error: _Error, data: Any, written: Written) -> Mistake:
    name = name_path(error.path, data)
    if error.unknown_key:
        inside = name_path(error.path[:-1], data)
        where = f"in {inside}" if inside else "in a recipe"
        return Mistake(error.path, True, f"unknown key `{_short(error.unknown_key)}` {where}",
                     nearest(error.unknown_key, error.trail.allowed))  # fmt: skip
    if error.kind == "missing" and isinstance(error.loc[-1], int):
        return Mistake(error.path, False, f"{name} must have {error.trail.length} items")
    if error.kind == "missing":
        keys = {str(error.loc[-1]): _description(error), **error.context.get("others", {})}
        needed = " or ".join(f"`{key}`" for key in keys)
        advice = "; ".join(f"{key}: {about}" for key, about in keys.items()) if len(keys) > 1 else _description(error)
        return Mistake(error.path, True, f"{name or 'the recipe'} needs {needed}", advice)
    if error.kind == "invalid_key":
        return Mistake(error.path, True, f"a key must be text, not {error.loc[-1]}")
    if error.kind in ("value_error", "assertion_error"):
        return _own(error, data)
    if error.kind.startswith("union_tag"):
        return _tag_fault(error, data, written)
    if error.kind in BOUNDS:
        numbers = {key: digits(value) for key, value in error.context.items() if isinstance(value, int | float)}
        bound = BOUNDS[error.kind].format_map(numbers)
        if error.context.get("min_length") == 1:
            bound = "must not be empty"
        bound = re.sub(r"\b1 (item|character)s", r"1 \1", bound)
        got = f", got {_got(error, written)}" if isinstance(error.value, int | float) else ""
        return Mistake(error.path, False, f"{name} {bound}{got}")
    if error.kind == "string_pattern_mismatch":
        return Mistake(error.path, False, f"{name} cannot be {_got(error, written)}", _description(error))
    if error.kind in ("literal_error", "enum"):
        choices = error.context.get("kinds") or error.trail.choices
        choices = choices or re.findall(r"'([^']*)'", str(error.context.get("expected", "")))
        return Mistake(
            error.path, False, f"{name} cannot be {_got(error, written)}", nearest(str(error.value), choices)
        )
    if error.kind == "int_from_float" or WRONG_KIND.search(error.kind) or _expected(error) in EXPECTED.values():
        return _kind_fault(error, _expected(error), data, written)
    message = re.sub(r"^(Input|Value|String) should ", "must ", error.message)
    return Mistake(error.path, False, f"{name} {message}" if message.startswith("must ") else f"{name}: {message}")


def _own(error: _Error, data: Any) -> Mistake:
    """A validator's own message; one that begins with a path below its section stands there."""
    message = re.sub(r"^(Value error|Assertion failed), ", "", error.message)
    here = error.value
    path = error.path
    said = re.match(r"([A-Za-z_][\w\-]*(?:\.[\w\-]+|\[\d+\])*): (.+)", message, re.DOTALL)
    for step in re.findall(r"[\w\-]+", said[1]) if said else []:
        if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here, path = here[int(step)], (*path, int(step))
        elif isinstance(here, dict) and step in here:
            here, path = here[step], (*path, step)
        else:
            break
    else:
        message = said[2] if said else message
        name = name_path(path, data)
        return Mistake(path, said is None, f"{name}: {message}" if name else message)
    name = name_path(error.path, data)
    return Mistake(error.path, True, f"{name}: {message}" if name else message)


def _tag_fault(error: _Error, data: Any, written: Written) -> Mistake:
    parent = name_path([step for step in error.path if not isinstance(step, int)], data)
    choices = error.trail.choices or re.findall(r"'([^']*)'", str(error.context.get("expected_tags", "")))
    tag = str(error.context.get("tag", "")) or (item_name(error.value) or "")
    if tag:
        return Mistake(error.path, False, f"{parent} knows no `{_short(tag)}`", nearest(tag, choices))
    return Mistake(
        error.path, False, f"{name_path(error.path, data)} must be one name, or a mapping with one key, "
        f"got {_got(error, written)}", nearest("", choices),
    )  # fmt: skip


def _expected(error: _Error) -> str:
    if error.kind in ("literal_error", "enum"):
        return " or ".join(error.trail.choices)
    if short := list(dict.fromkeys(WRITTEN_AS.get(kind, "a mapping") for kind in error.trail.written_as)):
        return " or ".join(filter(None, (", ".join(short[:-1]), short[-1])))
    words = [known for known in EXPECTED if error.kind == known or error.kind.startswith(known + "_")]
    return EXPECTED[max(words, key=len)] if words else re.sub("^Input should be (a valid )?", "", error.message)


def _kind_fault(error: _Error, expected: str, data: Any, written: Written) -> Mistake:
    message = f"{name_path(error.path, data) or 'a recipe'} must be {expected}, got {_got(error, written)}"
    return Mistake(error.path, False, message, _advice(error, expected, written))


def _advice(error: _Error, expected: str, written: Written) -> str:
    value = error.value
    if isinstance(value, str):
        if "number" in expected and re.fullmatch(r"[-+]?[\d_,.]+ ?%?", value):
            return "write a plain number, such as 1000 or 0.5"
        if "true" in expected and value.lower() in ("yes", "on", "no", "off", "y", "n"):
            return f"write {'true' if value.lower() in ('yes', 'on', 'y') else 'false'}"
        if "list" in expected:
            return f"write [{_short(value)}]" if len(value) < SHOWN else "write `- ` before it"
        if "mapping" in expected and re.match(r"[\w\-]+:\S", value):
            return "put a space after the colon"
    if expected == "a list" and isinstance(value, Mapping):
        return "write `- ` before each of its items"
    if "mapping" in expected and error.trail.inside:
        return _allowed([error])
    if expected == "text" and isinstance(value, bool | int | float):
        return f'put it in quotes: "{written(error.path)}"'
    return ""


def _allowed(errors: Iterable[_Error]) -> str:
    """The keys that may stand in a mapping, of any of some kinds."""
    return f"allowed: {', '.join(dict.fromkeys(key for error in errors for key in error.trail.inside))}"


def _got(error: _Error, written: Written) -> str:
    """What stands there, as YAML calls it."""
    value = error.value
    if value is None:
        return "nothing"
    if isinstance(value, bool | int | float):
        return written(error.path)
    if isinstance(value, str):
        return f"the text `{_short(value)}`" if value else "an empty text"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Mapping):
        return f"a mapping with {len(value)} keys" if error.kind.startswith("union_tag") else "a mapping"
    return f"a {type(value).__name__}"


def _short(text: str) -> str:
    text = masked(" ".join(text.split()))
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _description(error: _Error) -> str:
    return (error.trail.field.description or "").removesuffix(".") if error.trail.field else ""
