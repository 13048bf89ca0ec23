"""The command line: the only package that prints, reads argv and exits."""

from __future__ import annotations

import argparse
import errno
import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from hfsft.cli.arguments import Parser
from hfsft.cli.console import remark
from hfsft.cli.escape import guarded
from hfsft.cli.problems import told
from hfsft.errors import HfsftError, UserError

COMMANDS = (
    *("build", "submit", "publish", "plan", "validate", "explain", "check", "preview", "rows", "review", "audit"),
    *("calibrate", "templates", "render", "why", "report", "diff", "export", "init", "store", "cache", "schema"),
)
"""The commands, each the name of its file in `hfsft.cli.commands`."""
ASKING = ("build", "preview")  # commands that may have been answered something by the time they fail
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)
WRONG_USAGE = 2
INTERRUPTED = 130
OURS = 3

EXAMPLES = """\
examples:
  hfsft init support                 write a commented recipe to start from
  hfsft explain judge                what a section, key or filter of a recipe means
  hfsft validate recipe.yaml         check it; no model is asked
  hfsft plan recipe.yaml             what a build would do, ask and cost
  hfsft check recipe.yaml            whether each model can be asked, and what its server takes
  hfsft preview recipe.yaml          a few rows through the whole path
  hfsft build recipe.yaml            the dataset, in build/<name>
  hfsft rows build/<name>            its rows, kept or not, and why each fell
  hfsft review build/<name>          people look at rows, and say what they think of each
  hfsft audit data.jsonl             what is wrong with rows that you have
  hfsft calibrate recipe.yaml        its judge's scores beside people's labels
  hfsft publish build/<name>         the same on the Hub
  hfsft submit recipe.yaml           the build on other machines: the Hub's, or those of SLURM
  hfsft report build/<name>          its page anew, build/<name>/report.html
  hfsft export build/<name> --format alpaca --out train.jsonl

exit codes: 0 done, 1 something you can mend, 2 wrong usage, 3 our mistake, 130 interrupted
"""


class Version(argparse.Action):
    """`--version`, which reads the version only when asked."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it, and end."""
        from hfsft import __version__

        print(f"hfsft {__version__}")
        parser.exit()


def parser(only: str = "") -> Parser:
    """The whole command line; with that of one command alone, if it is known which is meant."""
    top = Parser(
        prog="hfsft",
        description="Fine-tuning data from one recipe: grown, answered, cleaned, judged, split without leaks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    top.add_argument("--version", action=Version)
    commands = top.add_subparsers(dest="command", metavar="command", parser_class=Parser)
    for name in COMMANDS:
        if only in ("", name):
            import_module(f"hfsft.cli.commands.{name}").add(commands)
    version = commands.add_parser("version", help="print the version", description="Print the version.")
    version.set_defaults(run=_version, parser=version)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    with guarded():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    # Arrow's own allocator holds on to a tenth of what a build takes; the system's gives it back.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    given = sys.argv[1:] if argv is None else argv
    named = next((word for word in given if not word.startswith("-")), "")
    line = parser(named if named in COMMANDS else "")
    arguments = line.parse_args(argv)
    if arguments.command is None:
        line.print_help()
        return WRONG_USAGE
    try:
        code: int = arguments.run(arguments) or 0
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        if arguments.debug:
            raise
        again = shlex.join(["hfsft", *given])
        kept = "answers so far are kept; " if arguments.command in ASKING else ""
        print(f"interrupted: {kept}go on with\n  {again}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `hfsft schema | head`
        sys.stderr.close()
        return 0
    except HfsftError as error:
        if arguments.debug:
            raise
        print(told(error), file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a full disk, a folder that may not be written
        if arguments.debug:
            raise
        where = f"{error.filename}: " if error.filename else ""
        said = f"{where}{error.strerror or error}{_advice(error, arguments.command)}"
        print(remark("error", said, sys.stderr), file=sys.stderr)
        return UserError.exit_code
    except Exception as error:
        if arguments.debug:
            raise
        kind = type(error).__name__
        text = f"{kind}: {error}\nplease report it; `hfsft --debug ...` shows where"
        print(remark("internal error", text, sys.stderr), file=sys.stderr)
        return OURS


def _advice(error: OSError, command: str) -> str:
    """What to do about a file that cannot be written, in brackets; empty where nothing is sure to help."""
    from hfsft.cache import cache_folder
    from hfsft.models.store.store import default_path

    ours = (default_path().parent, cache_folder(""))
    if error.errno in CLOSED and error.filename and any(Path(error.filename).is_relative_to(folder) for folder in ours):
        return " (set HF_HOME to a folder that can be written)"
    return " (answers so far are kept)" if command in ASKING and default_path().exists() else ""


def _version(_: argparse.Namespace) -> None:
    from hfsft import __version__

    print(__version__)
