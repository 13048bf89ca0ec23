"""The command's own process: `hfsft`, or `python -m hfsft`."""

import gc
import os
import sys

from hfsft.cli import main

OBJECTS = 500_000  # made between two looks for garbage: more than a short build makes, less than 100 MB


def run() -> None:
    """Run one command, and end the process with its exit code."""
    # Libraries start Python too, by `-c`, which would look for modules here first (Python 3.10 knows no way to say so).
    os.environ["PYTHONSAFEPATH"] = "1"
    # What a command imports stays to its end: looking through it for garbage takes a third as long as importing it.
    gc.set_threshold(OBJECTS)
    code = main()
    gc.freeze()  # so that the last look, at the end of the process, passes over it too
    sys.exit(code)


if __name__ == "__main__":
    run()
