"""One answer to a row, by whoever may call tools, and whoever may not: most recipes name no tools."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.hashing import sampling_seed
from hfsft.models.model import Answer, Request
from hfsft.rows.batch import Row
from hfsft.rows.messages import system_apart
from hfsft.rows.views import own_turns, prompt_messages

if TYPE_CHECKING:
    from hfsft.stages.tools.toolbox import Toolbox


class AnsweredRow(NamedTuple):
    """One answer, and what a row gets beside it where it may call tools."""

    response: str
    thought: str | None
    columns: dict[str, Any]


def answered_row(
    toolbox: Toolbox | None, row: Row, request: Request, tag: str, *, reasons: bool
) -> Generator[Request, Answer, AnsweredRow]:
    """The answer to a request, with as many more as calls of tools need; `tag` tells their seeds apart.

    The turns are the row's own only where tools were called: what is sent may say more than the row does.
    """
    if toolbox is None:
        answer = yield request
        return AnsweredRow(answer.text.strip(), answer.reasoning.strip() or None, {})

    def asking(tag: str) -> Request:
        return replace(request, seed=sampling_seed(row["id"], tag))

    turns, columns = yield from toolbox.answer(row, request.messages, asking, tag, reasons=reasons)
    said = [*system_apart(prompt_messages(row))[1], *turns]
    own = said if len(turns) > 1 or turns[-1].get("tool_calls") else None
    return AnsweredRow(turns[-1]["content"], turns[-1].get("reasoning"), {"messages": own, **columns})


def calls_last(row: Mapping[str, Any]) -> bool:
    """Whether a row ends with calls, so that nothing need be said there."""
    turns = own_turns(row)
    return bool(turns and turns[-1].get("tool_calls"))
