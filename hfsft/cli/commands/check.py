"""`hfsft check`: one short look at each model, what its server takes, and what the recipe needs of it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.consent import trust
from hfsft.cli.console import count, money, table, wrapped
from hfsft.cli.problems import told
from hfsft.errors import RecipeError, UserError
from hfsft.plain import plain

if TYPE_CHECKING:
    from hfsft.preflight.models import Checkup, Server

PRICES = {"recipe": "the recipe's", "hub": "the Hub's listing"}
WORDS = {"yes": "yes", "no": "refused", "ignored": "ignored", "fails": "breaks", "unknown": "cannot tell"}
PARTS = (
    ("system prompt", "system"),
    ("temperature", "temperature"),
    ("seed", "seed"),
    ("JSON Schema", "json_schema"),
    ("log probabilities", "logprobs"),
    ("tools", "tools"),
    ("streaming", "streaming"),
)


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft check recipe.yaml\n"
        "  hfsft check recipe.yaml --set models.judge.base_url=http://localhost:8000/v1\n"
        "  hfsft check recipe.yaml --json"
    )
    parser = command(
        commands,
        "check",
        "ask each model a few short requests: what its server takes, and at which price",
        run,
        examples,
    )
    add_recipe(parser)
    parser.add_argument(
        "--timeout", type=float, default=60, metavar="SECONDS", help="for each server in all (default: 60)"
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what each server takes; exit code 1 where one cannot be asked, or does not do what the recipe needs."""
    from hfsft.pipeline import check

    how = {"overrides": arguments.overrides, "trust": trust(arguments)}
    found = check(arguments.recipe, seconds=arguments.timeout, **how)
    if arguments.json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
        return UserError.exit_code if found.problems else 0
    if not found.servers:
        print("the recipe asks no model")
        return 0
    print(table(("", *(server.model for server in found.servers)), rows(found)))
    print(
        "\n" + wrapped(f"{count(found.calls, 'request')} sent, {found.tokens:,} tokens, {money(found.usd)}"), flush=True
    )
    if found.problems:
        print(told(RecipeError(found.problems)), file=sys.stderr)
    return UserError.exit_code if found.problems else 0


def rows(found: Checkup) -> list[list[str]]:
    """What is known of each server, a column each."""
    lines: list[list[str]] = [
        ["where", *(plain(server.where, 60) for server in found.servers)],
        ["answers in", *(_answers_in(server) for server in found.servers)],
        ["calls itself", *(plain(server.asked.served, 40) for server in found.servers)],
        ["token limit", *(server.asked.takes.token_limit or "" for server in found.servers)],
    ]
    for words, part in PARTS:
        lines.append([words, *(_verdict(server, part) for server in found.servers)])
    if any(map(_told_in_words, found.servers)):
        lines.append(["JSON, told to", *(_verdict(server, "json_in_words") for server in found.servers)])
    if any(server.asked.gives for server in found.servers):
        lines.append(["gives", *(server.asked.gives for server in found.servers)])
    lines.append(["tells its tokens", *(_said(server, server.asked.takes.usage) for server in found.servers)])
    lines.append(["thinks first", *(_thinks(server) for server in found.servers)])
    lines.append(["price", *(_price(server) for server in found.servers)])
    return lines


def _answers_in(server: Server) -> str:
    seconds = server.asked.seconds
    return f"{seconds:.2f} s" if seconds is not None else "no answer"


def _verdict(server: Server, part: str) -> str:
    if server.asked.error or server.asked.gives or (part == "json_in_words" and not _told_in_words(server)):
        return ""
    return WORDS[getattr(server.asked.takes, part)]


def _told_in_words(server: Server) -> bool:
    return server.needs.json and server.asked.takes.json_schema != "yes"


def _said(server: Server, truth: bool) -> str:
    return "" if server.asked.error else "yes" if truth else "no"


def _thinks(server: Server) -> str:
    if server.asked.gives:
        return ""
    tokens = server.asked.takes.reasoning_tokens
    said = _said(server, server.asked.takes.thinks)
    return f"{said}, {count(tokens, 'token')}" if said == "yes" and tokens else said


def _price(server: Server) -> str:
    if server.price_from == "free":
        return "free"
    if server.price is None:
        return "unknown"
    return f"${server.price.input:g} in, ${server.price.output:g} out ({PRICES[server.price_from]})"
