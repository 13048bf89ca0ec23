"""A server that answers with whole messages: thoughts in fields of their own, calls, probabilities, endings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.models.server import LLM, Body


def plain(_: Body) -> Body:
    return {"content": "Yes."}


@dataclass
class Thinker(LLM):
    """`says` gives the fields of each message, beside them `finish_reason` and `logprobs` where they are others."""

    says: Callable[[Body], Body] = plain

    def _completion(self, body: Body, text: str | None = None, finish: str = "stop", **more: Any) -> Body:
        said = {**self.says(body), **more}
        content, finish = said.pop("content", None), said.pop("finish_reason", finish)
        logprobs = said.pop("logprobs", None)
        made = super()._completion(body, text=text or "", finish=finish, **said)
        made["choices"][0]["message"]["content"] = content
        return made if logprobs is None else {**made, "choices": [{**made["choices"][0], "logprobs": logprobs}]}
