"""Vega, the library that draws: asked in a process of its own, which takes 160 MB and does not stay.

That process runs this module, and reads jobs, one a line:

    {"pictures": {"assets/funnel.png": {a Vega-Lite specification}}, "bundle": "vega.js"}
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hfsft import isolated
from hfsft.cache import cache_folder, put
from hfsft.hashing import digest

SECONDS = 120  # far more than it takes; what hangs must not hold a build that is paid for
SCALE = 2.0  # pixels of a picture per pixel of a page: sharp on today's screens

IDLE_SECONDS = 30  # after a job; starting takes the most of a second, so a short build finds it warm
NICE = 5  # while it makes itself ready, the first requests are sent, which are not to wait for it
IDLE, HUNG = 0, 1  # exit codes of the process, where it ends by itself

TRIVIAL = {"data": {"values": [{}]}, "mark": "point"}

_asking = threading.Lock()
_running: subprocess.Popen[str] | None = None

log = logging.getLogger(__name__)


def draw(specs: Mapping[str, Mapping[str, Any]], folder: Path) -> list[str]:
    """Write each specification as a PNG to its path below `folder`; the paths written, none where it fails."""
    pictures = {path: _kept(f"{digest([spec, SCALE])}.png") for path, spec in specs.items()}
    missing = {str(kept): specs[path] for path, kept in pictures.items() if not kept.is_file()}
    if missing and not _ask({"pictures": missing}):
        return []
    for path, kept in pictures.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, folder / path)
    return list(specs)


def bundle() -> str:
    """The JavaScript that draws charts in a page (`vegaEmbed`), 0.9 MB; empty where it cannot be had."""
    kept = _kept("vega.js")
    if not kept.is_file():
        with _asking:  # it may be in the making
            missing = not kept.is_file()
        if missing and not _ask({"bundle": str(kept)}):
            return ""
    return kept.read_text(encoding="utf-8")


def prepare() -> None:
    """Have the process started and the JavaScript made while the build waits for models.

    One that waits for none starts it where a picture is not there yet.
    """
    # What goes wrong is told when a picture is wanted: a build may have ended, and its process with it, before.
    job = {} if _kept("vega.js").is_file() else {"bundle": str(_kept("vega.js"))}
    threading.Thread(target=_wrong, args=[job], name="hfsft-vega", daemon=True).start()


def _kept(name: str) -> Path:
    """Where a thing that takes a second to make is kept, beside all else that a build can make again."""
    folder = cache_folder(f"vega-{version('vl-convert-python')}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _ask(job: Mapping[str, Any]) -> bool:
    """Whether the other process did it; a dataset is never lost for want of a picture."""
    if wrong := _wrong(job):
        log.warning("charts cannot be drawn: %s", wrong)
    return not wrong


def _wrong(job: Mapping[str, Any]) -> str:
    """What was wrong with a job, empty where it was done."""
    with _asking:
        try:
            # One that has been idle may end at the very moment at which it is given a job: another one does that.
            answer = _answer(_process(), job) or _answer(_process(), job)
            return str(json.loads(answer)) if answer else "the process that draws ended"
        except (OSError, ValueError) as error:
            return str(error)


def _answer(process: subprocess.Popen[str], job: Mapping[str, Any]) -> str:
    """The line that answers a job; empty where the process had ended for want of any. Raises `OSError` where it ended
    at this one.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
    if line := process.stdout.readline():
        return line
    if (code := process.wait()) != IDLE:
        raise ChildProcessError(f"the process that draws ended (exit code {code})")
    return ""


def _process() -> subprocess.Popen[str]:
    """The process that draws, started where none runs."""
    global _running
    if _running is None or _running.poll() is not None:
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        command = isolated.command(__name__)
        _running = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, text=True)  # noqa: S603
        atexit.register(_end, _running)
    return _running


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _serve() -> None:
    """Do the jobs of standard input, one a line, and answer each with what went wrong, empty if nothing did."""
    # What hangs must not hold a build that is paid for, nor memory be held while a long build asks its models.
    alarm = _end_after(SECONDS, HUNG)
    if hasattr(os, "nice"):
        os.nice(NICE)
    import vl_convert

    vl_convert.vegalite_to_png(TRIVIAL)  # the first picture takes the most of a second, whatever it shows
    for line in sys.stdin:
        alarm.cancel()
        alarm = _end_after(SECONDS, HUNG)
        job, wrong = json.loads(line), ""
        try:
            for path, spec in job.get("pictures", {}).items():
                put(Path(path), vl_convert.vegalite_to_png(spec, scale=SCALE))
            if "bundle" in job:
                put(Path(job["bundle"]), vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode())
        except Exception as error:  # whatever a library of another language raises
            wrong = f"{type(error).__name__}: {error}"
        sys.stdout.write(json.dumps(wrong) + "\n")
        sys.stdout.flush()
        alarm.cancel()
        alarm = _end_after(IDLE_SECONDS, IDLE)


def _end_after(seconds: float, code: int) -> threading.Timer:
    timer = threading.Timer(seconds, os._exit, [code])
    timer.daemon = True
    timer.start()
    return timer


if __name__ == "__main__":
    _serve()
