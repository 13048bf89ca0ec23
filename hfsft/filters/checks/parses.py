"""parses: code that its own parser takes."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, ClassVar, Literal, get_args

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, field_validator, model_validator

from hfsft.errors import nearest
from hfsft.filters.checks.fault import TextCheck
from hfsft.texts.code.fence_tags import TAGS, Language, dialect_of
from hfsft.texts.code.fences import Block, fenced
from hfsft.texts.code.parse_faults import dialects, fault_of


class Parses(TextCheck):
    """Where code does not parse, and why: `parses: python` says `SyntaxError line 3: invalid syntax`.

    Of a text all fenced blocks are parsed that name the language (`py`, `python3`, `pycon`; `yml`; `postgresql` and
    other dialects of `sql`). Where none names any, it is the longest bare block, and of a text without blocks the whole
    text. Text around blocks and blocks of other languages are not looked at; a fence that never closes goes to the end.
    `parses` alone parses each block that names one of the four, and lets all other texts stay.

    Python is that of the Python which runs, by its own `ast` (so `print "x"` falls); what stands before a prompt `>>>`
    or `...` in a session is left out. JSON is strict: one value, no comments, no name twice. YAML must be a mapping or
    list, without a key that comes twice. SQL is parsed by sqlglot in its own and seven other dialects unless `dialect`
    or the fence names one; parameters (`?`, `:id`, `%s`) are taken, templates are not. Nothing is run.

    Of 296 responses of code_alpaca to instructions that name Python 56 fall: prose, other languages, lost indentation,
    text below the code; of 173 to such that name SQL 13: prose, programs around a query, typographic quotes. None of
    those that fell is code of that language. A response takes 40 us as Python, 2 ms as SQL.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    name: ClassVar[str] = "parses"
    values: ClassVar[str] = "what is wrong: the kind of error, the line of the block, the parser's own words"
    blind: ClassVar[str] = (
        "What the code does: that it parses is all that is known. Of SQL, statements that sqlglot takes as they are "
        "(such as `EXPLAIN`, and some procedures), and whether tables and columns exist."
    )
    example: ClassVar[str] = """\
    filters:
      - parses: python
      - parses: {as: json, column: instruction, missing: keep}
    """

    short: ClassVar[Any] = (
        Language | list[Language] | dict[str, Any]
    )  # `parses: sql` says what `parses: {as: sql}` does
    languages: list[Language] | None = Field(
        None,
        alias="as",
        min_length=1,
        description="What the text must parse as, one or several of `python`, `json`, `sql`, `yaml`; left out, each "
        "fenced block as the one that it names.",
    )
    dialect: str | None = Field(None, description="The only dialect of SQL that counts, as sqlglot calls it.")
    missing: Literal["reject", "keep"] | None = Field(
        None,
        description="What becomes of a text without a fenced block that is looked at: `keep` it, or `reject` it unless "
        "the whole of it parses. Left out: `reject`, and without `as` `keep`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        return {"as": [value]} if isinstance(value, str) else {"as": value} if isinstance(value, list) else value

    @field_validator("languages", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("dialect")
    @classmethod
    def _known(cls, dialect: str | None) -> str | None:
        if dialect is not None and dialect not in (known := dialects()):
            raise ValueError(f"sqlglot knows no dialect `{dialect}` ({nearest(dialect, known)})")
        return dialect

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A language alone, or a list of some, is allowed as well."""
        found = handler.resolve_ref_schema(handler(core))
        found["type"] = ["object", "string", "array"]
        return found

    def identity(self) -> dict[str, Any]:
        """Its arguments, and the parsers that decide: the Python that runs, and the version of sqlglot."""
        wanted = self.languages or get_args(Language)
        python = {"python": ".".join(platform.python_version_tuple()[:2])} if "python" in wanted else {}
        return {**super().identity(), **python, **({"sqlglot": version("sqlglot")} if "sql" in wanted else {})}

    def wrong(self, text: str | None, row: Mapping[str, Any]) -> str | None:
        """The first block that does not parse."""
        blocks = self._parsed(text or "")
        several = len(blocks) > 1
        for place, (block, languages) in enumerate(blocks, 1):
            dialect = self.dialect or dialect_of(block.tag)
            faults = [fault_of(block.code, language, dialect) for language in languages]
            if all(faults):
                return f"block {place}: {faults[0]}" if several else faults[0]
        if blocks or self._keeps:
            return None
        return f"it holds no {' and no '.join(self.languages or get_args(Language))}"

    @property
    def _keeps(self) -> bool:
        return (self.missing or ("reject" if self.languages else "keep")) == "keep"

    def _parsed(self, text: str) -> list[tuple[Block, list[Language]]]:
        """What is parsed of a text, each as one of some languages."""
        wanted = self.languages or list(get_args(Language))
        blocks = fenced(text)
        named = [(block, [TAGS[block.tag]]) for block in blocks if TAGS.get(block.tag) in wanted]
        if named or self.languages is None:
            return named
        if bare := [block for block in blocks if not block.tag]:
            return [(max(bare, key=lambda block: len(block.code)), wanted)]
        return [] if blocks or self._keeps or not text.strip() else [(Block("", text), wanted)]
