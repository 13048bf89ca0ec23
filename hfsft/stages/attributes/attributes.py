"""Attributes: what is varied over the rows that models write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from hfsft.engine.step import Step
from hfsft.errors import Problem, SourceError, nearest
from hfsft.marks import FILE
from hfsft.plain import plain
from hfsft.rows.columns import Column, not_free
from hfsft.stages.attributes import coverage
from hfsft.stages.attributes.shares import AttributeShares, Values
from hfsft.stages.attributes.values_file import from_file
from hfsft.stages.base import CardPart, Context, Outcome, Panel, Section, Stage, Warn

OWN = ("values", "given", "path", "column")
TOPIC = "topic"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TAKEN = ("attributes", "demonstrations", "chunk", "title")
"""Names that templates know otherwise."""
RAREST = 1_000_000  # rows within which each value must come once
LONGEST = 2_000  # characters of a value


def _spelt(value: Any) -> Any:
    """A number or a truth value of a list of texts as a recipe spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _written_out(value: Any) -> Any:
    """A list of values, or a mapping of weights, as the whole mapping says it."""
    if isinstance(value, list) or (isinstance(value, Mapping) and value and not any(key in OWN for key in value)):
        return {"values": value}
    if isinstance(value, Mapping) and value and all(isinstance(each, int | float) for each in value.values()):
        return {"values": value}  # weights of values that are called like keys
    return value


Value = Annotated[str, BeforeValidator(_spelt, json_schema_input_type=str | float | bool)]
Weight = Annotated[float, Field(gt=0)]


class Attribute(Section):
    """One attribute: its values, each as likely as the others or with weights, which may hang on another attribute."""

    example: ClassVar[str] = """\
    attributes:
      tone: {casual: 3, urgent: 1}
      sector: [retail, banking]
      topic:
        given: sector
        values:
          retail: [returns, sizes]
          banking: {cards: 2, loans: 1}
    """

    values: list[Value] | dict[str, Weight | list[Value] | dict[str, Weight]] | None = Field(
        None,
        min_length=1,
        description="The values, a list or a mapping to weights; of an attribute that is `given` another, a mapping "
        "from each value of that one to such a list or mapping. The whole attribute may be written as its list, or "
        "its weights, alone.",
    )
    path: Annotated[str | None, FILE] = Field(
        None,
        min_length=1,
        description="A file of the values in place of `values`: .yaml or .json with what would stand there, or a table "
        "(.csv, .jsonl, .txt, ...) of a value a row, with columns `weight` and, where it is `given` another attribute, "
        "one of that name; a value that stands in several rows counts as often.",
    )
    column: str | None = Field(None, description="Column of the value, of a table; left out: that of the same name.")
    given: str | None = Field(None, description="The attribute on whose value it depends which values there are.")

    @model_validator(mode="after")
    def _one_way(self) -> Attribute:
        if (self.values is None) == (self.path is None):
            raise ValueError("needs `values` or `path`" + (", not both" if self.path else ""))
        if self.column is not None and self.path is None:
            raise ValueError("column: names a column of a file, and there is no `path`")
        if self.values is not None:
            read(self.values, self.given)
        return self


def read(values: Any, given: str | None) -> dict[str, dict[str, float]]:
    """Values with their weights, by what they are given ("" for nothing). Raises `ValueError` saying what is wrong."""
    if given is None:
        return {"": _weights(values, "")}
    if not isinstance(values, Mapping):
        raise ValueError(f"what is given `{given}` is a mapping from each of its values to a list, or to weights")
    return {plain(str(key)): _weights(inside, f"{key}: ") for key, inside in values.items()}


def _weights(values: Any, under: str) -> dict[str, float]:
    found: dict[str, float] = {}
    pairs = values.items() if isinstance(values, Mapping) else [(value, 1.0) for value in _listed(values, under)]
    for value, weight in pairs:
        if not isinstance(value, str):
            raise ValueError(f"{under}a value must be text")
        text = value.strip()
        if not text or len(text) > LONGEST:
            raise ValueError(
                f"{under}a value is {'longer than ' + format(LONGEST, ',') + ' characters' if text else 'empty'}"
            )
        if text in found:
            raise ValueError(f"{under}`{plain(text, 60)}` stands there twice")
        found[text] = _number(weight, f"{under}{plain(text, 60)}")
    if not found:
        raise ValueError(f"{under}there is no value")
    total = sum(found.values())
    for text, weight in found.items():
        if weight * RAREST < total:
            raise ValueError(
                f"{under}`{plain(text, 60)}` would come less than once in {RAREST:,} rows: raise its weight"
            )
    return found


def _listed(values: Any, under: str) -> list[Any]:
    if not isinstance(values, list):
        raise ValueError(f"{under}must be a list of values, or a mapping from values to weights")
    return values


def _number(weight: Any, where: str) -> float:
    try:
        if isinstance(weight, bool) or not 0 < float(weight) < float("inf"):
            raise ValueError
        return float(weight)
    except (TypeError, ValueError):
        raise ValueError(
            f"{where}: a weight is a number above 0 (a list of values stands below the attribute it is `given`)"
        ) from None


AnyAttribute = Annotated[
    Attribute,
    BeforeValidator(_written_out, json_schema_input_type=list[Value] | dict[str, Weight] | Attribute),
    Field(description="One attribute: a list of values, a mapping from values to weights, or where they stand."),
]


