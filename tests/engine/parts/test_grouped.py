"""Groups to which rows came, or of which rows are gone, are looked at again, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from hfsft.errors import InternalError
from hfsft.rows.batch import Batch
from tests.engine.held import held
from tests.engine.test_engine import MEASURE, Echo, source
from tests.engine.toys import BEST, best


def build(folder: Path, words: str, seen: list[list[str]], **changed: Any) -> tuple[list[Any], list[Any]]:
    def noted(batch: Batch) -> Batch:
        seen.append(batch["text"])
        return best(batch)

    step = replace(BEST, **{"work": held(noted), **changed})
    ledger = Ledger()
    rows = engine.run(Plan("toy", (source(words), MEASURE, step)), Echo(), folder, ledger)
    ledger.finish({"train": rows["id"][:]})
    return rows.to_list(), list(ledger.entries())


def test_only_groups_that_changed_are_looked_at_again(tmp_path: Path) -> None:
    seen: list[list[str]] = []
    build(tmp_path / "kept", "a bb ccc d", seen)
    assert seen == [["a", "d"], ["bb"], ["ccc"]]
    for turn, (words, looked) in enumerate(
        (
            ("a bb ccc d ee", [["bb", "ee"]]),
            ("a bb ccc d", []),
            ("a bb ccc", [["a"]]),
            ("a bb ccc f", [["a", "f"]]),
        )
    ):
        seen.clear()
        kept = build(tmp_path / "kept", words, seen)
        assert seen == looked
        assert kept == build(tmp_path / str(turn), words, [])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"id": [], "of": []}, "returned 0"),
        ({"id": ["strange"], "of": [1]}, "not in the group"),
        ({"id": ["0", "0"], "of": [1, 1]}, "or twice"),
        ({"id": ["0"], "of": [1], "more": [1]}, "does not write"),
    ],
    ids=["none", "strange", "twice", "more"],
)
def test_what_is_no_choice_of_the_group_is_a_mistake_of_the_step(tmp_path: Path, made: Batch, said: str) -> None:
    with pytest.raises(InternalError, match=said):
        build(tmp_path, "a", [], work=held(lambda batch: made))
