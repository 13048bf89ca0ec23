"""Questions that are answered with y or n on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from hfsft.cli.console import tell, wrapped
from hfsft.errors import UserError


def said_yes(question: str, stream: TextIO) -> bool:
    """Ask on a stream; whether y or yes is typed. Where standard input ends, nothing is."""
    print(f"{question} [y/N] ".lstrip(), end="", file=stream, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def require_deletion(what: str, yes: bool) -> None:
    """Ask whether what was shown is to be deleted, unless `yes` says so; raises `UserError` where it is not."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"prune: nothing was deleted; --yes deletes these {what} where nobody can be asked")
    if not said_yes("delete them?", sys.stderr):
        raise UserError("prune: nothing was deleted")


class Consent:
    """Asks once whether what everybody will see may be sent; without a terminal, or with `yes`, that was said already.

    Who says `private: false` or `--public` where nobody can be asked, means it.
    """

    def __init__(self, yes: bool = False, heard: Callable[[str], None] = tell) -> None:
        self._said, self._heard = yes, heard

    def __call__(self, question: str) -> bool:
        """Whether the answer is yes; without a terminal all but the last sentence, which asks, is told."""
        before, _, last = question.rpartition("\n")
        screen = next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)
        if self._said or screen is None or not sys.stdin.isatty():
            said = last.rpartition(". ")[0]
            self._heard("\n".join(part for part in (before, said) if part))
            return True
        print("\n".join(part for part in (before, wrapped(last, screen)) if part), file=screen)
        self._said = said_yes("", screen)
        return self._said
