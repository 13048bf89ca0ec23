"""One Jinja expression, such as `language == "English" and not toxic`, worked out for one row after another.

It has the sandbox of templates, with all bounds: each row pays anew out of its own budget of work and time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from jinja2 import Template, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.parser import Parser

from hfsft.plain import plain
from hfsft.sandbox.environment import Sandbox, misspelt
from hfsft.sandbox.filters import paid
from hfsft.sandbox.work import begin, measured

LARGEST = 10_000
"""Characters of one expression."""
ROW = "row"
"""The name that stands for the whole row, for columns whose names are no words of the language: `row["my column"]`."""
RESULT = "_hfsft_result"  # in the template that works it out

KINDS = {
    "NoneType": "null", "str": "text", "int": "a number", "float": "a number", "bool": "true or false",
    "list": "a list", "dict": "an object", "StrictUndefined": "nothing",
}  # fmt: skip
_COMPARED = re.compile(r"'(\S{1,9})' not supported between instances of '(\w+)' and '(\w+)'")
_BETWEEN = re.compile(r"`(\S{1,9})` does not take (\w+) and (\w+)")
_LACKS = re.compile(r"'(?:dict object|\w+ object)' has no attribute '(.+)'")


class ExpressionError(ValueError):
    """An expression that is none, or that cannot be worked out: its line (from 1), what is wrong and what helps."""

    def __init__(self, message: str, line: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.help = message, line, help

    @property
    def told(self) -> str:
        """All of it in a sentence."""
        at = f"line {self.line} of it: " if self.line > 1 else ""
        return f"{at}{self.message}" + (f" ({self.help})" if self.help else "")


def checked(text: str | None) -> str | None:
    """The text of an expression, or None, as it is. Raises `ValueError` where it is no expression, in a sentence."""
    if text is not None:
        try:
            Expression(text)
        except ExpressionError as error:
            raise ValueError(error.told) from None
    return text


class Expression:
    """An expression over named values; raises `ExpressionError` where it is none.

    `more` are functions that it may use as filters, beside Jinja's, or call: `text | words`, `words(text)`.
    """

    def __init__(self, text: str, more: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self.text = text
        if len(text) > LARGEST:
            raise ExpressionError(f"is longer than {LARGEST:,} characters")
        begin()
        sandbox = Sandbox()
        functions = paid(more or {})
        sandbox.filters.update(functions)
        try:
            self._template, tree = _compiled(sandbox, text)
            called = _called(tree) & functions.keys()  # a value may have the name of one, where it is not called
            if called:
                sandbox.globals.update({name: functions[name] for name in called})
                self._template, tree = _compiled(sandbox, text)
        except TemplateSyntaxError as error:
            helps = misspelt(error, sandbox) or _advice(text)
            raise ExpressionError(plain(error.message or "cannot be read").rstrip("."), error.lineno, helps) from None
        except (RecursionError, MemoryError, SyntaxError):  # Python's own bounds on code
            raise ExpressionError("is nested too deep") from None
        except Exception as error:  # a number of more digits than Python takes
            raise ExpressionError(plain(str(error)) or type(error).__name__) from None
        given = meta.find_undeclared_variables(tree)
        self.names = frozenset(given - {ROW} - sandbox.globals.keys())
        """The values that it reads; beside them the whole row, where it asks for `row`."""
        self.filters = frozenset(node.name for node in tree.find_all(nodes.Filter)) | called
        """The filters that it uses, called or not."""
        read = {node.name for node in tree.find_all(nodes.Name)}
        self._perhaps = frozenset(read & {ROW, *sandbox.globals})  # values, where there are any of these names

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """What it comes to; a name that `values` lacks is null.

        Raises `ExpressionError` where it cannot be worked out.
        """
        begin()
        given: dict[str, Any] = {name: values.get(name) for name in self.names}
        given |= {ROW: values} | {name: values[name] for name in self._perhaps if name in values}
        try:
            context = self._template.new_context(given)
            for _ in self._template.root_render_func(context):
                pass
            found = measured(context.vars[RESULT])
            bool(found)  # a name that is not there is an error now, not later
        except Exception as error:  # an expression can raise anything
            raise _failure(error, values, self.names) from None
        return found

    def line_of(self, name: str) -> int:
        """The first line in which a name stands, from 1."""
        found = re.search(rf"\b{re.escape(name)}\b", self.text)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1

    def unknown(self, names: Collection[str]) -> list[str]:
        """The values that it reads and that are not among these names."""
        return sorted(self.names - set(names))


def _compiled(sandbox: Sandbox, text: str) -> tuple[Template, nodes.Template]:
    """The template that sets one name to the value, and a tree that reads the same names."""

    def parsed() -> nodes.Expr:
        parser = Parser(sandbox, text, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            token = parser.stream.current
            raise TemplateSyntaxError(f"`{token.value}` stands where the expression has ended", token.lineno)
        expression.set_environment(sandbox)
        return expression

    target = nodes.Name(RESULT, "store", lineno=1)
    body: list[nodes.Node] = [nodes.Assign(target, parsed(), lineno=1)]
    code = sandbox.compile(nodes.Template(body, lineno=1))
    tree = nodes.Template([nodes.Output([parsed()], lineno=1)], lineno=1)
    tree.set_environment(sandbox)
    return Template.from_code(sandbox, code, sandbox.make_globals(None)), tree


def _called(tree: nodes.Template) -> set[str]:
    """The names that are called as functions."""
    return {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}


def _advice(text: str) -> str:
    if re.search(r"(?<![=!<>])=(?![=])", text):
        return "write == to compare"
    if re.search(r"&&|\|\||!(?!=)", text):
        return "write `and`, `or` and `not`"
    if "{{" in text or "{%" in text:
        return "write the expression alone, without braces"
    return 'as in language == "English" and not toxic'


def _failure(error: Exception, values: Mapping[str, Any], names: Collection[str]) -> ExpressionError:
    """What went wrong in words, with the kinds of the values that were read, never the values themselves."""
    said = plain(str(error)) or type(error).__name__
    kinds = {name: kind_of(values.get(name)) for name in sorted(names)}
    here = f"here {', '.join(f'{name} is {kind}' for name, kind in kinds.items())}" if kinds else ""
    if isinstance(error, RecursionError):
        return ExpressionError("calls itself without end")
    if isinstance(error, UndefinedError):
        lacks = _LACKS.search(said)
        message = f"there is no `{lacks[1]}`" if lacks else said.replace("'", "`")
        advice = f"`{lacks[1]} | default(...)` says what counts in its place" if lacks else ""
        return ExpressionError(message, help="; ".join(filter(None, (advice, here))))
    if compared := _COMPARED.search(said) or _BETWEEN.search(said):
        sign, one, other = compared[1], *(KINDS.get(kind, kind) for kind in compared.groups()[1:])
        advice = ""
        if "null" in (one, other):
            advice = "say what null is to mean, as in `x is not none and x > 3` or `x | default(0, true)`"
        elif "text" in (one, other):
            advice = "`x | float` makes a number of a text"
        return ExpressionError(
            f"`{sign}` does not take {one} and {other}", help="; ".join(filter(None, (advice, here)))
        )
    return ExpressionError(said, help=here)


def kind_of(value: Any) -> str:
    """What a value is, as JSON calls it."""
    return KINDS.get(type(value).__name__, f"a {type(value).__name__}")
