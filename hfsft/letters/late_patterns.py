"""Regular expressions that are compiled when they are first used.

A command imports the patterns of every filter and stage, and uses a few: to compile them all takes a fifth of the time
from its start to its first request.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


def at_first_use(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, made when the first of its methods is asked for; `re.error` comes then too."""
    return cast("re.Pattern[str]", _Pattern(pattern, flags))


class _Pattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self._written = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._written)

    def __getattr__(self, name: str) -> Any:
        """As of the compiled pattern; kept here, so that a second call of a method costs what it costs there."""
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found
