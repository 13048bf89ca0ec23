"""What models were sent for a row, and what they said, by the response store of this machine; nothing is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.errors import AnswerError
from hfsft.models.structured import watched

if TYPE_CHECKING:
    from hfsft.engine.step import Step
    from hfsft.models.model import Answer, Request, Turns
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store


@dataclass(frozen=True)
class Exchange:
    """What a model was sent for a row, and what it said: the answer, or why there is none here."""

    stage: str
    request: Request
    answer: Answer | None
    missing: str = ""  # why there is none, or none that could be used


def exchanges(
    step: Step,
    row: Mapping[str, Any],
    pool: Pool,
    store: Store,
    clean: Callable[[str], str] = str,
    group: Sequence[Mapping[str, Any]] = (),
) -> list[Exchange]:
    """What one step sent for a row as it came in, and the stored answers; nothing is asked.

    Of a step that sees groups `group` are the rows of the row's own, itself among them. `clean` is what becomes of an
    answer before it is shown: the store holds it as the model gave it.
    """
    if step.sees == "group":
        given: Any = [_given(step, each) for each in sorted(group, key=lambda each: str(each["id"]))]
    else:
        given = _given(step, row)
    return exchanges_of(step.name, partial(step.function, given), pool, store, clean)


def _given(step: Step, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in step.given(row, "id")}


def exchanges_of(
    stage: str, start: Callable[[], Turns], pool: Pool, store: Store, clean: Callable[[str], str] = str
) -> list[Exchange]:
    """The same of a step's function over a row, or a group of rows, which `start` begins."""
    from hfsft.models.pool import NotStored

    found: list[Exchange] = []

    def kept(request: Request) -> Answer | None:
        return store.get(pool.key(request))

    try:
        pool.replay(partial(_watched, stage, start, found, kept))
    except NotStored as lacking:
        if not lacking.request.mends:  # else it was not asked once more, as that had helped no other row
            found.append(Exchange(stage, lacking.request, None, "the answer is not in this machine's store"))
    except AnswerError:
        pass  # an answer that could not be used stands in `found`, with the reason
    return [_cleaned(each, clean) for each in found]


def _cleaned(told: Exchange, clean: Callable[[str], str]) -> Exchange:
    answer, request = told.answer, told.request
    if answer is not None:
        answer = replace(answer, text=clean(answer.text), reasoning=answer.reasoning and clean(answer.reasoning))
    messages = tuple(
        {**message, "content": clean(message["content"])} if message["role"] == "assistant" else message
        for message in request.messages
    )
    return Exchange(told.stage, replace(request, messages=messages), answer, clean(told.missing))


def _watched(
    stage: str, start: Callable[[], Turns], told: list[Exchange], kept: Callable[[Request], Answer | None]
) -> Turns:
    """A step's generator over a row, which notes what it asks and is answered."""

    def hear(request: Request, came: Answer | AnswerError) -> None:
        if isinstance(came, AnswerError):
            told.append(Exchange(stage, request, kept(request), str(came)))
        else:
            told.append(Exchange(stage, request, came))

    return (yield from watched(start(), hear))
