"""Seeds that models write, from the recipe to the rows: one build of all kinds, and what keeps one from starting."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hfsft import pipeline
from hfsft.cli import main
from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.recipe.sources import given_of
from hfsft.release.by_source import by_source
from hfsft.stages.base import Outcome
from hfsft.stages.writing.self_instruct import SelfInstruct
from tests.models.server import LLM, digest, said_to
from tests.stages.writing.writer import Writer

PEOPLES = ["How do I return a lamp?", "Do you ship to islands?", "Is the red kettle back?", "Can I pay by invoice?"]
SEEDS: list[dict[str, Any]] = [
    {"prompts": PEOPLES, "topic": "shop"},
    {"path": "kept.jsonl", "prompt": "text", "keep": ["tone"]},
    {"from": "attributes", "count": 20},
    {
        "from": "personas",
        "count": 6,
        "personas": ["a nurse", "a sailor", "a pupil"],
        "templates": ["As {{ persona }}: {{ persona }}?"],
    },
    {"from": "self_instruct", "count": 12, "rounds": 3},
    {"from": "topics", "count": 8, "depth": 2, "breadth": 2},
    {"from": "magpie", "count": 5, "prefix": "<|user|>", "stop": ["<|end|>"]},
]


def recipe(llm: LLM, **more: Any) -> dict[str, Any]:
    return {
        "name": "shop",
        "description": "a shop",
        "models": {"writer": {"model": "m", "base_url": llm.url}},
        "attributes": {"tone": {"casual": 3, "formal": 1}, "intent": ["ask", "complain"]},
        "seeds": SEEDS,
        "filters": ["exact_duplicate"],
        **more,
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path, Writer]]:
    folder = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch, Writer() as llm:
        patch.setattr("huggingface_hub.constants.HF_HOME", str(folder / "hf"))
        (folder / "kept.jsonl").write_text('{"text": "Where is it, sir?", "tone": "formal"}\n')
        (folder / "shop.yaml").write_text(json.dumps(recipe(llm)))
        found, where = pipeline.run(folder / "shop.yaml", out=folder / "build")
        yield found, where, llm


def rows_of(built: Any) -> list[dict[str, Any]]:
    return [row for rows, _ in built.all_rows() for row in rows.to_list()]


def test_each_source_brings_its_rows_and_all_are_told_from_peoples(built: Any) -> None:
    rows = rows_of(built[0])
    assert Counter(row["written_by"] for row in rows) == {
        None: 5, "attributes": 20, "personas": 6, "self_instruct": 12, "topics": 8, "magpie": 5,
    }  # fmt: skip
    assert all((row["origin"] == "written") == (row["written_by"] is not None) for row in rows)
    assert all(row["wave"] == 1 and row["round"] == 0 and row["seed_id"] == row["id"] for row in rows)
    slots = defaultdict(list)
    for row in rows:
        slots[row["written_by"]].append(row["slot"])
    assert slots.pop(None) == [None] * 5
    assert all(sorted(found) == list(range(len(found))) for found in slots.values())
    assert sum(each.taken for each in by_source(built[0])) == len(rows)


def test_attributes_are_columns_that_meet_their_weights_and_peoples_rows_have_them_where_kept(built: Any) -> None:
    rows = [row for row in rows_of(built[0]) if row["written_by"] == "attributes"]
    assert Counter(row["tone"] for row in rows) == {"casual": 15, "formal": 5}
    assert Counter(row["intent"] for row in rows) == {"ask": 10, "complain": 10}
    assert all(f"tone {row['tone']}" in row["instruction"] and row["intent"] in row["instruction"] for row in rows)
    (kept,) = [row for row in rows_of(built[0]) if row["instruction"] == "Where is it, sir?"]
    assert (kept["tone"], kept["intent"], kept["origin"]) == ("formal", None, "seed")
    columns = built[0].plan.columns()
    assert columns["tone"].role == "attribute"
    assert columns["written_by"].role == "lineage"


def test_personas_take_turns_and_a_template_that_reads_no_attribute_gives_none(built: Any) -> None:
    rows = [row for row in rows_of(built[0]) if row["written_by"] == "personas"]
    assert Counter(row["persona"] for row in rows) == {"a nurse": 2, "a sailor": 2, "a pupil": 2}
    assert all(row["tone"] is None and row["template"].startswith("inline-") for row in rows)


def test_self_instruct_shows_people_and_earlier_rounds_and_keeps_what_is_new(built: Any) -> None:
    rows = {row["id"]: row for row in rows_of(built[0])}
    written = [row for row in rows.values() if row["written_by"] == "self_instruct"]
    for row in written:
        shown = [rows[each] for each in row["demonstrations"]]
        turns = [1 + each["slot"] % 3 for each in shown if each["origin"] == "written"]
        assert all(turn < 1 + row["slot"] % 3 for turn in turns)
        assert len(turns) <= 3
        assert {each["origin"] for each in shown} <= {"seed", "written"}
    assert any(len(row["demonstrations"]) > 5 for row in written)
    told = {(each.stage, each.rule) for each in built[0].ledger.removals if each.stage.startswith("seeds[4]")}
    assert ("seeds[4][1].fault", "unchanged") in told or ("seeds[4][2].novelty", "novelty") in told
    kept = [row for row in written if row.get("novelty") is not None]
    assert kept
    assert all(row["novelty_of"] in rows for row in kept)
    assert not any(row["instruction"].startswith("3. ") for row in written)


def test_topics_grow_by_one_question_a_node_and_rows_spread_evenly(built: Any) -> None:
    rows = [row for row in rows_of(built[0]) if row["written_by"] == "topics"]
    ways = Counter(tuple(row["topic_path"]) for row in rows)
    assert list(ways.values()) == [2] * 4
    assert all(row["topic"] == row["topic_path"][0] for row in rows)
    asked = [body for body in built[2].requests if body["messages"][-1]["content"].startswith("Divide")]
    assert len(asked) == 3


def test_magpie_sends_the_raw_prefix_and_stops_at_the_mark(built: Any) -> None:
    rows = [row for row in rows_of(built[0]) if row["written_by"] == "magpie"]
    raw = built[2].raw
    assert len(raw) == len(rows) == 5
    assert {(body["prompt"], tuple(body["stop"])) for body in raw} == {("<|user|>", ("<|end|>",))}
    assert all("messages" not in body for body in raw)
    assert len({row["instruction"] for row in rows}) == 5
    assert all(row["instruction"] == row["instruction"].strip() and row["tone"] is None for row in rows)


def test_card_and_report_show_how_attributes_are_covered(built: Any) -> None:
    card, report = ((built[1] / name).read_text() for name in ("README.md", "report.html"))
    assert "| tone | casual | 30 |" in card
    assert "no source: models wrote them" in card
    assert "tone \u00d7 intent" in report
    assert 'aria-label="tone"' not in report, "an attribute is counted once"
    assert all(f'aria-label="{name}"' in report for name in ("topic", "persona")), "nobody else counts these"


def test_the_same_build_again_asks_nothing(built: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, where, llm = built
    folder = where.parent.parent
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(folder / "hf"))
    before = len(llm.requests), len(llm.raw)
    again, _ = pipeline.run(folder / "shop.yaml", out=folder / "again")
    assert (len(llm.requests), len(llm.raw)) == before
    assert sorted(row["id"] for row in rows_of(again)) == sorted(row["id"] for row in rows_of(built[0]))


def test_a_server_without_raw_completions_is_told_before_anything_is_paid(llm: LLM, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(json.dumps(recipe(llm, seeds=[SEEDS[2], SEEDS[6]])))
    with pytest.raises(RecipeError, match=r"models.writer: .* has no /v1/completions"):
        pipeline.run(path, out=tmp_path / "build")
    assert llm.requests == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (405, "Method Not Allowed"),
        (400, "This model does not support the completions endpoint."),
        (400, "org/m is a chat model: use v1/chat/completions instead"),
        (422, "This model only supports chat."),
    ],
)
def test_so_is_one_that_has_them_for_other_models(home: Path, tmp_path: Path, status: int, said: str) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"error": {"message": said}}, status=status)

    class Chats(LLM):
        def routes(self, app: web.Application) -> None:
            super().routes(app)
            app.router.add_post("/v1/completions", refuse)

    path = tmp_path / "shop.yaml"
    with Chats() as llm:
        path.write_text(json.dumps(recipe(llm, seeds=[SEEDS[6]])))
        with pytest.raises(RecipeError, match=r"models.writer: .* has no /v1/completions"):
            pipeline.run(path, out=tmp_path / "build")


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([{"from": "attributes"}], r"seeds\[0\] needs `count`"),
        ([{"from": "atributes", "count": 1}], "did you mean `attributes`"),
        ([{"from": "attributes", "count": 1, "templates": ["Write one."]}], "reads no attribute"),
        ([{"from": "attributes", "count": 1, "templates": ["{{ tonne }}"]}], "did you mean `tone`"),
        ([{"from": "attributes", "count": 1, "templates": [{"a": 1, "b": 2}]}], "one key"),
        ([{"from": "personas", "count": 1}], "needs `personas` or `path`"),
        ([{"from": "personas", "count": 1, "path": "none.txt"}], "none.txt: no such file"),
        ([{"from": "self_instruct", "count": 1}], "needs prompts of people"),
        ([{"from": "topics", "count": 1, "depth": 5, "breadth": 50}], "topics: at most 20,000"),
        ([{"from": "topics", "count": 1, "tree": ["a", "a"]}], "`a` stands there twice"),
        ([{"from": "magpie", "count": 1}], "does not say how it begins a user's turn"),
        ([{"from": "magpie", "count": 1, "templates": ["x"]}], "the model is shown none"),
        ([{"from": "magpie", "count": 1, "prefix": "a", "system": "b"}], "stands in place of"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(seeds: list[Any], said: str, llm: LLM, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(json.dumps(recipe(llm, seeds=seeds), indent=1))
    with pytest.raises(RecipeError, match=said) as raised:
        pipeline.forecast(path)
    assert all(problem.place.line > 1 for problem in raised.value.problems)
    assert llm.requests == []


def test_an_attribute_may_not_be_called_like_what_a_source_writes_itself(llm: LLM) -> None:
    attributes, seeds = {"topic": ["a"], "persona": ["b"]}, [SEEDS[3], SEEDS[5]]
    with pytest.raises(RecipeError) as raised:
        compile_recipe(load_recipe(recipe(llm, seeds=seeds, attributes=attributes)), weights=False)
    assert [problem.message for problem in raised.value.problems] == [
        "from: personas writes `persona` itself, and an attribute is called so",
        "from: topics writes `topic` itself, and an attribute is called so",
    ]


def test_ids_hang_on_no_other_source_and_on_no_count(llm: LLM, tmp_path: Path) -> None:
    def ids(seeds: list[dict[str, Any]]) -> list[str]:
        loaded = load_recipe({**recipe(llm, seeds=seeds)})
        (given,) = [each for each in given_of(loaded) if each.name == "attributes"]
        slots = given.opened(tmp_path).slots
        assert slots is not None
        return [row["id"] for row in slots(0, given.count)]

    few = ids([{"from": "attributes", "count": 5}])
    many = ids([SEEDS[3], {"from": "attributes", "count": 30, "templates": ["{{ tone }}", {"{{ intent }}": 2}]}])
    assert many[:5] == few
    assert len(set(many)) == 30


def test_topics_are_grown_shown_written_and_used(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Writer() as llm:
        path = tmp_path / "shop.yaml"
        path.write_text(json.dumps(recipe(llm, seeds=[SEEDS[5]], attributes=None)))
        assert main(["plan", "--topics", str(path)]) == 0
        assert len(llm.requests) == 3
        shown, file = capsys.readouterr().out, tmp_path / "shop.topics.yaml"
        assert "topics: 4 topics" in shown
        assert "shop.topics.yaml" in shown
        lines = file.read_text().splitlines()
        kept = [line for line in lines if not line.startswith("  - ") or line == lines[-1]]
        file.write_text("\n".join(line for line in kept if line.endswith(":") or line.startswith(("  - ", "topics"))))
        assert main(["plan", "--topics", str(path)]) == 0
        assert len(llm.requests) == 3
        (given,) = given_of(load_recipe(path))
        slots = given.opened(tmp_path).slots
        assert slots is not None
        assert {len(row["topic_path"]) for row in slots(0, 4)} <= {1, 2}
        assert lines[-1].strip("- ") in {row["topic_path"][-1] for row in slots(0, 4)}


def test_prompts_that_are_none_are_counted_over_all_waves(home: Path, tmp_path: Path) -> None:
    def says(body: dict[str, Any]) -> str:
        number = int(digest(body)[:6], 16)
        if "Write a" not in said_to(body):
            return f"It is number {number}."
        return "I'm sorry, but I can't help with that." if number % 2 else f"Which lamp has the number {number}?"

    with LLM(reply=says) as llm:
        two = [
            {"from": "attributes", "name": each, "templates": [f"Write a {{{{ tone }}}} {each}."]}
            for each in ("note", "call")
        ]
        told, _ = pipeline.run(recipe(llm, seeds=two, size=24, filters=[]), out=tmp_path / "build")
    assert len(told.rows) == 24
    rows = {each: [row["written_by"] for row in told.rows].count(each) for each in ("note", "call")}
    notes = [re.search(r"(\d+) of (\d+) prompts of (\S+) fell", note) for note in told.notes]
    found = {note[3]: (int(note[1]), int(note[2])) for note in notes if note}
    assert found.keys() == {"seeds[0]", "seeds[1]"}
    for (fell, written), stayed in zip(found.values(), rows.values(), strict=True):
        assert fell > 0
        assert stayed <= written - fell <= stayed + 1, "a row beyond the size was written too"
    removed = [line.removed for line in told.ledger.funnel if line.step.endswith(".fault")]
    assert [fell for fell, _ in found.values()] == removed


@pytest.mark.parametrize(
    ("slots", "fell", "said"),
    [
        ([0], [0], "1 of 1 prompts of seeds[3][1] fell (100%)"),
        ([0, 0, 1, 2, 3], [0], "1 of 2 prompts of seeds[3][1] fell (50%)"),
        ([0, 2, 4, 1], [1], "1 of 1 prompts of seeds[3][2] fell (100%)"),
    ],
)
def test_prompts_that_are_none_are_counted_by_round(slots: list[int], fell: list[int], said: str) -> None:
    stage = SelfInstruct.model_validate({"from": "self_instruct", "rounds": 2}).listed("seeds[3]")
    row = {"origin": "written", "written_by": "own", "instruction": "No.", "written_fault": "refuses"}
    step = f"seeds[3][{1 + fell[0] % 2}].fault"
    left = list(slots)
    for slot in fell:
        left.remove(slot)

    def removed(column: str, stage: str = "") -> list[Any]:
        return [{**row, "slot": slot}[column] for slot in fell] if stage in ("", step) else []

    outcome = Outcome(["train"], lambda column: [{**row, "slot": slot}[column] for slot in left], removed, [])
    (note,) = stage.losses(outcome)
    assert note.startswith(said)
