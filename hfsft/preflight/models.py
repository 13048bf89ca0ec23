"""What the models of a recipe answer to a few short requests, and whether that is what the recipe needs of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hfsft.errors import ModelError, Problem
from hfsft.models.dialects.probe import Needs, Probe, Probed, keep
from hfsft.models.http.address import shown
from hfsft.models.limits.connect import Gates
from hfsft.models.limits.usage import Usage, cost, total_usd
from hfsft.models.means import own
from hfsft.models.model import Model, Price
from hfsft.models.store.store import Store
from hfsft.models.vectors.vector_probe import probed, probed_here
from hfsft.preflight.build import lacks
from hfsft.recipe.models_asked import asked, asking, model_problem
from hfsft.recipe.recipe import Recipe
from hfsft.stages.base import AskingStage

if TYPE_CHECKING:
    from hfsft.models.limits.throttle import Lane

HERE = "in this process"
BROKEN = ("no", "fails")
SECONDS = 60.0  # that one server is asked for in all, at most
EMBEDDED_SECONDS = 600.0  # the same of this process, which shares its processors with all else that runs here
PriceFrom = Literal["recipe", "hub", "free", "unknown"]


@dataclass(frozen=True)
class Server:
    """One server of one model, and what asking it came to."""

    model: str  # the name under `models`
    where: str
    needs: Needs
    asked: Probed
    price: Price | None
    price_from: PriceFrom

    @property
    def usd(self) -> float | None:
        """What asking it cost; None where that cannot be known."""
        if not self.asked.calls:
            return 0.0
        free = self.price is not None and not (self.price.input or self.price.output)
        if self.price is None or (self.asked.unmetered and not free):
            return None
        return cost(self.price, self.asked.input_tokens, self.asked.output_tokens)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        told = asdict(self.asked)
        told["takes"]["dialects"] = sorted(self.asked.takes.dialects)
        price = self.price.model_dump() if self.price else None
        named = {"model": self.model, "where": self.where, "usd": self.usd}
        return {**named, "price": price, "price_from": self.price_from, "needs": asdict(self.needs), **told}


@dataclass(frozen=True)
class Checkup:
    """Every server that was asked, and what keeps the recipe from being built with them."""

    servers: list[Server] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """The requests that were sent."""
        return sum(server.asked.calls for server in self.servers)

    @property
    def tokens(self) -> int:
        """The tokens read and written, as far as servers tell them."""
        return sum(server.asked.input_tokens + server.asked.output_tokens for server in self.servers)

    @property
    def usd(self) -> float | None:
        """What they cost; None where a price or a count is unknown."""
        return total_usd(server.usd for server in self.servers)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        found = {"calls": self.calls, "tokens": self.tokens, "usd": self.usd}
        servers, problems = [each.as_dict() for each in self.servers], [each.as_dict() for each in self.problems]
        return {"servers": servers, **found, "problems": problems}


def check(recipe: Recipe, seconds: float = SECONDS) -> Checkup:
    """Ask every server of every model that the recipe asks, side by side, each for so many seconds at most.

    What the servers were found to refuse is kept for builds.
    """
    lacking = {name: list(found) for name, found in lacks(recipe, asked(recipe), "hub").items()}
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_checked(recipe, lacking, seconds))
    with ThreadPoolExecutor(1) as beside:  # below a loop that runs already, as in a notebook
        return beside.submit(lambda: asyncio.run(_checked(recipe, lacking, seconds))).result()


async def _checked(recipe: Recipe, lacking: Mapping[str, list[Problem]], seconds: float) -> Checkup:
    models = {name: recipe.models[name] for name in lacking}
    usage = Usage(models)
    with Store() as store:
        gates = Gates(models, own(models, store, usage, None, recipe.name, seconds))
        try:
            found = await asyncio.gather(
                *(_of_model(recipe, name, missing, gates, usage, store, seconds) for name, missing in lacking.items())
            )
        finally:
            await gates.close()
    servers = [server for of_model, _ in found for server in of_model]
    problems = [problem for _, missing in found for problem in missing]
    problems += [problem for server in servers for problem in _problems(recipe, server)]
    return Checkup(servers, sorted(dict.fromkeys(problems)))


async def _of_model(
    recipe: Recipe, name: str, missing: list[Problem], gates: Gates, usage: Usage, store: Store, seconds: float
) -> tuple[list[Server], list[Problem]]:
    model, needs = recipe.models[name], needs_of(recipe, name)

    def server(where: str, asked: Probed) -> Server:
        return Server(name, where, needs, asked, *_price(model, usage.prices[name]))

    if missing:
        return [server(_where(model), Probed(error=missing[0].message))], missing
    if model.local:
        return [server(HERE, await asyncio.to_thread(probed_here, model))], []
    try:
        gate = await gates.get(name)
    except ModelError as error:
        said = str(error) if str(error).startswith("models.") else f"models.{name}: {error}"
        return [server(_where(model), Probed(error=said))], [model_problem(recipe, name, "model", said)]

    # Where nobody says how long: a model in this process is slow on a busy machine, and never as silent as a network.
    seconds = EMBEDDED_SECONDS if model.embedded and seconds == SECONDS else seconds

    async def of_lane(lane: Lane) -> Server:
        if model.task != "chat":
            found = await probed(lane.client, model, seconds)
            return server(HERE if model.embedded else lane.client.name, found)
        found = await Probe(lane.client, model, needs, seconds).run()
        keep(store, lane.client, model, found.takes)
        return server(HERE if model.embedded else lane.client.name, found)

    return list(await asyncio.gather(*map(of_lane, gate.lanes))), []


def needs_of(recipe: Recipe, name: str) -> Needs:
    """What the sections that ask a model send it."""
    sections = [each.stage for each in asking(recipe, name) if isinstance(each.stage, AskingStage)]
    sent = [_temperature(section, recipe.models[name]) for section in sections]
    return Needs(
        system=any(getattr(section, "system", None) for section in sections),
        temperature=next((value for value in sent if value is not None), None),
        seed=any(section.seeded for section in sections),
        json=any(section.structured for section in sections),
    )


def _where(model: Model) -> str:
    """Where a model runs whose servers are not known."""
    if model.embedded:
        return HERE
    return f"provider {model.provider}" if model.provider else shown(model.base_urls[0])


def _temperature(section: Any, model: Model) -> float | None:
    own = _own(section)
    return model.temperature if own is None else own


def _own(section: Any) -> float | None:
    own: float | Mapping[str, float] | None = getattr(section, "temperature", None)
    return max(own.values(), default=None) if isinstance(own, Mapping) else own  # one for each topic


def _authors(recipe: Recipe, name: str) -> list[str]:
    """The sections whose requests to a model have a temperature that the author wrote, there or in the model."""
    model = recipe.models[name]
    return [
        each.key
        for each in asking(recipe, name)
        if "temperature" in each.stage.model_fields_set or (_own(each.stage) is None and model.temperature is not None)
    ]


def _price(model: Model, price: Price | None) -> tuple[Price | None, PriceFrom]:
    if model.embedded:
        return price, "free"
    if model.price:
        return price, "recipe"
    return price, "hub" if price else "unknown"


def _problems(recipe: Recipe, server: Server) -> Iterator[Problem]:
    """What the recipe needs of a server, and the server does not do."""
    name, needs, takes = server.model, server.needs, server.asked.takes
    model = recipe.models[name]
    key = "base_url" if model.base_url else "provider" if model.provider else "model"
    if server.asked.error:
        if server.asked.calls:
            yield model_problem(recipe, name, key, f"models.{name}: {server.asked.error}")
        return
    at = f"models.{name}: {server.where}"
    if needs.system and takes.system == "fails":
        yield model_problem(recipe, name, key, f"{at} breaks on a system prompt: put its text into `template:`")
    if needs.temperature is not None and takes.temperature in BROKEN:
        # What no author wrote is left out by builds, where it is refused.
        where = _authors(recipe, name) if takes.temperature == "no" else [each.key for each in asking(recipe, name)]
        mend = f"write `temperature: null` in {' and '.join(dict.fromkeys(where))}, and none in the model"
        if where:
            sent = f"{at} does not take the temperature {needs.temperature:g}"
            yield model_problem(recipe, name, key, f"{sent}: {mend}")
    if needs.seed and takes.seed == "fails":
        yield model_problem(recipe, name, key, f"{at} breaks on a `seed`: write `seed: null` in the model")
    if needs.json and takes.json_schema == "fails":
        yield model_problem(
            recipe, name, key, f"{at} breaks on a JSON Schema instead of refusing it: ask another server"
        )
    elif needs.json and takes.json_schema != "yes" and takes.json_in_words in (*BROKEN, "ignored"):
        yield model_problem(
            recipe, name, key, f"{at} answers with no JSON, neither by a schema nor when told to in words"
        )
