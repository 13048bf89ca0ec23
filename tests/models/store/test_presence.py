"""Which processes use one store: found whatever others do at the same moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.models.store.presence import Presence

if TYPE_CHECKING:
    import pytest


def test_one_that_leaves_while_it_is_looked_at_takes_nobody_with_it(tmp_path: Path) -> None:
    here, other = Presence(tmp_path / "answers"), Presence(tmp_path / "answers")
    here.enter()
    other.enter()
    folder = tmp_path / ".answers.builds"
    for number in range(20):  # whose names are listed, and whose files are gone when they are looked at
        (folder / f"{number}-gone").symlink_to(folder / "nothing")
    try:
        assert here.others() == {other.name}
        assert here.names() == {here.name, other.name}
    finally:
        here.leave()
        other.leave()


def test_a_folder_that_the_last_process_takes_away_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, mkdir = list[Path](), Path.mkdir

    def made(self: Path, *how: Any, **more: Any) -> None:
        mkdir(self, *how, **more)
        if self.name == ".answers.builds" and len(taken) < 3:
            taken.append(self)
            self.rmdir()

    here, other = Presence(tmp_path / "answers"), Presence(tmp_path / "answers")
    monkeypatch.setattr(Path, "mkdir", made)
    here.enter()
    assert other.others() == {here.name}
    here.leave()
    assert len(taken) == 3
