"""A Jinja template that was read: the names that it needs, and what renders it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jinja2 import FileSystemLoader, Template, TemplateNotFound, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError

from hfsft.errors import PromptError, nearest
from hfsft.plain import plain
from hfsft.sandbox.bounds import readers
from hfsft.sandbox.environment import Sandbox, misspelt
from hfsft.sandbox.work import LONGEST, TooMuchWorkError, begin

if TYPE_CHECKING:
    from collections.abc import Generator

    from jinja2.runtime import Context


@dataclass(frozen=True)
class ParsedTemplate:
    """A template that was read, with all that it includes."""

    name: str
    variables: frozenset[str]  # every name that it reads, also in what it includes
    lines: dict[str, int]  # of its own names the first that reads each, from 1
    sources: dict[str, str]  # its text, and the text of all that it includes, by their names
    template: Template

    @property
    def current(self) -> bool:
        """Whether what it includes still says what it said."""
        sandbox = self.template.environment
        others = ((name, said) for name, said in self.sources.items() if name != self.name)
        return all(_source(cast("Sandbox", sandbox), name) == said for name, said in others)

    def render(self, values: dict[str, Any]) -> str:
        """The text with `values` in it. Raises `PromptError` with the line that failed."""
        begin()
        try:
            return self._written(self.template.new_context(values))
        except Exception as error:  # an expression in a template can raise anything
            raise _render_error(self.name, error, values) from error

    def _written(self, context: Context) -> str:
        texts, size = [], 0
        pieces = cast("Generator[str, None, None]", self.template.root_render_func(context))
        for piece in pieces:
            size += len(piece)
            if size > LONGEST:  # raised where the template writes it, so that the error knows the line
                pieces.throw(TooMuchWorkError(f"does too much work: it writes more than {LONGEST:,} characters"))
            texts.append(piece)
        return "".join(texts)


@lru_cache(maxsize=8)
def _shipped(root: Path) -> Sandbox:
    return Sandbox(FileSystemLoader(root))


def _source(sandbox: Sandbox, name: str) -> str:
    assert sandbox.loader is not None, "asked only where there is one"
    return sandbox.loader.get_source(sandbox, name)[0]


def parsed(root: Path | None, name: str, text: str) -> ParsedTemplate:
    """Parse, follow what is included, compile; without a folder to look in nothing may be included. Raises
    `PromptError`.
    """
    sandbox = _shipped(root) if root else Sandbox()
    begin()
    sources = {name: text}
    trees: dict[str, nodes.Template] = {}
    waiting = [name]
    current = name
    try:
        while waiting:
            current = waiting.pop()
            trees[current] = sandbox.parse(sources[current], current, current)
            if not sandbox.loader:
                for node in readers(trees[current]):
                    raise TemplateSyntaxError("a template in a recipe cannot read another one", node.lineno)
                continue
            for other in sorted(_included(trees[current]) - sources.keys()):
                sources[other] = _source(sandbox, other)
                waiting.append(other)
        current = name
        template = Template.from_code(sandbox, sandbox.compile(text, name, name), sandbox.make_globals(None))
        variables = _variables(sandbox, trees)
    except TemplateSyntaxError as error:
        helps = misspelt(error, sandbox)
        raise PromptError(current, error.lineno, (error.message or "cannot be read").rstrip("."), helps) from error
    except TemplateNotFound as error:
        raise PromptError(current, 0, f"there is no template `{error.name}` to include") from error
    except (RecursionError, MemoryError, SyntaxError) as error:  # Python's own bounds on code
        raise PromptError(current, 0, "is nested too deep") from error
    except Exception as error:  # a number of more digits than Python takes, a constant that cannot be worked out
        raise PromptError(current, 0, plain(str(error))) from error
    lines: dict[str, int] = {}
    for node in trees[name].find_all(nodes.Name):
        lines[node.name] = min(node.lineno, lines.get(node.name, node.lineno))
    return ParsedTemplate(name, variables, lines, sources, template)


def _included(tree: nodes.Template) -> set[str]:
    """The templates that this one reads; their names must be written out, so that all text is known beforehand."""
    found = set()
    for node in readers(tree):
        name = getattr(node.template, "value", None)
        if not isinstance(name, str):
            raise TemplateSyntaxError("name the other template as a quoted text", node.lineno)
        found.add(name)
    return found


def _variables(sandbox: Sandbox, trees: dict[str, nodes.Template]) -> frozenset[str]:
    """Names that must be given; what one template sets is there in those that it includes."""
    read = {name for tree in trees.values() for name in meta.find_undeclared_variables(tree)}
    given = {node.name for tree in trees.values() for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    alone = meta.find_undeclared_variables(next(iter(trees.values())))
    return frozenset(read - (given - alone) - sandbox.globals.keys())


def _render_error(called: str, error: Exception, values: dict[str, Any]) -> PromptError:
    name, line = called, 0
    trace = error.__traceback__
    while trace:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name or called, template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, RecursionError):
        return PromptError(name, line, "calls itself without end")
    said = plain(str(error))  # it may quote the row
    if isinstance(error, UndefinedError):
        undefined = re.match(r"'(\w+)' is undefined", said)
        advice = nearest(undefined[1], sorted(values)) if undefined else ""
        return PromptError(name, line, said.replace("'", "`"), advice)
    if isinstance(error, TooMuchWorkError | SecurityError):
        return PromptError(name, line, said)
    return PromptError(name, line, f"{said} ({type(error).__name__})")
