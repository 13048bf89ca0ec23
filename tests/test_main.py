"""The command's process ends at once, and yet after all that waits for its end."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATE = """
import atexit, gc, threading, time
import hfsft.cli

class Teardown:
    def __del__(self):
        print("taken apart", flush=True)

def late():
    time.sleep(0.2)
    print("thread")

def main():
    global kept
    kept = Teardown()
    atexit.register(print, "registered")
    threading.Thread(target=late).start()
    print("main")
    if FAILS:
        raise ValueError("of a command with --debug")
    return 7

hfsft.cli.main = main
from hfsft.__main__ import run
try:
    run()
finally:
    print("caller")
"""


@pytest.mark.parametrize(("fails", "code", "last"), [(False, 7, []), (True, 1, ["taken apart"])])
def test_what_waits_for_the_end_is_done_and_nothing_is_taken_apart(fails: bool, code: int, last: list[str]) -> None:
    command = [sys.executable, "-c", f"FAILS = {fails}{LATE}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "ValueError" in done.stderr) == (code, fails)
    assert done.stdout.split("\n")[:-1] == ["main", "caller", "thread", "registered", *last]
