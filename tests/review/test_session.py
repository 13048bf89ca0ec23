"""One reviewer's session: which rows wait, what is kept, and what two who review at once see of each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.review.drawn.reviewed_rows import ReviewedRows
from hfsft.review.drawn.reviewer_walk import WantedSample, draw
from hfsft.review.reviewing import ChangedRowError, UnknownRowError
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.review.said.review_questions import ReviewQuestions
from hfsft.review.session import Session
from hfsft.verdicts import Verdict, VerdictFile
from tests.review.memory import a_row
from tests.review.rows import FELL, many, reviewed

ASKED = ReviewQuestions(
    "shop", (PeoplesCriterion("usefulness", "Would it help?"), PeoplesCriterion("full", "", {}, 0, 4, 4))
)
FIRST = "2026-01-01T00:00:00Z"


def session(
    table: ReviewedRows, path: Path, reviewer: str = "ann", disputed: tuple[str, ...] = (), **wanted: Any
) -> Session:
    """A session over all rows, a tenth of which everybody sees, unless `wanted` says otherwise."""
    chosen = WantedSample(**{"rows": 40, "eyes": 0, **wanted})
    return Session(table, draw(table, chosen, disputed), VerdictFile(path / "shop.review.jsonl"), reviewer, ASKED)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "shop.review.jsonl").read_text().splitlines()]


def waiting(one: Session) -> list[str]:
    return [row["id"] for row in one.queue() if row["verdict"] is None]


def say(one: Session, name: str | None = None, **fields: Any) -> str:
    """Keep a verdict of a row, left out of the next that waits; its id."""
    name = name or one.following(None)
    assert name is not None
    one.keep(name, one.row(name)["content"], {"verdict": "accept", **fields})  # type: ignore[typeddict-item]
    return name


def test_a_verdict_is_one_line_and_the_row_waits_no_longer(tmp_path: Path) -> None:
    one = session(reviewed(many()), tmp_path)
    first = say(one, verdict="reject", reason="style", scores={"usefulness": 2, "full": 3}, note="dry", seconds=1.5)
    (line,) = lines(tmp_path)
    assert line.pop("at").startswith("20")
    assert line == {
        "row": first,
        "content": one.row(first)["content"],
        "reviewer": "ann",
        "verdict": "reject",
        "reason": "style",
        "scores": {"usefulness": 2, "full": 0.75},
        "note": "dry",
        "drawn": "overlap",
        "seconds": 1.5,
    }
    (shown,) = [row for row in one.queue() if row["verdict"]]
    assert shown["verdict"] == {
        "verdict": "reject", "reason": "style", "note": "dry", "seconds": 1.5, "scores": {"usefulness": 2, "full": 3}
    }  # fmt: skip
    assert first not in waiting(one)
    assert one.progress()["rejected"] == one.progress()["done"] == 1


def test_a_session_goes_on_where_the_last_ended(tmp_path: Path) -> None:
    rows = reviewed(many())
    before = session(rows, tmp_path)
    judged = [say(before) for _ in range(5)]
    after = session(rows, tmp_path)
    assert [row["id"] for row in after.queue()] == [row["id"] for row in before.queue()]
    assert after.following(None) == before.following(judged[-1]) != judged[-1]
    assert after.progress()["done"] == 5


def test_of_two_who_review_at_once_each_row_but_the_overlap_is_judged_by_one(tmp_path: Path) -> None:
    rows = reviewed(many())
    ann, bob = (session(rows, tmp_path, name) for name in ("ann", "bob"))
    turns = 0
    while ann.following(None) or bob.following(None):
        for one in (ann, bob):
            if one.following(None):
                say(one)
                turns += 1
    assert turns == 40 + 4
    found = lines(tmp_path)
    assert len({(line["row"], line["reviewer"]) for line in found}) == 44
    shared = [line["row"] for line in found if line["drawn"] == "overlap"]
    assert sorted(shared) == sorted([*dict.fromkeys(shared)] * 2)
    assert all(row["verdict"] for row in ann.queue()), "nobody is shown what only the other judged"


def test_what_somebody_else_skipped_waits_for_who_comes_next(tmp_path: Path) -> None:
    rows = reviewed(many())
    name = say(session(rows, tmp_path, "ann", overlap=0), verdict="skip")
    assert name in waiting(session(rows, tmp_path, "bob", overlap=0))
    say(session(rows, tmp_path, "ann", overlap=0), name)
    assert name not in waiting(session(rows, tmp_path, "bob", overlap=0))


def test_undo_gives_back_what_stood_before_and_goes_on_into_earlier_sessions(tmp_path: Path) -> None:
    rows = reviewed(many())
    one = session(rows, tmp_path)
    early = say(one)
    one = session(rows, tmp_path)
    other = say(one)
    say(one, other, verdict="reject", reason="style")
    assert one.undo() == (other, {"verdict": "reject", "reason": "style"})
    assert next(row["verdict"] for row in one.queue() if row["id"] == other) == {"verdict": "accept"}
    assert one.undo() == (other, {"verdict": "accept"})
    assert one.undo() == (early, {"verdict": "accept"})
    assert one.undo() is None
    assert len(waiting(one)) == 40
    assert [line["verdict"] for line in lines(tmp_path)] == ["accept", "accept", "reject", "accept", None, None]


def test_a_row_whose_text_changed_asks_again_and_says_so(tmp_path: Path) -> None:
    say(session(reviewed(many(3)), tmp_path), f"{1:016x}")
    rows = many(3)
    rows[1]["response"] = "It comes tomorrow."
    one = session(reviewed(rows), tmp_path)
    told = {row["id"]: (row["why"], row["verdict"]) for row in one.queue()}
    assert told[f"{1:016x}"] == ("its text has changed since you looked at it", None)
    assert told[f"{2:016x}"] == ("", None)


def test_what_cannot_be_kept_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    one = session(reviewed(many(3)), tmp_path)
    with pytest.raises(ChangedRowError, match="says something else now"):
        one.keep(f"{1:016x}", "another", {"verdict": "accept"})
    with pytest.raises(UnknownRowError, match="no row beef"):
        one.keep("beef", "", {"verdict": "accept"})
    with pytest.raises(UnknownRowError):
        one.row("beef")
    known = one.row(f"{1:016x}")["content"]
    (tmp_path / "shop.review.jsonl").mkdir()
    with pytest.raises(OSError, match="shop"):
        one.keep(f"{1:016x}", known, {"verdict": "accept"})
    (tmp_path / "shop.review.jsonl").rmdir()
    assert one.undo() is None


def test_nothing_of_the_judge_is_shown_with_the_row(tmp_path: Path) -> None:
    one = session(reviewed([a_row(3)]), tmp_path)
    shown = one.row(f"{3:016x}")
    assert "Judged 3" not in json.dumps(shown)
    assert not [name for name in shown["measures"] if name.startswith("score")]
    assert {each["name"]: each["value"] for each in one.scores(f"{3:016x}")}["usefulness"] == 4


def test_rows_that_people_took_out_stay_in_the_sample_and_rewritten_ones_are_not_asked_about(tmp_path: Path) -> None:
    rows = many(20)
    whole = [row["id"] for row in session(reviewed(rows), tmp_path).queue()]
    fell = [{**row, **FELL} for row in rows[3:6]]
    new = {**a_row(77), "origin": "edited", "score_mean": 4.0}
    left = [row for row in rows if row["id"] not in {row["id"] for row in fell}]
    assert [row["id"] for row in session(reviewed([*left, new], fell), tmp_path).queue()] == whole


def test_of_a_longer_sample_only_the_new_rows_wait(tmp_path: Path) -> None:
    rows = reviewed(many(100))
    one = session(rows, tmp_path, rows=20)
    while one.following(None):
        say(one)
    more = session(rows, tmp_path, rows=30)
    assert len(waiting(more)) == 10
    assert more.progress()["done"] == 20


def test_a_row_that_was_looked_at_for_another_reason_counts_once_the_sample_holds_it(tmp_path: Path) -> None:
    rows = reviewed([a_row(number, contradiction="x" if number == 7 else None) for number in range(20)])
    name = say(session(rows, tmp_path, only=("contradictions",)), verdict="reject", reason="style")
    assert lines(tmp_path)[0]["drawn"] == "contradictions"
    one = session(rows, tmp_path)
    assert name not in waiting(one)
    assert [line["drawn"] for line in lines(tmp_path)] == [
        "contradictions",
        one.draw.walk("ann")[[r["id"] for r in one.queue()].index(name)].drawn,
    ]
    assert "1 of 1" in one.progress()["told"]


def test_rows_whose_reviewers_disagree_are_shown_to_a_third(tmp_path: Path) -> None:
    rows = reviewed(many(20))
    name = f"{5:016x}"
    file = VerdictFile(tmp_path / "shop.review.jsonl")
    content = rows.by_id[name].content
    file.append(Verdict(name, content, "ann", FIRST, "accept", drawn="sample"))
    file.append(Verdict(name, content, "bob", FIRST, "reject", reason="style", drawn="sample"))
    third = session(rows, tmp_path, "eve", disputed=(name,), overlap=0)
    assert [(row["id"], row["why"]) for row in third.queue() if row["id"] == name] == [(name, "its reviewers disagree")]
    assert name not in waiting(session(rows, tmp_path, "eve", overlap=0))


def test_rows_are_found_by_all_words_in_any_case(tmp_path: Path) -> None:
    one = session(reviewed(many(20)), tmp_path)
    assert one.found(["ORDER", "question 13:"]) == [f"{13:016x}"]
    assert one.found(["nowhere"]) == []


def test_a_build_that_was_written_anew_meanwhile_is_told(tmp_path: Path) -> None:
    rows = reviewed(many(5))
    one = session(rows, tmp_path)
    one.queue()
    vars(rows)["tables"][0] = ("train", reviewed(many(9)[4:]).tables[0][1])
    with pytest.raises(ChangedRowError, match="was built anew"):
        one.row(f"{1:016x}")
