"""The place of the cache is datasets' own, whether datasets is imported yet or not."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from hfsft.cache import cache_folder
before = cache_folder("toy")
assert "datasets" not in sys.modules
import datasets.config
assert before == cache_folder("toy") == datasets.config.HF_DATASETS_CACHE / "hfsft" / "toy", before
"""


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"XDG_CACHE_HOME": "/tmp/xdg"},
        {"HF_HOME": "~/hf", "XDG_CACHE_HOME": "/tmp/xdg"},
        {"HF_HOME": "/tmp/hf", "HF_DATASETS_CACHE": "/tmp/elsewhere"},
    ],
    ids=["nothing set", "the user's cache", "hf home", "datasets' cache"],
)
def test_it_is_where_datasets_keeps_its_cache(settings: dict[str, str]) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    subprocess.run([sys.executable, "-c", PROGRAM], env={**others, **settings}, check=True)
