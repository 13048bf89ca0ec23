"""json_schema: a text that is JSON, and what a JSON Schema allows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from hfsft.errors import ModelError
from hfsft.filters.checks.fault import TextCheck
from hfsft.marks import FILE
from hfsft.sandbox.json_schemas import wrong_schema, wrong_with
from hfsft.texts.code.strict_json import strict_json

_FENCED = re.compile(
    r"\A(?P<mark>`{3,9}|~{3,9})[ \t]{0,9}(?:json[c5]?)?[ \t]{0,9}\n(?P<text>.*)\n[ \t]{0,9}(?P=mark)\Z",
    re.DOTALL | re.I,
)


class JsonSchema(TextCheck):
    """What a JSON Schema finds wrong with a text, as `items[0].price: 'x' is not of type 'number'`.

    The text must be one JSON value, alone or in a fenced block that is all there is; a name that comes twice in an
    object, NaN and Infinity are no JSON. The schema stands in the recipe (`inline`), in a `file`, or as a text in a
    column of each row (`per_row`). It is read as it says by `$schema`, else as of 2020-12; nothing that it refers to is
    fetched. One that takes longer than two seconds for a text is stopped, and the row falls with that as the value.
    """

    name: ClassVar[str] = "json_schema"
    blind: ClassVar[str] = "Whether what stands in the fields is right. `format` is not checked."
    example: ClassVar[str] = """\
    filters:
      - json_schema:
          inline:
            type: object
            required: [city, days]
            properties: {days: {type: integer, minimum: 1}}
    """

    inline: dict[str, Any] | None = Field(None, description="The schema itself.")
    file: Annotated[str | None, FILE] = Field(None, description="A file that holds it, from the recipe's folder.")
    per_row: str | None = Field(None, min_length=1, description="The column that holds the schema of each row.")

    @field_validator("inline")
    @classmethod
    def _a_schema(cls, inline: dict[str, Any] | None) -> dict[str, Any] | None:
        if inline is not None and (wrong := wrong_schema(inline)):
            raise ValueError(wrong)
        return inline

    @model_validator(mode="after")
    def _one(self) -> JsonSchema:
        if sum(given is not None for given in (self.inline, self.file, self.per_row)) != 1:
            raise ValueError("needs one schema: inline, file or per_row")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The column, and that of the schemas."""
        return (*super().reads, *([self.per_row] if self.per_row else []))

    @property
    def needed(self) -> tuple[str, ...]:
        """The row's schema."""
        return (self.per_row,) if self.per_row else ()

    def at(self, base: Path) -> JsonSchema:
        """With the schema of its file, below `base`. Raises `ModelError` where there is none."""
        if self.file is None:
            return self
        path = base / Path(self.file).expanduser()
        try:
            schema, wrong = _read(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            raise ModelError(f"filters[{self.name}]: no file {self.file} can be read in {base}") from None
        if wrong:
            raise ModelError(f"filters[{self.name}]: {self.file} {wrong}")
        return self.model_copy(update={"inline": schema, "file": None})

    def wrong(self, text: str | None, row: Mapping[str, Any]) -> str | None:
        """The gravest fault."""
        if self.file is not None:
            return self.at(Path()).wrong(text, row)
        schema, lacking = self.inline, ""
        if self.per_row is not None:
            if row[self.per_row] is None:
                return "the row has no schema"
            schema, lacking = _read(str(row[self.per_row]))
        if schema is None or lacking:
            return f"the row's schema {lacking}"
        if not (text and text.strip()):
            return "it is empty"
        fenced = _FENCED.fullmatch(text.strip())
        try:
            value = strict_json(fenced["text"] if fenced else text)
        except RecursionError:
            return "it is no JSON that can be read: nested too deep"
        except ValueError as error:
            return f"it is no JSON: {error}"
        return wrong_with(value, schema) or None


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[dict[str, Any] | None, str]:
    """The schema that a text holds as JSON, or what is wrong with it, as the end of a sentence."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        return None, f"is no JSON: {error}"
    wrong = wrong_schema(schema)
    return (None, wrong) if wrong else (schema, "")
