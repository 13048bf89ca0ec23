"""A batch's requests in the dialect of their server, which is learned from the lines that it refused.

Nobody can be asked again at once: what one batch shows, the next one heeds.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hfsft.models.dialects import dialect_table as table
from hfsft.models.dialects.authored import chosen, refused_key
from hfsft.models.dialects.learned import remember, server_of
from hfsft.models.dialects.refused_request import REFUSALS, read_refusal
from hfsft.models.http import wire
from hfsft.models.http.faults import Fault
from hfsft.models.model import Request

if TYPE_CHECKING:
    from collections.abc import Collection

    from hfsft.errors import RefusedKeyError
    from hfsft.models.limits.sender import Job
    from hfsft.models.limits.throttle import Lane
    from hfsft.models.limits.usage import Usage
    from hfsft.models.model import Model
    from hfsft.models.store.store import Store

# A file holds whole answers.
_STREAMS = {"stream", "stream_options"}
_SAMPLED = ("temperature", "top_p", "max_tokens")


def besides(request: Request, dialects: Collection[str]) -> str:
    """What of a request does not stand in its canonical text, or not as its own, and how it was put, as JSON."""
    own = {name: getattr(request, name) for name in _SAMPLED if getattr(request, name) is not None}
    kept = {"own": own, "accept_cut": request.accept_cut, "chosen": sorted(request.chosen)}
    return json.dumps({**kept, "dialects": sorted(dialects)})


def dialects_of(more: str) -> set[str]:
    """The dialects in which a request was put, as `besides` kept them."""
    return set(json.loads(more)["dialects"])


def request_of(model: str, asked: str, more: str) -> Request:
    """The request again, from its canonical text and what `besides` kept of it."""
    found, kept = json.loads(asked), json.loads(more)
    return Request(
        model,
        tuple(found["messages"]),
        **kept["own"],
        stop=tuple(found.get("stop", ())),
        seed=found.get("seed"),
        schema=found.get("schema"),
        accept_cut=kept["accept_cut"],
        chosen=frozenset(kept["chosen"]),
        tools=tuple(found.get("tools", ())),
        tool_choice=found.get("tool_choice"),
        logprobs=found.get("logprobs"),
    )


class Speaking:
    """How one model is asked in batches."""

    def __init__(self, lane: Lane, model: Model, store: Store, usage: Usage) -> None:
        self._lane = lane
        self._model = model
        self._store = store
        self._usage = usage
        self._tried: dict[str, set[str]] = defaultdict(set)  # by key, dialects for that request alone

    def payload(self, job: Job) -> tuple[bytes, str]:
        """The body of a request as far as it is known what the server understands; what `besides` says of it.

        Raises Fault where the server was found not to take what the request needs.
        """
        plain = wire.body(self._model, job.request, self._lane.client.endpoint.model_name or self._model.model)
        known = self._known(job.key)
        body, used = table.spoken(plain, known, chosen(job.request))
        if unsayable := table.unsayable(body, known):
            said = f"{self._lane.client.name}: the server {unsayable.note}"
            raise Fault("row", f"no_{unsayable.name}", said)
        if used:
            self._usage.spoke(job.request.model, used)
        return wire.encoded(body), besides(job.request, known)

    def _known(self, key: str) -> set[str]:
        seed = {"seed"} if self._model.seed is None else set[str]()
        return ({*self._lane.dialects} | self._tried.get(key, set()) | seed) - _STREAMS

    def learn(
        self, fault: Fault, key: str, body: dict[str, Any], sent: set[str], request: Request, stage: str
    ) -> bool | RefusedKeyError:
        """Whether a line that was refused is put otherwise the next time; the error where its author must.

        `body` is the request as it was submitted, `sent` the dialects that it was put in.
        """
        if fault.kind != "row" or fault.status not in REFUSALS:
            return False
        refusal, ours = read_refusal(fault), chosen(request)
        if gone := [each.name for each in table.unlearned(refusal, self._lane.dialects & sent)]:
            self._lane.dialects.difference_update(gone)
            return True
        if any(table.spoken(body, [name], ours)[1] for name in self._lane.dialects - sent - _STREAMS):
            return True  # another line of the same batch has shown it
        found = [each for each in table.learned(refusal, body, sent, ours) if each.name not in _STREAMS]
        if not any(each.change for each in found) and (
            error := refused_key(refusal, body, self._model, request, stage, fault.message)
        ):
            return error
        self._lane.dialects.update(each.name for each in found)
        self._lane.unconfirmed.update(each.name for each in found)
        if not found and "response_format" in body and fault.cause == "bad_request" and "schema" not in sent:
            self._tried[key].add("schema")  # refused for no reason that is known: told in words for this one
            return True
        return any(each.change for each in found)

    def confirm(self) -> None:
        """Keep the dialects in which answers came."""
        for name in list(self._lane.unconfirmed):
            self._lane.unconfirmed.discard(name)
            remember(self._store, server_of(self._lane.client, self._model), name)
