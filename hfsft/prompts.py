"""Prompts: Jinja templates, rendered once, with a row's text only ever as a value.

    Answer the customer in {{ language }}.
    {% if context %}
    Context: {{ context }}
    {% endif %}

Their names are known before anything runs (`variables`), so that they can be checked against the columns of a row.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
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

SUFFIX = ".jinja"
LARGEST = 500_000
"""Characters of one template."""
# Sections ask for their prompts again and again, and parsing is most of what compiling a recipe takes.
MOST_PARSED = 512
_PARSED: dict[Any, tuple[Prompt, dict[str, str]]] = {}


@dataclass(frozen=True)
class Prompt:
    """One template; made by `parse` from a text or by `named` from `templates/`."""

    name: str
    text: str
    variables: frozenset[str]  # every name that it reads, also in what it includes
    identity: str  # 32 hex digits: its text and the text of all that it includes
    _lines: dict[str, int] = field(repr=False, compare=False)
    _template: Template = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, name: str = "template") -> Prompt:
        """The prompt of a text, as a recipe has it; it can include no other. Raises `PromptError`."""
        return _prompt(Sandbox(), name, text)

    @classmethod
    def named(cls, folder: str, name: str) -> Prompt:
        """The prompt in `templates/<folder>/<name>.jinja`. Raises `PromptError`, naming the nearest one."""
        root = templates()
        known = available(folder)
        path = root / folder / f"{name}{SUFFIX}"
        if name not in known and not (name.startswith("_") and "/" not in name and path.is_file()):
            raise PromptError(name, 0, f"there is no template `{name}` in {folder}", nearest(name, known))
        return _prompt(_shipped(root), f"{folder}/{name}{SUFFIX}", path.read_text("utf-8"))

    @classmethod
    def chosen(cls, template: str, folder: str, base: Path, name: str) -> Prompt:
        """The prompt that a recipe names in one of three ways: inline Jinja, which is then called `name`; a file
        `query.jinja`, relative to `base`; or a name in `templates/<folder>/`. Raises `PromptError`.
        """
        if is_file(template):
            return cls.parse(text_of(template, base), name=template)
        return cls.parse(template, name=name) if is_inline(template) else cls.named(folder, template)

    def line_of(self, variable: str) -> int:
        """The first line that reads the name, from 1; 0 where only an included template does."""
        return self._lines.get(variable, 0)

    def render(self, **values: Any) -> str:
        """The text with `values` in it. Raises `PromptError` with the line that failed."""
        begin()
        try:
            return self._written(self._template.new_context(values))
        except Exception as error:  # an expression in a template can raise anything
            raise _render_error(self, error, values) from error

    def around(self, name: str, **values: Any) -> list[str]:
        """The texts around each place where the value of `name` is written.

        Of a template that does no more with it than write it, a text joins them to what `render` makes of it and the
        other values. Raises `PromptError` as that does.
        """
        mark = secrets.token_hex(32)  # which no value can hold
        return self.render(**values, **{name: mark}).split(mark)

    def _written(self, context: Context) -> str:
        texts, size = [], 0
        pieces = cast("Generator[str, None, None]", self._template.root_render_func(context))
        for piece in pieces:
            size += len(piece)
            if size > LONGEST:  # raised where the template writes it, so that the error knows the line
                pieces.throw(TooMuchWorkError(f"does too much work: it writes more than {LONGEST:,} characters"))
            texts.append(piece)
        return "".join(texts)


def is_file(template: str) -> bool:
    """Whether what a recipe has for a template is the path of a file: one line without braces that ends as they do."""
    return template.endswith(SUFFIX) and not re.search(r"[\n{]", template)


def is_inline(template: str) -> bool:
    """Whether a recipe holds the template itself; names have no braces and no spaces."""
    return not is_file(template) and is_text(template)


def is_text(template: str) -> bool:
    """Whether what a recipe has for a template can be no name: it has braces or white space."""
    return bool(re.search(r"[\s{]", template))


def text_of(template: str, base: Path) -> str:
    """The text of a template's file, relative to `base`. Raises `PromptError` for one that cannot be read as text."""
    path = base / template
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        beside = sorted(other.name for other in path.parent.glob(f"*{SUFFIX}")) if path.parent.is_dir() else []
        raise PromptError(template, 0, f"there is no file {template}", nearest(path.name, beside)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(template, 0, f"{template} cannot be read: {plain(str(error))}") from None
    if len(text) > LARGEST:
        raise PromptError(template, 0, f"is longer than {LARGEST:,} characters", "rows belong in a file of their own")
    return text


def standing_alone(template: str, base: Path) -> str:
    """The template as a recipe has it that needs no file beside it: of a file its text, any other as it is."""
    if not is_file(template):
        return template
    text = text_of(template, base)
    return text if is_inline(text) else f"{text}\n"  # a single word would be taken for a name


def templates() -> Path:
    """The folder of the shipped templates: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def available(folder: str) -> list[str]:
    """The names that `Prompt.named` knows in a folder, sorted; those with a leading `_` are parts of others."""
    found = (path.name.removesuffix(SUFFIX) for path in (templates() / folder).glob(f"*{SUFFIX}"))
    return sorted(name for name in found if not name.startswith("_"))


@lru_cache(maxsize=8)
def _shipped(root: Path) -> Sandbox:
    return Sandbox(FileSystemLoader(root))


def _prompt(sandbox: Sandbox, name: str, text: str) -> Prompt:
    """The prompt of a text; parsed once, where neither it nor what it includes has changed since."""
    key = (sandbox if sandbox.loader else None, name, text)
    held = _PARSED.get(key)
    if held is None or not all(sandbox.loader and _source(sandbox, other) == said for other, said in held[1].items()):
        made, sources = _parsed(sandbox, name, text)
        if len(_PARSED) >= MOST_PARSED:
            _PARSED.clear()
        held = _PARSED[key] = made, {other: said for other, said in sources.items() if other != name}
    return held[0]


def _source(sandbox: Sandbox, name: str) -> str:
    assert sandbox.loader is not None, "asked only where there is one"
    return sandbox.loader.get_source(sandbox, name)[0]


def _parsed(sandbox: Sandbox, name: str, text: str) -> tuple[Prompt, dict[str, str]]:
    """Parse, follow what is included, compile; `sandbox` without a loader allows no including."""
    if len(text) > LARGEST:
        raise PromptError(name, 0, f"is longer than {LARGEST:,} characters", "rows belong in a file of their own")
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
    whole = json.dumps(sorted(sources.items()))
    identity = hashlib.sha256(whole.encode()).hexdigest()[:32]
    return Prompt(name, text, variables, identity, lines, template), sources


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


def _render_error(prompt: Prompt, error: Exception, values: dict[str, Any]) -> PromptError:
    name, line = prompt.name, 0
    trace = error.__traceback__
    while trace:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name or prompt.name, template.get_corresponding_lineno(trace.tb_lineno)
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
