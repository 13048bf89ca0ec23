"""Filters of other packages, which name them as entry points of one group:

[project.entry-points."hfsft.filters"]
jargon = "acme_filters:Jargon"

A package is imported only where a recipe names its filter, and where all filters are listed.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from hfsft.errors import UserError
from hfsft.filters import FILTERS
from hfsft.filters.base import Filter

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "hfsft.filters"


class Installed:
    """The filters of the packages that are installed as it is made; none is imported before it is asked for."""

    def __init__(self) -> None:
        from importlib.metadata import entry_points

        self._entries: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=GROUP):
            self._entries.setdefault(entry.name, []).append(entry)

    @property
    def names(self) -> list[str]:
        """What recipes may call them; without those that are called like one of ours."""
        return sorted(self._entries.keys() - FILTERS.keys())

    def find(self, name: str) -> type[Filter] | None:
        """The filter of that name, None where no package has one.

        Raises `UserError`, which names the package, where it cannot be used.
        """
        entries = [] if name in FILTERS else self._entries.get(name, [])
        if len(entries) > 1:
            packages = " and in ".join(sorted(map(package_of, entries)))
            raise UserError(f"the filter `{name}` is in {packages}: uninstall all but one")
        return _loaded(entries[0]) if entries else None

    def every(self) -> tuple[dict[str, type[Filter]], list[str]]:
        """All of them by their names, and one sentence for each that cannot be used."""
        found: dict[str, type[Filter]] = {}
        unusable = self.refused
        for name in self.names:
            try:
                if kind := self.find(name):
                    found[name] = kind
            except UserError as error:  # noqa: PERF203 - each is told
                unusable.append(str(error))
        return found, unusable

    @property
    def refused(self) -> list[str]:
        """One sentence for each that is never used, as hfsft has a filter of the same name."""
        return [
            f"{package_of(entry)} has a filter `{name}`, which is never used: hfsft's own is called so"
            for name, entries in sorted(self._entries.items())
            if name in FILTERS
            for entry in entries
        ]


def package_of(entry: EntryPoint) -> str:
    """Name and version of the package that an entry point is of."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.module


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
