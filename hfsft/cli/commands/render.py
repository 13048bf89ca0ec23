"""`hfsft render`: what a step sends for one row."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.consent import trust
from hfsft.cli.console import paint, remark, wrapped
from hfsft.cli.record_view import field

if TYPE_CHECKING:
    from hfsft.pipeline.rendering import RenderedRequest


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft render recipe.yaml --stage judge --row 3\n"
        "  hfsft render recipe.yaml --stage 'evolve[2]' --row 41c9d0\n"
        "  hfsft render recipe.yaml --stage generate --json"
    )
    parser = command(
        commands, "render", "print what a step sends to its model for one row; nobody is asked", run, examples
    )
    add_recipe(parser)
    parser.add_argument(
        "--stage", required=True, metavar="STEP", help="the step, such as generate, judge or 'evolve[1]'"
    )
    parser.add_argument(
        "--row",
        default="1",
        metavar="ROW",
        help="the row, by its number among those that the step asks for, or by the beginning of its id (default: 1)",
    )
    parser.add_argument("--json", action="store_true", help="print the requests as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print each request of the row."""
    from hfsft import pipeline

    found = pipeline.render(
        arguments.recipe, arguments.stage, arguments.row, overrides=arguments.overrides, trust=trust(arguments)
    )
    if arguments.json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
        return
    print(paint(f"{found.stage}, row {found.number}, {found.row}", "head"))
    if found.pending:
        print(remark("note", "earlier answers of this row are not known yet: `…` stands where they go"))
    for number, sent in enumerate(found.sent, 1):
        print("\n".join(_request(sent, f"request {number} of {len(found.sent)}")))


def _request(sent: RenderedRequest, title: str) -> Iterator[str]:
    yield paint(wrapped(f"{title}, to {sent.exchange.request.model}: {sent.body['model']}, {sent.address}"), "note")
    for name, value in sent.body.items():
        if name == "messages":
            for message in value:
                yield from _message(message)
        elif name == "prompt":
            yield from field("> text to go on with", value, whole=True)
        elif name == "input":
            for text in value:
                yield from field("> text", text, whole=True)
        elif name != "model":
            yield from field(name, json.dumps(value, ensure_ascii=False), whole=True)
    answer = sent.exchange.answer
    if answer is None:
        yield from field("< no answer", sent.exchange.missing)
    elif answer.text and not sent.exchange.request.texts:
        yield from field("< stored answer", answer.text, whole=True)


def _message(message: dict[str, Any]) -> Iterator[str]:
    yield from field(f"> {message['role']}", str(message.get("content") or ""), whole=True)
    for name, value in message.items():
        if name not in ("role", "content"):
            yield from field(f"> {message['role']} {name}", json.dumps(value, ensure_ascii=False), whole=True)
