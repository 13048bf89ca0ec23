"""The executor over Daft comes to the same rows, fates and fingerprints as that of one machine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import datasets.fingerprint
import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.on_daft import part_files
from hfsft.engine.on_daft.by_rounds import SPREAD_FROM
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from tests.engine.test_engine import KEEP, MEASURE, Echo, source
from tests.engine.test_executor import PLANS, WORDS
from tests.engine.toys import RANKED


@pytest.mark.parametrize("fails", [(), ("2", "3")], ids=["all answered", "some failed"])
@pytest.mark.parametrize("steps", PLANS.values(), ids=PLANS)
def test_comes_to_the_same(tmp_path: Path, steps: tuple[Step, ...], fails: tuple[str, ...]) -> None:
    plan = Plan("toy", (source(WORDS), *steps))
    found = []
    for folder, executor in (("one", None), ("other", OnDaft), ("other", OnDaft)):
        ledger = Ledger()
        rows = engine.run(plan, Echo(fails), tmp_path / folder, ledger, executor=executor)
        ledger.finish({"train": rows["id"][:]})
        lines = [(line.step, line.rows_in, line.added, line.removed, line.rows_out) for line in ledger.funnel]
        removed = [(each.stage, each.rows.to_list(), dict(each.errors), dict(each.instead)) for each in ledger.removals]
        found.append((rows.to_list(), str(rows.features), list(ledger.entries()), lines, ledger.counts(), removed))
    assert found[0] == found[1], "over Daft"
    assert found[0] == found[2], "read back from the cache"


@pytest.mark.parametrize("fails", [(), ("2", "3")], ids=["all answered", "some failed"])
@pytest.mark.parametrize("spread_from", [SPREAD_FROM, 0], ids=["here", "by rounds"])
@pytest.mark.parametrize("steps", PLANS.values(), ids=PLANS)
def test_files_that_no_note_lists_yet_are_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: tuple[Step, ...], spread_from: int, fails: tuple[str, ...]
) -> None:
    """A build was killed behind the last file of a step, and before its note."""
    monkeypatch.setattr(part_files, "ROWS", 3)
    monkeypatch.setattr(part_files, "BATCH", 3)
    plan, executor = Plan("toy", (source(WORDS), *steps)), partial(OnDaft, spread_from=spread_from)

    def made() -> Any:
        return engine.run(plan, Echo(fails), tmp_path, Ledger(), executor=executor).to_list()

    def written() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in tmp_path.glob("*.parquet")}

    first = made()
    before = written()
    for note in tmp_path.glob("*.parts.json"):
        note.unlink()
    assert made() == first
    after = written()
    assert before == {name: after[name] for name in before}
    monkeypatch.setattr(datasets.fingerprint, "_CACHING_ENABLED", False)
    assert made() == first
    read = {name for name, _ in before.items() & written().items() if "-" not in name}  # Daft's are of nobody by now
    assert not read, "after disable_caching() nothing is read"


def test_what_is_made_anew_and_says_the_same_leaves_all_behind_it_as_it_was(tmp_path: Path) -> None:
    cached = []
    for version in (1, 2):
        ledger = Ledger()
        steps = (source(WORDS), replace(RANKED, version=version), MEASURE, KEEP)
        engine.run(Plan("toy", steps), Echo(()), tmp_path, ledger, executor=OnDaft)
        cached.append([line.cached for line in ledger.funnel])
    assert cached == [[False, False, False, False], [True, False, True, True]]
