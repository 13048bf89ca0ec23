"""Fixtures that tests of every room may use."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["tests.hub.fixture", "tests.models.fixture", "tests.quickstart", "tests.release.fixture"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hugging Face folder of its own for this test: store, caches, downloads."""
    import datasets.config
    import huggingface_hub.constants

    folder = tmp_path / "hf"
    monkeypatch.setenv("HF_HOME", str(folder))  # for subprocesses; this process has read it already
    monkeypatch.setattr(huggingface_hub.constants, "HF_HOME", str(folder))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "datasets")
    return folder
