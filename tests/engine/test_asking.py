"""Steps that ask for several rows of one, for groups and for pairs: what they come to is paid for once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.engine.asking import build
from tests.models.server import LLM, Body, said_to
from tests.waiting import until

COUNT = 12


@pytest.fixture
def answers(llm: LLM) -> LLM:
    """Three words for each seed, the second of each group, and `yes` of all pairs."""
    said = {"grow": "one|two|three", "choose": "1", "same": "yes"}
    llm.reply = lambda body: said[said_to(body).partition(" ")[0]]
    return llm


def asked(llm: LLM) -> Counter[str]:
    found = Counter(said_to(body).partition(" ")[0] for body in llm.requests)
    assert max(Counter(map(said_to, llm.requests)).values(), default=1) == 1, "nothing is asked twice"
    return found


def test_rows_grow_and_are_chosen_and_compared(answers: LLM, tmp_path: Path) -> None:
    rows, ledger, _ = build(tmp_path, answers.url, COUNT)
    assert [row["text"].rpartition(" ")[0] for row in rows] == [f"seed {number}" for number in range(COUNT)]
    assert {row["text"].split()[-1] for row in rows} <= {"one", "two", "three"}
    assert {row["among"] for row in rows} == {3}
    assert sum(row["told"] for row in rows) == COUNT - 1
    assert asked(answers) == {"grow": COUNT, "choose": COUNT, "same": COUNT - 1}
    assert ledger.counts() == {"train": COUNT, "rejected": 0, "failed": 0, "not_chosen": 2 * COUNT}
    assert ledger.rows_in == 3 * COUNT, "seeds are gone for their children"
    chosen = {row["parent_id"]: row["id"] for row in rows}
    (removal,) = ledger.removals
    over = list(removal.entries())
    assert {(entry["fate"], entry["rule"]) for entry in over} == {("not_chosen", "not_chosen")}
    assert {entry["of"] for entry in over} == set(chosen.values())
    assert [(line.step, line.rows_out, line.calls) for line in ledger.funnel] == [
        ("source", COUNT, 0),
        ("grow", 3 * COUNT, COUNT),
        ("choose", COUNT, COUNT),
        ("pairs", COUNT - 1, 0),
        ("same", COUNT - 1, COUNT - 1),
        ("fold", COUNT, 0),
    ]
    assert {(line.added, line.removed) for line in ledger.funnel if line.step in ("pairs", "same")} == {(0, 0)}
    assert ledger.tables.keys() == {"pairs"}
    assert {row["verdict"] for row in ledger.tables["pairs"].to_list()} == {"yes"}


def test_a_second_build_asks_nothing_and_costs_are_told_again(answers: LLM, tmp_path: Path) -> None:
    first = build(tmp_path, answers.url, COUNT)
    answers.requests.clear()
    second = build(tmp_path, answers.url, COUNT)
    assert second[0] == first[0]
    assert not answers.requests
    assert all(line.cached for line in second[1].funnel)
    assert second[1].spent == first[1].spent
    assert second[1].spent["grow"] is not None


def test_a_row_more_asks_for_itself(answers: LLM, tmp_path: Path) -> None:
    build(tmp_path, answers.url, COUNT)
    answers.requests.clear()
    rows, ledger, _ = build(tmp_path, answers.url, COUNT + 1)
    more = asked(answers)
    assert more["grow"] == more["choose"] == 1
    assert 1 <= more["same"] <= 2, "a pair more, or one with another"
    answers.requests.clear()
    cold, cold_ledger, _ = build(tmp_path / "cold", answers.url, COUNT + 1)
    assert rows == cold
    assert list(ledger.entries()) == list(cold_ledger.entries())


def test_an_answer_that_cannot_be_had_fails_its_row_or_its_group(answers: LLM, tmp_path: Path) -> None:
    known = answers.reply

    def reply(body: Body) -> str:
        said = said_to(body)
        return "none" if said == "grow seed 3" or "seed 5" in said.partition(" or ")[0][6:] else known(body)

    answers.reply = reply
    rows, ledger, _ = build(tmp_path, answers.url, COUNT)
    failed = [removal for removal in ledger.removals if removal.fate == "failed"]
    assert [(removal.stage, len(removal.rows)) for removal in failed] == [("grow", 1), ("choose", 3)]
    assert all(str(entry["error"]).startswith("empty: no choice") for entry in failed[1].entries())
    assert len(rows) == COUNT - 2


@pytest.mark.parametrize("requests", [18, 30], ids=["choosing", "comparing"])
def test_a_build_that_was_killed_goes_on_where_it_was(answers: LLM, tmp_path: Path, requests: int) -> None:
    answers.latency = 0.02
    command = [sys.executable, "-m", "tests.engine.asking", str(tmp_path / "killed"), answers.url, str(COUNT)]
    (tmp_path / "killed").mkdir()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until(lambda: len(answers.requests) >= requests)
    process.send_signal(signal.SIGKILL)
    process.wait()
    rows, ledger, _ = build(tmp_path / "killed", answers.url, COUNT)
    assert max(Counter(map(said_to, answers.requests)).values()) <= 2
    assert len(answers.requests) <= 3 * COUNT - 1 + 4, "only what was open is asked again"
    (tmp_path / "cold").mkdir()
    cold, cold_ledger, _ = build(tmp_path / "cold", answers.url, COUNT)
    assert rows == cold
    assert list(ledger.entries()) == list(cold_ledger.entries())


def test_rows_that_are_there_already_are_not_looked_for_in_the_store(answers: LLM, tmp_path: Path) -> None:
    whole = build(tmp_path / "cold", answers.url, COUNT + 3)[1]
    build(tmp_path, answers.url, COUNT)
    _, ledger, usage = build(tmp_path, answers.url, COUNT + 3)
    assert usage.total("grow").stored == 0
    assert usage.total("grow").calls == 3
    assert ledger.spent["grow"] == whole.spent["grow"], "what all answers took is told all the same"
    assert ledger.spent["same"] == whole.spent["same"]


def test_rows_of_before_count_where_too_many_fail(answers: LLM, tmp_path: Path) -> None:
    """A share of the rows that failed is one of all rows, those too that a build before had answers for."""
    known, bad = answers.reply, {f"grow seed {number}" for number in range(30, 50)}  # all that are new
    answers.reply = lambda body: "none" if said_to(body) in bad else known(body)
    build(tmp_path, answers.url, 30)
    _, ledger, _ = build(tmp_path, answers.url, 50)
    assert ledger.counts()["failed"] == len(bad)
