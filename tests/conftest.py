"""Fixtures that tests of every room may use."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.browsing",
    "tests.charts",
    "tests.hub.fixture",
    "tests.models.fixture",
    "tests.quickstart",
    "tests.release.fixture",
]


ID_LETTERS = 100


def pytest_make_parametrize_id(val: object) -> str | None:
    """The beginning of a long text: some are of a million letters, and workers name a test again and again."""
    return f"{val[:ID_LETTERS]}..." if isinstance(val, str) and len(val) > ID_LETTERS else None


@pytest.hookimpl(tryfirst=True)  # before the workers read the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the built quick start run in one process, so that it is built once: `-n auto --dist loadgroup`."""
    for item in items:
        if "quickstart" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("quickstart"))


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal, in this process and those that it starts, though `nohup` ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, charts: Callable[[Path], None]) -> Path:
    """A Hugging Face folder of its own for this test: store, caches, downloads."""
    import datasets.config
    import huggingface_hub.constants

    folder = tmp_path / "hf"
    charts(folder)
    monkeypatch.setenv("HF_HOME", str(folder))  # for subprocesses; this process has read it already
    monkeypatch.setattr(huggingface_hub.constants, "HF_HOME", str(folder))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "datasets")
    return folder
