"""control_tokens: texts that chat templates use to end and begin turns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from pydantic import Field

from hfsft.filters.cells import CONVERSATION, RESPONSE
from hfsft.filters.text_column import COLUMN, OfColumn
from hfsft.letters.template_tokens import control_tokens
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.inline import means, words_of
from hfsft.rows.views import complete, response, said


class ControlTokens(OfColumn):
    """Number of control tokens of chat templates in a text.

    A tokenizer reads `<|im_end|>`, `[INST]` or `<|eot_id|>` inside a text as the real token: training on it teaches
    the model that a turn ends in the middle of an answer, or lets a row speak in another role. Known are the tokens of
    ChatML, Llama, Mistral, Gemma, Phi, DeepSeek, Command R, gpt-oss and what is written like them; `<s>` is not
    counted, since HTML strikes text through with it; `</s>`, which HTML has too, is. Of a conversation all is looked
    through: what is said and thought, what tools are called with and give back, their schemas. `<think>` and
    `<tool_call>` count as well, but not where the source writes reasoning and calls so: there they are what the row
    says, elsewhere a mark that leaked.
    """

    name: ClassVar[str] = "control_tokens"
    version: ClassVar[int] = 2
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = (
        "Roles written as plain words (User:), `<s>`, and tokens that no template it knows is made of."
    )
    example: ClassVar[str] = """\
    filters:
      - control_tokens: {at_most: 0}
    """

    kind: ClassVar[str] = "int64"

    column: str = Field("conversation", description=COLUMN)
    at_most: float | None = Field(0, ge=0, description="Largest number that is kept.")

    @property
    def optional(self) -> tuple[str, ...]:
        """The rest of a conversation, and how its source writes it."""
        return (*super().optional, "dialect")

    def value(self, cell: Any) -> int:
        """How many it holds."""
        return len(control_tokens(self.text(cell)))

    def measure(self, batch: Batch) -> Batch:
        """How many each cell holds, None of an empty one."""
        if self.column == CONVERSATION:
            found = [len(tokens_of(row)) if complete(row) else None for row in rows_of(batch)]
        elif self.column == RESPONSE:
            texts = ((row, response(row, words=())) for row in rows_of(batch))
            found = [None if text is None else len(_unmeant(text, row, "assistant")) for row, text in texts]
        else:
            return super().measure(batch)
        return {self.measured: found}


def tokens_of(row: Mapping[str, Any], special: Collection[str] | None = None) -> list[str]:
    """The control tokens in all that a row says, but for those by which its source says it.

    `special` is as of `control_tokens`. Where rows have no `dialect`, nobody knows what their source meant.
    """
    parts = ((f"{each.name} {each.text}", each.role) for each in said(row, words=()))
    return [token for text, role in parts for token in _unmeant(text, row, role, special)]


def _unmeant(text: str, row: Mapping[str, Any], role: str, special: Collection[str] | None = None) -> list[str]:
    found = control_tokens(text, special)
    words = words_of(row) if found else ()
    return [token for token in found if not means(words, role, token)]
