"""A terminal of so many columns, for what the command shows only on one."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """What was written to the terminal, with and without its codes."""

    def __init__(self, raw: str, code: int) -> None:
        self.raw = raw
        self.code = code
        self.text = CODES.sub("", raw).replace("\r\n", "\n")

    @property
    def states(self) -> list[str]:
        """Each state of the line that changes, as it could be seen."""
        return [state for state in re.split(r"\r|\n|\x1b\[2K", self.raw) if CODES.sub("", state).strip()]


def run(command: list[str], columns: int, cwd: Path, typed: str = "", **environment: str) -> Screen:
    """Run a command on a terminal, which answers its first question with `typed`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = subprocess.Popen(
        command, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, env={**plain, "TERM": "xterm", **environment}
    )
    os.close(theirs)
    if typed:
        os.write(ours, typed.encode())
    written, ends = b"", time.monotonic() + 120
    while time.monotonic() < ends:
        if not select.select([ours], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return Screen(written.decode("utf-8", "replace"), process.wait(timeout=60))
