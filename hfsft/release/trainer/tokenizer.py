"""The tokenizer of the model to be trained: its chat template and its tokens, without torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hfsft.errors import ModelError, ReleaseError
from hfsft.pretrained.loaded_tokenizer import check_chat_template, located, pretrained_tokenizer, rendered, template_of
from hfsft.sandbox import REASONING_KEYS

Messages = Sequence[Mapping[str, Any]]
Tools = Sequence[Mapping[str, Any]]

READ_KEYS = {key: re.compile(rf"\b{key}\b") for key in REASONING_KEYS}
GENERATION_MARK = re.compile(r"\{%[-+]?\s*generation\s*[-+]?%\}")


@dataclass(frozen=True)
class ChatTokenizer:
    """A tokenizer that has a chat template."""

    name: str
    _inner: Any = field(repr=False)

    @property
    def template(self) -> str:
        """The chat template's text; of several by name the one for conversations without tools."""
        return template_of(self._inner)

    @property
    def reasoning_key(self) -> str | None:
        """The key of a message that its template reads reasoning from; None where it reads none."""
        return next((key for key in REASONING_KEYS if READ_KEYS[key].search(self.template)), None)

    @property
    def identity(self) -> dict[str, str]:
        """Its name, and the hashes of its chat template and its vocabulary."""
        found = {"name": self.name, "template": _sha256(self.template)}
        backend = getattr(self._inner, "backend_tokenizer", None)
        return {**found, "vocabulary": _sha256(backend.to_str())} if backend else found

    @property
    def marks_answers(self) -> bool:
        """Whether the template says which tokens are the assistant's, as `assistant_only_loss` wants."""
        return GENERATION_MARK.search(self.template) is not None

    @cached_property
    def special_tokens(self) -> tuple[str, ...]:
        """Texts that become one control token each wherever they stand."""
        added = self._inner.added_tokens_decoder.values()
        return tuple(sorted({str(token.content) for token in added if token.special}))

    def render(
        self,
        messages: Messages,
        *,
        opened: bool = False,
        tools: Tools | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> str:
        """The conversation under the template; `opened` for the assistant's next turn.

        `tools` are schemas, `more` what else the row says to the template by name, as its `chat_template_kwargs`.

        Raises `ValueError` with the template's own words where it refuses the conversation, `ModelError` where it runs
        away.
        """
        return rendered(self.name, self._inner, messages, opened=opened, tools=tools, more=more)

    def text(self, messages: Messages, *, tools: Tools | None = None, more: Mapping[str, Any] | None = None) -> str:
        """The rendered conversation, to be trained on as plain text.

        Trainers tokenize such a text with the special tokens that the tokenizer adds, and end it with the end token
        unless it does already: so the first must not stand in it, and nothing may follow the last.
        """
        text, inner = self.render(messages, tools=tools, more=more), self._inner
        if inner.bos_token and inner("")["input_ids"][:1] == [inner.bos_token_id]:
            text = text.removeprefix(inner.bos_token)
        bare = text.rstrip()
        return bare if inner.eos_token and bare.endswith(inner.eos_token) else text

    def lengths(self, texts: list[str], *, rendered: bool) -> list[int]:
        """Tokens of each text; plain ones, not `rendered` by the template, get the end token that trainers add."""
        tokens = self._inner(texts, add_special_tokens=not rendered)["input_ids"]
        ends = self._inner.eos_token if not rendered else None
        return [len(ids) + bool(ends and not text.endswith(ends)) for text, ids in zip(texts, tokens, strict=True)]


def load_tokenizer(name: str, where: str = "publish.tokenizer", base: Path | None = None) -> ChatTokenizer:
    """The tokenizer of a Hub id or a folder (below `base` where given), which was named at `where`.

    Raises `ReleaseError` where there is none, or it has no chat template that can be used.
    """
    try:
        inner = pretrained_tokenizer(located(name, base))
        check_chat_template(name, inner)
    except ModelError as error:
        raise ReleaseError(f"{where}: {error}") from None
    if not inner.chat_template:
        raise ReleaseError(f"{where}: {name} has no chat template (name the tokenizer of an instruct model)")
    return ChatTokenizer(name, inner)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
