"""What all tests of strangers' parts have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _charts(tmp_path: Path, charts: Callable[[Path], None]) -> None:
    """The Hugging Face folder of what is built in the test's own folder."""
    charts(tmp_path / "hf")
