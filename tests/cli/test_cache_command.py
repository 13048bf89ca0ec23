"""`hfsft cache`: the size of what builds keep, and pruning it."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hfsft import cache
from hfsft.cli import main
from hfsft.engine.parts.files import Files

Say = Callable[..., tuple[int, str, str]]
DAY = 86_400


class Typed(io.StringIO):
    """What somebody types on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def say(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Say:
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        return code, *capsys.readouterr()

    return said


def recipe(name: str, at_most: int = 50, rows: int = 5) -> str:
    texts = [{"instruction": f"Where is parcel {n}, sent on day {n * 7}?", "response": "Here."} for n in range(rows)]
    data = {"name": name, "examples": [{"rows": texts}], "filters": [{"tokens": {"at_most": at_most}}]}
    path = Path(f"{name}.yaml")
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)


def listed(say: Say, *words: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(say("cache", *words, "--json")[1])}


def test_it_lists_what_builds_keep(say: Say) -> None:
    assert listed(say) == {}
    assert "0.0 kB on disk; answers of models are not in it" in say("cache")[1]
    say("build", recipe("small"), "-q")
    say("build", recipe("large", rows=500), "-q")
    found = listed(say, "list")
    assert list(found) == ["large", "small"]
    assert found["large"]["bytes"] > found["small"]["bytes"] > 0
    folder = cache.cache_folder("large")
    assert found["large"]["bytes"] == sum(path.stat().st_size for path in cache.made(folder))
    assert "dataset  files" in say("cache")[1]


def test_pruning_shows_asks_and_deletes(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = recipe("first"), recipe("other")
    say("build", first, "-q")
    say("build", other, "-q")
    before = listed(say)
    code, out, _ = say("cache", "prune", "first", "--dry-run")
    assert (code, listed(say)) == (0, before)
    assert "the next build of each makes what it needs again\nanswers of models are not in it" in out
    code, _, err = say("cache", "prune", "first")
    assert (code, listed(say)) == (1, before)
    assert "--yes deletes these files where nobody can be asked" in err
    for typed in ("\n", "n\n", ""):  # the last is Ctrl-D
        monkeypatch.setattr("sys.stdin", Typed(typed))
        assert say("cache", "prune", "first")[0] == 1
        assert listed(say) == before
    monkeypatch.setattr("sys.stdin", Typed("y\n"))
    code, out, err = say("cache", "prune", "first")
    assert (code, err) == (0, "delete them? [y/N] ")
    assert f"deleted {before['first']['files']} files" in out
    assert list(listed(say)) == ["other"]
    assert say("build", first, "-q")[0] == 0
    assert listed(say)["first"]["files"] > 0


def test_only_what_was_not_used_for_long_goes(say: Say) -> None:
    say("build", recipe("toy"), "-q")
    old, *_ = cache.made(cache.cache_folder("toy"))
    os.utime(old, (time.time() - 31 * DAY,) * 2)
    found = json.loads(say("cache", "prune", "--older-than", "30d", "--yes", "--json")[1])
    assert [(each["name"], each["files"]) for each in found] == [("toy", 1)]
    assert not old.exists()
    assert say("cache", "prune", "--older-than", "30d")[:2] == (0, "no such file: nothing to delete\n")


def test_a_name_that_nothing_is_kept_of_is_an_error(say: Say) -> None:
    say("build", recipe("parcels"), "-q")
    code, _, err = say("cache", "prune", "parcel", "--yes")
    assert code == 1
    assert "nothing is kept of a dataset `parcel` (did you mean `parcels`?" in err
    assert list(listed(say)) == ["parcels"]


def test_a_build_that_runs_keeps_its_files(say: Say) -> None:
    say("build", recipe("toy"), "-q")
    before = listed(say)
    with cache.at_work(cache.cache_folder("toy")):
        code, out, _ = say("cache", "prune", "--yes")
    assert (code, listed(say)) == (0, before)
    assert "toy: left as it is, as a build of it is running" in out


def test_a_build_deletes_what_two_builds_did_not_use(say: Say) -> None:
    folder = cache.cache_folder("toy")
    for at_most in (50, 40, 30):
        say("build", recipe("toy", at_most), "-q")
        for path in cache.made(folder):  # two hours go by
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 7200))
        builds = folder / cache.BUILDS
        builds.write_text(json.dumps([[built, began - 7200] for built, began in json.loads(builds.read_text())]))
    kept = {path.name for path in cache.made(folder)}
    say("build", recipe("toy", 30), "-q")
    say("build", recipe("toy", 40), "-q")
    assert {path.name for path in cache.made(folder)} == kept, "what a bound needs that is moved back"
    assert all(Files(folder).folder == folder for _ in kept)
    say("build", recipe("toy", 50), "-q")
    assert {path.name for path in cache.made(folder)} != kept
