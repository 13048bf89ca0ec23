"""Entries are the same however few of them are held in memory, and come in the order of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfsft.engine.ordering import spilled
from hfsft.engine.ordering.spilled import Spilled

if TYPE_CHECKING:
    import pytest

ENTRIES = st.lists(st.tuples(st.text("ab\0\u00e9\uffff\U0001f600", max_size=3), st.integers(0, 9)), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES, st.integers(1, 5))
def test_as_a_dict(monkeypatch: pytest.MonkeyPatch, entries: list[tuple[str, int]], held: int) -> None:
    monkeypatch.setattr(spilled, "HELD", held)
    found, wanted = Spilled[int](str, int, entries), dict(entries)
    assert bool(found) == bool(wanted)
    assert list(found.in_order()) == sorted(wanted.items())
    assert len(found) == len(wanted)
    assert found == wanted
    assert all(found[key] == value for key, value in wanted.items())
    assert found.get("none") is None
    for key, value in entries:
        found[key] = value + 1
        assert found[key] == value + 1
