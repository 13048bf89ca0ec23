"""The parser, and arguments that several commands share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from hfsft.errors import nearest

SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


class Parser(argparse.ArgumentParser):
    """A parser that guesses at a mistyped word, and shows the usage of the command that was meant."""

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """What was given; a word too many is an error of the command that it was given to."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            getattr(found, "parser", self).refuse(unknown)
        return found

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with exit code 2 for arguments that nobody knows."""
        known = [option for option in self._option_string_actions if option.startswith("--")]
        hints = [nearest(word.partition("=")[0], known) for word in unknown if word.startswith("--")]
        hint = f" ({hints[0]})" if hints else ""
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            what = action.metavar if isinstance(action.metavar, str) else "/".join(action.option_strings)
            hint = nearest(str(value), [str(choice) for choice in action.choices])
            raise argparse.ArgumentError(None, f"there is no {what or 'choice'} `{value}` ({hint})")


def command(
    commands: Any, name: str, help: str, run: Callable[[argparse.Namespace], int | None], examples: str
) -> argparse.ArgumentParser:
    """A command with its help, its examples and what it runs."""
    added: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(run=run, parser=added)
    return added


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """The recipe and its overrides."""
    parser.add_argument(
        "recipe", help="the recipe's file, hf://datasets/you/name for a published one, or an https:// address"
    )
    add_overrides(parser)
    add_trust(parser)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Changes to a recipe."""
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a key of the recipe, such as generate.temperature=0.3; may be repeated",
    )


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Whether the recipe may do whatever it says."""
    trusted = parser.add_mutually_exclusive_group()
    trusted.add_argument(
        "--trust",
        action="store_true",
        default=None,
        help="let a recipe of others read, send and publish what it says, without asking",
    )
    trusted.add_argument(
        "--untrusted", dest="trust", action="store_false", help="ask, as for recipes from hf://, though it is a file"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """How much is printed, and as what."""
    parser.add_argument("--quiet", "-q", action="store_true", help="print nothing but errors")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on standard output")


def fingerprint(text: str) -> str:
    """A fingerprint of what looks like a secret, as the error of `hfsft publish` names it."""
    if not re.fullmatch(r"[0-9a-f]{12}", text):
        raise argparse.ArgumentTypeError("that is no fingerprint (the 12 signs in brackets behind a secret's place)")
    return text


def rows_wanted(text: str) -> int:
    """A number of rows, 1 or more."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows (1 or more)")
    return int(text)


def askers_wanted(text: str) -> int:
    """A number of processes, 1 or more."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes (1 or more)")
    return int(text)


def age(text: str) -> float:
    """An age such as 12h, 30d or 8w, in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no age (such as 12h, 30d or 8w)")
    return float(found[1]) * SECONDS[found[2]]
