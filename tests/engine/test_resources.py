"""Resources: known by their content, loaded once where they are needed."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.errors import InternalError, UserError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch

LOADED: list[str] = []


class Words:
    """A list of words in a file."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def identity(self) -> str:
        return digest(self.path.read_text())

    def load(self) -> list[str]:
        LOADED.append(self.path.name)
        return self.path.read_text().split()


def counting(words: Resource, column: str):  # type: ignore[no-untyped-def]
    def count(batch: Batch) -> Batch:
        known = words.load()
        return {"known": [sum(word in known for word in text.split()) for text in batch[column]]}

    return count


def step(path: Path) -> Step:
    words = Resource.of("word list", Work("tests.engine.test_resources:Words", {"path": str(path)}))
    work = Work("tests.engine.test_resources:counting", {"column": "text"})
    return Step("count", reads=("text",), writes={"known": "int64"}, work=work, needs=(words,))


@pytest.fixture
def words(tmp_path: Path) -> Path:
    LOADED.clear()
    path = tmp_path / "words.txt"
    path.write_text(f"a b {tmp_path}")
    return path


def test_it_is_loaded_when_it_is_needed_and_once(words: Path) -> None:
    made = step(words)
    function = made.function
    assert LOADED == []
    assert [function({"text": [text]})["known"] for text in ("a c", "b a")] == [[1], [2]]
    assert pickle.loads(pickle.dumps(made)).function({"text": ["b"]}) == {"known": [1]}
    assert LOADED == ["words.txt"]


def test_its_content_is_what_the_step_depends_on_and_its_place_is_not(words: Path) -> None:
    before = step(words).fingerprint("")
    assert step(words).depends_on()["needs"] == {"word list": digest(words.read_text())}
    moved = words.rename(words.with_name("moved.txt"))
    assert step(moved).fingerprint("") == before
    moved.write_text("a b c")
    assert step(moved).fingerprint("") != before


def test_another_content_than_the_plan_was_made_for_is_an_error(words: Path) -> None:
    made = step(words)
    words.write_text("others")
    with pytest.raises(UserError, match="a word list was changed while it was in use"):
        made.function({"text": ["a"]})


def test_a_process_that_does_not_see_a_file_says_so(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = step(words)
    words.unlink()
    monkeypatch.setattr("hfsft.engine.resources._HELD", OrderedDict())  # as in another process
    with pytest.raises(UserError, match=r"a word list is not there on .*words\.txt.*where every machine sees them"):
        made.function({"text": ["a"]})


def test_what_only_this_machine_knows_is_in_no_release(words: Path) -> None:
    made = step(words)
    (known,) = made.needs
    ours = replace(made, needs=(replace(known, pinned=False),))
    bare = replace(made, needs=())
    assert ours.pinned.fingerprint("") == bare.fingerprint("") != ours.fingerprint("")
    assert made.pinned == made


def test_a_function_that_is_not_there_is_told() -> None:
    for name in ("hfsft.engine.nowhere:at_all", "hfsft.engine.resources:nothing", "hfsft.engine.resources"):
        with pytest.raises(InternalError, match="cannot be imported"):
            Work(name).made()
