"""Chat templates of tokenizers, rendered as transformers renders them, to the byte, within a budget of work.

A tokenizer comes from whoever published it, and its chat template with it. transformers renders that in Jinja's
sandbox, which lets it loop for hours or fill the memory. Here it pays for its work as a recipe's templates do, out of
a larger budget. What differs from those templates is what transformers does differently: a name that is not there is
empty, None is written as such; `raise_exception`, `strftime_now`, `{% generation %}` and `{% break %}` are there. The
few filters that are left out are random, or made for pages.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Environment, Template, TemplateError, TemplateSyntaxError, Undefined, nodes, pass_environment
from jinja2.ext import Extension, LoopControlExtension
from jinja2.filters import FILTERS as KNOWN
from jinja2.filters import make_attrgetter
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment

from hfsft.sandbox import REASONING_KEYS
from hfsft.sandbox.environment import DICT_METHODS, LIST_METHODS, TEXT_METHODS, Sandbox
from hfsft.sandbox.filters import OWN_FILTERS, concat, filters, join
from hfsft.sandbox.work import ITEM, TooMuchWorkError, as_list, begin, bounded, data, measured, scanned, spend, text_of

if TYPE_CHECKING:
    from jinja2.parser import Parser
    from jinja2.runtime import Context, Macro

TIMES = 5
"""The budget and the time of one rendering, in those of a recipe's template: tools and turns are read many times."""
LARGEST = 500_000
"""Characters of one chat template."""
"""Names that a message's reasoning has, the first of them the one that counts."""
WIDTH_METHODS = frozenset(("center", "ljust", "rjust", "zfill"))
MORE_METHODS = frozenset(("format", "isascii", "isidentifier", "isprintable"))
MORE_FILTERS = (
    "batch", "center", "e", "escape", "filesizeformat", "forceescape", "format", "indent", "safe", "slice", "urlencode",
)  # fmt: skip
WIDE = frozenset(("batch", "center", "indent", "slice"))
"""Filters that write as much as a number says."""


class _Generation(Extension):
    """`{% generation %}`: what is inside, as it stands; transformers notes where, for the loss."""

    tags = {"generation"}  # noqa: RUF012 (as Jinja declares it)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_written"), [], [], body).set_lineno(line)

    def _written(self, caller: Macro) -> str:
        return caller()


def _refuse(message: Any) -> None:
    raise TemplateError(text_of(message))


def _now(format: str) -> str:
    return datetime.now().strftime(format)  # the day here, as transformers has it


def _read(value: Any) -> Any:
    """A value that was taken out of another, paid for: a text as built, a list as read."""
    return measured(value) if isinstance(value, str) else scanned(value)


