"""What a change costs: what was measured is not measured again, and only what is new is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Sees, Step, compare
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held
from tests.engine.test_engine import ASK, COLUMNS, TWINS, Echo

TEXT = "a sentence that makes the row long enough to see whether it is written again " * 5
Seen = list[str]


def source(ids: list[str]) -> Step:
    def rows() -> Iterator[Row]:
        for row_id in ids:
            yield {"id": row_id, "text": f"{row_id} {TEXT}"}

    return Step("source", rows="source", writes=COLUMNS, identity={"ids": ids}, work=held(rows))


class Counted:
    """Measures of a number that is in the id, which tell the rows that they were asked for."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}

    def measure(self, name: str, sees: Sees = "row", reads: str = "text", fails: str = "") -> Step:
        def fn(batch: Batch) -> Batch:
            ids = [str(value).split()[0].strip("!").lower() for value in batch[reads]]
            assert fails not in ids, "this row fell before"
            self.seen.setdefault(name, []).extend(ids)
            return {name: [int(row_id.strip("rab")) for row_id in ids]}

        return Step(name, sees=sees, reads=(reads,), writes={name: "int64"}, work=held(fn))

    def take(self) -> dict[str, Seen]:
        seen, self.seen = self.seen, {}
        return {name: sorted(ids) for name, ids in seen.items()}


def at_most(name: str, bound: float) -> Step:
    return compare(f"{name} at most", Bound(name, name, at_most=bound))


def ids(*numbers: int) -> list[str]:
    return [f"r{number}" for number in numbers]


def build(folder: Path, *steps: Step, asker: Any = None) -> tuple[list[str], Ledger]:
    ledger = Ledger()
    rows = engine.run(Plan("toy", steps), asker or Echo(), folder, ledger)
    return rows["id"][:], ledger


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.fixture
def count() -> Counted:
    return Counted()


def test_a_moved_bound_measures_only_what_it_lets_through(tmp_path: Path, count: Counted) -> None:
    first, second = count.measure("first"), count.measure("second")
    rows = source(ids(*range(10)))
    build(tmp_path, rows, first, at_most("first", 5), second, at_most("second", 4))
    assert count.take() == {"first": ids(*range(10)), "second": ids(*range(6))}, "not of rows that fell"
    kept, _ = build(tmp_path, rows, first, at_most("first", 3), second, at_most("second", 4))
    assert (kept, count.take()) == (ids(0, 1, 2, 3), {})
    kept, ledger = build(tmp_path, rows, first, at_most("first", 7), second, at_most("second", 6))
    assert (kept, count.take()) == (ids(*range(7)), {"second": ids(6, 7)})
    assert [line.cached for line in ledger.funnel] == [True, True, False, False, False]
    fates = {
        entry["id"]: (entry["stage"], entry["value"]) for removal in ledger.removals for entry in removal.entries()
    }
    assert fates == {"r8": ("first at most", "8"), "r9": ("first at most", "9"), "r7": ("second at most", "7")}


def test_a_measure_behind_one_that_sees_all_rows_is_not_made_again(tmp_path: Path, count: Counted) -> None:
    steps = (count.measure("first"), count.measure("all", "all"), ASK, count.measure("last", reads="shouted"))
    rows = source(ids(*range(6)))
    build(tmp_path, rows, steps[0], at_most("first", 4), *steps[1:])
    count.take()
    build(tmp_path, rows, steps[0], at_most("first", 3), *steps[1:])
    assert count.take() == {"all": ids(0, 1, 2, 3)}
    build(tmp_path, rows, steps[0], at_most("first", 5), *steps[1:])
    assert count.take() == {"all": ids(0, 1, 2, 3, 4, 5), "last": ids(5)}


def test_a_bound_that_takes_no_other_row_costs_nothing(tmp_path: Path, count: Counted) -> None:
    first, last = count.measure("first"), count.measure("all", "all")
    build(tmp_path, source(ids(0, 1, 9)), first, at_most("first", 5), last)
    count.take()
    build(tmp_path, source(ids(0, 1, 9)), first, at_most("first", 6), last)
    assert count.take() == {}


