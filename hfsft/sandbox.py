"""Jinja that cannot run away: sandboxed, strict about names, and on a budget of work.

A template comes from a recipe, and a recipe may come from a stranger. Jinja's own sandbox keeps a template from
Python's objects; this one also stops a template that loops for ever or doubles a text until memory is gone. Each
rendering may spend `BUDGET` units: a character that is built costs one, the rest about what its time is worth. What
grows by multiplication is paid before it is built, what grows by addition right after.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from jinja2 import BaseLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

if TYPE_CHECKING:
    from jinja2.runtime import Context

BUDGET = 5_000_000
"""Units of work in one rendering: a million tokens of text, or less than a second of loops."""
TURN = 25
CALL = 100
ITEM = 10
SCAN = 16
"""Characters that a comparison reads for one unit."""

# Nothing random, nothing that escapes for HTML, nothing that pads to any width.
FILTERS = frozenset(
    {
        *(
            "abs",
            "capitalize",
            "count",
            "d",
            "default",
            "dictsort",
            "first",
            "float",
            "groupby",
            "int",
            "items",
            "last",
        ),
        *("length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr"),
        *("sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "wordcount"),
    }
)
TEXT_METHODS = frozenset(
    {
        *("capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdecimal", "isdigit"),
        *("islower", "isnumeric", "isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition"),
        *("removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split"),
        *("splitlines", "startswith", "strip", "swapcase", "title", "upper"),
    }
)

T = TypeVar("T")
_left: ContextVar[list[int]] = ContextVar("_left")


class TooMuchWorkError(RuntimeError):
    """The template spent its budget."""


def new_budget() -> None:
    """Start a budget for the compiling or rendering that follows in this thread or task."""
    _left.set([BUDGET])


def _spend(units: int) -> Literal[True]:
    left = _left.get()
    left[0] -= units
    if left[0] < 0:
        raise TooMuchWorkError(
            f"does too much work: more than {BUDGET:,} characters built, or {BUDGET // TURN:,} turns of its loops"
        )
    return True


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return ITEM * (1 + len(value)) if isinstance(value, list | tuple | dict | range) else 1


def _measured(value: T) -> T:
    """`value` itself, its size spent: of nested lists, all that printing them would show."""
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        _spend(_size(item))
        if isinstance(item, Mapping):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            pending += item
        elif isinstance(item, int):
            _spend(item.bit_length())
    return value


def _scanned(value: T) -> T:
    """`value` itself, paid for as something that a comparison reads."""
    _spend(_size(value) // SCAN)
    return value


def _join(values: Iterable[Any], separator: str = "") -> str:
    """The values in one text."""
    texts = [str(_measured(value)) for value in values]
    _spend(len(texts) * len(separator))
    return separator.join(texts)


def _replace(text: Any, old: str, new: str, count: int = -1) -> str:
    """`text` with `new` for `old`."""
    text = str(text)
    _spend(text.count(old) * len(new))
    return text.replace(old, new, -1 if count is None else count)  # type: ignore[no-any-return]


def _round(value: float, digits: int = 0) -> float:
    """The value rounded to at most 15 digits."""
    return round(float(value), max(-15, min(15, digits)))


def _to_json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON for a reader: Jinja's own `tojson` escapes `<` and `&` for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=min(indent, 8) if indent else None)


OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "join": _join, "replace": _replace, "round": _round, "tojson": _to_json,
}  # fmt: skip


def _paying(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, paying for what it reads and for what it builds."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0  # its context or environment

    @functools.wraps(function)
    def paying(*args: Any, **kwargs: Any) -> Any:
        _spend(CALL)
        _measured([*args[skipped:], *kwargs.values()])
        return _measured(function(*args, **kwargs))

    return paying


def _final(value: Any) -> Any:
    """What is written for a value: nothing for None, so that no prompt says "None"."""
    return "" if value is None else _measured(value)


def _call(function: str, argument: nodes.Expr) -> nodes.Call:
    call = nodes.Call(nodes.EnvironmentAttribute(function), [argument], [], None, None, lineno=argument.lineno)
    if argument.environment:
        call.set_environment(argument.environment)
    return call


class _Bounds(NodeTransformer):
    """Makes the loops, macros, literals and comparisons of a parsed template pay."""

    def _body(self, node: Any) -> nodes.Node:
        constant = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        turn = _call("spend", nodes.Const(TURN + constant, lineno=node.lineno, environment=node.environment))
        node.body.insert(0, nodes.ExprStmt(turn, lineno=node.lineno))
        if getattr(node, "test", None) is not None:  # `for ... if ...`: what is passed over costs too
            node.test = nodes.And(turn, node.test, lineno=node.lineno)
        return node  # type: ignore[no-any-return]

    def _literal(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        return node if getattr(node, "ctx", "load") == "store" else _call("measured", node)

    def _slice(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return _call("measured", node) if isinstance(node.arg, nodes.Slice) else node

    def _comparison(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _call("scanned", node.expr)
        for operand in node.ops:
            operand.expr = _call("scanned", operand.expr)
        return node

    visit_For = visit_Macro = visit_CallBlock = visit_Block = _body  # noqa: N815
    visit_Concat = visit_List = visit_Tuple = visit_Dict = _literal  # noqa: N815
    visit_Getitem = _slice  # noqa: N815
    visit_Compare = _comparison  # noqa: N815


class _Generator(CodeGenerator):
    """Compiles a template with its bounds put in, an included one too."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        super().visit_Template(_Bounds().visit(node), frame)


class Sandbox(ImmutableSandboxedEnvironment):
    """The one Jinja environment of hfsft; call `new_budget` before each use."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "*", "**", "%"})
    spend = staticmethod(_spend)
    measured = staticmethod(_measured)
    scanned = staticmethod(_scanned)

    def __init__(self, loader: BaseLoader | None = None) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_final,
            autoescape=False,
            auto_reload=False,
        )
        known = {name: self.filters[name] for name in FILTERS} | OWN_FILTERS
        self.filters = {name: _paying(function) for name, function in known.items()}
        self.globals.pop("lipsum")  # random

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read the attribute: of a text, only what cannot multiply it unseen."""
        if isinstance(obj, str):
            return attr in TEXT_METHODS
        return not isinstance(obj, int | float | bytes) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Nothing: a text's own `format` takes any width, and `{{ name }}` does its work here."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """The result of an operator; multiplication is paid for before it happens."""
        if operator == "%" and isinstance(left, str):
            raise TypeError("`%` does not format text here; write {{ name }}")
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            _spend(left.bit_length() * max(right, 0))
        if operator == "*":
            for value, times in ((left, right), (right, left)):
                if isinstance(times, int) and not isinstance(value, float):
                    _spend(_size(value) * max(times, 0) if not isinstance(value, int) else times.bit_length())
        return _measured(super().call_binop(context, operator, left, right))

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The result of a call, paid for."""
        if obj in (_spend, _measured, _scanned):
            return obj(*args)
        _spend(CALL)
        _measured([*args, *kwargs.values()])
        if isinstance(obj, BuiltinMethodType) and isinstance(obj.__self__, str):
            if obj.__name__ == "join":
                (values,) = args
                return _join(values, obj.__self__)
            if obj.__name__ == "replace":
                return _replace(obj.__self__, *args, **kwargs)
        return _measured(super().call(context, obj, *args, **kwargs))


def readers(tree: nodes.Template) -> Iterator[Any]:
    """The nodes of a template that read another one."""
    return tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
