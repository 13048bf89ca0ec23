"""Where in a model's types an error of pydantic happened, and where in the data.

Pydantic's `loc` mixes both: `("seeds", 0, "Table", "path")` names a field, an item, a branch of a union, a field.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, Tag
from pydantic_core import PydanticUndefined

from hfsft.marks import Loc, Mark, marks
from hfsft.section.later import Later, later_in

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Trail:
    """The types along a `loc`."""

    kind: Any = None  # the type at its end, as far as it could be followed
    owner: type[BaseModel] | None = None  # the model whose field the end is (or would be)
    field: FieldInfo | None = None
    length: int = 0  # of the tuple that the end is an item of
    branches: tuple[int, ...] = ()  # which parts of the loc are branches of a union

    @property
    def allowed(self) -> list[str]:
        """The keys of the model that owns the end."""
        return keys(self.owner) if self.owner else []

    @property
    def inside(self) -> list[str]:
        """The keys of the model, or of the models of a union, that the end is of."""
        kind = bare(self.kind)
        models = [bare(choice) for choice in (get_args(kind) if _is_union(kind) else (kind,))]
        found = [model for model in models if isinstance(model, type) and issubclass(model, BaseModel)]
        return list(dict.fromkeys(key for model in found for key in keys(model)))

    @property
    def written_as(self) -> list[Any]:
        """The types that may be written at the end, where that is more than its own: a number for a mapping."""
        return list(_choices(_written_as(self.kind, self.field)))

    @property
    def null_says_more(self) -> bool:
        """Whether null is a value of the end by itself, and not what the end is where it is left out."""
        return type(None) in get_args(self.kind) and self.field is not None and self.field.default is not None

    @property
    def choices(self) -> list[str]:
        """The values of a `Literal`, or the tags of a union."""
        kind = bare(self.kind)
        if get_origin(kind) is Literal:
            return [*(str(choice) for choice in get_args(kind)), *(["null"] if self.null_says_more else [])]
        return [tag for tag in map(_tag, get_args(kind)) if tag] if _is_union(kind) else []


def keys(model: type[BaseModel]) -> list[str]:
    """The keys that a model takes, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def extra(model: type[BaseModel]) -> Any:
    """The type of a model's keys that are no fields, where it allows any and says which type they have."""
    if model.model_config.get("extra") != "allow":
        return None
    return _value_type(get_type_hints(model, include_extras=True).get("__pydantic_extra__"))


def _value_type(kind: Any, otherwise: Any = None) -> Any:
    """The type of a mapping's values; `otherwise` where its type does not say."""
    arguments = get_args(kind)
    return arguments[1] if len(arguments) > 1 else otherwise


def _most_alike(kind: Any, step: str) -> Any:
    """The choice of a union that `step` fits best; of several that fit alike, the first."""
    return max(get_args(kind), key=lambda choice: _likeness(choice, step))


def follow(model: type[BaseModel], loc: Loc) -> Trail:
    """The types along `loc`, starting at `model`."""
    kind: Any = model
    owner: type[BaseModel] | None = None
    field: FieldInfo | None = None
    branches: list[int] = []
    length = 0
    for position, step in enumerate(loc):
        kind = bare(kind)
        if _is_union(kind):
            branches.append(position)
            kind = _most_alike(kind, str(step))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            owner = kind
            known = {known.alias or name: known for name, known in kind.model_fields.items()}
            field = known.get(str(step))
            kind = field.annotation if field else extra(kind)
        elif _is(kind, Mapping):
            kind = _value_type(kind)
        elif _is(kind, AbstractSet) or _is(kind, Sequence):
            inside = [choice for choice in get_args(kind) if choice is not Ellipsis]
            length = len(inside)
            kind = inside[step if isinstance(step, int) and step < len(inside) else 0] if inside else None
        else:
            kind = None
    return Trail(kind, owner, field, length, tuple(branches))


class Inside(NamedTuple):
    """What may stand at a step below a type."""

    kind: Any
    field: FieldInfo | None = None  # of a key that a model has
    named: bool = False  # whether the step is a name that the recipe's author gave, as of a model or a criterion


