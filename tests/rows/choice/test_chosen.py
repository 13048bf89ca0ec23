"""Which rows of a table are taken: by an expression, the first so many, a sample; all counted, none by its place."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import NothingSeenError, SourceError
from hfsft.stages.examples import ExampleTable
from hfsft.stages.seeds import PromptTable
from hfsft.stages.source import Opened
from tests.rows.helpers import file

ROWS = [{"prompt": f"How many are {n}?", "n": n, "lang": "en" if n % 4 else "de"} for n in range(400)]


def opened(folder: Path, rows: list[Any], **keys: Any) -> Opened:
    return PromptTable(path=file(folder, "s.jsonl", *rows), prompt="prompt", **keys).opened(folder, "seeds[0]")


def taken(folder: Path, rows: list[Any], **keys: Any) -> list[str]:
    return [row.texts["instruction"] for row in opened(folder, rows, **keys).rows(None) if row.defect is None]


def numbers(texts: list[str]) -> set[int]:
    return {int(text.removeprefix("How many are ").rstrip("?")) for text in texts}


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"where": "lang == 'en'"}, 300),
        ({"where": "lang == 'en' and n >= 200"}, 150),
        ({"limit": 7}, 7),
        ({"where": "lang == 'de'", "limit": 7}, 7),
        ({"sample": 50}, 50),
        ({"sample": 5000}, 400),
        ({"where": "lang == 'de'", "sample": 20}, 20),
        ({"where": "lang == 'de'", "limit": 50, "sample": 20}, 20),
    ],
)
def test_so_many_rows_are_taken_and_all_that_were_read_are_counted(
    tmp_path: Path, keys: dict[str, Any], count: int
) -> None:
    source = opened(tmp_path, ROWS, **keys)
    rows = list(source.rows(None))
    counts = source.counts
    assert len(rows) == count == counts.taken
    assert counts.read == counts.where + counts.sample + counts.taken
    assert counts.ended == ("limit" in keys)
    assert [row.texts["source"] for row in rows] == sorted(
        (row.texts["source"] for row in rows), key=lambda place: int(place.split(":")[1])
    )


def test_the_limit_counts_rows_for_which_the_expression_holds(tmp_path: Path) -> None:
    assert numbers(taken(tmp_path, ROWS, where="lang == 'de'", limit=3)) == {0, 4, 8}
    assert numbers(taken(tmp_path, ROWS, where="lang == 'de'", limit=3, sample=3)) == {0, 4, 8}


@pytest.mark.parametrize("sample", [40, 0.1])
def test_a_sample_does_not_depend_on_the_order_of_rows(tmp_path: Path, sample: float) -> None:
    mixed = random.Random(3).sample(ROWS, len(ROWS))
    first = set(taken(tmp_path, ROWS, sample=sample))
    assert set(taken(tmp_path, mixed, sample=sample)) == first
    assert set(taken(tmp_path, [dict(reversed(row.items())) for row in ROWS], sample=sample)) == first
    assert 25 <= len(first) <= 55


def test_added_rows_move_no_row_out_of_a_share_and_only_as_many_out_of_a_number_as_they_take(tmp_path: Path) -> None:
    more = [*ROWS, *({**row, "prompt": f"{row['prompt']} And then?"} for row in ROWS[:40])]
    assert set(taken(tmp_path, ROWS, sample=0.1)) <= set(taken(tmp_path, more, sample=0.1))
    before, after = set(taken(tmp_path, ROWS, sample=100)), set(taken(tmp_path, more, sample=100))
    new = {text for text in after if text.endswith("then?")}
    assert len(after) == 100
    assert after - new <= before
    assert 0 < len(new) < 30


def test_rows_that_cannot_be_read_are_taken_and_set_aside_whatever_is_asked(tmp_path: Path) -> None:
    rows = ['{"prompt": "a", "prompt": "b"}', "5", *ROWS]
    for keys in ({"where": "n < 3"}, {"sample": 3}, {"sample": 0.01}):
        found = list(opened(tmp_path, rows, **keys).rows(None))
        assert [row.defect for row in found][:2] == [
            "the key prompt stands twice in one object",
            "not an object with named columns",
        ]


@pytest.mark.parametrize(
    ("where", "said", "helps"),
    [
        (
            "lnag == 'en'",
            "`where` reads `lnag`, which no column is called",
            "did you mean `lang`? it has lang, late, n, prompt",
        ),
        (
            "n > score",
            "`where` reads `score`, which no column is called",
            'it has lang, late, n, prompt; `row["my column"]`',
        ),
        ("prompt > 3", "`where` fails on s.jsonl:1: `>` does not take text and a number", "here prompt is text"),
        ("late > 3", "`where` fails on s.jsonl:1: `>` does not take null and a number", "`x | default(0, true)`"),
        ("row.none == 1", "`where` fails on s.jsonl:1: there is no `none`", "`none | default(...)` says what"),
        ("n > 1000", "`where` leaves out all of its 401 rows", ""),
        ("range(10000000) | list | length", "`where` fails on s.jsonl:1: ", ""),
        ("lang.__class__", "`where` fails on s.jsonl:1: access to attribute", ""),
    ],
)
def test_what_an_expression_cannot_say_of_a_row_is_told_with_the_row(
    tmp_path: Path, where: str, said: str, helps: str
) -> None:
    rows = [*ROWS, {"prompt": "x", "n": 1, "lang": "x", "late": 5}]
    with pytest.raises(SourceError) as caught:
        taken(tmp_path, rows, where=where)
    assert said in caught.value.message
    assert helps in caught.value.help
    assert caught.value.key == "where"


def test_a_column_that_only_a_later_row_has_is_null_before(tmp_path: Path) -> None:
    rows = [*({"prompt": f"q{n}"} for n in range(1500)), {"prompt": "last", "late": 5}]
    assert taken(tmp_path, rows, where="late == 5") == ["last"]


def test_columns_of_any_name_are_read(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "my column": 1, "range": 2, "row": 3, "_hfsft_result": 4, "dict": {"x": 5}}]
    for where in ("range == 2", "row == 3", "_hfsft_result == 4", "dict.x == 5"):
        assert taken(tmp_path, rows, where=where) == ["a"]
    del rows[0]["row"]
    assert taken(tmp_path, rows, where='row["my column"] == 1') == ["a"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("lang = 'en'", "write == to compare"),
        ("lang == 'en' && n", "write `and`, `or` and `not`"),
        ("{{ lang }}", "write the expression alone, without braces"),
        ("lang ==\n 'en'\n n", "line 3 of it: `n` stands where the expression has ended"),
        ("lang | nothing", "No filter named 'nothing'"),
        ("lang" + " or lang" * 6000, "longer than 10,000 characters"),
        ("", "at least 1 character"),
    ],
)
def test_what_is_no_expression_is_no_recipe(where: str, said: str) -> None:
    with pytest.raises(ValueError, match="where") as caught:
        ExampleTable(path="e.jsonl", where=where)
    assert said in str(caught.value)


def test_a_look_reads_the_first_rows_alone_and_takes_no_sample(tmp_path: Path) -> None:
    rows = [{"prompt": f"q{n}", "n": n} for n in range(3000)]
    source = opened(tmp_path, rows, where="n >= 500", sample=1)
    assert [row.texts["instruction"] for row in source.rows(3)] == ["q500", "q501", "q502"]
    assert source.counts.read == 503
    with pytest.raises(NothingSeenError, match="leaves out all of the first 1,000 rows"):
        list(opened(tmp_path, rows, where="n >= 1500").rows(3))
    assert len(list(opened(tmp_path, rows, where="n >= 1500").rows(None))) == 1500


@pytest.mark.parametrize("value", [0, -1, 1.0, 1.5, 20000.0, 0.0, True, "10%", "some"])
def test_a_sample_is_a_number_of_rows_or_a_share_below_1(value: Any) -> None:
    with pytest.raises(ValueError, match="sample"):
        PromptTable(path="s.jsonl", sample=value)
