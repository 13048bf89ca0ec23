"""tokens: how long a text is."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import Field

from hfsft.errors import ModelError
from hfsft.filters.cells import text_of
from hfsft.filters.column import OfColumn
from hfsft.pretrained import pretrained_tokenizer

_LOGOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")  # Thai, Lao, Burmese, Khmer
_UNSPACED_WORD = 5  # characters, vowel signs included


class Tokens(OfColumn):
    """Length of a text: tokens of a model's tokenizer, or words where no tokenizer is named.

    Words are what stands between spaces and holds a letter or digit. Where a script has no spaces, each Chinese
    character or Japanese kana is a word, and so are every five characters of Thai, Lao, Burmese and Khmer. A token is
    about three quarters of an English word. An empty column has no length: it fails `at_least` and passes `at_most`.
    """

    name: ClassVar[str] = "tokens"

    kind: ClassVar[str] = "int64"

    tokenizer: str | None = Field(
        None,
        description="Hub id or folder of the model whose tokens count, in a conversation with its chat template.",
    )

    def value(self, cell: Any) -> int:
        """The length."""
        chat = isinstance(cell, list)
        text = text_of(cell, self.column) or ""
        if self.tokenizer is None:
            return words(text)
        tokenizer = pretrained_tokenizer(self.tokenizer)
        if chat and tokenizer.chat_template:
            return _templated(tokenizer, cell)
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def words(text: str) -> int:
    """The number of words in a text of any script."""
    if text.isascii():
        return _worded(text)
    count = len(_LOGOGRAPHS.findall(text))
    count += sum(-(-len(run) // _UNSPACED_WORD) for run in _UNSPACED.findall(text))
    spaced = _UNSPACED.sub(" ", _LOGOGRAPHS.sub(" ", text))
    return count + _worded(spaced)


def _worded(text: str) -> int:
    """The number of chunks with a letter or digit, most often the first of their characters."""
    return sum(chunk[0].isalnum() or any(map(str.isalnum, chunk)) for chunk in text.split())


def _templated(tokenizer: Any, messages: list[dict[str, str]]) -> int:
    from jinja2 import TemplateError

    try:
        return len(tokenizer.apply_chat_template(messages, return_dict=False))
    except TemplateError as error:  # such as a template that takes no system message
        raise ModelError(f"the chat template of {tokenizer.name_or_path} refuses a row: {error}") from error
