"""The exam: held before any row, bound to what is examined, told, and where the recipe says so the end of a build."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import StageError
from hfsft.pipeline import Watcher, forecast, preview, run
from hfsft.release.folder import lock
from hfsft.stages.base import ShownTable, Warn
from hfsft.stages.judging.exams.exam_result import Exam
from hfsft.stages.judging.judge import Judge
from tests.stages.judging.exams.judged_run import LEVELS, anchor, recipe
from tests.stages.judging.scripted_judge import ScriptedJudge, answer, last_answer, outside

pytestmark = pytest.mark.usefixtures("home")


def asked_about(judge: ScriptedJudge) -> list[str]:
    """The prompts that were sent, in their order."""
    return [str(request["messages"][0]["content"]) for request in judge.requests]


def exam_of(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "funnel.json").read_text())["figures"]["judge"]["exam"]["judge"]
    assert isinstance(found, dict)
    return found


def test_a_good_judge_passes_before_any_row_and_no_grading_is_paid_for_twice(tmp_path: Path) -> None:
    told: list[str | ShownTable] = []
    with ScriptedJudge() as judge:
        built, folder = run(recipe(judge), out=tmp_path, watcher=Watcher(on_told=told.append))
        # Four anchors, ten rows twice, and two rows more of which the exam saw nothing.
        assert len(judge.requests) == 4 + 20 + 2
        again, _ = run(recipe(judge), out=tmp_path)
        assert again.usage.calls == 0
    found = exam_of(folder)
    assert found["criteria"]["use"] == {
        "error": 0, "bias": 0, "rank": 1, "adjacent": 1, "consistency": 1, "entropy": 2, "commonest": 0.25,
        "right": 0.25, "unscored": 0,
    }  # fmt: skip
    assert (found["anchors"], found["twice"], found["broken"]) == (4, 10, {})
    line, table = told
    assert "graded 4 anchors" in str(line)
    assert isinstance(table, ShownTable)
    assert table.rows[0][0] == "use"
    assert table.rows[0][-1] == "passed"
    assert lock.read(folder)["exams"]["judge"]["judge"] == found
    assert "### The exam of the judge" in (folder / "README.md").read_text()
    assert "The judge, examined" in (folder / "report.html").read_text()
    assert not [note for note in built.notes if "is no judge" in note]


def test_an_anchor_is_not_shown_where_it_is_graded_and_the_second_time_is_another_request(tmp_path: Path) -> None:
    with ScriptedJudge() as judge:
        run(recipe(judge, rows=1), out=tmp_path)
    prompts = asked_about(judge)
    assert {prompt.count(answer(4, 904)) for prompt in prompts} == {1}, "shown, or graded, and never both"
    twice = [prompt for prompt in set(prompts) if prompts.count(prompt) == 2]
    assert len(twice) == 5, "four anchors and the one row"
    for prompt in twice:
        seeds = {request.get("seed") for request in judge.requests if request["messages"][0]["content"] == prompt}
        assert len(seeds) == 2
    assert all("worth" not in outside(prompt) for prompt in prompts)


@pytest.mark.parametrize(
    ("faults", "broken"),
    [
        ({"constant": 4}, ["rank", "commonest"]),
        ({"truth": lambda text, name: 6 - float(text.split("(worth ")[1][0])}, ["error", "rank"]),
        ({"bias": 3.0}, ["error", "bias"]),
        ({"noise": 2.5}, ["consistency"]),
        ({"unreadable": 1.0}, ["error", "bias", "rank", "consistency", "unscored"]),
    ],
    ids=["one score", "upside down", "too kind", "noisy", "silent"],
)
def test_a_bad_judge_ends_the_build_with_nothing_paid_for_but_the_exam(
    tmp_path: Path, faults: dict[str, Any], broken: list[str]
) -> None:
    bounds = {
        "error": {"at_most": 1}, "bias": {"at_most": 1, "at_least": -1}, "rank": {"at_least": 0.5},
        "consistency": {"at_least": 0.7}, "on_fail": "stop",
    }  # fmt: skip
    told: list[Any] = []
    with ScriptedJudge(**faults) as judge:
        with pytest.raises(StageError, match="the judge fails its exam, so that no row was asked for") as caught:
            run(recipe(judge, rows=30, exam=bounds), out=tmp_path, watcher=Watcher(on_told=told.append))
        assert len({last_answer(prompt) for prompt in asked_about(judge)}) == 4 + 10
        prompts = len(judge.requests)
        with pytest.raises(StageError):
            run(recipe(judge, rows=30, exam=bounds), out=tmp_path)
        assert len(judge.requests) == prompts, "a failed exam is known"
    table = next(each for each in told if isinstance(each, ShownTable))
    assert set(broken) <= set(table.rows[0][-1].removeprefix("fails: ").split(", "))
    assert "judge.exam" in str(caught.value)


def test_a_judge_of_one_score_is_told_to_be_none_and_the_build_goes_on(tmp_path: Path) -> None:
    told: list[Any] = []
    with ScriptedJudge(constant=4) as judge:
        built, folder = run(recipe(judge), out=tmp_path, watcher=Watcher(on_told=told.append))
    said = "`judge` is no judge of use: one score is 100% of what it gives the anchors"
    assert said in told
    assert isinstance(told[-1], Warn)
    assert [note for note in built.notes if note == said and isinstance(note, Warn)]
    assert "It did not pass" in (folder / "README.md").read_text()


@pytest.mark.parametrize("said", [False, None])
def test_without_anchors_or_where_the_recipe_says_so_there_is_no_exam(tmp_path: Path, said: bool | None) -> None:
    with ScriptedJudge() as judge:
        wanted = recipe(judge, exam=False) if said is False else recipe(judge, anchors=[])
        _, folder = run(wanted, out=tmp_path)
        assert len(judge.requests) == 12
    assert "exam" not in json.loads((folder / "funnel.json").read_text())["figures"]["judge"]
    assert "exams" not in lock.read(folder)


def test_the_exam_is_bound_to_rubric_anchors_and_model(tmp_path: Path) -> None:
    with ScriptedJudge() as judge:
        bare = exam_of(run(recipe(judge), out=tmp_path)[1])["of"]
        for change in (
            {"rubric": {"use": "Does it help at all?"}},
            {"anchors": [{**anchor(worth, use=worth), "why": "so"} for worth in LEVELS]},
            {"model": {"identity": "another"}},
        ):
            assert exam_of(run(recipe(judge, **change), out=tmp_path)[1])["of"] != bare, change
        moved = recipe(judge, rows=13, exam={"error": {"at_most": 2}})
        before = len(judge.requests)
        assert exam_of(run(moved, out=tmp_path)[1])["of"] == bare
        assert len(judge.requests) - before <= 3, "a row more, and its second grading where it is among the ten"


def test_a_plan_counts_the_exam_and_a_preview_holds_none(tmp_path: Path) -> None:
    with ScriptedJudge() as judge:
        calls = {each.step.name: len(each.missing.known) for each in forecast(recipe(judge)) if each.missing}
        assert calls == {"judge.exam": 4 + 20, "judge": 2}, "what the exam brings is asked for once"
        seen = preview(recipe(judge), 2)
        assert len(judge.requests) == 2
        assert not [step for step, _ in seen.steps if step.name.startswith("judge.exam")]
        # Of a failed exam a plan says so too, and of one that is not known yet nothing.
        forecast(recipe(judge, exam={"error": {"at_most": 0}, "on_fail": "stop"}))


QUESTIONS = ("Does it greet?", "Does it name a step?", "Does it name a time?", "Is it kind?")


@pytest.mark.parametrize(("faults", "commonest"), [({}, 0.25), ({"constant": 3.2}, 1.0)], ids=["a judge", "none"])
def test_a_checklist_by_probabilities_is_examined_on_shares(
    tmp_path: Path, faults: dict[str, Any], commonest: float
) -> None:
    """Probabilities that lie close together still tell one text from another: they count by tenths of the scale."""
    anchors = [anchor(worth, use=(worth - 1) / 4) for worth in LEVELS]
    section = {"rubric": {"use": {"checklist": list(QUESTIONS)}}, "per": "question", "score": "expected"}
    with ScriptedJudge(gives=("logprobs",), questions=QUESTIONS, **faults) as judge:
        _, folder = run(recipe(judge, rows=1, anchors=anchors, **section), out=tmp_path)
        assert len(judge.requests) == (4 * 2 + 2) * len(QUESTIONS)
    figures = exam_of(folder)["criteria"]["use"]
    assert figures["commonest"] == commonest
    assert figures["error"] < 0.1 or faults
    assert ("commonest" in exam_of(folder)["broken"].get("use", [])) == bool(faults)


def test_a_table_of_items_says_who_is_asked_about_what() -> None:
    """Rows of people that have no answer, and rows that models write, are in no exam."""
    from hfsft.rows.row import new_row
    from hfsft.stages.judging.exams.exam import items

    rows = [new_row("example", {"instruction": f"{n}?", "response": "Yes."}) for n in range(3)]
    rows += [new_row("seed", {"instruction": "And now?"}), new_row("evolved", {"instruction": "?", "response": "!"})]
    batch = {name: [row[name] for row in rows] for name in ("id", "origin", "dialect", "instruction", "response")}
    batch |= {"messages": [None] * len(rows)}
    anchors = Judge.model_validate(
        {"rubric": {"use": "?"}, "anchors": [anchor(worth, use=worth) for worth in LEVELS]}
    ).anchor_list
    made = items(batch, anchors, ["use"], {"a": "1", "b": "2"}, ["dialect", "instruction", "response"])
    assert len(made["id"]) == len(set(made["id"])) == 2 * (4 * 2 + 3 * 2)
    assert set(zip(made["judge"], made["examined"], strict=True)) == {("a", "1"), ("b", "2")}
    of_rows = [number is None for number in made["anchor"]]
    assert sum(of_rows) == 2 * 3 * 2
    assert {right is None for right, row in zip(made["right_use"], of_rows, strict=True) if row} == {True}
    assert [made["right_use"][n] for n in range(0, 8, 2)] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"exam": True}, "exam: is held on anchors, and there are none"),
        ({"exam": {"error": {"at_most": 1}}}, "exam: is held on anchors"),
        ({"control": 0.1}, "control: is held on anchors"),
        ({"exam": {"adjacent": {"at_least": 80}}}, "adjacent: is a share, from 0 to 1, and 80 is none"),
        ({"exam": {"rank": {"at_least": 1.5}}}, "rank: lies between -1 and 1, and 1.5 is none"),
    ],
)
def test_what_cannot_be_measured_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Judge.model_validate({"rubric": {"use": "?"}, **section})


def test_a_judge_whose_verdicts_can_hardly_be_read_is_told_so_and_not_that_its_one_score_is_for_all() -> None:
    from hfsft.stages.judging.exams.exam_figures import Levels, exam_figures
    from hfsft.stages.judging.exams.exam_result import Examined, wrong_with

    figures = exam_figures([(5, 5), (1, None), (3, None)], [], Levels(1, 5), [5, None, None])
    assert figures.commonest is None
    found = Examined("judge", "", 3, 0, {"use": figures}, {"use": Exam(commonest=None).broken(figures)})
    assert wrong_with(found, Exam(commonest=None)) == [
        "`judge` fails by use: rank cannot be told, not at_least 0; unscored 67%, not at_most 0.5"
    ]
    assert "no judge" not in str(
        wrong_with(Examined("j", "", 3, 0, {"use": figures}, {"use": Exam().broken(figures)}), Exam())
    )


def test_an_error_in_shares_is_told_on_the_scale_too_by_which_its_bound_goes(tmp_path: Path) -> None:
    rubric = {"use": "Does it help?", "full": {"checklist": ["Is it whole?", "Is it all?"]}}
    anchors = [anchor(worth, use=worth, full=1 - (worth - 1) / 4) for worth in LEVELS]
    with ScriptedJudge() as judge:
        built, _ = run(recipe(judge, rubric=rubric, anchors=anchors, exam={"error": {"at_most": 1}}), out=tmp_path)
    (said,) = [note for note in built.notes if "`judge` fails by full" in note]
    assert re.search(r"error 0\.\d\d \([123]\.\d\d on the scale\), not at_most 1", said), said


def test_the_commonest_score_of_right_scores_that_are_mostly_one_is_no_fault() -> None:
    from hfsft.stages.judging.exams.exam_figures import Levels, exam_figures

    graded: list[tuple[float, float | None]] = [(5, 5)] * 19 + [(1, 1)]
    figures = exam_figures(graded, [], Levels(1, 5))
    assert figures.commonest == 0.95
    assert Exam().broken(figures) == []
    assert Exam().broken(figures._replace(commonest=1.0)) == ["commonest"]
