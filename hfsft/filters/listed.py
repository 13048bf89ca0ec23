"""One item of a list of filters, as recipes write it: `refusal`, or `tokens: {at_least: 5}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import BeforeValidator, Discriminator, SerializeAsAny, Tag

from hfsft.filters import HOMES
from hfsft.filters.base import Filter


def filter_name(value: Any) -> str | None:
    """What an item of `filters` calls its filter, None where it says nothing of the kind."""
    if isinstance(value, Filter):
        return value.name
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        return str(next(iter(value)))
    return None


def _filter_arguments(value: Any) -> Any:
    if isinstance(value, str):
        return {}
    if isinstance(value, Mapping):
        (arguments,) = value.values()
        return {} if arguments is None else arguments
    return value


def any_of(more: Mapping[str, type[Filter]]) -> Any:
    """The type of one item of `filters`: one of ours or of `more`, told apart by the single key of the item."""
    known: dict[str, Any] = {**{name: Annotated[Filter, home] for name, home in HOMES.items()}, **more}
    kinds = tuple(Annotated[kind, BeforeValidator(_filter_arguments), Tag(name)] for name, kind in known.items())
    notes = (Discriminator(filter_name), SerializeAsAny())  # type: ignore[type-arg] # a note, not a type
    return Annotated[(Union[kinds], *notes)]  # noqa: UP007 - its members are only known at run time


def written(rules: list[Filter]) -> list[dict[str, Any]]:
    """Filters as a recipe writes them, with every default."""
    return [{rule.name: rule.model_dump(mode="json", exclude_none=True)} for rule in rules]


if TYPE_CHECKING:
    AnyFilter = Filter
else:
    AnyFilter = any_of({})
