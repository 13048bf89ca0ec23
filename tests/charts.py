"""The fixture `charts`: what draws the charts of reports, which takes a second to make, made once for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from hfsft.release.report import vega


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Puts it into a Hugging Face folder that tests build with."""
    kept = tmp_path_factory.mktemp("charts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vega, "cache_folder", lambda name: kept)
        assert vega.bundle()

    def put(home: Path) -> None:
        folder = home / "datasets" / "hfsft" / f"vega-{version('vl-convert-python')}"
        folder.mkdir(parents=True)
        for file in kept.iterdir():
            os.link(file, folder / file.name)

    return put
