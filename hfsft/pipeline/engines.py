"""The executors that a build may be given by name: where it works is told by whoever runs it, never by a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.errors import UserError

if TYPE_CHECKING:
    from hfsft.engine.executor import Executors

LOCAL, DAFT = "local", "daft"
ENGINES = (LOCAL, DAFT)


def executor_named(name: str) -> Executors | None:
    """The executor of that name; None for that of this machine, which is imported while models answer.

    Raises `UserError` for another name, and where a package that it needs is missing.
    """
    if name == DAFT:
        from hfsft.engine.on_daft.daft_executor import OnDaft
        from hfsft.engine.on_daft.queries import daft_module

        daft_module()
        return OnDaft
    if name == LOCAL:
        return None
    raise UserError(f"there is no engine {name!r}; there are {' and '.join(ENGINES)}")
