"""A JSON list read row by row is the list that Python reads at once, wherever the text is cut."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import SourceError
from hfsft.rows.tables import arrays
from hfsft.rows.tables.table import Table
from tests.fuzz.bounds import soon, tries

text = st.one_of(
    st.text(max_size=6), st.sampled_from(['"', "\\", '\\"', "[{", "]}", "\ud83d", "é🙏", "\ufeff", "\0", "\u202e"])
)
value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=6,
)


@tries(120)
@given(st.lists(value, max_size=5), st.sampled_from([None, 1]), st.booleans(), st.integers(1, 9))
def test_a_list_is_read_row_by_row_as_at_once(rows: list[object], indent: int | None, ascii: bool, block: int) -> None:
    written = (
        json.dumps(rows, indent=indent, ensure_ascii=ascii).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    )
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, soon():
        patch.setattr(arrays, "BLOCK", block)
        path = Path(name) / "rows.json"
        path.write_text(f" {written}\n", "utf-8")
        found = list(arrays.rows(path))
    assert [mark for mark, _ in found] == [f"[{index}]" for index in range(len(rows))]
    assert [each for _, each in found] == json.loads(written)


@tries(150)
@given(
    st.lists(st.dictionaries(text, value, min_size=1, max_size=3), min_size=1, max_size=4),
    st.sampled_from(["rows.json", "rows.jsonl", "rows.csv", "rows.tsv", "rows.txt"]),
    st.lists(
        st.tuples(
            st.floats(0, 1), st.sampled_from(["", "[", "]", "{", "}", ",", '"', "\\", "\n", "\0", "1", "\ufeff", "é"])
        ),
        max_size=3,
    ),
    st.integers(1, 9),
)
def test_a_list_with_slips_is_read_set_aside_or_refused(
    rows: list[dict[str, object]], name: str, slips: list[tuple[float, str]], block: int
) -> None:
    written = json.dumps(rows, indent=1)
    for where, slip in slips:
        place = int(where * len(written))
        written = written[:place] + slip + written[place + 1 :]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, soon():
        patch.setattr(arrays, "BLOCK", block)
        (Path(folder) / name).write_text(written, "utf-8")
        found = []
        with suppress(SourceError):
            found = list(Table(name, Path(folder)).records())
    assert len({one.source for one in found}) == len(found)
