"""Refine: an answer that was scored low is written anew, judged again, and replaced only by a better one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import AnswerError, RecipeError
from hfsft.pipeline import forecast, run, validate
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.release.reader import open_release
from hfsft.release.rows.history import row_history
from hfsft.release.rows.records import BuildRows
from hfsft.stages.base import Judging
from hfsft.stages.judging.judge import Judge
from hfsft.stages.refining.refine import Refine
from tests.models.server import LLM, Body, said_to
from tests.stages.helpers import CONTEXT, converse, row

JUDGE = Judge(rubric={"use": "Does it help?", "tone": "Is it calm?"})
JUDGED = replace(CONTEXT, judge=Judging(JUDGE.writes(), lambda: JUDGE.steps(CONTEXT)[0]))
LOW = {
    "score_use": 2.0, "reason_use": "no step", "score_tone": 5.0, "reason_tone": "calm", "score_mean": 3.5,
    "score_min": 2.0, "unscored": None,
}  # fmt: skip
TURNS = [
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": "Wait."},
]


def refine(**more: Any) -> Refine:
    return Refine.model_validate({"when": {"use": {"at_most": 3}}, **more})


def verdict(use: int, tone: int = 5) -> str:
    return json.dumps({"use": {"reason": "r", "score": use}, "tone": {"reason": "t", "score": tone}})


def refined(section: Refine, texts: dict[str, Any], *answers: str | Exception) -> tuple[list[Any], dict[str, Any]]:
    """The requests of all rounds, and the row behind the last of them."""
    here = {**row(**{"response": "Wait.", **texts}), **LOW}
    left, asked = list(answers), []
    for step in section.steps(JUDGED):
        given = {name: here.get(name) for name in step.given(here, "id")}
        if step.asks:
            requests, columns = converse(step.function(given), left)
            asked += requests
            left = left[len(requests) :]
        else:
            columns = {name: cells[0] for name, cells in step.function({n: [v] for n, v in given.items()}).items()}
        here |= columns
    assert not left, "each answer was asked for"
    return asked, here


def test_a_better_answer_stays_with_its_scores_and_what_was_before_beside_it() -> None:
    (write, judge), after = refined(refine(), {}, " Send us the order number. ", verdict(5))
    said = write.messages[0]["content"]
    for part in (
        "use (Does it help?): 2, because:\n| no step\n",
        "[user]\n| Where is my parcel?",
        "Wait.",
        "from 1 (worst) to 5",
    ):
        assert part in said
    assert "[assistant]" not in said
    assert "Send us the order number." in judge.messages[0]["content"]
    assert "Wait." not in judge.messages[0]["content"]
    assert (after["response"], after["first_response"]) == ("Send us the order number.", "Wait.")
    assert (after["score_use"], after["first_score_use"], after["refined_score_use"]) == (5.0, 2.0, 5.0)
    assert (after["refined"], after["refined_gain"]) == ("better", 1.5)


@pytest.mark.parametrize(
    ("more", "answers", "became"),
    [
        ({}, ["New.", verdict(2)], "not better"),
        ({}, ["New.", verdict(1)], "not better"),
        ({"margin": 1}, ["New.", verdict(3)], "not better"),
        ({"margin": 0.5}, ["New.", verdict(3)], "better"),
        ({}, ["New.", "Who knows.", "Who knows."], "unscored"),
        ({}, ["Wait."], "no new text"),
        ({"rounds": 2}, ["B.", verdict(2), AnswerError("length")], "no new text"),
        ({}, [AnswerError("length")], "no new text"),
    ],
)
def test_what_is_not_better_leaves_the_row_as_it_is(more: dict[str, Any], answers: list[Any], became: str) -> None:
    _, after = refined(refine(**more), {}, *answers)
    assert after["refined"] == became
    if became != "better":
        assert {name: after[name] for name in LOW} == LOW
        assert (after["response"], after["first_response"], after["refined_gain"]) == ("Wait.", None, None)


@pytest.mark.parametrize(
    ("more", "texts"),
    [
        ({"when": {"use": {"at_most": 1}}}, {}),
        ({"when": {"use": {"at_most": 3}, "tone": {"at_most": 3}}}, {}),
        ({}, {"reasoning": "Hm."}),
        ({}, {"response": "<think>Hm.</think>Wait.", "dialect": "think"}),
        ({}, {"messages": [*TURNS[:-1], {**TURNS[-1], "tool_calls": [{"name": "find", "arguments": "{}"}]}]}),
    ],
)
def test_rows_that_are_not_asked_about(more: dict[str, Any], texts: dict[str, Any]) -> None:
    asked, after = refined(refine(**more), texts)
    assert (asked, after["refined"], after["first_response"]) == ([], None, None)


def test_a_server_that_fails_is_the_rows_failure() -> None:
    with pytest.raises(AnswerError, match="timeout"):
        refined(refine(), {}, AnswerError("timeout"))


def test_the_last_of_several_turns_is_written_anew() -> None:
    (write, _), after = refined(
        refine(), {"messages": TURNS}, "Here is the improved answer:\n\nAt the depot.", verdict(5)
    )
    assert (
        "[assistant]\n| Hello.\n[user]\n| Where is it?\n[the answer to improve]\n| Wait."
        in write.messages[0]["content"]
    )
    assert [turn["content"] for turn in after["messages"]] == ["Hi.", "Hello.", "Where is it?", "At the depot."]
    assert after["response"] == "At the depot."
    assert after["first_messages"] == TURNS


def test_rounds_go_on_while_the_scores_are_low() -> None:
    asked, after = refined(refine(rounds=3), {}, "B.", verdict(3), "C.", verdict(5))
    assert len(asked) == 4
    assert "B." in asked[2].messages[0]["content"]
    assert (after["response"], after["first_response"]) == ("C.", "Wait.")
    assert (after["first_score_use"], after["score_use"], after["refined_gain"]) == (2.0, 5.0, 1.5)
    asked, after = refined(refine(rounds=2), {}, "B.", verdict(3), "C.", verdict(1))
    assert (after["response"], after["refined"], after["refined_gain"]) == ("B.", "better", 0.5)
    assert asked[0].seed != asked[2].seed


THINGS = ("parcel", "refund", "coupon", "battery", "courier")


def reply(body: Body) -> str:
    said = said_to(body)
    if body["model"] == "org/judge":
        use = 5 if "NEW" in said else 1 if "WORSE" in said else 2 if any(thing in said for thing in THINGS[:3]) else 4
        return verdict(use)
    if said.startswith("You improve"):
        return "WORSE." if "coupon" in said else "NEW: please send us the number of your order, and we will find it."
    return f"We look: {said}"


def recipe(llm: LLM | None, **changes: Any) -> dict[str, Any]:
    url = llm.url if llm else "http://localhost:9/v1"
    return {
        "name": "desk",
        "models": {name: {"model": f"org/{name}", "base_url": url} for name in ("writer", "judge")},
        "seeds": [{"prompts": [f"My {thing} is gone." for thing in THINGS]}],
        "judge": {"rubric": {"use": "Does it help?", "tone": "Is it calm?"}},
        "refine": {"when": {"use": {"at_most": 3}}},
        "filters": [{"tokens": {"at_most": 6}}],
        "split": {"validation": 0},
        **changes,
    }


def test_a_build_keeps_the_better_answers_with_what_was_before_in_the_provenance(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        data = recipe(llm, filters=[])
        found = {each.step.name: each.missing for each in forecast(data) if each.missing}
        planned = {name: len(missing.known) + missing.unknown for name, missing in found.items()}
        assert planned == {"generate": 5, "judge": 5, "refine[1]": 5, "refine[1].judge": 5}, "at most"
        assert not llm.requests
        built, folder = run(data, out=tmp_path / "build")
        assert Counter(body["model"] for body in llm.requests) == {"org/writer": 5 + 3, "org/judge": 5 + 3}
        before = len(llm.requests)
        run(recipe(llm, filters=[], refine={"when": {"use": {"at_most": 3}}, "margin": 2}), out=tmp_path / "other")
        assert len(llm.requests) == before, "another margin asks nobody"
    assert Counter(built.rows["refined"][:]) == {"better": 2, "not better": 1, None: 2}
    card = (folder / "README.md").read_text()
    assert "| 3 | 2 | 1 | 0 | 0 | 0 | 1.50 |" in card
    assert "written anew" in (folder / "report.html").read_text()
    rows = BuildRows(open_release(str(folder)))
    better = next(each for each in rows if each.row.get("refined") == "better")
    told = row_history(rows, better.id).exchanges
    assert [each.stage for each in told] == ["generate", "judge", "refine[1]", "refine[1].judge"]
    assert all(each.answer is not None for each in told)


def test_a_new_answer_that_a_filter_is_against_is_not_judged_and_the_row_keeps_its_own(
    tmp_path: Path, home: Path
) -> None:
    with LLM(reply=reply) as llm:
        built, _ = run(recipe(llm), out=tmp_path / "build")
        assert Counter(body["model"] for body in llm.requests) == {"org/writer": 5 + 3, "org/judge": 5 + 1}
    assert Counter(built.rows["refined"][:]) == {"against a filter": 2, "not better": 1, None: 2}
    assert set(built.rows["refined_fault"][:]) == {None, "tokens is 14, not at_most 6"}
    assert {text.split()[0] for text in built.rows["response"][:]} == {"We"}


def test_filters_that_read_the_response_or_a_score_run_behind_it() -> None:
    asked = {"tokens": {"column": "instruction", "at_least": 1}}
    rules = [{"tokens": {"at_least": 1}}, {"score": {"mean": {"at_least": 3}}}, asked]
    examples = [{"rows": [{"instruction": "A?", "response": "B."}]}]
    more = [*rules, {"near_duplicate": {"column": "instruction", "at_most": 0.9}}]
    for changes in ({"filters": rules}, {"filters": more, "examples": examples}):
        plan = compile_recipe(load_recipe(recipe(None, **changes)), weights=False)
        names = [step.name for step in plan.steps]
        kept = names.index("refine[1].keep")
        assert names.index("filters[tokens instruction].measure") < names.index("generate")
        behind = [name for name in names if name.startswith(("filters[tokens response", "filters[score"))]
        assert all(names.index(name) > kept for name in behind)
        assert not [name for name in names if "given" in name]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"judge": None}, "refine needs the judge's scores (add a judge section)"),
        ({"refine": {"when": {"us": {"at_most": 3}}}}, "no criterion is called `us` (did you mean `use`?"),
        ({"refine": {"when": {"use": {"at_most": 0}}}}, "refine.when.use holds for no row: scores go from 1 to 5"),
        ({"refine": {"when": {}}}, "refine.when"),
        ({"refine": {"when": {"use": {"at_most": 3}}, "template": "{{ answr }}"}}, "the template uses `answr`"),
        ({"refine": {"when": {"use": {"at_most": 3}}, "template": "polsh"}}, "did you mean `polish`?"),
        ({"refine": {"when": {"use": {"at_most": 3}}, "model": "writr"}}, "refine asks a model `writr`"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    data = {name: value for name, value in recipe(None, **changes).items() if value is not None}
    (tmp_path / "recipe.yaml").write_text(json.dumps(data))
    with pytest.raises(RecipeError) as raised:
        validate(tmp_path / "recipe.yaml")
    assert message in str(raised.value)
