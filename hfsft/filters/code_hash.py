"""What the code of a filter does that hfsft does not ship, as a hash: its `version` is nobody's to raise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from hfsft.hashing import digest

OURS = ("hfsft", "pydantic", "abc", "builtins")
DEEP = 8  # calls that are followed within a user's own modules


def code_of(kind: type) -> dict[str, str]:
    """`{"code": hash}` of a class and the functions and constants of its module that it uses; empty for our own."""
    theirs = [base for base in kind.__mro__ if _module(base) not in OURS]
    if not theirs:
        return {}
    return {"code": digest([list(_parts(vars(base), base.__module__, DEEP)) for base in theirs])}


def _module(thing: Any) -> str:
    return str(getattr(thing, "__module__", "")).split(".")[0]


def _parts(names: Mapping[str, Any], module: str, deep: int) -> Iterator[Any]:
    for name, value in sorted(names.items()):
        if not name.startswith(("__pydantic", "model_", "_abc_", "__")) or name == "__call__":
            yield name, _said(value, module, deep)


def _said(value: Any, module: str, deep: int) -> Any:
    """A value as JSON that changes with what it does; only its type for what cannot be looked into."""
    if isinstance(value, property):
        return [_said(part, module, deep) for part in (value.fget, value.fset)]
    if isinstance(value, classmethod | staticmethod):
        return _said(value.__func__, module, deep)
    if isinstance(value, FunctionType):
        used = {name: value.__globals__[name] for name in _names(value.__code__) if name in value.__globals__}
        own = {
            name: thing for name, thing in used.items() if _module(thing) == module.split(".")[0] or not callable(thing)
        }
        inner = {name: _said(thing, module, deep - 1) for name, thing in sorted(own.items())} if deep else {}
        return [_code(value.__code__), _said(value.__defaults__, module, deep), inner]
    if isinstance(value, type):
        return [
            value.__name__,
            list(_parts(vars(value), module, deep - 1)) if deep and _module(value) not in OURS else [],
        ]
    if isinstance(value, re.Pattern):
        return [str(value.pattern), value.flags]
    if isinstance(value, Mapping):
        return [[_said(key, module, deep), _said(inner, module, deep)] for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return [_said(inner, module, deep) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    return repr(value) if value is None or isinstance(value, str | int | float | bytes) else type(value).__name__


def _code(code: CodeType) -> list[Any]:
    constants = [_code(part) if isinstance(part, CodeType) else _said(part, "", 0) for part in code.co_consts]
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_varnames)]


def _names(code: CodeType) -> set[str]:
    inner = (_names(part) for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*inner)
