"""Label: named choices, several by one call, each as early as what it looks at is final, and never a guess."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import AnswerError, RecipeError, StageError
from hfsft.models.model import Answer, TokenProbability
from hfsft.pipeline import run, validate
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.columns.label import Label
from tests.models.server import LLM, Body, said_to
from tests.stages.helpers import CONTEXT, converse, row

QUALITY = ["poor", "fair", "good", "very good"]


def label(**labels: Any) -> Label:
    return Label.model_validate(labels or {"quality": QUALITY})


def ask(section: Label, **texts: Any) -> Any:
    (step,) = section.steps(CONTEXT)
    return step.function(row(**{"response": "Tomorrow.", **texts}))


def one(answer: str, **labels: Any) -> dict[str, Any]:
    return converse(ask(label(**labels)), [answer, answer])[1]


@pytest.mark.parametrize(
    "answer",
    [
        '{"quality": "very good"}',
        '{"Quality": "Very Good"}',
        '{"quality": "VERY_GOOD"}',
        "Sure!\n```json\n{'quality': 'very-good',}\n```",
        "Quality: **Very good**",
        "Very good.",
    ],
)
def test_a_choice_is_read_in_any_case_and_kept_as_it_is_written(answer: str) -> None:
    assert one(answer) == {"quality": "very good", "unlabelled_conversation": None}


@pytest.mark.parametrize(
    "answer", ['{"quality": "great"}', '{"quality": ["good", "fair"]}', "It is good or fair.", "{}"]
)
def test_what_is_no_choice_is_no_label_and_says_why(answer: str) -> None:
    columns = one(answer)
    assert columns["quality"] is None
    assert columns["unlabelled_conversation"]


def test_several_labels_are_one_call_and_those_that_can_be_read_stay() -> None:
    section = label(
        quality=QUALITY, tone={"choices": {"calm": "no haste", "angry": "shouts"}, "about": "How is it said?"}
    )
    requests, columns = converse(ask(section), ['{"quality": "good", "tone": "CALM"}'])
    assert len(requests) == 1
    assert columns == {"quality": "good", "tone": "calm", "unlabelled_conversation": None}
    text = requests[0].messages[0]["content"]
    for part in ("tone: How is it said?", "- angry: shouts", "- very good", "Where is my parcel?", "Tomorrow."):
        assert part in text
    requests, columns = converse(ask(section), ['{"quality": "good", "tone": "sad"}'] * 2)
    assert len(requests) == 2
    assert (columns["quality"], columns["tone"]) == ("good", None)
    assert "tone must be one of" in columns["unlabelled_conversation"]


def test_a_server_that_fails_is_the_rows_failure() -> None:
    with pytest.raises(AnswerError, match="timeout"):
        converse(ask(label()), [AnswerError("timeout")])
    assert converse(ask(label()), [AnswerError("length")])[1]["quality"] is None


def test_a_row_that_says_nothing_there_is_not_asked_about() -> None:
    requests, columns = converse(ask(label(topic={"column": "context", "choices": ["a", "b"]}), topic="c"), [])
    assert (requests, columns["topic"], columns["unlabelled_context"]) == ([], "c", None)


def test_confidence_is_the_share_of_the_choice_among_the_choices() -> None:
    turns = ask(label(quality=QUALITY, confidence=True))
    request = next(turns)
    assert request.logprobs
    places = [TokenProbability(text, 0.0) for text in ('{"', "quality", '":', ' "')]
    places += [TokenProbability("good", -0.7, (("good", -0.693147), ("fair", -1.386294), ("x", -1.386294)))]
    with pytest.raises(StopIteration) as stop:
        turns.send(Answer('{"quality": "good"}', logprobs=tuple(places)))
    assert stop.value.value["confidence_quality"] == pytest.approx(2 / 3, abs=1e-6)
    assert (
        converse(ask(label(quality=QUALITY, confidence=True)), ['{"quality": "good"}'])[1]["confidence_quality"] is None
    )


THINGS = ("parcel", "refund", "invoice", "coupon", "battery", "courier")


def reply(body: Body) -> str:
    said = said_to(body)
    if "You sort texts" in said:
        return json.dumps({"difficulty": "hard" if "refund" in said or "courier" in said else "easy"})
    if "You sort" in said:
        return json.dumps({"quality": "good" if "refund" in said else "poor"})
    return f"We look into it: {said}"


def recipe(llm: LLM | None, **changes: Any) -> dict[str, Any]:
    return {
        "name": "desk",
        "models": {"writer": {"model": "org/w", "base_url": llm.url if llm else "http://localhost:9/v1"}},
        "seeds": [{"prompts": [f"My {thing} is gone." for thing in THINGS]}],
        "label": {"quality": ["poor", "good"], "difficulty": {"column": "instruction", "choices": ["easy", "hard"]}},
        "filters": [
            {"one_of": {"column": "difficulty", "values": ["hard"]}},
            {"one_of": {"column": "quality", "values": ["good"]}},
        ],
        "split": {"validation": 0},
        **changes,
    }


def test_a_label_of_the_instruction_saves_the_answer_and_its_shares_are_told(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        built, folder = run(recipe(llm), out=tmp_path / "build")
        kinds = Counter("label" if "You sort" in said_to(body) else "answer" for body in llm.requests)
        assert kinds == {"label": 6 + 2, "answer": 2}
        assert [line.step for line in built.ledger.funnel if line.calls] == [
            "label[instruction]", "generate", "label[conversation]",
        ]  # fmt: skip
        before = len(llm.requests)
        run(recipe(llm, filters=[{"one_of": {"column": "difficulty", "values": ["easy"]}}]), out=tmp_path / "build")
        assert {said_to(body)[:8] for body in llm.requests[before:]} == {
            "My parce",
            "My invoi",
            "My coupo",
            "My batte",
            "You sort",
        }
    entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert len(entries) == 6
    told = [cause.reason for cause in built.causes]
    assert told == ["one_of difficulty: must be one of hard, is easy", "one_of quality: must be one of good, is poor"]


def test_a_label_called_topic_is_what_answers_are_told_apart_by(tmp_path: Path, home: Path) -> None:
    def sorted_by_topic(body: Body) -> str:
        said = said_to(body)
        return json.dumps({"topic": "money" if "refund" in said else "goods"}) if "You sort" in said else "We look."

    with LLM(reply=sorted_by_topic) as llm:
        label = {"topic": {"column": "instruction", "choices": ["money", "goods"]}}
        systems = {"default": "You are the desk.", "money": "You are the cashier."}
        data = recipe(llm, label=label, generate={"system": systems}, filters=[])
        built, folder = run(data, out=tmp_path / "build")
        wrong = recipe(llm, label=label, generate={"system": {**systems, "mony": "?"}}, filters=[])
        with pytest.raises(RecipeError, match=r"no row has the topic `mony` \(did you mean `money`"):
            validate(wrong)
    told = dict(zip(built.rows["topic"][:], built.rows["system"][:], strict=True))
    assert told == {"money": "You are the cashier.", "goods": "You are the desk."}
    assert built.rows["first_topic"][:] == [None] * 6
    assert (folder / "README.md").read_text().count("| goods | 5 |") == 1


def test_the_report_counts_what_stayed_and_what_fell(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        _, folder = run(recipe(llm), out=tmp_path / "build")
    page, card = (folder / "report.html").read_text(), (folder / "README.md").read_text()
    cell = '<td dir="auto"><code>{}</code></td><td class="number">{}</td><td class="number">{}</td></tr>'
    for choice, kept, fell in (("easy", 0, 4), ("hard", 1, 1), ("poor", 0, 1), ("good", 1, 0)):
        assert cell.format(choice, kept, fell) in page
    assert "| hard | 1 |" in card
    assert 'id="topics"' not in page, "what a panel counts is counted once"


def order(**changes: Any) -> list[str]:
    plan = compile_recipe(load_recipe(recipe(None, **changes)), weights=False)
    return [step.name for step in plan.steps if step.asks or step.name.startswith("filters")]


def test_a_label_stands_where_what_it_looks_at_is_final() -> None:
    evolved = {"evolve": {"templates": ["deepen"], "eliminate": False}, "filters": []}
    assert order(**evolved) == ["evolve[1]", "label[instruction]", "generate", "label[conversation]"]
    write = [{"column": "case", "template": "Invent: {{ instruction }}"}]
    looked = {"label": {"x": {"column": "case", "choices": ["a", "b"]}}, "filters": []}
    assert order(write=write, **looked) == ["write[case]", "label[case]", "generate"]
    write = [{"column": "instruction", "template": "Shorten: {{ instruction }}"}]
    assert order(write=write, filters=[])[:2] == ["write[instruction]", "label[instruction]"]
    several = order(
        judge={}, generate={"samples": {"count": 2, "keep": "best"}}, refine={"when": {"mean": {"at_most": 3}}}
    )
    assert several[-3:] == ["refine[1].judge", "label[conversation]", "filters[one_of quality]"]
    judged = order(judge={}, filters=[])
    assert judged == ["label[instruction]", "generate", "label[conversation]", "judge"]


def test_a_build_stops_where_most_rows_get_no_label(tmp_path: Path, home: Path) -> None:
    with LLM(reply=lambda body: "Who knows.") as llm:
        prompts = [f"My {thing} number {n} is gone." for thing in THINGS for n in range(10)]
        data = recipe(llm, seeds=[{"prompts": prompts}], filters=[])
        with pytest.raises(StageError, match=r"rows got no label.*label\.unlabelled_at_most"):
            run(data, out=tmp_path / "build")
        built, _ = run(data, overrides=["label.unlabelled_at_most=1"], out=tmp_path / "build")
    assert set(built.rows["difficulty"][:]) == {None}
    assert any(note.startswith("60 of 60 rows have no label quality: ") for note in built.notes)


def test_a_label_that_tells_nothing_apart_is_told(tmp_path: Path, home: Path) -> None:
    with LLM(reply=lambda body: '{"quality": "good"}') as llm:
        data = recipe(
            llm, seeds=[{"prompts": [f"My {thing} is gone{end}" for thing in THINGS for end in (".", " too.")]}]
        )
        built, _ = run({**data, "label": {"quality": ["poor", "good"]}, "filters": []}, out=tmp_path / "build")
    assert any(note.startswith("the label quality hardly tells rows apart: 100%") for note in built.notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": {}}, "label names no label (as in quality: [poor, fair, good])"),
        ({"label": {"quality": ["good"]}}, "label.quality must have at least 2 items"),
        ({"label": {"quality": ["good", "Good"]}}, "`good` and `Good` are one choice"),
        ({"label": {"Quality": ["a", "b"]}}, "label: `Quality` cannot name a label"),
        ({"label": {"score_x": ["a", "b"]}}, "label: `score_x` begins with score_"),
        ({"label": {"response": ["a", "b"]}}, "label: `response` is a column of hfsft's own"),
        ({"label": {"quality": {"column": "contxt", "choices": ["a", "b"]}}}, "did you mean `context`?"),
        ({"label": {"quality": ["a", "b"], "modle": "writer"}}, "label.modle"),
        ({"label": {"quality": ["a", "b"], "template": "{{ labelz }}"}}, "did you mean `labels`?"),
        ({"label": {"quality": ["a", "b"], "model": "jugde"}}, "label asks a model `jugde`"),
        (
            {"filters": [{"one_of": {"column": "quality", "values": ["goood"]}}]},
            "is never `goood` (did you mean `good`?",
        ),
        ({"filters": [{"one_of": {"column": "qality", "values": ["good"]}}]}, "did you mean `quality`?"),
        ({"filters": [{"one_of": {"column": "quality"}}]}, "values"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe(None, **{"filters": [], **changes})))
    with pytest.raises(RecipeError) as raised:
        validate(tmp_path / "recipe.yaml")
    assert message in str(raised.value)


READS = "{{ difficulty }}: {{ instruction }}"


def test_a_label_that_is_there_by_then_is_read_by_what_writes(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        more: dict[str, Any] = {
            "generate": {"template": READS},
            "write": [{"column": "note", "template": READS, "when": "difficulty == 'hard'"}],
            "converse": {"share": 1, "turns": 2, "user": [f"{READS} {{{{ note }}}}"]},
            "filters": [],
        }
        built, _ = run(recipe(llm, **more), out=tmp_path / "build")
        asked = [said_to(body) for body in llm.requests]
    assert asked.count("hard: My refund is gone.") == 2, "for the note, and for the answer"
    assert asked.count("easy: My coupon is gone.") == 1
    notes = dict(zip(built.rows["difficulty"][:], built.rows["note"][:], strict=True))
    assert notes["easy"] is None
    assert notes["hard"].startswith("We look into it: hard")
    assert order(**more)[:3] == ["label[instruction]", "write[note]", "generate"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generate": {"template": "{{ quality }}?"}}, "uses `quality`, which label writes behind it"),
        ({"write": [{"column": "note", "template": "{{ quality }}?"}]}, "uses `quality`, which label writes behind it"),
        (
            {"write": [{"column": "note", "template": "x", "when": "quality == 'good'"}]},
            "`when` reads `quality`, which label writes behind it",
        ),
        (
            {"write": [{"column": "instruction", "template": READS}]},
            "uses `difficulty`, which label writes behind it (it comes earlier where it looks at what is final by then",
        ),
        ({"evolve": {"templates": [READS]}}, "uses `difficulty`, which label writes behind it"),
        ({"judge": {}, "generate": {"template": "{{ score_mean }}"}}, "which judge writes behind it"),
        (
            {"write": [{"column": "a", "template": "{{ b }}"}, {"column": "b", "template": "{{ a }}"}]},
            "uses `b`, which write[1] writes behind it",
        ),
    ],
)
def test_a_column_that_only_comes_later_is_told_as_that(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        validate(recipe(None, **{"filters": [], **changes}))
    assert message in str(error.value)
