"""The place of the cache is datasets' own, whether datasets is imported yet or not."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hfsft import cache

PROGRAM = """
import sys
import time
from pathlib import Path
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


HOUR, DAY = 3600.0, 86_400.0


def file(folder: Path, name: str, days: float, size: int = 10) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    when = time.time() - days * DAY
    os.utime(path, (when, when))
    return path


def test_what_neither_this_build_nor_the_one_before_used_goes(tmp_path: Path) -> None:
    now = time.time()
    oldest, before, last = (file(tmp_path, f"{days}.arrow", days) for days in (5, 3, 1))
    new, other = file(tmp_path, "0.spent.json", 0), file(tmp_path, "last.json", 9)
    for built, days in (("a", 5.1), ("b", 3.1), ("c", 1.1)):
        cache.settle(tmp_path, built, now - days * DAY)
    assert [path.exists() for path in (oldest, before, last, new, other)] == [False, True, True, True, True]
    cache.settle(tmp_path, "c", now - 0.5 * DAY)
    assert before.exists(), "the same again is not another build"
    os.utime(before, (now, now))
    cache.settle(tmp_path, "b", now - 0.4 * DAY)
    assert last.exists() is False, "nothing used it since the build before began"
    assert before.exists(), "moved back"


def test_what_was_used_within_the_hour_stays(tmp_path: Path) -> None:
    young, old = file(tmp_path, "a.arrow", 0.9 / 24), file(tmp_path, "b.arrow", 1.1 / 24)
    for built in ("a", "b", "c"):
        cache.settle(tmp_path, built, time.time())
    assert (young.exists(), old.exists()) == (True, False)


def test_a_broken_note_of_builds_is_as_none(tmp_path: Path) -> None:
    old = file(tmp_path, "a.arrow", 9)
    for text in ("", "{}", "[1]", '[["a"]]', '[["a", "b"]]', "[[[], {}]]"):
        (tmp_path / cache.BUILDS).write_text(text, encoding="utf-8")
        cache.settle(tmp_path, "a", time.time())
        assert old.exists()


def test_the_cache_is_listed_by_name_with_its_size(home: Path) -> None:
    folder = home / "datasets" / "hfsft"
    file(folder, "b/1.arrow", 2, 7)
    file(folder, "a/1.arrow", 3)
    file(folder, "a/1.source.json", 1)
    file(folder, "vega-1/chart.json", 1)
    found = cache.holdings()
    assert [(each.name, each.bytes, each.files) for each in found] == [("a", 20, 2), ("b", 7, 1)]
    assert abs(found[0].used - (time.time() - DAY)) < HOUR
    assert [each.name for each in cache.holdings(["b"])] == ["b"]
    assert [(each.name, each.files) for each in cache.holdings(older_than=1.5 * DAY)] == [("a", 1), ("b", 1)]
    assert cache.prune("a", 1.5 * DAY) == cache.Cached("a", 10, 1, pytest.approx(time.time() - 3 * DAY, abs=HOUR))
    assert [(each.name, each.files) for each in cache.holdings()] == [("a", 1), ("b", 1)]
