"""matches: a text in which patterns are found, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from hfsft.filters.checks.fault import TextCheck
from hfsft.sandbox.patterns import TooSlowError, compiled, found_in


class Matches(TextCheck):
    """What of the patterns a text lacks, or has and must not have.

    Of `all` each pattern must be found, of `any` one or more, of `none` none. A pattern is found anywhere in the text
    unless it says `^` or `$`; `(?m)` makes these the ends of a line, `(?i)` lets case not count. Patterns are those of
    Python's `regex` package. One that takes longer than two seconds on a text is stopped, and the row falls with that
    as the value. An empty text lacks all that must be there, and has nothing that must not.
    """

    name: ClassVar[str] = "matches"
    blind: ClassVar[str] = "Whatever nobody wrote a pattern for."
    example: ClassVar[str] = """\
    filters:
      - matches: {all: ['(?m)^Step 1'], none: ['^Sure!? Here (is|are)']}
    """

    any: list[str] = Field([], description="Patterns of which at least one must be found.")
    all: list[str] = Field([], description="Patterns that must all be found.")
    none: list[str] = Field([], description="Patterns of which none may be found.")

    @field_validator("any", "all", "none")
    @classmethod
    def _patterns(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            compiled(pattern)
        return patterns

    @model_validator(mode="after")
    def _some(self) -> Matches:
        if not (self.any or self.all or self.none):
            raise ValueError("needs patterns: any, all or none")
        return self

    def wrong(self, text: str | None, row: Mapping[str, Any]) -> str | None:
        """The first pattern that is not met."""
        text = text or ""
        try:
            for pattern in self.none:
                if found_in(pattern, text):
                    return f"it must not have `{pattern}`"
            for pattern in self.all:
                if not found_in(pattern, text):
                    return f"it lacks `{pattern}`"
            if self.any and not any(found_in(pattern, text) for pattern in self.any):
                return f"it lacks all of {', '.join(f'`{pattern}`' for pattern in self.any)}"
        except TooSlowError as error:
            return str(error)
        return None
