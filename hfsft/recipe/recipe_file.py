"""A recipe file that remembers its lines, so that every problem can name its place."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from hfsft.errors import Place, Problem, RecipeError, closest, place_of
from hfsft.keys import HIDDEN, LOGIN, LOOKS_LIKE_KEY, SHORTEST, masked
from hfsft.marks import Loc
from hfsft.recipe.checks.recipe_secrets import KEY_ADVICE, secrets_in
from hfsft.recipe.overrides import apply, item_name, name_path
from hfsft.recipe.yaml.syntax_errors import DEEPEST, OURS
from hfsft.recipe.yaml.tree import TOLD, TOO_MANY, Node, Text, YamlReading
from hfsft.rows.values import NOT_UNICODE, broken, healed

if TYPE_CHECKING:
    from hfsft.recipe.yaml.validation_errors import Mistake

__all__ = ["RecipeFile", "item_name", "load", "name_path", "parse", "validate"]

LARGEST = 4_000_000
"""Bytes; more is data, which belongs in a file of its own."""
UNNAMED = "recipe"
_COMMENT = re.compile(r"(?m)(?:^|(?<=[ \t]))#[^\n]{0,1000}")
_KEPT = re.compile(  # such as `# api-key: 5f0c7e1d2b9a4c6e`
    r"(?i)(?:key|token|secret|password|passwd|authorization|cookie)[\"']?\s{0,8}[:=]\s{0,8}[\"']?"
    r"(?=[a-z]{0,40}[0-9])[a-z0-9+/=_\-]{16}"
)
_STARS = re.compile(r"\*+")

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class ContentFile:
    """A file whose contents stand in a recipe that names it."""

    text: Text = field(repr=False)
    root: Node = field(repr=False)


@dataclass(frozen=True)
class RecipeFile:
    """One recipe as it was read: its data, where everything stands, and what is wrong before a model looks at it."""

    path: Path | None
    data: dict[str, Any] = field(repr=False)
    text: Text = field(default=Text(UNNAMED, ""), repr=False)
    root: Node | None = field(default=None, repr=False)
    changed: Mapping[Loc, str] = field(default_factory=dict)  # paths that an override set -> the override
    found: tuple[Problem, ...] = ()
    files: Mapping[Loc, ContentFile] = field(default_factory=dict, repr=False)  # by where the recipe names them

    def place(self, loc: Sequence[str | int], key: bool = False) -> Place:
        """Where a path stands, or what is nearest to it; `key`: its key rather than its value."""
        text, root, below = self._file_of(loc, key=key)
        if text is self.text and (changed := self._changed(loc)):
            return Place(changed)
        if root is None:
            return Place(text.file)
        node, name, rest = _walk(root, below)
        return text.place(name.start if name and (key or rest) else node.start)

    def place_in_text(self, loc: Sequence[str | int], line: int) -> Place:
        """Where line `line` (from 1) of the text at a path stands in the file."""
        text, root, below = self._file_of(loc)
        if root is None or (text is self.text and self._changed(loc)):
            return self.place(loc)
        node, _, rest = _walk(root, below)
        if rest or not isinstance(node.value, str):
            return self.place(loc)
        best, best_number = node.start, 0
        for offset, number in _text_lines(node, text):
            if best_number < number <= line:
                best, best_number = offset, number
        return text.place(best)

    def problems(self, error: ValidationError | None, model: type[BaseModel]) -> list[Problem]:
        """The secrets in the data and the errors that pydantic found in it, each at its place and told once."""
        secrets = secrets_in(self.data, model)
        places = {secret.loc: self._secret(secret.loc, secret.message, secret.help) for secret in secrets}
        found = _faults(error, model, self.data, self._written) if error else []
        others = [
            Problem(self.place(fault.loc, fault.key), fault.message, fault.help)
            for fault in found[:TOLD]
            if not any(loc[: len(fault.loc)] == fault.loc for loc in places)
        ]
        if len(found) > TOLD and others:
            others.append(Problem(others[-1].place, "and more problems", TOO_MANY))
        # Whatever else is wrong may quote what stands there.
        values = {secret.value for secret in secrets}
        return [_without(problem, values) for problem in [*places.values(), *others]]

    def _secret(self, loc: Loc, message: str, advice: str) -> Problem:
        place, lines = self.place(loc), 1
        text, root, below = self._file_of(loc)
        if root is not None and place.line:
            node, _, _ = _walk(root, below)
            lines += max(0, text.place(max(node.start, node.end - 1)).line - place.line)
        return Problem(place, message, advice, lines)

    def _file_of(self, loc: Sequence[str | int], *, key: bool = False) -> tuple[Text, Node | None, Loc]:
        """The file in which a path stands, or its `key`, and the way to it there."""
        for length in range(len(loc) - key, 0, -1):
            if file := self.files.get(tuple(loc[:length])):
                return file.text, file.root, tuple(loc[length:])
        return self.text, self.root, tuple(loc)

    def _changed(self, loc: Sequence[str | int]) -> str:
        """The override that set what stands at a path, or what it stands in; empty where none did."""
        lengths = range(len(loc), 0, -1)
        return next((self.changed[tuple(loc[:n])] for n in lengths if tuple(loc[:n]) in self.changed), "")

    def _written(self, loc: Loc) -> str:
        """A number or truth value as the file spells it."""
        value: Any = self.data
        for step in loc:
            value = value[step]
        spelt = str(value).lower() if isinstance(value, bool) else str(value)
        text, root, below = self._file_of(loc)
        if root is None or (text is self.text and self._changed(loc)):
            return spelt
        node, _, rest = _walk(root, below)
        return spelt if rest or isinstance(node.value, dict | list) else text.text[node.start : node.end]


def _walk(root: Node, loc: Sequence[str | int]) -> tuple[Node, Node | None, bool]:
    """The deepest node on a path, its key, and whether the path goes on."""
    node, name = root, None
    for step in loc:
        if isinstance(node.value, dict) and step in node.value:
            name, node = node.value[str(step)]
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            name, node = None, node.value[step]
        else:
            return node, name, True
    return node, name, False


def load(recipe: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> RecipeFile:
    """The recipe of a file, or of a mapping as YAML would give it.

    Raises `RecipeError` where no mapping can be read. Problems that leave one to look at (a key given twice, a secret,
    an override that fits nowhere) wait in `found`, so that `validate` can tell all problems at once.
    """
    if isinstance(recipe, Mapping):
        try:
            data = _plain_mapping(recipe)
        except RecursionError:
            raise RecipeError([Problem(Place(UNNAMED), f"nested deeper than {DEEPEST} levels")]) from None
        return _overridden(RecipeFile(None, data), overrides)
    path = Path(recipe)
    return parse(read(path), path, overrides)


def parse(text: str, path: Path | None = None, overrides: Sequence[str] = ()) -> RecipeFile:
    """The recipe of a YAML text. Raises `RecipeError` like `load`."""
    source = Text(place_of(path).file if path else UNNAMED, text)
    reading = YamlReading(source)
    problems = [*secret_texts(source), *(_quoting_none(each, source.line(each.place)) for each in reading.problems)]
    root = reading.root
    if root is None or not isinstance(root.value, dict):
        if root is None and not reading.problems:
            problems.append(Problem(source.place(0), "the recipe is empty", "`hfsft init` writes one to start from"))
        elif root is not None:
            kind = "a list" if isinstance(root.value, list) else "nothing" if root.value is None else "text"
            problems.append(Problem(source.place(root.start), f"a recipe is a mapping of sections, not {kind}"))
        raise RecipeError(problems)
    problems += _secret_comments(source, root)
    return _overridden(RecipeFile(path, root.plain(), source, root, {}, tuple(problems)), overrides)


def validate(source: RecipeFile, model: type[M], told_by: Callable[[], type[BaseModel]] | None = None) -> M:
    """The data as a `model`. Raises `RecipeError` with every problem of the source and of its values.

    `told_by` gives the type whose errors are told, where that is another one, which takes longer to make.
    """
    problems = [*source.found, *_broken_texts(source, source.data, ())]
    wrong: ValidationError | None = None
    try:
        valid = model.model_validate(source.data)
    except ValidationError as error:
        wrong = error
        if told_by:
            model, wrong = _as_told(source.data, told_by(), error)
    told = {problem.place for problem in source.found if problem.place.line and not problem.hides}
    problems += [problem for problem in source.problems(wrong, model) if problem.place not in told]
    # A secret that was met in the text and in the data is told once, with the name of its place.
    named = {problem.place.line for problem in problems if problem.hides and problem not in source.found}
    problems = [each for each in problems if not (each in source.found and each.hides and each.place.line in named)]
    if problems:
        raise RecipeError(problems)
    return valid


def _as_told(data: Any, model: type[Any], found: ValidationError) -> tuple[type[Any], ValidationError]:
    """The errors of some data by another type, with that type."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        return model, error
    return model, found


