"""Labels of people, from files of theirs, joined with the rows of a build; and the file a calibration is kept in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.agreement.calibration import Basis, Calibration
from hfsft.agreement.calibration_file import calibration_of, keep
from hfsft.agreement.calibration_said import state_said
from hfsft.agreement.label_file import read_labels
from hfsft.agreement.labelled_rows import JudgedRow, is_verdict_file, joined
from hfsft.errors import ReleaseError, SourceError
from hfsft.verdicts import Verdict

CRITERIA = ["usefulness", "tone"]


def file(tmp_path: Path, text: str, name: str = "labels.jsonl") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def label(row: str = "aaaa1111", reviewer: str = "ann", verdict: Any = "accept", **more: Any) -> Verdict:
    return Verdict(row, more.pop("content", ""), reviewer, "", verdict, **more)


def test_lines_of_json_are_labels(tmp_path: Path) -> None:
    lines = (
        {"id": "aaaa1111", "verdict": "Accepted", "reviewer": "ann", "drawn": "sample"},
        {"row": "bbbb2222", "scores": {"usefulness": 2}, "by": "models", "comment": "unsure"},
        {"id": "cccc3333", "verdict": False, "edit": {"response": "Better."}},
    )
    found = read_labels(file(tmp_path, "\n".join(map(json.dumps, lines)) + "\n\n"), CRITERIA)
    assert [(each.row, each.reviewer, each.verdict, each.scores, each.drawn) for each in found] == [
        ("aaaa1111", "ann", "accept", {}, "sample"),
        ("bbbb2222", "labels", None, {"usefulness": 2}, None),
        ("cccc3333", "labels", "reject", {}, None),
    ]
    assert found[1].more == {"by": "models"}


@pytest.mark.parametrize(("name", "mark"), [("labels.csv", ","), ("labels.tsv", "\t")])
def test_tables_are_labels(tmp_path: Path, name: str, mark: str) -> None:
    text = "\ufeffid,verdict,usefulness,score_tone,remark\naaaa1111,accept,4,,fine\n\nbbbb2222,,2,3.5,\n"
    found = read_labels(file(tmp_path, text.replace(",", mark), name), CRITERIA)
    assert [(each.row, each.verdict, each.scores) for each in found] == [
        ("aaaa1111", "accept", {"usefulness": 4}),
        ("bbbb2222", None, {"usefulness": 2, "tone": 3.5}),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"verdict": "accept"}', "names no row by `id`"),
        ('{"id": 7, "verdict": "accept"}', "names no row by `id`"),
        ('{"id": "a", "verdict": "good"}', 'verdict is one of accept, reject, skip, not "good"'),
        ('{"id": "a", "scores": {"tone": "high"}}', "scores are numbers by criterion"),
        ('{"id": "a", "scores": {"tone": NaN}}', "scores are numbers by criterion"),
        ('{"id": "a", "scores": [3]}', "scores are numbers by criterion, not [3]"),
        ('{"id": "a"}', "has neither a verdict nor scores"),
        ('{"id": "a", "verdict": "accept", "by": "gpt"}', 'by is one of people, models, not "gpt"'),
        ('{"id": "a", "verdict": "accept", "reviewer": 3}', "reviewer is a text, not 3"),
    ],
)
def test_each_line_that_is_no_label_is_told_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    path = file(tmp_path, f'{{"id": "a", "verdict": "accept"}}\n{line}\n')
    with pytest.raises(SourceError) as error:
        read_labels(path, CRITERIA)
    assert f"{path}:2: " in str(error.value)
    assert said in str(error.value)
    assert "a line has `id`" in str(error.value)


def test_of_many_faults_the_first_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="and 20 lines more"):
        read_labels(file(tmp_path, "[]\n" * 30), CRITERIA)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "labels.jsonl", "holds no label"),
        ("id,remark\na,b\n", "labels.csv", "the head has no `id`, or no column of labels"),
        ("", "labels.csv", "the head has no `id`"),
    ],
)
def test_a_file_without_labels_is_told(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read_labels(file(tmp_path, text, name), CRITERIA)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_labels(tmp_path / "none.jsonl", CRITERIA)
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(SourceError, match="is not UTF-8, by its byte 9"):
        read_labels(tmp_path / "latin.jsonl", CRITERIA)


def test_lines_of_a_verdict_file_are_known_by_the_first(tmp_path: Path) -> None:
    whole = Verdict("a", "text", "ann", "2026-11-26T12:00:00Z", "accept").to_line()
    assert is_verdict_file(file(tmp_path, whole + "\n"))
    assert not is_verdict_file(file(tmp_path, '{"id": "a", "verdict": "accept"}\n'))


ROWS = {
    name: JudgedRow(name, f"text of {name}", {"mean": 4.0}, {"tone": 4.0}, fell=name.startswith("b"))
    for name in ("aaaa1111", "aaaa2222", "bbbb3333")
}
IDS = [*ROWS, "cccc4444"]


def test_labels_find_their_rows_by_id_or_how_it_begins_and_what_counts_for_nothing_is_told() -> None:
    labels = [
        label("aaaa1", scores={"tone": 5.0}),
        label("aaaa1", "ben", "reject", scores={"tone": 2.0}),
        label("bbbb3333", content="text of bbbb3333", drawn="sample"),
        label("bbbb3333", "ben", content="another text"),
        label("aaaa", "ben"),
        label("bbb", "ben"),
        label("zzzz9999"),
        label("cccc4444"),
        label("aaaa2222", more={"saw_scores": True}),
        label("aaaa2222", "ben", "skip"),
    ]
    found, told = joined(labels, ROWS, IDS)
    assert [(each.id, each.accepted, each.disputed, each.scores, each.random, each.fell) for each in found] == [
        ("aaaa1111", False, True, {"tone": 2.0}, None, False),
        ("bbbb3333", True, False, {}, True, True),
    ]
    assert [said.removeprefix("labels that count for nothing: ") for said in told] == [
        "2 of rows that the build does not have",
        "1 that name a row by signs which several ids begin with",
        "1 of rows that the judge did not score",
        "1 of texts that have changed since",
        "1 given after a look at the judge's scores, and so no second opinion",
    ]


def test_the_last_label_of_a_reviewer_counts_and_an_edit_is_no_acceptance() -> None:
    found, _ = joined([label(), label(verdict="reject"), label(verdict="accept", edit={"response": "B"})], ROWS, IDS)
    assert [each.accepted for each in found] == [False]


def test_models_labels_are_no_peoples_and_stand_back_behind_these() -> None:
    by_model, by_name = label(more={"by": "models"}), label("bbbb3333", "org/judge", "reject")
    found, _ = joined([by_model, by_name], ROWS, IDS, models={"org/judge"})
    assert [each.people for each in found] == [False, False]
    found, _ = joined([label(reviewer="m", verdict="reject", more={"by": "models"}), label()], ROWS, IDS)
    assert [(each.people, each.accepted) for each in found] == [(True, True)]


JUDGE = {"rubric": "1", "anchors": "2", "model": "3", "template": "4", "settings": "5"}


def test_a_calibration_holds_for_the_judge_that_it_was_made_of(tmp_path: Path) -> None:
    path = tmp_path / "boats.calibration.json"
    assert calibration_of(path, JUDGE) is None
    made = Calibration(at="2026-11-26", judge=JUDGE, state="calibrated", basis=Basis(rows=60, random=True))
    keep(made, path)
    assert (found := calibration_of(path, JUDGE)) is not None
    assert found.as_dict() == made.as_dict()
    one, two = (calibration_of(path, {**JUDGE, **other}) for other in ({"model": "x"}, {"rubric": "x", "anchors": "y"}))
    assert one is not None
    assert two is not None
    assert one.state == two.state == "uncalibrated"
    assert "its model has changed since it was calibrated" in state_said(one)
    assert "its rubric and anchors have changed since it was calibrated" in state_said(two)
    assert [each.name for each in tmp_path.iterdir()] == ["boats.calibration.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"calibration": 2}', '{"calibration": 1, "state": "perfect"}'])
def test_a_file_that_is_no_calibration_calibrates_nothing(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text, "boats.calibration.json")
    found = calibration_of(path, JUDGE)
    assert found is not None
    assert "boats.calibration.json cannot be read (run `hfsft calibrate` again)" in state_said(found)


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    made = Calibration(at="", judge=JUDGE, state="calibrated", basis=Basis(rows=60, random=True))
    with pytest.raises(ReleaseError, match="cannot be written"):
        keep(made, tmp_path / "gone" / "boats.calibration.json")