def _lazily(values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        spend(ITEM)
        yield _read(value)


def _paid(value: Any) -> Any:
    """The value; what gives its items only once still does, each paid for as it comes."""
    lazy = isinstance(value, Iterator) and not isinstance(value, LoopContext)
    return _lazily(value) if lazy else _read(value)


def _fits(text: str, mark: str, values: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Pay for a text with values in it, each at each mark and as wide as any number in the text says."""
    bare = text.replace(mark * 2, "")
    if "*" in bare or re.search(r"\{[^{}]*\{", bare):
        raise TooMuchWorkError("does too much work: the width of a value that is written comes from another value")
    widest = max((int(number[:9]) for number in re.findall(r"\d+", bare)), default=0)
    values = data([*values, *named.values()])
    bounded(len(text) + bare.count(mark) * (widest + len(str(values))))


def _format(value: Any, *values: Any, **named: Any) -> Any:
    text = text_of(value)
    _fits(text, "%", values, named)
    return cast("Callable[..., Any]", KNOWN["format"])(text, *values, **named)


@pass_environment
def _join(environment: Environment, values: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
    return join(values if attribute is None else map(make_attrgetter(environment, attribute), values), d)


def _to_json(
    x: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    _narrow(0, indent)
    encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    return concat(encoder.iterencode(x))


def _narrow(breaks: int, *widths: Any) -> None:
    """Pay for lines as wide as a number says."""
    for width in widths:
        if isinstance(width, int | float):
            bounded(int(min(abs(width), 1e9)) * (1 + breaks))
        elif isinstance(width, str):
            bounded(len(width) * (1 + breaks))


def _wide(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(value: Any, *args: Any, **kwargs: Any) -> Any:
        breaks = value.count("\n") if isinstance(value, str) else 0
        _narrow(breaks, *args, *kwargs.values())
        return function(value, *args, **kwargs)

    return checked


def _filters() -> dict[str, Callable[..., Any]]:
    known: dict[str, Any] = dict(KNOWN)
    more = {name: _wide(known[name]) if name in WIDE else known[name] for name in MORE_FILTERS}
    own: dict[str, Callable[..., Any]] = {
        **OWN_FILTERS,
        **more,
        "format": _format,
        "join": _join,
        "round": known["round"],
        "tojson": _to_json,
    }
    return filters(known, own, scanned, _paid)  # a generator is a value here


class _ChatSandbox(Sandbox):
    """The environment of transformers' chat templates, on a budget."""

    measured = staticmethod(_read)
    settled = staticmethod(_paid)

    def __init__(self) -> None:
        super().__init__()
        self.undefined = Undefined
        self.finalize = _final
        self.add_extension(_Generation)
        self.add_extension(LoopControlExtension)
        kept: Any = _filters()
        self.filters = kept
        self.globals.update(raise_exception=_refuse, strftime_now=_now)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read the attribute."""
        if isinstance(obj, str):
            return attr in TEXT_METHODS | WIDTH_METHODS | MORE_METHODS
        if isinstance(obj, Mapping):
            return attr in DICT_METHODS | {"copy"}
        if isinstance(obj, list):
            return attr in LIST_METHODS | {"copy"}
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        """A text's own `format`, paid for."""
        formatter = SandboxedEnvironment.wrap_str_format(self, value)
        if formatter is None:
            return None

        def paying(*values: Any, **named: Any) -> str:
            _fits(value.__self__, "{", values, named)
            return formatter(*values, **named)

        return paying

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """The result of an operator, paid for; `%` puts values into a text."""
        if operator == "%" and isinstance(left, str):
            values = right if isinstance(right, tuple) else (right,)
            _fits(left, "%", values, {})
            return measured(left % right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The result of a call, paid for."""
        if isinstance(obj, BuiltinMethodType) and isinstance(obj.__self__, str):
            if obj.__name__ == "join" and len(args) == 1:
                args = (as_list(args[0]),)
                obj.__self__.join([value[:0] for value in args[0] if not isinstance(value, str)] or [""])
            elif obj.__name__ in WIDTH_METHODS:
                _narrow(0, *args)
        return super().call(context, obj, *args, **kwargs)


def _final(value: Any) -> str:
    """What is written for a value."""
    text = text_of(value)
    bounded(len(text))
    return text


@functools.lru_cache(maxsize=8)
def _compiled(text: str) -> Template:
    if len(text) > LARGEST:
        raise TemplateSyntaxError(f"is longer than {LARGEST:,} characters", 1)
    begin(TIMES)
    sandbox = _ChatSandbox()
    return Template.from_code(sandbox, sandbox.compile(text), sandbox.make_globals(None))


def check(text: str) -> None:
    """Raises `ValueError` where a chat template is none that can be rendered."""
    try:
        _compiled(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"line {error.lineno}: {error.message}") from None
    except (RecursionError, MemoryError, SyntaxError):  # Python's own bounds on code
        raise ValueError("it is nested too deep") from None
    except Exception as error:  # a number of more digits than Python takes, a constant that cannot be worked out
        raise ValueError(str(error) or type(error).__name__) from None


def render(
    text: str,
    messages: Sequence[Mapping[str, Any]],
    special: Mapping[str, Any],
    *,
    opened: bool,
    tools: Sequence[Mapping[str, Any]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """The conversation under a chat template that `check` takes; `opened` for the assistant's next turn.

    `more` are the row's own values for the template. Raises `TooMuchWorkError` where it runs away, `ValueError` with
    the template's own words where it refuses.
    """
    turns = [_aliased({key: value for key, value in message.items() if value is not None}) for message in messages]
    values = {"messages": turns, "tools": tools, "documents": None, "add_generation_prompt": opened}
    template = _compiled(text)
    begin(TIMES)
    try:
        pieces = template.root_render_func(template.new_context({**values, **special, **(more or {})}))
        return concat(cast("Iterable[str]", pieces))
    except TooMuchWorkError:
        raise
    except RecursionError:
        raise TooMuchWorkError("calls itself without end") from None
    except Exception as error:  # an expression in a template can raise anything
        raise ValueError(str(error) or type(error).__name__) from None


def _aliased(message: dict[str, Any]) -> dict[str, Any]:
    """The message with its reasoning under each name that templates read it by, as transformers gives it to them."""
    said = next((message[key] for key in REASONING_KEYS if message.get(key) is not None), None)
    return message if said is None else {"thinking": said, **message, "reasoning_content": said}