class Attributes(Stage):
    """What is varied over the rows that models write: each gets a combination of values, and a column for each.

    Shares meet the weights within one row for each combination, at every number of rows. Which combination a row has
    is decided by its number in its source, and by hashes where several would do. Templates, filters and the split see
    the columns; seeds and examples have them where they `keep` a column of that name.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AnyAttribute]

    _known: dict[Path, AttributeShares] = PrivateAttr(default_factory=dict)  # files are read once
    _base: Path = PrivateAttr(default_factory=Path)

    key: ClassVar[str] = "attributes"
    example: ClassVar[str] = """\
    attributes:
      intent: [book, move, cancel, ask]
      tone: {casual: 3, urgent: 1, professional: 1}
    """

    @property
    def all(self) -> dict[str, Attribute]:
        """The attributes by name, in the order of the recipe."""
        return self.__pydantic_extra__

    @model_validator(mode="after")
    def _known_names(self) -> Attributes:
        for name, each in self.all.items():
            if not NAME.fullmatch(name):
                raise ValueError(f"{name}: a name has letters, digits and underscores, and begins with no digit")
            if name != TOPIC and (name in TAKEN or not_free(name)):
                raise ValueError(f"{name}: a column or a variable of templates is called so: choose another name")
            if each.given is not None and (each.given not in self.all or each.given == name):
                others = [other for other in self.all if other != name]
                raise ValueError(
                    f"{name}: is given `{each.given}`, which is no other attribute ({nearest(each.given, others)})"
                )
        for name in self.all:
            seen, here = [name], self.all[name].given
            while here is not None and here not in seen:
                seen.append(here)
                here = self.all[here].given
            if here is not None:
                raise ValueError(f"{name}: {' is given '.join([*seen, here])}: one of them must come first")
        return self

    def stands_in(self, base: Path) -> None:
        """Paths are relative to this folder."""
        self._base = base

    def standing_alone(self) -> dict[str, Any]:
        """Of attributes whose values stand in files, these values with their weights. Raises `SourceError`."""
        named = {name: each for name, each in self.all.items() if each.path is not None}
        values = {each.name: each for each in self.distribution(self._base).attributes} if named else {}
        return {name: _inline(values[name]) for name in named}

    def distribution(self, base: Path) -> AttributeShares:
        """The attributes with their values. Raises `SourceError` of a file, or of values that do not fit together.

        Where a key of the recipe is to blame, `key` is `<attribute>.<key>`.
        """
        if base not in self._known:
            found, faults = self._readable(base)
            for fault in faults:
                raise fault
            self._known[base] = AttributeShares(tuple(found.values()))
        return self._known[base]

    def _readable(self, base: Path) -> tuple[dict[str, Values], list[SourceError]]:
        """The attributes that can be read, and what is wrong with the others, or with two of them together."""
        found: dict[str, Values] = {}
        faults: list[SourceError] = []
        for name, each in self.all.items():
            try:
                found[name] = Values(name, each.given, self._read(name, each, base))
            except SourceError as error:  # noqa: PERF203 - all of them are told
                faults.append(error)
        for name, values in found.items():
            if values.given in found:
                faults += _unfitting(values, found[values.given], "path" if self.all[name].path else "values")
        return found, faults

    def _read(self, name: str, each: Attribute, base: Path) -> dict[str, dict[str, float]]:
        if each.path is None:
            return read(each.values, each.given)
        try:
            return read(from_file(each.path, base, name, each.given, each.column), each.given)
        except SourceError as error:
            raise SourceError(error.message, place=error.place, key=f"{name}.{error.key}", help=error.help) from None
        except ValueError as error:
            raise SourceError(f"{each.path}: {error}", key=f"{name}.path") from None

    @property
    def varies(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.all)

    def steps(self, context: Context) -> list[Step]:
        """None: the columns come with the rows."""
        return []

    def writes(self) -> list[Column]:
        """A column for each."""
        return [
            Column(name, "string", "attribute", f"What the row was asked to be like: its {name.replace('_', ' ')}.")
            for name in self.all
        ]

    def problems(self, context: Context) -> Iterator[Problem]:
        """That there is none, files that cannot be read, and values that do not fit together."""
        if not self.all:
            yield Problem(context.place(self.key), "attributes needs an attribute", "as `tone: [casual, formal]`")
        for error in self._readable(context.base)[1]:
            name, _, key = error.key.partition(".")
            loc = (name, key) if key else (error.key,)
            at = f"attributes.{name}: " if error.place is None else ""
            yield Problem(error.place or context.place(self.key, *loc), f"{at}{error.message}", error.help)

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Combinations that were asked for and have no row."""
        yield from map(Warn, coverage.empty(outcome, list(self.all)))

    def losses(self, outcome: Outcome) -> Iterator[str]:
        """The same where no row is left: none, as every combination lacks its rows then."""
        yield from ()

    def card(self, outcome: Outcome) -> CardPart | None:
        """How often each value came, and the pairs of values that are thin."""
        return coverage.card(outcome, list(self.all))

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same, with a table for each two attributes."""
        return coverage.panel(outcome, list(self.all))


def _inline(values: Values) -> dict[str, Any]:
    if values.given is None:
        return {"values": dict(values.weights[""])}
    return {"given": values.given, "values": {under: dict(weights) for under, weights in values.weights.items()}}


def _unfitting(values: Values, given: Values, key: str) -> Iterator[SourceError]:
    """What is wrong where what is listed under the values of another attribute is not just these."""
    there = {value for weights in given.weights.values() for value in weights}
    for under in values.weights:
        if under not in there:
            message = f"lists values under `{plain(under, 60)}`, which is no value of {given.name}"
            yield SourceError(message, key=f"{values.name}.{key}", help=nearest(under, sorted(there)[:20]))
    if lacking := sorted(there - values.weights.keys()):
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        shown = ", ".join(f"`{plain(each, 60)}`" for each in lacking[:3])
        yield SourceError(f"lists nothing under {shown}{more} of {given.name}", key=f"{values.name}.{key}")
