"""A filter as data: its class by name and its arguments, of which any process makes the same filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from hfsft.engine.adding import Adding, Keeping
from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import Spreading
from hfsft.errors import UserError
from hfsft.filters.code_hash import code_of
from hfsft.rows.batch import Batch

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Before, Columns
    from hfsft.engine.resources import Resource
    from hfsft.engine.spread.scattered import Scattered
    from hfsft.filters.base import Filter

KNOWN: WeakValueDictionary[tuple[str, str], type[Filter]] = WeakValueDictionary()
"""The classes whose work was told in this process, by their paths and a hash of their code: one that is made within a
function can be imported from nowhere, and one in a notebook may be made anew under its name."""


def work_of(rule: Filter, method: str = "measure", **more: Any) -> Work:
    """The work of one of a filter's methods over batches, called with `more`, which is JSON."""
    given = rule.model_dump(mode="json", exclude_unset=True, warnings=False)
    path, code = path_of(type(rule)), code_of(type(rule))
    KNOWN[path, code.get("code", "")] = type(rule)
    arguments = {"filter": path, "given": given, "method": method, **code, **({"more": more} if more else {})}
    return Work("hfsft.filters.filter_work:working", arguments)


def working(
    *needs: Resource,
    filter: str,
    given: Mapping[str, Any],
    method: str,
    code: str = "",
    more: Mapping[str, Any] | None = None,
) -> Callable[[Batch], Batch]:
    """What does that work. Raises `UserError` where the filter's class is not in this process.

    `code` is the hash of the class that the work was told of; in another process its module's class is taken.
    """
    rule = _class(filter, code).model_validate(given)
    rule = rule.given(needs) if needs else rule
    function = getattr(rule, method)
    if more:
        function = partial(function, **more)
    if not needs:
        return function  # type: ignore[no-any-return]
    if isinstance(function, Keeping):
        return (_CheckedSpreading if isinstance(function, Spreading) else _CheckedKeeping)(function, needs)
    return (_CheckedAdding if isinstance(function, Adding) else _Checked)(function, needs)


class _Checked:
    """A function over batches that sees to it first that its resources are what the plan was made for."""

    def __init__(self, function: Any, needs: tuple[Resource, ...]) -> None:
        self._function, self._needs = function, needs

    def __call__(self, batch: Batch) -> Batch:
        made: Batch = self._checked()(batch)
        return made

    def _checked(self) -> Any:
        for need in self._needs:
            need.load()
        return self._function


class _CheckedAdding(_Checked):
    """One to which rows can be added."""

    def add(self, batch: Columns, before: Before) -> Batch:
        """What it makes of all rows, from what it made before."""
        made: Batch = self._checked().add(batch, before)
        return made


class _CheckedKeeping(_Checked):
    """One that keeps what it found out."""

    @property
    def keeps(self) -> str:
        """What it keeps."""
        return str(self._function.keeps)

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """What it makes of all rows, and what is to be kept."""
        found: tuple[Batch, pa.Table | None] = self._checked().over(rows, kept)
        return found


class _CheckedSpreading(_CheckedKeeping):
    """One that also works scattered rows out."""

    def spread(self, rows: Scattered) -> Scattered:
        """What it makes of scattered rows."""
        found: Scattered = self._checked().spread(rows)
        return found


def _class(path: str, code: str) -> type[Filter]:
    if (known := KNOWN.get((path, code))) is not None:
        return known
    module, _, name = path.partition(":")
    try:
        found: type[Filter] = attrgetter(name)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"the filter {name} cannot be imported from {module} ({error}): where steps run in other processes, its "
            "class must stand in a module that these have too"
        ) from None
    return found
