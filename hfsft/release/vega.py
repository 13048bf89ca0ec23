"""Vega, the library that draws: asked in a process of its own, which takes 160 MB and is gone after a second.

    python -m hfsft.release.vega job.json

where the job is `{"pictures": {"assets/funnel.png": {a Vega-Lite specification}}, "bundle": "vega.js"}`.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hfsft.plan.step import digest

SECONDS = 120  # far more than it takes; what hangs must not hold a build that is paid for
SCALE = 2.0  # pixels of a picture per pixel of a page: sharp on today's screens

_bundling = threading.Lock()

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
    with _bundling:
        if not kept.is_file() and not _ask({"bundle": str(kept)}):
            return ""
    return kept.read_text(encoding="utf-8")


def prepare() -> None:
    """Have the JavaScript made while the build waits for models; `bundle` waits for it where it must."""
    if not _kept("vega.js").is_file():
        threading.Thread(target=bundle, name="hfsft-vega", daemon=True).start()


def _kept(name: str) -> Path:
    """Where a thing that takes a second to make is kept, beside all else that a build can make again."""
    import datasets.config

    folder = Path(datasets.config.HF_DATASETS_CACHE) / "hfsft" / f"vega-{version('vl-convert-python')}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _ask(job: Mapping[str, Any]) -> bool:
    """Whether the other process did it; a dataset is never lost for want of a picture."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(path)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
            log.warning("charts cannot be drawn: %s", said[-1] if said else error)
            return False
    return True


def _work(job: Mapping[str, Any]) -> None:
    import vl_convert

    for path, spec in job.get("pictures", {}).items():
        _put(Path(path), vl_convert.vegalite_to_png(spec, scale=SCALE))
    if "bundle" in job:
        _put(Path(job["bundle"]), vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode())


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all: another build may look for it at this moment."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


if __name__ == "__main__":
    _work(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
