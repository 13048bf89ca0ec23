"""A server that writes seeds as it is told, chats, and goes on with raw texts."""

from __future__ import annotations

import random
import re
from typing import Any

from aiohttp import web

from tests.models.server import LLM, Body, digest, said_to

THINGS = ["lamp", "kettle", "invoice", "parcel", "island", "refund", "size", "colour", "hoodie", "courier", "cable"]


def reply(body: Body) -> str:
    """What a writer answers to the shipped templates, and whoever answers instructions to them."""
    said, luck = said_to(body), random.Random(digest(body))
    known = dict(re.findall(r"^(\w+): (.+)$", said, re.MULTILINE))
    if said.startswith("Divide"):
        return "Sure, these are:\n" + "\n".join(
            f"{at}. **{thing.title()}**" for at, thing in enumerate(luck.sample(THINGS, 2), 1)
        )
    if said.startswith("Write a message"):
        about = " and ".join(f"{key} {value}" for key, value in sorted(known.items()))
        return f"How is it with {about} when the {luck.choice(THINGS)} of {digest(body)[:6]} is late?"
    if "on another matter" in said:
        words = luck.sample(THINGS, 4)
        return (
            "How do I return a lamp?"
            if luck.random() < 0.2
            else f"3. What of {' and '.join(words)} {digest(body)[:4]}?"
        )
    return (
        f"Look at {digest(body)[:8]} first, then at {digest(body)[8:20]} and tell us what {digest(body)[20:30]} says."
    )


class Writer(LLM):
    """An LLM with an address for raw texts too; what came there is in `raw`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reply = reply
        self.raw: list[Body] = []

    def routes(self, app: web.Application) -> None:
        super().routes(app)
        app.router.add_post("/v1/completions", self._go_on)

    async def _go_on(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        if "prompt" not in body:
            return web.json_response({"error": {"message": "prompt is missing"}}, status=400)
        self.raw.append(body)
        text = f" Which {random.Random(body['seed']).choice(THINGS)} goes with number {body['seed']}?\n"
        choice = {"index": 0, "text": text, "finish_reason": "stop"}
        return web.json_response(
            {"model": body["model"], "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 9}}
        )
