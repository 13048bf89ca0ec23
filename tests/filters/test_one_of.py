"""one_of: what a column may hold, compared as it is written."""

from __future__ import annotations

import pytest
from datasets import Dataset

from hfsft.filters import OneOf


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ({"values": ["good", "best"]}, [1, 4]),
        ({"values": ["good", "best"], "missing": "keep"}, [1, 3, 4]),
        ({"values": ["Good"]}, [2]),
        ({"values": [3]}, []),
    ],
)
def test_rows_stay_whose_column_holds_one_of_the_values(arguments: dict[str, object], kept: list[int]) -> None:
    rows = Dataset.from_dict({"id": [1, 2, 3, 4, 5], "quality": ["good", "Good", None, "best", "poor"]})
    stay, fall = OneOf(column="quality", **arguments).apply(rows)  # type: ignore[arg-type]
    assert stay["id"][:] == kept
    assert sorted([*stay["id"], *fall["id"]]) == [1, 2, 3, 4, 5]


def test_numbers_are_compared_as_numbers() -> None:
    stay, _ = OneOf(column="stars", values=[4, 5]).apply(Dataset.from_dict({"stars": [3, 4, 5.0]}))  # type: ignore[call-arg]
    assert stay["stars"][:] == [4, 5]


def test_other_values_compare_anew_and_measure_nothing() -> None:
    one, other = (OneOf(column="q", values=values).steps() for values in (["a"], ["b"]))  # type: ignore[call-arg]
    assert [step.rows for step in one] == ["fewer"]
    assert one[0].fingerprint("p") != other[0].fingerprint("p")
    assert str(one[0].bound) == "one of a"
