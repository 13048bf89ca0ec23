"""Before anything is paid: do the servers that are to go on with a raw text have an address for that?

They are sent an empty request, which those that have one refuse for what it lacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from hfsft.errors import ModelError, Problem
from hfsft.models.model import Endpoint
from hfsft.recipe.models_asked import model_problem
from hfsft.recipe.recipe import Recipe

SECONDS = 20.0


def lacking(recipe: Recipe, names: Sequence[str]) -> Iterator[Problem]:
    """The models, by their names under `models`, at a server without such an address; no embedded one lacks it."""
    from hfsft.models.http.providers import endpoints_of

    for name in names:
        model = recipe.models[name]
        if model.embedded:
            continue
        try:
            endpoints = endpoints_of(name, model)
        except ModelError:  # told by those who look for keys
            continue
        key = "base_url" if model.base_url else "provider"
        for said in asyncio.run(_lacking(endpoints)):
            yield model_problem(recipe, name, key, f"models.{name}: {said}")


async def _lacking(endpoints: Sequence[Endpoint]) -> list[str]:
    from hfsft.models.http.client import NO_COMPLETIONS, Client, new_session
    from hfsft.models.http.faults import Fault

    found: list[str] = []
    session = new_session()
    try:
        for endpoint in endpoints:
            try:
                await Client(session, endpoint, SECONDS).exchange(b"{}", going_on=True)
            except Fault as fault:  # noqa: PERF203 - each server by itself
                if NO_COMPLETIONS in fault.message:
                    found.append(fault.message)
    finally:
        await session.close()
    return found
