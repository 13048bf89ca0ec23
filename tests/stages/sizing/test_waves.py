"""Waves as a build has them: what each brings follows from the rows that are left, and they end for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Place
from hfsft.hashing import unit
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import WAVE, WRITTEN_BY
from hfsft.stages.guards.people import keeping_share
from hfsft.stages.sizing.pace import Pace
from hfsft.stages.sizing.trim import SIZE, trimming
from hfsft.stages.sizing.waves import Grower, NextWave, Waves
from tests.engine.held import held
from tests.engine.test_engine import Echo

COLUMNS = {"id": "string", "origin": "string", "tone": "string", WAVE: "int32", WRITTEN_BY: "string"}


def placeholders(wave: int, numbers: dict[str, tuple[int, int]]) -> Iterator[Row]:
    for name, (start, stop) in numbers.items():
        for number in range(start, stop):
            tone = "calm" if number % 3 else "angry"
            yield {"id": f"{name}-{number}", "origin": "written", "tone": tone, WAVE: wave, WRITTEN_BY: name}


def source(wave: int, numbers: dict[str, tuple[int, int]]) -> Step:
    name = f"sources[{wave}]"
    work = held(partial(placeholders, wave, numbers))
    return Step(name, rows="source", writes=COLUMNS, identity={"numbers": numbers}, work=work)


def luck(batch: Batch) -> Batch:
    return {"luck": [unit(row_id, "luck") for row_id in batch["id"]]}


def plan(accepted: float, size: int, first: dict[str, tuple[int, int]]) -> Plan:
    steps = [
        Step("luck", reads=("id",), writes={"luck": "float64"}, work=held(luck)),
        compare("lucky", Bound("lucky", "luck", at_most=accepted)),
        *trimming(size, ["tone"]),
    ]
    return Plan("toy", (source(1, first), *steps))


def built(
    folder: Path, accepted: float, size: int, growers: list[Grower], **how: Any
) -> tuple[list[Row], Waves, list[NextWave], Ledger]:
    asked: list[NextWave] = []

    def bring(wanted: NextWave) -> Step:
        asked.append(wanted)
        return source(wanted.wave, dict(wanted.numbers))

    waves = Waves(Pace(size), growers, ["tone"], bring, **how)
    ledger = Ledger()
    first = {grower.name: (0, grower.first) for grower in growers}
    rows = engine.run(plan(accepted, size, first), Echo(), folder, ledger, more=waves)
    ledger.finish({"train": rows["id"][:]})
    return rows.to_list(), waves, asked, ledger


@pytest.mark.parametrize("accepted", [0.1, 0.3, 0.6, 0.9])
def test_the_size_is_met_exactly(tmp_path: Path, accepted: float) -> None:
    rows, waves, asked, ledger = built(tmp_path, accepted, 100, [Grower("tickets", 1, 20)])
    assert len(rows) == 100
    assert waves.ended == "size"
    brought = ledger.rows_in
    ids = [f"tickets-{number}" for number in range(brought)]
    lucky = [number for number, row_id in enumerate(ids, 1) if unit(row_id, "luck") <= accepted]
    assert brought <= 1.1 * lucky[99] + 2
    assert [wanted.wave for wanted in asked] == list(range(2, len(asked) + 2))
    assert asked[0].numbers["tickets"][0] == 20


def test_a_build_that_was_killed_decides_the_same_again(tmp_path: Path) -> None:
    rows, _, asked, _ = built(tmp_path / "one", 0.3, 60, [Grower("tickets", 1, 20)])
    again, _, asked_again, _ = built(tmp_path / "two", 0.3, 60, [Grower("tickets", 1, 20)])
    assert (again, asked_again) == (rows, asked)
    warm, _, asked_warm, ledger = built(tmp_path / "two", 0.3, 60, [Grower("tickets", 1, 20)])
    assert (warm, asked_warm) == (rows, asked)
    assert all(line.cached for line in ledger.funnel)


def test_each_grower_has_its_share_of_all_rows(tmp_path: Path) -> None:
    _, _, asked, _ = built(tmp_path, 0.5, 90, [Grower("tickets", 2, 20), Grower("calls", 1, 10)])
    last = {name: stop for wanted in asked for name, (_, stop) in wanted.numbers.items()}
    assert abs(last["tickets"] - 2 * last["calls"]) <= 2


def test_it_is_told_what_was_accepted_of_each_combination(tmp_path: Path) -> None:
    rows, _, asked, _ = built(tmp_path, 0.5, 90, [Grower("tickets", 1, 20)])
    first = [row for row in rows if row[WAVE] == 1]
    counts = {(tone,): sum(row["tone"] == tone for row in first) for tone in ("calm", "angry")}
    assert asked[0].accepted == counts


def test_it_ends_where_the_budget_would_not_pay(tmp_path: Path) -> None:
    left = iter([1.0, 0.0])
    rows, waves, asked, _ = built(tmp_path, 0.5, 400, [Grower("tickets", 1, 40)], pays_for=lambda: next(left))
    assert waves.ended == "budget"
    assert [wanted.numbers["tickets"] for wanted in asked] == [(40, 78)]
    assert 20 < len(rows) < 60


def test_it_ends_where_a_wave_brings_too_little(tmp_path: Path) -> None:
    rows, waves, _, _ = built(tmp_path, 0.001, 50, [Grower("tickets", 1, 20)])
    assert waves.ended == "exhausted"
    assert len(rows) < 5


def test_rows_beyond_the_size_are_in_the_ledger(tmp_path: Path) -> None:
    rows, waves, asked, ledger = built(tmp_path, 1.0, 30, [Grower("tickets", 1, 40)])
    assert (len(rows), waves.ended, asked) == (30, "size", [])
    beyond = [entry for entry in ledger.entries() if entry["stage"] == SIZE]
    assert len(beyond) == 10
    assert {(entry["rule"], entry["bound"]) for entry in beyond} == {("size", "at_most 30")}
    tones = [row["tone"] for row in rows]
    assert abs(tones.count("angry") - tones.count("calm")) <= 30 - 2 * 14, "thin combinations first"


@pytest.mark.parametrize(("people", "share", "left"), [(3, 0.1, 30), (4, 0.5, 8), (9, 0.1, 40)])
def test_no_wave_is_asked_for_whose_rows_would_be_too_many_beside_those_of_people(
    tmp_path: Path, people: int, share: float, left: int
) -> None:
    theirs = [
        {"id": f"p{number}", "origin": "seed", "tone": None, WAVE: 1, WRITTEN_BY: None} for number in range(people)
    ]

    def everyone() -> Iterator[Row]:
        yield from theirs
        yield from placeholders(1, {"tickets": (0, 10)})

    steps = (
        Step("sources", rows="source", writes=COLUMNS, work=held(everyone)),
        *trimming(40, ["tone"]),
        *keeping_share(share, Place("r.yaml")),
    )
    waves = Waves(
        Pace(40), [Grower("tickets", 1, 10)], ["tone"], lambda w: source(w.wave, dict(w.numbers)), people=share
    )
    rows = engine.run(Plan("toy", steps), Echo(), tmp_path, ledger := Ledger(), more=waves)
    assert len(rows) == left
    assert waves.ended == ("size" if left == 40 else "people")
    assert ledger.rows_in <= left + 7


def test_rows_without_attributes_are_no_combination(tmp_path: Path) -> None:
    def blank(batch: Batch) -> Batch:
        return {
            "tone": [
                None if name == "calls" else tone for name, tone in zip(batch[WRITTEN_BY], batch["tone"], strict=True)
            ]
        }

    growers, asked = [Grower("tickets", 1, 9), Grower("calls", 1, 9)], list[NextWave]()

    def bring(wanted: NextWave) -> Step:
        asked.append(wanted)
        return source(wanted.wave, dict(wanted.numbers))

    steps = (
        source(1, {"tickets": (0, 9), "calls": (0, 9)}),
        Step("blank", reads=(WRITTEN_BY, "tone"), writes={"tone": "string"}, rewrites=("tone",), work=held(blank)),
        *trimming(30, ["tone"]),
    )
    engine.run(Plan("toy", steps), Echo(), tmp_path, Ledger(), more=Waves(Pace(30), growers, ["tone"], bring))
    assert asked[0].accepted == {("angry",): 3, ("calm",): 6}
