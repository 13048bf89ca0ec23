"""The command's own process: `hfsft`, or `python -m hfsft`."""

import atexit
import gc
import os
import sys

OBJECTS = 500_000  # made between two looks for garbage: more than a short build makes, less than 100 MB


def run() -> None:
    """Run one command, and end the process with its exit code."""
    codes: list[int] = []
    atexit.register(_end, codes)  # before all that is imported registers anything: what comes first is called last
    # What a command imports stays to its end: looking through it for garbage takes a third as long as importing it.
    gc.set_threshold(OBJECTS)
    # Libraries start Python too, by `-c`, which would look for modules here first (Python 3.10 knows no way to say so).
    os.environ["PYTHONSAFEPATH"] = "1"
    # Whoever looks on at pydantic's models from outside: to look for them is to read of each package what it brings.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from hfsft.cli import main

    codes.append(main())
    sys.exit(codes[0])


def _end(codes: list[int]) -> None:
    """End the process at once: to take apart all that was imported takes 50 ms, and gives back nothing that the system
    does not take anyway. Where the command raised, or its output cannot be written, Python tells that as ever.
    """
    if not codes:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # a pipe that nobody reads, a full disk, a stream that was closed
        return
    os._exit(codes[0])


if __name__ == "__main__":
    run()