def test_another_measure_in_front_measures_nothing_again(tmp_path: Path, count: Counted) -> None:
    first, second = count.measure("first"), count.measure("second")
    build(tmp_path, source(ids(1, 2)), second, ASK)
    count.take()
    asker = Echo()
    build(tmp_path, source(ids(1, 2)), first, second, ASK, asker=asker)
    assert (count.take(), asker.asked) == ({"first": ids(1, 2)}, 0)


def test_a_row_that_is_added_or_taken_away_leaves_the_others_as_they_are(tmp_path: Path, count: Counted) -> None:
    steps = (count.measure("first"), at_most("first", 90), ASK, count.measure("last", reads="shouted"))
    build(tmp_path / "a", source(ids(1, 2, 3)), *steps)
    count.take()
    for now, new in ((ids(1, 4, 2, 3), ["r4"]), (ids(4, 3, 1), []), (ids(5, 4, 3, 1, 6), ["r5", "r6"])):
        asker = Echo()
        kept, _ = build(tmp_path / "a", source(now), *steps, asker=asker)
        assert kept == now, "in the order of the source"
        assert count.take() == ({"first": new, "last": new} if new else {})
        fresh = Ledger()
        assert engine.run(Plan("toy", (source(now), *steps)), Echo(), tmp_path / "".join(now), fresh)["id"][:] == now
        count.take()


def test_a_row_with_another_text_is_another_row(tmp_path: Path, count: Counted) -> None:
    first = count.measure("first")
    build(tmp_path, source(ids(1, 2)), first)
    count.take()

    def changed() -> Iterator[Row]:
        yield {"id": "r1", "text": "r7 of another text"}
        yield {"id": "r2", "text": f"r2 {TEXT}"}

    build(tmp_path, replace(source(["changed"]), work=held(changed)), first)
    assert count.take() == {"first": ["r7"]}


def test_rows_that_are_read_elsewhere_are_the_same_rows(tmp_path: Path, count: Counted) -> None:
    def numbered(names: list[str]) -> Step:
        def rows() -> Iterator[Row]:
            for line, row_id in enumerate(names, 1):
                yield {"id": row_id, "text": f"{row_id} {TEXT}", "source": f"rows.jsonl:{line}"}

        return Step(
            "source", rows="source", writes={**COLUMNS, "source": "string"}, identity={"ids": names}, work=held(rows)
        )

    first = count.measure("first")
    build(tmp_path, numbered(ids(*range(2000))), first, at_most("first", 1990))
    count.take()
    for names in (["r7a", *ids(*range(2000))], ids(5, *range(7, 2000), 2), ids(*range(2000))):
        before = size(tmp_path)
        ledger = Ledger()
        rows = engine.run(Plan("toy", (numbered(names), first, at_most("first", 1990))), Echo(), tmp_path, ledger)
        assert sum(map(len, count.take().values())) == ("r7a" in names)
        kept = [
            (row_id, f"rows.jsonl:{line}") for line, row_id in enumerate(names, 1) if int(row_id.strip("ra")) < 1991
        ]
        assert list(zip(rows["id"][:], rows["source"][:], strict=True)) == kept
        assert size(tmp_path) - before < 20_000
        assert {entry["source"] for entry in ledger.removals[0].entries()} == {
            f"rows.jsonl:{names.index(row_id) + 1}" for row_id in ids(*range(1991, 2000))
        }


def test_a_source_that_lost_its_rows_has_none(tmp_path: Path, count: Counted) -> None:
    build(tmp_path, source(ids(1, 2)), count.measure("first"))
    assert build(tmp_path, source([]), count.measure("first"))[0] == []
    assert build(tmp_path, source(ids(2)), count.measure("first"))[0] == ["r2"]


def test_many_additions_end_in_one_part_again(tmp_path: Path, count: Counted) -> None:
    first = count.measure("first")
    for last in range(1, 40):
        kept, _ = build(tmp_path, source(ids(*range(last))), first)
        assert kept == ids(*range(last))
    measured = len(count.take()["first"])
    assert measured < 39 + 2 * 39, "all of them again twice at most"


