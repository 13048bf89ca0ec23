"""Vega, the library that draws: asked in a process of its own, which takes 160 MB and is gone after a second.

    python -m hfsft.release.vega job.json

where the job is `{"pictures": {"assets/funnel.png": {a Vega-Lite specification}}, "bundle": "vega.js"}`.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

SECONDS = 120  # far more than it takes; what hangs must not hold a build that is paid for
SCALE = 2.0  # pixels of a picture per pixel of a page: sharp on today's screens

log = logging.getLogger(__name__)


def draw(specs: Mapping[str, Mapping[str, Any]], folder: Path) -> list[str]:
    """Write each specification as a PNG to its path below `folder`; the paths written, none where it fails."""
    for path in specs:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    if not specs or not _ask({"pictures": {str(folder / path): spec for path, spec in specs.items()}}):
        return []
    return list(specs)


def bundle() -> str:
    """The JavaScript that draws charts in a page (`vegaEmbed`), 0.9 MB; empty where it cannot be had."""
    import datasets.config

    # Taken from the library's own wheel, which takes a second: kept where the build keeps all that it can make again.
    kept = Path(datasets.config.HF_DATASETS_CACHE) / "hfsft" / f"vega-{version('vl-convert-python')}.js"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as beside:
            fresh = Path(beside) / kept.name
            if not _ask({"bundle": str(fresh)}):
                return ""
            fresh.replace(kept)
    return kept.read_text(encoding="utf-8")


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
        Path(path).write_bytes(vl_convert.vegalite_to_png(spec, scale=SCALE))
    if "bundle" in job:
        Path(job["bundle"]).write_text(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), encoding="utf-8")


if __name__ == "__main__":
    _work(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
