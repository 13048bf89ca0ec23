"""Numbers in columns of JSON: what `datasets` reads is what was written."""

import json
import random

import pytest
from datasets import Json

from hfsft.release.trainer.json_cells import as_cell, spelling


def numbers() -> list[float]:
    drawn = random.Random(7)
    found = [59.9139, 0.0, -0.0, 1e22, 1e-7, 5e-324, 1.7976931348623157e308]
    for _ in range(500):
        found += [
            round(drawn.uniform(-90, 90), 4),
            drawn.uniform(-1, 1),
            drawn.uniform(1, 9) * 10 ** drawn.randint(-99, 99),
        ]
    return found


def test_each_number_is_read_as_it_was() -> None:
    for number in numbers():
        text = as_cell({'a "1.5\\': [number, 1, "59.9139"]})
        assert repr(Json().decode_example(text)) == repr(json.loads(text)) == repr({'a "1.5\\': [number, 1, "59.9139"]})


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_what_is_no_number_has_no_spelling(number: float) -> None:
    assert spelling(number) is None