def inside(kind: Any, step: str | int, within: Any = None) -> Iterator[Inside]:
    """What may stand at a step below a type: of a union in each branch that has it; nothing where none has.

    `within` is what the step leads into, where that is known: it may tell that it is of no type of some branch.
    """
    if tag := _tag(kind):
        # `tokens: {...}`, of filters that are told apart by their names
        yield from [Inside(bare(kind), named=True)] if tag == step else []
        return
    kind = bare(kind)
    if _is_union(kind):
        for choice in get_args(kind):
            home = later_in(choice)
            if not (home and home.marked and isinstance(within, Mapping) and home.marked not in within):
                yield from inside(choice, step, within)
    elif isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
        known = {field.alias or name: field for name, field in kind.model_fields.items()}
        if field := known.get(str(step)):
            yield Inside(field.annotation, field)
        elif more := extra(kind):
            yield Inside(more, named=True)
    elif _is(kind, Mapping):
        value = _value_type(kind, Any)
        yield Inside(value, named=value is not Any)
    elif (_is(kind, AbstractSet) or _is(kind, Sequence)) and isinstance(step, int):
        yield from (Inside(choice) for choice in get_args(kind) if choice is not Ellipsis)


def places(value: Any, kinds: Iterable[Any], mark: Mark, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """Where fields with a mark stand in data that should be of one of these types, and what stands there."""
    steps: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, Mapping) else ()
    if isinstance(value, list):  # its items are no fields: of thousands of texts none has a mark, or one inside
        steps = ((step, inner) for step, inner in enumerate(value) if isinstance(inner, Mapping | list))
    for step, inner in steps:
        found = [each for kind in kinds for each in inside(kind, step, value)]
        if any(each.field and mark in marks(each.field) for each in found):
            yield (*loc, step), inner
        yield from places(inner, [each.kind for each in found], mark, (*loc, step))


def locate(loc: Loc, data: Any, value: Any, missing: bool) -> Loc:
    """The part of `loc` that is a path in the data, up to the place that holds `value`.

    A branch of a union may be called like a key, so of all readings that one counts which arrives at the very value
    that pydantic complains of; of several, the longest. `missing`: the last part is a key that is not there.
    """
    best: tuple[bool, int, Loc] = (False, -1, ())
    pending: list[tuple[int, Loc, Any]] = [(0, (), data)]
    steps = loc[:-1] if missing else loc
    while pending:
        position, path, here = pending.pop()
        if position == len(steps):
            best = max(best, (here is value, len(path), path), key=lambda found: found[:2])
            continue
        step = steps[position]
        pending.append((position + 1, path, here))
        if isinstance(here, dict) and step in here:
            pending.append((position + 1, (*path, step), here[step]))
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            pending[-1] = (position + 1, (*path, step), here[step])
    return best[2]


def bare(kind: Any) -> Any:
    """A type without `Annotated` and `| None`; of one that is imported where it is needed, that itself."""
    while True:
        if get_origin(kind) is Annotated:
            first, *notes = get_args(kind)
            kind = next((note.kind for note in notes if isinstance(note, Later)), first)
        elif _is_union(kind) and type(None) in get_args(kind):
            kept = tuple(choice for choice in get_args(kind) if choice is not type(None))
            kind = kept[0] if len(kept) == 1 else Union[kept]  # noqa: UP007
        else:
            return kind


def _written_as(kind: Any, field: FieldInfo | None) -> Any:
    """What the author may write for a type that is made of other types than its own; None where it is not known."""
    parts = get_args(kind) if _is_union(kind) else (kind,)
    annotated = [each for each in parts if get_origin(each) is Annotated]
    notes = [note for each in annotated for note in get_args(each)[1:]]
    if field is not None and kind is field.annotation:
        notes += field.metadata
    found = [each.json_schema_input_type for each in notes if isinstance(each, BeforeValidator)]
    known = [each for each in found if each is not PydanticUndefined]
    return known[0] if known else getattr(bare(kind), "short", None)


def _choices(kind: Any) -> Iterator[Any]:
    """The types that a type is a choice of."""
    kind = bare(kind)
    if _is_union(kind):
        for each in get_args(kind):
            yield from _choices(each)
    elif kind is not None:
        yield get_origin(kind) or kind


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _is(kind: Any, parent: type) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, parent) and origin is not str


def _tag(choice: Any) -> str | None:
    marks = get_args(choice)[1:] if get_origin(choice) is Annotated else ()
    return next((mark.tag for mark in marks if isinstance(mark, Tag)), None)


def _likeness(choice: Any, label: str) -> int:
    """How surely pydantic calls a branch of a union by this label: its tag, or a name made of its type."""
    tag = _tag(choice)
    if tag is not None:
        return 3 * (tag == label)
    kind = bare(choice)
    name = getattr(get_origin(kind) or kind, "__name__", str(kind)).lower()
    label = label.lower()
    return 3 if label == name else 2 if label.startswith(f"{name}[") else 1 if name in label else 0
