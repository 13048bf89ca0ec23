"""expr: an expression of the author over a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler, model_validator

from hfsft.engine.resources import Resource, Work
from hfsft.errors import Problem
from hfsft.filters.base import Around
from hfsft.filters.checks.fault import LONGEST, Check
from hfsft.filters.text.tokens import words
from hfsft.marks import FILE
from hfsft.plain import plain
from hfsft.pretrained.loaded_tokenizer import located, pretrained_tokenizer
from hfsft.rows.batch import Batch, rows_of
from hfsft.sandbox.expression import Expression, ExpressionError

TOKENS = "tokens"


class Expr(Check):
    """Whether an expression over the row's columns holds: `expr: "response | words > 20 and topic != 'spam'"`.

    It is one Jinja expression, as in `where` of a source. Beside Jinja's filters there are `words`, `lines` and, where
    a `tokenizer` is named, `tokens` of a text, counted as the filter `tokens` does; `words(response)` says the same as
    `response | words`. A column without a value is null. A
    row falls where the expression is false, and where it cannot be worked out, as for a number that is null.
    """

    name: ClassVar[str] = "expr"
    blind: ClassVar[str] = "All that the expression does not ask for."
    example: ClassVar[str] = """\
    filters:
      - expr: response | words > 20 and (response | lines) < 40
    """

    short: ClassVar[Any] = str | dict[str, Any]  # `expr: ...` alone says what `expr: {that: ...}` does
    that: str = Field(min_length=1, description="The expression; `expr: ...` alone says it too.")
    tokenizer: Annotated[str | None, FILE] = Field(
        None, description="Hub id or folder (from the recipe's) of the model whose tokens `tokens` counts."
    )

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        return {"that": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _an_expression(self) -> Expr:
        try:
            used = self._expression.filters
        except ExpressionError as error:
            at = f"line {error.line} of it: " if error.line > 1 else ""
            raise ValueError(f"{at}{error.message}" + (f" ({error.help})" if error.help else "")) from None
        if TOKENS in used and self.tokenizer is None:
            raise ValueError("`tokens` needs a `tokenizer`; `words` needs none")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The expression alone is allowed as well."""
        found = handler.resolve_ref_schema(handler(core))
        found["type"] = ["object", "string"]
        return found

    @cached_property
    def _expression(self) -> Expression:
        counting: dict[str, Callable[[Any], int]] = {"words": _words, "lines": _lines, TOKENS: self._tokens}
        return Expression(self.that, counting)

    def _tokens(self, text: Any) -> int:
        tokenizer = pretrained_tokenizer(str(self.tokenizer))
        return len(tokenizer(_text(text), add_special_tokens=False, verbose=False)["input_ids"])

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that stand in the expression."""
        return tuple(sorted(self._expression.names))

    def problems(self, around: Around) -> Iterator[Problem]:
        """Columns that no row has, at the line that names them."""
        yield from super().problems(around)
        if not self.reads:
            yield Problem(around.place("that"), f"filters[{self.name}]: the expression reads no column of a row")

    def at(self, base: Path) -> Expr:
        """With the tokenizer's folder looked for below `base`."""
        return self.model_copy(update={"tokenizer": located(self.tokenizer, base)}) if self.tokenizer else self

    def identity(self) -> dict[str, Any]:
        """The expression; the tokenizer is a resource."""
        return {"that": self.that}

    def resources(self) -> tuple[Resource, ...]:
        """The tokenizer, where one is named."""
        if self.tokenizer is None:
            return ()
        return (Resource.of("tokenizer", Work("hfsft.filters.text.tokens:TokenizerLoader", {"name": self.tokenizer})),)

    def measure(self, batch: Batch) -> Batch:
        """Why the expression does not hold for each row."""
        return {self.fault: [self._wrong(row) for row in rows_of(batch)]}

    def _wrong(self, row: Mapping[str, Any]) -> str | None:
        try:
            return None if self._expression(row) else f"`{plain(self.that, LONGEST)}` is false"
        except ExpressionError as error:
            return plain(f"cannot be worked out: {error.message}", LONGEST)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("counts what is in a text")
    return value


def _words(value: Any) -> int:
    return words(_text(value))


def _lines(value: Any) -> int:
    """Lines that hold more than white space."""
    return sum(bool(line.strip()) for line in _text(value).splitlines())
