"""Tables and tasks: what is written comes back as the same verdicts, and what others wrote is read or told."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hfsft.errors import SourceError
from hfsft.review.exchange import label_studio, verdict_table
from hfsft.review.exchange.taking import take
from hfsft.review.exchange.tasks import ReviewTask, VerdictReading
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.verdicts import REASONS, Verdict, VerdictFile
from tests.review.memory import a_row
from tests.review.rows import reviewed

NOW = "2026-02-02T00:00:00Z"
CRITERIA = (
    PeoplesCriterion("use", 'Does it "help"?'),
    PeoplesCriterion("full", "", {}, 0, 4, 4),
    PeoplesCriterion("odd", "", {}, -2, 2),
)
TEXTS = ("system", "instruction", "response")
READING = VerdictReading(CRITERIA, REASONS, TEXTS, "eve", NOW)
TALK = [
    {"role": "user", "content": "Hi?"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Bye?"},
]
ROWS = reviewed(
    [
        a_row(0, instruction='=1+1, "x"\r\nand more'),
        a_row(1),
        a_row(2),
        a_row(3, messages=[*TALK, {"role": "assistant", "content": "Bye."}]),
    ]
)


def verdict(number: int, reviewer: str = "ann", **more: Any) -> Verdict:
    row = ROWS.candidates[number]
    kept = {"verdict": "accept", "drawn": "sample", **more}
    return Verdict(row.id, row.content, reviewer, "2026-01-01T10:00:00.500Z", **kept)


SAID = [
    verdict(
        0,
        verdict="reject",
        reason="style",
        scores={"use": 2, "full": 0.75, "odd": -1},
        note='=cmd()\n, "q"',
        seconds=2.5,
    ),
    verdict(0, "b\u00f6b@x.org", scores={"use": 5}, note="'=quoted"),
    verdict(1, verdict="skip"),
    verdict(2, edit={"response": "@new\r\nlines", "system": "Be kind."}, note=" spaced "),
    verdict(3, edit={"messages": [*TALK, {"role": "assistant", "content": "Farewell."}]}),
]
EMPTY: list[Verdict] = []


def tasks(*said: Verdict) -> list[ReviewTask]:
    rows = ROWS.read(range(len(ROWS.candidates)))
    return [
        ReviewTask(rows[row.place], row.content, "sample", "why", [each for each in said if each.row == row.id])
        for row in ROWS.candidates
    ]


def written(path: Path, *said: Verdict) -> Path:
    if path.suffix == ".csv":
        verdict_table.write(path, tasks(*said), CRITERIA, TEXTS)
    else:
        label_studio.write(path, tasks(*said), CRITERIA, list(REASONS), TEXTS)
    return path


def read(path: Path) -> list[Verdict]:
    return verdict_table.read(path, READING) if path.suffix == ".csv" else label_studio.read(path, READING)


@pytest.mark.parametrize("name", ["out.csv", "out.json"])
def test_what_is_written_comes_back_the_same(name: str, tmp_path: Path) -> None:
    assert read(written(tmp_path / name, *SAID)) == SAID
    assert read(written(tmp_path / name)) == EMPTY


def test_no_cell_of_a_table_is_a_formula_and_each_row_has_a_line(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    marked = verdict_table.write(path, tasks(*SAID), CRITERIA, TEXTS)
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    assert marked == sum(cell.startswith("'") for line in lines for cell in line) == 4
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert len(lines) == 1 + 5
    assert lines[0][:9] == ["row", "content", "drawn", "why", "topic", "text", "reviewer", "verdict", "score_use"]


@pytest.mark.parametrize(("mark", "before"), [(";", "\ufeff"), ("\t", ""), (",", "")])
def test_a_table_of_ones_own_needs_a_row_and_a_verdict_alone(mark: str, before: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        before
        + "\n".join(line.replace("|", mark) for line in ("row|verdict|score_use", "a|Accept|4", "b||", "c|| 3.0 "))
    )
    assert read(tmp_path / "own.csv") == [
        Verdict("a", "", "eve", NOW, "accept", scores={"use": 4}),
        Verdict("c", "", "eve", NOW, "skip", scores={"use": 3}),
    ]


def test_all_that_is_wrong_with_a_table_is_told_at_its_lines(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        'row,verdict,reason,score_use,score_tone,edit_reply,note\na,keep,,,,,"two\nlines"\nb,reject,ugly,,,,\n'
        "c,accept,,9,,,\nd,accept,,x,,,\ne,accept,,,3,,\nf,accept,,,,New.,\n,accept,,,,,\ng,accept,,,,,\n"
    )
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "own.csv")
    lines = str(caught.value).splitlines()
    for line, (number, said) in zip(
        lines,
        [
            (2, "verdict is `keep` (allowed: accept, reject, skip)"),
            (4, "reason is `ugly` (allowed: wrong_answer,"),
            (5, "use is 9 (allowed: 1 to 5)"),
            (6, "`x` is no number"),
            (7, "no criterion is called `tone` (there is use, full, odd)"),
            (8, "edit_reply: no text of a row is called so"),
            (9, "says not which row it is of"),
        ],
        strict=True,
    ):
        assert f"own.csv:{number}: " in line
        assert said in line


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "id,verdict\n1,accept\n", "has no column row"),
        ("a.csv", "", "has no column row and no column verdict"),
        ("a.csv", None, "cannot be read as CSV"),
        ("a.csv", "row,verdict\n\udcff,accept\n", "cannot be read as CSV"),
        ("a.json", "{", "cannot be read as JSON"),
        ("a.json", "{}", "is no list of tasks"),
        ("a.json", "[[]]", "is no list of tasks"),
        ("a.json", "[" * 99_999, "cannot be read as JSON"),
    ],
)
def test_a_file_of_another_kind_is_told(name: str, text: str | None, said: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, errors="surrogateescape")
    with pytest.raises(SourceError, match=said):
        read(tmp_path / name)


def test_the_labelling_configuration_has_a_tag_for_each_thing_that_is_asked(tmp_path: Path) -> None:
    view = ElementTree.parse(written(tmp_path / "out.json").with_suffix(".xml")).getroot()
    tags = {each.get("name"): each.tag for each in view if each.get("name")}
    assert tags == {
        "turns": "Paragraphs",
        "verdict": "Choices",
        "reason": "Choices",
        "use": "Rating",
        "full": "Number",
        "odd": "Number",
        **dict.fromkeys(("note", "edit_system", "edit_instruction", "edit_response", "edit", "reviewer"), "TextArea"),
    }
    assert {each.get("toName") for each in view if each.tag not in ("Paragraphs", "Header")} == {"turns"}
    assert next(each.get("value") for each in view if each.tag == "Header") == 'Does it "help"?'


def test_tasks_have_the_row_and_what_the_judge_gave(tmp_path: Path) -> None:
    row = a_row(4, score_use=4.4, reason_use="Names no time.")
    label_studio.write(tmp_path / "o.json", [ReviewTask(row, "c", "sample", "", [])], CRITERIA, [], TEXTS)
    (task,) = json.loads((tmp_path / "o.json").read_text())
    assert task["data"]["turns"] == [
        {"role": "user", "text": row["instruction"]},
        {"role": "assistant", "text": row["response"]},
    ]
    (rated, noted) = task["predictions"][0]["result"]
    assert (rated["from_name"], rated["to_name"], rated["type"], rated["value"]) == (
        "use",
        "turns",
        "rating",
        {"rating": 4},
    )
    assert noted["value"] == {"text": ["use: Names no time."]}
    assert task["annotations"] == []


def test_an_export_of_label_studio_is_read_with_its_users_and_its_oddities(tmp_path: Path) -> None:
    def chosen(word: str) -> dict[str, Any]:
        return {
            "from_name": "verdict",
            "to_name": "turns",
            "type": "choices",
            "value": {"choices": [word]},
            "origin": "manual",
        }

    data = {"row": "a", "content": "c1", "drawn": "overlap", "turns": []}
    by = [{"id": 3, "email": "ann@x.org"}, 10, None]
    annotations = [
        {"completed_by": who, "result": [chosen("accept")], "lead_time": 4.288, "updated_at": NOW} for who in by
    ]
    task = {
        "id": 1,
        "data": data,
        "annotations": [*annotations, {"completed_by": 4, "result": [], "was_cancelled": True}, None],
    }
    (tmp_path / "a.json").write_text(json.dumps([task, {"id": 2, "data": {}, "annotations": []}, {"id": 3}]))
    found = read(tmp_path / "a.json")
    assert [each.reviewer for each in found] == ["ann@x.org", "user 10", "eve", "user 4"]
    assert [each.verdict for each in found] == ["accept"] * 3 + ["skip"]
    assert found[0] == Verdict("a", "c1", "ann@x.org", NOW, "accept", drawn="overlap", seconds=4.288)


def test_what_is_taken_over_is_new_and_of_rows_that_there_are(tmp_path: Path) -> None:
    file = VerdictFile(tmp_path / "x.review.jsonl")
    told = take(SAID, ROWS, file)
    assert (told.new, told.known, told.gone, told.changed) == (5, 0, 0, 0)
    newer = replace(SAID[0], at="2026-01-01T12:00:00+01:00", verdict="accept", reason=None)  # 11 o'clock in UTC
    older = replace(SAID[0], at="2026-01-01T10:30:00+01:00", verdict="skip", reason=None)
    other = replace(SAID[0], content="another")
    told = take([*SAID, newer, older, other, replace(SAID[0], row="beef")], ROWS, file)
    assert (told.new, told.known, told.gone, told.changed) == (2, 6, 1, 1)
    assert file.read().of(*SAID[0].key)["ann"].verdict == "accept"


def test_a_verdict_that_names_no_text_is_of_the_one_that_the_row_has(tmp_path: Path) -> None:
    row = ROWS.candidates[0]
    file = VerdictFile(tmp_path / "x.review.jsonl")
    assert take([Verdict(row.id, "", "eve", NOW, "accept")], ROWS, file).new == 1
    assert file.read().of(row.id, row.content)["eve"].verdict == "accept"
