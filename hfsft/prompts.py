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
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import PromptError, nearest
from hfsft.plain import plain

if TYPE_CHECKING:
    from hfsft.sandbox.parsed_template import ParsedTemplate

SUFFIX = ".jinja"
LARGEST = 500_000
"""Characters of one template."""
# Sections ask for their prompts again and again, and parsing is most of what compiling a recipe takes.
MOST_PARSED = 512
_Key = tuple[Path | None, str, str]  # the folder of a template that stands in one, its name and its text
_PARSED: dict[_Key, ParsedTemplate] = {}
_WAITING: dict[_Key, None] = {}  # templates that were named, and not read yet
_READS = re.compile(r"""\{%[-+]?\s*(?:include|import|from|extends)\s+['"]([^'"]+)['"]""")  # another template


@dataclass(frozen=True)
class Prompt:
    """One template; made by `parse` from a text or by `named` from `templates/`."""

    name: str
    text: str
    identity: str  # 32 hex digits: its text and the text of all that it includes
    _key: _Key = field(repr=False, compare=False)

    @cached_property
    def _parsed(self) -> ParsedTemplate:
        return _parsed(self._key)

    @property
    def variables(self) -> frozenset[str]:
        """Every name that it reads, also in what it includes."""
        return self._parsed.variables

    @classmethod
    def parse(cls, text: str, name: str = "template") -> Prompt:
        """The prompt of a text, as a recipe has it; it can include no other. Raises `PromptError`."""
        return _prompt((None, name, text))

    @classmethod
    def named(cls, folder: str, name: str, *, late: bool = False) -> Prompt:
        """The prompt in `templates/<folder>/<name>.jinja`. Raises `PromptError`, naming the nearest one.

        One of ours, which cannot be wrong, may be read `late`: when it is first rendered, or by `prepare`.
        """
        root = templates()
        known = available(folder)
        path = root / folder / f"{name}{SUFFIX}"
        if name not in known and not (name.startswith("_") and "/" not in name and path.is_file()):
            raise PromptError(name, 0, f"there is no template `{name}` in {folder}", nearest(name, known))
        key = (root, called := f"{folder}/{name}{SUFFIX}", text := path.read_text("utf-8"))
        if not late:
            return _prompt(key)
        if key not in _PARSED:
            _WAITING[key] = None
        return cls(called, text, _identity(_included(root, called, text)), key)

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
        return self._parsed.lines.get(variable, 0)

    def render(self, **values: Any) -> str:
        """The text with `values` in it. Raises `PromptError` with the line that failed."""
        return self._parsed.render(values)

    def around(self, name: str, **values: Any) -> list[str]:
        """The texts around each place where the value of `name` is written.

        Of a template that does no more with it than write it, a text joins them to what `render` makes of it and the
        other values. Raises `PromptError` as that does.
        """
        mark = secrets.token_hex(32)  # which no value can hold
        return self.render(**values, **{name: mark}).split(mark)


def prepare() -> None:
    """Read the templates that were named and wait for it."""
    for key in list(_WAITING):
        _parsed(key)


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


def _prompt(key: _Key) -> Prompt:
    _, name, text = key
    return Prompt(name, text, _identity(_parsed(key).sources), key)


def _identity(sources: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(sources.items())).encode()).hexdigest()[:32]


def _included(root: Path, name: str, text: str) -> dict[str, str]:
    """The text of one of our templates and of all that it includes, by their names."""
    found = {name: text}
    waiting = [text]
    while waiting:
        for other in _READS.findall(waiting.pop()):
            if other not in found:
                found[other] = (root / other).read_text("utf-8")
                waiting.append(found[other])
    return found


def _parsed(key: _Key) -> ParsedTemplate:
    """The template, read; once, where neither it nor what it includes has changed since."""
    _, name, text = key
    if len(text) > LARGEST:
        raise PromptError(name, 0, f"is longer than {LARGEST:,} characters", "rows belong in a file of their own")
    held = _PARSED.get(key)
    if held is None or not held.current:
        from hfsft.sandbox.parsed_template import parsed  # a build whose first requests are no templates waits not

        held = parsed(*key)
        if len(_PARSED) >= MOST_PARSED:
            _PARSED.clear()
        _PARSED[key] = held
    _WAITING.pop(key, None)
    return held
