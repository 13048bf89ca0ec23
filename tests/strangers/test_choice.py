"""A section that keeps one row of each group: what becomes of the others is told wherever fates are."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.cli import main
from hfsft.release.compared.row_changes import fates
from hfsft.release.reader import open_release
from tests.strangers.checkout import Checkout

if TYPE_CHECKING:
    import pytest

SECTION = '''
"""Pick: of the rows of one topic the one with the longest response."""

from __future__ import annotations

from typing import ClassVar

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from hfsft.stages.base import Context, Stage


class Pick(Stage):
    """Keep the longest response of each topic."""

    key: ClassVar[str] = "pick"

    def steps(self, context: Context) -> list[Step]:
        """One step over groups."""
        work = Work("hfsft.stages.pick:picking", {})
        place = context.place(self.key)
        return [
            Step("pick", rows="fewer", sees="group", group_by="topic", reads=("id", "response"), work=work, place=place)
        ]


def longest(batch: Batch) -> Batch:
    """The id of the row with the longest response."""
    return {"id": [max(zip(map(len, batch["response"]), batch["id"]))[1]]}


def picking():
    """What picks."""
    return longest
'''


def test_rows_that_are_not_chosen_are_told_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout = Checkout.copied(tmp_path)
    checkout.write("hfsft/stages/pick.py", SECTION)
    table = "hfsft/recipe/sections.py"
    checkout.register(table, "from hfsft.stages.seeds", "from hfsft.stages.pick import Pick")
    line = '    pick: Pick | None = Field(None, description="Keep the longest response of each topic.")'
    checkout.register(table, "    filters: ", line)
    rows = [
        {"instruction": f"Where is my {thing}?", "response": f"{thing} is here. " * length, "topic": topic}
        for topic, things in {"a": ("parcel", "lamp"), "b": ("battery", "sofa", "cup"), "c": ("coat",)}.items()
        for length, thing in enumerate(things, 1)
    ]
    checkout.recipe(name="toy", examples=[{"rows": rows}], pick={}, filters=[], split={"validation": 0})
    told = checkout.run("build", "recipe.yaml")
    assert "6 rows in = 3 train + 0 validation + 0 rejected + 0 failed + 3 not chosen" in told
    folder = checkout.folder / "build" / "toy"
    entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert Counter(each["fate"] for each in entries) == {"train": 3, "not_chosen": 3}
    over = next(each for each in entries if each["fate"] == "not_chosen")
    (removed,) = json.loads((folder / "funnel.json").read_text())["causes"]
    assert (removed["fate"], removed["rows"], removed["reason"]) == (
        "not_chosen",
        3,
        "pick: others of their group stay",
    )
    assert main(["rows", str(folder), "--fate", "not_chosen"]) == 0
    listed = capsys.readouterr().out
    assert f"{over['id']} not chosen by pick, for {over['of']}" in listed
    assert listed.count("not chosen by pick") == 3
    summed = "6 rows came in = 3 train + 0 validation + 0 rejected + 0 failed + 3 not chosen."
    assert summed in (folder / "README.md").read_text()
    assert "not chosen by pick" in {fate for _, fate in fates(open_release(str(folder)))}
    page = (folder / "report.html").read_text()
    assert '<span class="fate not_chosen">3 not chosen</span>' in page
    assert '<option value="not_chosen">not chosen</option>' in page
