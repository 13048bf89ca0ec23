"""Jinja for templates that may come from strangers: sandboxed, strict about names, with bounds on work and time.

A template comes from a recipe, and a recipe may come from a stranger. Jinja's own sandbox keeps a template from
Python's objects; this one also stops a template that loops for ever or doubles a text until memory is gone: loops,
literals, comparisons, operators, tests, filters, methods and attributes all pay by the size of what they read and
write (`hfsft.sandbox.work`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any, cast

from jinja2 import BaseLoader, StrictUndefined, TemplateSyntaxError, Undefined
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from hfsft.errors import closest
from hfsft.sandbox.bounds import BoundedCode, Counted
from hfsft.sandbox.filters import concat, filters, join, replace, settled, tests
from hfsft.sandbox.operators import check_operands
from hfsft.sandbox.work import CALL, ITEM, SCAN, STEP, bounded, data, length, measured, scanned, spend, text_of

if TYPE_CHECKING:
    from jinja2.runtime import Context

TEXT_METHODS = frozenset((
    "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdecimal", "isdigit",
    "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "title", "upper",
))  # fmt: skip
TIMES = frozenset(("lstrip", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "strip"))
"""Methods whose time grows with the text times their argument."""
DICT_METHODS = frozenset(("get", "items", "keys", "values"))
LIST_METHODS = frozenset(("count", "index", "grouper", "list"))  # the last two of a tuple that `groupby` made


def _mapping(*pairs: Any, **more: Any) -> dict[Any, Any]:
    """A dictionary, paid for entry by entry: keys that all hash alike take longer with each."""
    made: dict[Any, Any] = {}
    for given in pairs:
        for key, value in given.items() if isinstance(given, Mapping) else given:
            spend(ITEM)
            made[key] = value
    return {**made, **more}


class _Space(Namespace):
    """A namespace that shows nothing of what it holds: messages about one would show all that is in it, without end."""

    def __init__(self, *pairs: Any, **more: Any) -> None:
        super().__init__(_mapping(*pairs, **more))

    def __repr__(self) -> str:
        return "a namespace"


def _final(value: Any) -> Any:
    """What is written for a value: nothing for None, so that no prompt says "None"."""
    if value is None:
        return ""
    text = text_of(value)
    bounded(len(text))
    return text


class Sandbox(ImmutableSandboxedEnvironment):
    """The one Jinja environment of hfsft; call `begin` of `hfsft.sandbox.work` before each use."""

    code_generator_class = BoundedCode
    concat = staticmethod(concat)
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})
    spend = staticmethod(spend)
    measured = staticmethod(measured)
    scanned = staticmethod(scanned)
    settled = staticmethod(settled)
    mapping = staticmethod(lambda pairs: measured(_mapping(pairs)))
    joined = staticmethod(join)

    def __init__(self, loader: BaseLoader | None = None) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_final,
            autoescape=False,
            auto_reload=False,
            optimized=False,  # nothing is worked out while a template is read
            extensions=[Counted],
        )
        kept: Any = filters(self.filters)
        self.filters, self.tests = kept, cast("Any", tests(cast("Any", self.tests)))
        self.globals.pop("lipsum")  # random
        self.globals.update(dict=_mapping, namespace=_Space)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read the attribute: of plain values, only what cannot multiply them unseen."""
        if isinstance(obj, str):
            return attr in TEXT_METHODS
        if isinstance(obj, Mapping):
            return attr in DICT_METHODS
        if isinstance(obj, list | tuple | range):
            return attr in LIST_METHODS
        plain = isinstance(obj, int | float | complex | bytes | type | Iterator) and not isinstance(obj, LoopContext)
        return not plain and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Nothing: a text's own `format` takes any width, and `{{ name }}` does its work here."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute, or else an item; paid for."""
        spend(STEP)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item, or else an attribute; paid for."""
        spend(STEP)
        return super().getitem(obj, data(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """The result of an operator between numbers, or of `+` and `*` with texts and lists; paid for beforehand."""
        spend(STEP)
        if not isinstance(left, Undefined) and not isinstance(right, Undefined):
            check_operands(operator, left, right)
        return measured(super().call_binop(context, operator, left, right))

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """The result of a sign."""
        spend(STEP)
        return measured(super().call_unop(context, operator, arg))

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The result of a call, paid for."""
        if obj in (spend, self.measured, scanned, join, Sandbox.mapping):
            return obj(*args)
        spend(CALL)
        scanned([*args, *kwargs.values()])
        if isinstance(obj, BuiltinMethodType):
            owner, name = scanned(obj.__self__), obj.__name__
            if isinstance(owner, str) and name == "join":
                (values,) = args
                return join(values, owner)
            if isinstance(owner, str) and name == "replace":
                return replace(owner, *args, **kwargs)
            if name in TIMES:
                spend(sum(length(owner) * length(arg) // SCAN for arg in [*args, *kwargs.values()]))
        return self.settled(super().call(context, obj, *args, **kwargs))


def misspelt(error: TemplateSyntaxError, sandbox: Sandbox) -> str:
    """The filter or test that is meant, as `did you mean ...?`, where the error is that there is none of a name."""
    found = re.fullmatch(r"No (filter|test) named '(.+)'\.", error.message or "")
    meant = closest(found[2], sandbox.filters if found[1] == "filter" else sandbox.tests) if found else None
    return f"did you mean `{meant}`?" if meant else ""