def _faults(error: ValidationError, model: type[BaseModel], data: Any, written: Callable[[Loc], str]) -> list[Mistake]:
    from hfsft.recipe.yaml.validation_errors import faults  # of a recipe that is right it would never be used

    return faults(error, model, data, written)


def _overridden(source: RecipeFile, overrides: Sequence[str]) -> RecipeFile:
    changed, problems = apply(source.data, overrides)
    values = {value for override in overrides for value in _hidden_in(override)}
    return replace(source, changed=changed, found=(*source.found, *(_without(each, values) for each in problems)))


def _plain_mapping(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, Mapping):
        return {key: _plain_mapping(item, depth + 1) for key, item in value.items()}
    return [_plain_mapping(item, depth + 1) for item in value] if isinstance(value, list | tuple) else value


def secret_texts(text: Text) -> Iterator[Problem]:
    """What looks like a key anywhere in the file, in comments too, since the file is published as it is."""
    for match in islice(LOOKS_LIKE_KEY.finditer(text.text), TOLD):
        said = f"this looks like a secret key ({match[1] or match[2]}...)"
        yield Problem(text.place(match.start()), said, KEY_ADVICE, hides=1)


def _secret_comments(text: Text, root: Node) -> Iterator[Problem]:
    """Comments that look like they hold one; a # within a value begins none."""
    found = [each for each in _COMMENT.finditer(text.text) if _tells(each[0])]
    values = sorted(root.scalars()) if found else []
    for comment in found:
        before = bisect.bisect_right(values, (comment.start(), len(text.text))) - 1
        if before < 0 or values[before][1] <= comment.start():
            said = "this comment looks like it holds a secret"
            yield Problem(text.place(comment.start()), said, "recipes are published, with their comments", hides=1)


