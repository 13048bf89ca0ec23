"""The executor over Daft comes to the same rows, fates and fingerprints as that of one machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
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


def test_what_is_made_anew_and_says_the_same_leaves_all_behind_it_as_it_was(tmp_path: Path) -> None:
    cached = []
    for version in (1, 2):
        ledger = Ledger()
        steps = (source(WORDS), replace(RANKED, version=version), MEASURE, KEEP)
        engine.run(Plan("toy", steps), Echo(()), tmp_path, ledger, executor=OnDaft)
        cached.append([line.cached for line in ledger.funnel])
    assert cached == [[False, False, False, False], [True, False, True, True]]