def test_rows_that_a_step_makes_are_the_new_ones_only(tmp_path: Path, count: Counted) -> None:
    def with_child(batch: Batch) -> Batch:
        doubled = {name: [value for value in values for _ in "ab"] for name, values in batch.items()}
        return {**doubled, "id": [f"{row_id}{child}" for row_id in batch["id"] for child in ("", "a")]}

    steps = (count.measure("before"), Step("grow", rows="many", work=held(with_child)), count.measure("first"))
    kept, _ = build(tmp_path, source(ids(1, 2)), *steps)
    assert kept == ["r1", "r1a", "r2", "r2a"]
    count.take()
    kept, _ = build(tmp_path, source(ids(3, 1, 2)), *steps)
    assert kept == ["r3", "r3a", "r1", "r1a", "r2", "r2a"]
    assert count.take() == {"before": ["r3"], "first": ["r3", "r3"]}
    kept, ledger = build(tmp_path, source(ids(3, 1, 2)), *steps)
    assert count.take() == {}
    assert all(line.cached for line in ledger.funnel)


def test_what_is_written_is_what_is_new(tmp_path: Path, count: Counted) -> None:
    many = ids(*range(3000))
    names = [f"m{index}" for index in range(6)]

    def steps(bound: int) -> list[Step]:
        rules = [step for name in names for step in (count.measure(name), at_most(name, 2990))]
        return [*rules[:1], at_most("m0", bound), *rules[2:], count.measure("all", "all"), TWINS]

    source_bytes = sum(len(f"{row_id} {TEXT}") for row_id in many)
    build(tmp_path, source(many), *steps(2990))
    first = size(tmp_path)
    assert first < 3.7 * source_bytes, "the source once, its twins, and numbers"
    build(tmp_path, source(many), *steps(2990))
    assert size(tmp_path) == first
    folder = tmp_path / "plain"
    build(folder, source(many), *steps(2990)[:-1])
    plain = size(folder)
    assert plain < 1.4 * source_bytes
    build(folder, source(many), *steps(2985)[:-1])
    assert size(folder) - plain < 20_000
    before = size(folder)
    build(folder, source([*many, "r2500a"]), *steps(2985)[:-1])
    assert size(folder) - before < 20_000


def test_errors_that_differ_each_time_add_nothing(tmp_path: Path, count: Counted) -> None:
    steps = (source(ids(1, 2, 3)), ASK, count.measure("last", reads="shouted"), count.measure("all", "all", "text"))
    files: list[set[str]] = []
    for number in range(3):
        kept, ledger = build(tmp_path, *steps, asker=Echo(["r2"], error=f"HTTP 500 (request id: {number})"))
        assert kept == ids(1, 3)
        assert [entry["error"] for entry in ledger.removals[0].entries()] == [f"HTTP 500 (request id: {number})"]
        files.append({f"{path.name} {path.stat().st_size}" for path in tmp_path.iterdir()})
    assert files[0] == files[1] == files[2]
    assert count.take() == {"last": ids(1, 3), "all": ids(1, 3)}


def test_a_row_that_fell_is_measured_by_nothing_behind(tmp_path: Path, count: Counted) -> None:
    late = count.measure("late", fails="r9")
    kept, _ = build(tmp_path, source(ids(1, 9)), count.measure("first"), at_most("first", 5), late)
    assert kept == ["r1"]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_is_not_read_as_a_whole_one(tmp_path: Path, count: Counted, keep: float) -> None:
    steps = (source(ids(*range(2500))), count.measure("first"), count.measure("all", "all"))
    kept, _ = build(tmp_path, *steps)
    for path in tmp_path.glob("*.arrow"):
        os.truncate(path, int(path.stat().st_size * keep))
    assert build(tmp_path, *steps)[0] == kept
    assert {name: len(seen) for name, seen in count.take().items()} == {"first": 5000, "all": 5000}


def test_a_file_cut_between_two_batches_is_not_whole_either(tmp_path: Path, count: Counted) -> None:
    import pyarrow as pa

    steps = (source(ids(*range(2500))), count.measure("first"))
    build(tmp_path, *steps)
    for path in tmp_path.glob("*.arrow"):
        with pa.memory_map(str(path)) as file:
            stream = pa.ipc.open_stream(file)
            stream.read_next_batch()
            stop = file.tell()
        os.truncate(path, stop)
    kept, _ = build(tmp_path, *steps)
    assert len(kept) == 2500
    assert len(count.take()["first"]) == 5000