def _tells(comment: str) -> bool:
    if LOGIN.search(comment) or _KEPT.search(comment):
        return True
    if "@" not in comment:
        return False
    from hfsft.privacy.credentials.secrets import find

    return bool(find(comment))


def _broken_texts(source: RecipeFile, value: Any, loc: Loc) -> Iterator[Problem]:
    """Texts with half of a surrogate pair, as an escape (`\\ud83d`) or a program may put there: no file holds one."""
    if isinstance(value, dict | list):
        for step, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _broken_texts(source, inside, (*loc, step))
    elif isinstance(value, str) and broken(healed(value)):
        yield Problem(
            source.place(loc), f"{name_path(loc, source.data)} is {NOT_UNICODE}", "a character was cut in two"
        )


def _quoting_none(problem: Problem, line: str) -> Problem:
    """The problem without what may be a secret in the line that it is about; sayings of ours quote nothing of it."""
    return _without(problem, set() if problem.message in OURS else _hidden_in(line))


def _hidden_in(line: str) -> set[str]:
    """What may be a secret in a line that could not be read."""
    shown = masked(line)
    return (
        {line[place.start() : place.end()].strip("\"' ") for place in _STARS.finditer(shown)}
        if shown != line
        else set()
    )


def _without(problem: Problem, values: Collection[str]) -> Problem:
    """The problem with none of these values in what it says, nor a word of one, nor what looks like a key."""
    parts = {part.strip("\"'*&!") for value in values for part in (value, *value.split())}
    known = sorted((part for part in parts if len(part) >= SHORTEST), key=len, reverse=True)

    def told(said: str) -> str:
        for part in known:
            said = said.replace(part, HIDDEN)
        return LOGIN.sub(HIDDEN, LOOKS_LIKE_KEY.sub(lambda found: f"{found[1] or ''}...", said))

    place = replace(problem.place, file=told(problem.place.file)) if not problem.place.line else problem.place
    return replace(problem, place=place, message=told(problem.message), help=told(problem.help))


