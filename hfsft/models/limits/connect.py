"""The gates of a recipe's models, each opened when its model is first asked."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from hfsft.models.dialects.dialect_table import SHAPED
from hfsft.models.dialects.learned import server_of
from hfsft.models.limits.throttle import Bucket, Gate, Lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import aiohttp

    from hfsft.models.http.client import Client
    from hfsft.models.http.faults import Fault
    from hfsft.models.means import Means
    from hfsft.models.model import Endpoint, Model


SAMPLING = {"temperature", "top_p", "max_tokens", "price"}  # what is nothing to the place that a model is asked at


class Gates:
    """Finds servers, keys and prices; starts the embedded model; shares one HTTP session."""

    def __init__(self, models: Mapping[str, Model], means: Means) -> None:
        self._models = models
        self._means = means
        self._usage = means.usage
        self._meter = means.meter
        self._places: dict[str, str] = {}
        self._gates: dict[str, asyncio.Task[Gate]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._ending = False
        means.news.listen(self._heard, self._spoken)

    async def get(self, name: str) -> Gate:
        """The gate of one model; ModelError where it has no server, no key or no price that a budget needs."""
        # Two names for one model at one place share its gate: what the first stage learned of it serves the second.
        if (where := self._places.get(name)) is None:
            where = self._places[name] = self._models[name].model_dump_json(exclude=SAMPLING)
        if where not in self._gates:
            self._gates[where] = asyncio.get_running_loop().create_task(self._open(name))
        return await asyncio.shield(self._gates[where])

    def ending(self, ending: bool) -> None:
        """Tell each gate, those that are opened later too, whether no other rows will be begun."""
        self._ending = ending
        for gate in self._opened():
            gate.ending = ending

    def look_again(self) -> None:
        """Forget gates whose endpoints were all given up: a server may have been started, or a key set, meanwhile."""
        for where, task in list(self._gates.items()):
            if task.done() and (task.cancelled() or task.exception() or any(lane.down for lane in task.result().lanes)):
                del self._gates[where]

    async def close(self) -> None:
        """Close the connections."""
        for task in self._gates.values():
            task.cancel()
        self._gates.clear()
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def _open(self, name: str) -> Gate:
        model = self._models[name]
        await asyncio.to_thread(self._find_prices, name)
        self._meter.check_prices()
        # What talks HTTP is imported where it is needed: a build that finds every answer stored starts sooner.
        from hfsft.models.http.client import Client, new_session

        endpoints = await asyncio.to_thread(_endpoints, name, model)
        self._session = self._session or new_session()
        requests = model.requests_per_minute
        if model.task == "chat":
            clients = [Client(self._session, endpoint, model.timeout) for endpoint in endpoints]
        else:
            # The gate lets texts through, of which many make one request: these are bounded where they are sent.
            from hfsft.models.vectors.together import TogetherClient

            bucket, requests = Bucket(requests) if requests else None, None
            clients = [TogetherClient(self._session, each, model, bucket) for each in endpoints]
        start = int(self._means.first * len(clients))
        lanes = [await self._lane(client, model) for client in (*clients[start:], *clients[:start])]
        tell = partial(self._tell, model)
        gate = Gate(name, lanes, model.at_once, requests, model.tokens_per_minute, tell)
        gate.ending = self._ending
        return gate

    def _tell(self, model: Model, lane: Lane, fault: Fault) -> None:
        self._means.news.tell(server_of(lane.client, model), fault)

    def _heard(self, server: str, fault: Fault) -> None:
        """What a server said to another process is heeded here too."""
        for gate, lane in self._lanes(server):
            gate.heard(lane, fault)

    def _spoken(self, server: str, dialect: str, known: bool) -> None:
        """A dialect that another process found out is spoken here too, or no more."""
        for _, lane in self._lanes(server):
            (lane.dialects.add if known else lane.dialects.discard)(dialect)
            lane.unconfirmed.discard(dialect)
            lane.schema_tried = lane.schema_tried or (known and dialect in SHAPED)

    def _lanes(self, server: str) -> Iterator[tuple[Gate, Lane]]:
        """The open ways to a server."""
        for gate in self._opened():
            for lane in gate.lanes:
                if server_of(lane.client, self._models[gate.name]) == server:
                    yield gate, lane

    def _opened(self) -> Iterator[Gate]:
        """The gates that are open by now."""
        for task in self._gates.values():
            if task.done() and not task.cancelled() and task.exception() is None:
                yield task.result()

    async def _lane(self, client: Client, model: Model) -> Lane:
        most = min(model.concurrency, client.endpoint.concurrency)
        lane = Lane(client, most * model.in_one_request)
        lane.dialects |= await self._means.dialects.spoken_by(server_of(client, model))
        lane.schema_tried = bool(lane.dialects & SHAPED)
        return lane

    def _find_prices(self, name: str) -> None:
        """Ask the Hub's listing where the recipe names no price: of this model, or of all where a budget needs them."""
        for other, model in self._models.items():
            wanted = other == name or self._meter.bounded
            if wanted and model.provider and self._usage.prices[other] is None:
                from hfsft.models.http.providers import listed_price

                if price := listed_price(model):
                    self._usage.set_price(other, price)


def revision_of(model: Model, *, download: bool = True) -> str:
    """The revision of the weights, as far as it is known here; nothing for those that `download` would have to bring.

    No answer of such weights can be in the store: it would be kept under their revision.
    """
    if not model.embedded:
        return model.revision or ""
    # Only a recipe with an embedded model pays for the import.
    from hfsft.models.embedded import server as embedded

    return embedded.revision(model, download=download)


def _endpoints(name: str, model: Model) -> list[Endpoint]:
    if model.embedded:
        from hfsft.models.embedded import server as embedded

        return [embedded.start(model)]
    from hfsft.models.http.providers import endpoints_of

    return endpoints_of(name, model)
