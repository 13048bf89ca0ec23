"""Filters of other packages, which name them as entry points of one group:

[project.entry-points."hfsft.filters"]
jargon = "acme_filters:Jargon"

A package is imported only where a recipe names its filter, and where all filters are listed.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from hfsft.errors import UserError
from hfsft.filters import FILTERS
from hfsft.filters.base import Filter

GROUP = "hfsft.filters"


def names() -> list[str]:
    """What recipes may call filters of installed packages; those not among them that are called like one of ours."""
    return sorted(_entries().keys() - FILTERS.keys())


def find(name: str) -> type[Filter] | None:
    """The filter that an installed package calls so, None where none does.

    Raises `UserError`, which names the package, where it cannot be used.
    """
    entries = [] if name in FILTERS else _entries().get(name, [])
    if len(entries) > 1:
        raise UserError(
            f"the filter `{name}` is in {' and in '.join(sorted(map(package_of, entries)))}: uninstall all but one"
        )
    return _loaded(entries[0]) if entries else None


def every() -> tuple[dict[str, type[Filter]], list[str]]:
    """All filters of installed packages by their names, and one sentence for each that cannot be used."""
    found: dict[str, type[Filter]] = {}
    unusable = refused()
    for name in names():
        try:
            if kind := find(name):
                found[name] = kind
        except UserError as error:  # noqa: PERF203 - each is told
            unusable.append(str(error))
    return found, unusable


def refused() -> list[str]:
    """One sentence for each filter that is never used, as hfsft has one of the same name."""
    return [
        f"{package_of(entry)} has a filter `{name}`, which is never used: hfsft's own is called so"
        for name, entries in sorted(_entries().items())
        if name in FILTERS
        for entry in entries
    ]


def package_of(entry: EntryPoint) -> str:
    """Name and version of the package that an entry point is of."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.module


def _entries() -> dict[str, Sequence[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return dict(found)


def _loaded(entry: EntryPoint) -> type[Filter]:
    package = package_of(entry)
    try:
        kind = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a package does when it is imported, such as to leave
        said = f"{type(error).__name__}: {error}"
        raise UserError(f"the filter `{entry.name}` of {package} cannot be loaded: {said}") from error
    if not (isinstance(kind, type) and issubclass(kind, Filter)) or inspect.isabstract(kind):
        wrong = f"{entry.value} is no subclass of hfsft.filters.Filter with all that one needs"
        raise UserError(f"the filter `{entry.name}` of {package} cannot be used: {wrong}")
    if (called := getattr(kind, "name", None)) != entry.name:
        wrong = f"{entry.value}.name is {called!r}, and must be what the entry point is called"
        raise UserError(f"the filter `{entry.name}` of {package} cannot be used: {wrong}")
    kind.package = package
    return kind