def read(path: Path, kind: str = "a recipe") -> str:
    """The text of a file of some `kind`. Raises `RecipeError` saying why there is none, and what to do."""

    def refuse(message: str, advice: str = "", line: int = 0, column: int = 0) -> RecipeError:
        return RecipeError([Problem(place_of(path, line, column), message, advice)])

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise refuse("there is no such file", _similar(path)) from None
    except IsADirectoryError:
        found = sorted(entry.name for entry in path.iterdir() if entry.suffix in (".yaml", ".yml"))
        raise refuse(f"is a folder, not {kind}", f"in it: {', '.join(found[:10])}" if found else "") from None
    except PermissionError:
        raise refuse("may not be read", "check its permissions") from None
    except (OSError, ValueError) as error:  # a name that the system cannot take is a ValueError
        raise refuse(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST:
        raise refuse(f"is larger than {LARGEST // 1_000_000} MB", "rows belong in a file that `path:` names")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:2]:
        raise refuse("is UTF-16, and recipes are UTF-8", f"iconv -f UTF-16 -t UTF-8 {path.name}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        before = re.split(r"\r\n|\r|\n", content[:start].decode("utf-8-sig"))
        byte = content[start]
        reason = f"byte 0x{byte:02X} is not UTF-8; in Latin-1 it is {bytes([byte]).decode('latin-1')!r}"
        advice = f"save the file as UTF-8: iconv -f LATIN1 -t UTF-8 {path.name}"
        raise refuse(reason, advice, len(before), len(before[-1]) + 1) from None


def _similar(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    names = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    guess = closest(path.name, names)
    return f"did you mean {path.parent / guess}?" if guess else ""


def _text_lines(node: Node, text: Text) -> Iterator[tuple[int, int]]:
    """Offset in the file of each line of a scalar, with the line of its text that it is part of, from 1."""
    lines = list(text.lines(node.start, max(node.end - 1, node.start)))
    literal, block = node.style == "|", node.style in ("|", ">")
    number, blanks, shown, deeper = 1, 0, False, False
    indent = min((len(line) - len(line.lstrip(" ")) for _, line in lines[1:] if line.strip()), default=0)
    for offset, line in lines[1:] if block else lines:
        content = line.lstrip(" ") if block else line.strip()
        if literal:
            yield offset + min(indent, len(line)), number
            number += 1
            continue
        if not content.strip():
            blanks += 1
            continue
        # Folding: a single break becomes a space, n empty lines n breaks; lines set deeper keep their own break.
        set_deeper = block and len(line) - len(content) > indent
        number += blanks + (1 if shown and (set_deeper or deeper) else 0)
        blanks, shown, deeper = 0, True, set_deeper
        yield offset + (len(line) - len(line.lstrip())), number
        if node.style == '"':
            number += sum(escape == "n" for escape in re.findall(r"\\(.)", line))
