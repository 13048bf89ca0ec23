"""The command line: the only package that prints, reads argv and exits."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from hfsft.cli import build, diff, export, init, plan, preview, publish, report, schema, store, validate, why
from hfsft.errors import HfsftError, RecipeError, UserError

COMMANDS = (build, publish, plan, validate, preview, why, report, diff, export, init, store, schema)
INTERRUPTED = 130
OURS = 3

EXAMPLES = """\
examples:
  hfsft init support                 write a commented recipe to start from
  hfsft validate recipe.yaml         check it; no model is asked
  hfsft plan recipe.yaml             what a build would do, ask and cost
  hfsft preview recipe.yaml          a few rows through the whole path
  hfsft build recipe.yaml            the dataset, in build/<name>
  hfsft publish build/<name>         the same on the Hub
  hfsft report build/<name>          its page anew, build/<name>/report.html
  hfsft export build/<name> --format alpaca --out train.jsonl

exit codes: 0 done, 1 something you can mend, 2 wrong usage, 3 our mistake, 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="hfsft",
        description="Fine-tuning data from one recipe: grown, answered, cleaned, judged, split without leaks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = top.add_subparsers(dest="command", metavar="command", required=True)
    for module in COMMANDS:
        module.add(commands)
    version = commands.add_parser("version", help="print the version", description="Print the version.")
    version.set_defaults(run=_version)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    # Arrow's own allocator holds on to a tenth of what a build takes; the system's gives it back.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    arguments = parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments) or 0
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        if arguments.debug:
            raise
        again = shlex.join(["hfsft", *(sys.argv[1:] if argv is None else argv)])
        print(f"interrupted: answers so far are kept; go on with\n  {again}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `hfsft schema | head`
        sys.stderr.close()
        return 0
    except HfsftError as error:
        if arguments.debug:
            raise
        # The problems of a recipe are a list, each with its place.
        listed = isinstance(error, RecipeError) and "\n" in str(error)
        print(str(error) if listed else f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a full disk, a folder that may not be written
        if arguments.debug:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error} (answers so far are kept)", file=sys.stderr)
        return UserError.exit_code
    except Exception as error:
        if arguments.debug:
            raise
        kind = type(error).__name__
        print(f"internal error: {kind}: {error}\nplease report it; `hfsft --debug ...` shows where", file=sys.stderr)
        return OURS


def _version(_: argparse.Namespace) -> None:
    from hfsft import __version__

    print(__version__)
