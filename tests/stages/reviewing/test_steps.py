"""Where rows are chosen behind a review, what people approved comes first; an edited row stays with its family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.rows.row import child_id
from hfsft.stages.balancing.balance import deciding as balancing
from hfsft.stages.guards.people import marking
from hfsft.stages.selecting.select import walking
from hfsft.stages.selecting.twin import CHOSEN
from hfsft.stages.sizing.trim import ranking
from tests.stages.reviewing.helpers import built, file_of, judged, kiln, rows_in

STATES = [None, "accepted", None, "edited", None, None]
ROWS: dict[str, list[Any]] = {
    "id": list("abcdef"),
    "origin": ["evolved", "evolved", "example", "edited", "evolved", "evolved"],
    "score_mean": [5.0, 1.0, 2.0, None, 4.0, 3.0],
    "topic": ["t"] * 6,
    "reviewed": STATES,
}


def test_a_size_keeps_rows_of_people_then_what_they_edited_then_what_they_accepted() -> None:
    assert ranking([])(ROWS)["size_rank"] == [4, 3, 1, 2, 5, 6]
    unseen = {name: values for name, values in ROWS.items() if name != "reviewed"}
    assert ranking([])(unseen)["size_rank"] == [3, 6, 1, 2, 4, 5]


def test_what_people_accepted_counts_as_theirs_where_their_share_is_guarded() -> None:
    assert [each is None for each in marking(0.75)(ROWS)["beyond_people"]] == [True, True, True, True, False, False]
    unseen = {name: values for name, values in ROWS.items() if name != "reviewed"}
    assert sum(each is None for each in marking(0.75)(unseen)["beyond_people"]) == 2


def test_what_people_approved_goes_last_where_values_are_balanced() -> None:
    rule = {"column": "topic", "counted": "topic", "rows": {"at_most": 3}}
    stay = [row for row, why in zip("abcdef", balancing([rule])(ROWS)["unbalanced"], strict=True) if why is None]
    assert stay == ["a", "b", "d"]


def test_what_people_approved_is_selected_first() -> None:
    made = walking(rows=3, by=["score_mean"], random=False)(ROWS)
    assert [row for row, how in zip("abcdef", made[CHOSEN], strict=True) if how] == ["a", "b", "d"]


@pytest.mark.parametrize("edit", [{"instruction": "Who may open the old store?"}, {"response": "By hand."}])
def test_an_edited_row_keeps_the_side_of_the_split_that_the_one_before_it_had(
    tmp_path: Path, home: Path, edit: dict[str, str]
) -> None:
    recipe = kiln(tmp_path, split={"validation": 0.5, "similarity": 1})
    rows = rows_in(built(recipe)[0])
    sides = {row["id"]: row["split"] for row in rows}
    assert set(sides.values()) == {"train", "validation"}
    for row in rows:
        file_of(recipe).append(judged(row, edit={**edit, "context": f"Note {row['id']}."}))
    made, folder, _ = built(recipe)
    edited = rows_in(made)
    assert {row["parent_id"]: row["split"] for row in edited} == sides
    assert {row["id"] for row in edited} == {
        child_id(row["id"], "review", {**edit, "context": f"Note {row['id']}."}) for row in rows
    }
    assert len((folder / "ledger.jsonl").read_text().splitlines()) == 40
