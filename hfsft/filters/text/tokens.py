"""tokens: how long a text is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound
from hfsft.filters.cells import CONVERSATION, cells
from hfsft.filters.text_column import OfColumn
from hfsft.letters.characters import HALF_KANA, HAN, HAN_A, HAN_COMPATIBLE, HAN_RARE, KANA, UNSPACED_ALPHABETS, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.marks import FILE
from hfsft.pretrained.loaded_tokenizer import (
    check_chat_template,
    located,
    pretrained_tokenizer,
    rendered,
    tokenizer_hash,
)
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.calls import OBJECTS, wrapped
from hfsft.rows.messages import bare
from hfsft.rows.shapes.openai import message_of
from hfsft.rows.views import tools

_LOGOGRAPHS = at_first_use(f"[{signs(KANA, HAN_A, HAN, HAN_COMPATIBLE, HALF_KANA, HAN_RARE)}]")
_UNSPACED = at_first_use(f"[{signs(UNSPACED_ALPHABETS)}]+")
_SIGNS = {code: None for code in range(128) if not (chr(code).isalnum() or chr(code).isspace())}  # of plain ASCII
_UNSPACED_WORD = 5  # characters, vowel signs included


class TokenizerLoader:
    """A tokenizer as a resource, found by its name: a Hub id, or a folder."""

    def __init__(self, name: str) -> None:
        self.name = name

    def identity(self) -> str:
        """A hash of what it is."""
        return tokenizer_hash(self.name)

    def load(self) -> Any:
        """The tokenizer."""
        return pretrained_tokenizer(self.name)


class Tokens(OfColumn):
    """Length of a text: in words, or in tokens of a model's tokenizer where the recipe names one.

    Words are what stands between spaces and holds a letter or digit. Where a script has no spaces, each Chinese
    character or Japanese kana is a word, and so are every five characters of Thai, Lao, Burmese and Khmer. A token is
    about three quarters of an English word. An empty column has no length: it fails `at_least` and passes `at_most`.
    Calls of tools count as they are written, in a conversation the tools' schemas and what is thought as well.
    A conversation that the tokenizer's chat template refuses falls, with the template's own words as the value.
    """

    name: ClassVar[str] = "tokens"
    version: ClassVar[int] = 2
    values: ClassVar[str] = "0 and up, in words or tokens"
    blind: ClassVar[str] = (
        "What a text is worth: a long answer may say nothing. Words of scripts without spaces are an estimate."
    )
    example: ClassVar[str] = """\
    filters:
      - tokens: {at_least: 20, at_most: 800}
      - tokens: {column: conversation, at_most: 2000}
    """

    kind: ClassVar[str] = "int64"

    at_least: float | None = Field(None, ge=0, description="Smallest length that is kept.")
    at_most: float | None = Field(None, ge=0, description="Largest length that is kept.")
    tokenizer: Annotated[str | None, FILE] = Field(
        None,
        description="Hub id or folder (from the recipe's) of the model whose tokens count, in a conversation with its "
        "chat template. Left out: words.",
    )

    @property
    def writes(self) -> dict[str, Any]:
        """The length, and of conversations under a chat template why it takes one not."""
        return {**super().writes, **({f"{self.measured}_refused": "string"} if self._templated else {})}

    def at(self, base: Path) -> Tokens:
        """With the tokenizer's folder looked for below `base`."""
        return self.model_copy(update={"tokenizer": located(self.tokenizer, base)}) if self.tokenizer else self

    def identity(self) -> dict[str, Any]:
        """The column, and what is counted there."""
        return {"column": self.column, "unit": "tokens" if self.tokenizer else "words"}

    def resources(self) -> tuple[Resource, ...]:
        """The tokenizer, the same under any name. Raises `ModelError` where it cannot be used."""
        if self.tokenizer is None:
            return ()
        if self._templated:
            check_chat_template(self.tokenizer, pretrained_tokenizer(self.tokenizer))
        return (Resource.of("tokenizer", Work("hfsft.filters.text.tokens:TokenizerLoader", {"name": self.tokenizer})),)

    def value(self, cell: Any) -> int:
        """The length."""
        return words(self.text(cell))

    def measure(self, batch: Batch) -> Batch:
        """The length of each cell, None of an empty one and of a conversation that the chat template refuses."""
        if self.tokenizer is None:
            return super().measure(batch)
        tokenizer = pretrained_tokenizer(self.tokenizer)
        given = [tools(row) if self.column == CONVERSATION else [] for row in rows_of(batch)]
        found = [
            self._length(tokenizer, cell, schemas)
            for cell, schemas in zip(cells(batch, self.column), given, strict=True)
        ]
        columns = zip(*found, strict=True) if found else ((), ())
        return {name: list(column) for name, column in zip(self.writes, columns, strict=False)}

    def bounds(self) -> list[Bound]:
        """A conversation that the chat template refuses falls; then the comparison of the length."""
        refused = Bound("refused", f"{self.measured}_refused", absent=True)
        return [*([refused] if self._templated else []), self.bound(self.measured)]

    @property
    def _templated(self) -> bool:
        return self.tokenizer is not None and self.column in (CONVERSATION, "messages")

    def _length(self, tokenizer: Any, cell: Any, schemas: list[dict[str, Any]]) -> tuple[int | None, str | None]:
        """The length, or why the chat template refuses, such as one that takes no system message."""
        if cell is None:
            return None, None
        if tokenizer.chat_template and isinstance(cell, list):
            try:
                turns = [message_of(bare(turn), (OBJECTS,)) for turn in cell]
                given = [wrapped(schema) for schema in schemas] or None
                text = rendered(str(self.tokenizer), tokenizer, turns, tools=given)
            except ValueError as error:
                return None, str(error)
        else:
            text = self.text(cell)
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]), None


def words(text: str) -> int:
    """The number of words in a text of any script."""
    if text.isascii():
        return len(text.translate(_SIGNS).split())
    count = len(_LOGOGRAPHS.findall(text))
    count += sum(-(-len(run) // _UNSPACED_WORD) for run in _UNSPACED.findall(text))
    spaced = _UNSPACED.sub(" ", _LOGOGRAPHS.sub(" ", text))
    return count + _worded(spaced)


def _worded(text: str) -> int:
    """The number of chunks with a letter or digit, most often the first of their characters."""
    chunks = text.split()
    return len(chunks) - sum(
        not any(map(str.isalnum, chunk)) for chunk in [chunk for chunk in chunks if not chunk[0].isalnum()]
    )
