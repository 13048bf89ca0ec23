"""Rows at hand: found by fate, rule, topic, place and text; one row's history from its source to its fate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft import pipeline
from hfsft.errors import ReleaseError
from hfsft.models.store import archive
from hfsft.models.store.store import Store
from hfsft.release.reader import open_release
from hfsft.release.rows.history import row_history
from hfsft.release.rows.records import BuildRows, Wanted
from tests.models.server import LLM, Body, said_to
from tests.recipes import reply, support
from tests.release.toy import release, toy

TICKETS = [
    {"question": "Where is my parcel?", "answer": "It arrives on Monday, at your door.", "kind": "delivery"},
    {
        "question": "Can I have a REFUND for it?",
        "answer": "Yes, within 14 days of the day you got it.",
        "kind": "money",
    },
    {"question": "And my invoice, where is it?", "answer": "No.", "kind": "money"},
    {"question": "And my invoice, where is it? ", "answer": "In your account, below Orders.", "kind": "money"},
    {"question": "", "answer": "Hm.", "kind": "delivery"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(toy(), tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> BuildRows:
    """A build of a file: one row too short, one twice, one with an empty question."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
        return build(tmp_path_factory.mktemp("tickets"), TICKETS)


def test_rows_are_found_by_what_they_kept_of_their_source(tmp_path: Path, home: Path) -> None:
    (tmp_path / "tickets.jsonl").write_text(json.dumps({**TICKETS[0], "staff": "Kim"}) + "\n" + json.dumps(TICKETS[1]))
    table = {"path": "tickets.jsonl", "keep": ["staff"]}
    (tmp_path / "recipe.yaml").write_text(json.dumps({"name": "tickets", "examples": [table], "filters": []}))
    _, built = pipeline.run(tmp_path / "recipe.yaml", out=tmp_path / "build")
    found = BuildRows(open_release(str(built))).find(Wanted(find="kim"))
    assert [record.row["source"] for record in found] == ["tickets.jsonl:1"]


def build(folder: Path, rows: list[dict[str, str]]) -> BuildRows:
    (folder / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = {"path": "tickets.jsonl", "instruction": "question", "response": "answer", "topic": "kind"}
    filters = [{"tokens": {"column": "response", "at_least": 3}}, "exact_duplicate"]
    recipe = {"name": "tickets", "examples": [table], "filters": filters, "split": {"validation": 0}}
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    _, built = pipeline.run(folder / "recipe.yaml", out=folder / "build")
    return BuildRows(open_release(str(built)))


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), ["1", "2", "4", "3", "5"]),
        (Wanted(fate="train"), ["1", "2", "4"]),
        (Wanted(fate="kept"), ["1", "2", "4"]),
        (Wanted(fate="validation"), []),
        (Wanted(fate="rejected"), ["3", "5"]),
        (Wanted(fate="failed"), []),
        (Wanted(by="filters[tokens]"), ["3"]),
        (Wanted(by="sources.defect"), ["5"]),
        (Wanted(topic="MONEY"), ["2", "4", "3"]),
        (Wanted(topic="money", fate="rejected"), ["3"]),
        (Wanted(source="jsonl:2"), ["2"]),
        (Wanted(find="refund"), ["2"]),
        (Wanted(find="BELOW orders"), ["4"]),
        (Wanted(find="nowhere"), []),
    ],
)
def test_rows_are_found_by_what_became_of_them_and_what_they_say(
    tickets: BuildRows, wanted: Wanted, rows: list[str]
) -> None:
    found = [record.row["source"].rpartition(":")[2] for record in tickets.find(wanted)]
    assert sorted(found) == sorted(rows)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(by="filters[token]"), r"no row fell by `filters\[token\]` \(did you mean `filters\[tokens\]`\?"),
        (Wanted(topic="monye"), "no row is about `monye` .*did you mean `money`?"),
    ],
)
def test_a_rule_or_a_topic_that_no_row_bears_is_an_error(tickets: BuildRows, wanted: Wanted, message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        list(tickets.find(wanted))


def test_a_row_is_named_by_its_id_the_beginning_of_it_or_its_place(tickets: BuildRows) -> None:
    (record,) = tickets.find(Wanted(source=":3"))
    for name in (record.id, record.id[:8], "tickets.jsonl:3"):
        assert tickets.one(name).id == record.id
    with pytest.raises(ReleaseError, match=r"has no row tickets\.jsonl:30"):
        tickets.one("tickets.jsonl:30")
    with pytest.raises(ReleaseError, match="has no row"):
        tickets.one(record.id[:2])


def test_a_prefix_of_two_rows_names_neither(folder: Path) -> None:
    with pytest.raises(ReleaseError, match=r"0000 fits 400 rows: 00000000000000"):
        BuildRows(open_release(str(folder))).one("0000")


def test_every_row_of_a_build_is_there_once_and_falls_at_its_own_bound(folder: Path) -> None:
    rows = BuildRows(open_release(str(folder)))
    records = list(rows)
    assert len({record.id for record in records}) == len(records) == 400
    for record in records:
        measures = record.measures(rows.bounds)
        removed = [measure for measure in measures if measure.removed]
        assert len(removed) == (record.fate == "rejected")
        if removed:
            assert removed[0].step == record.verdict["stage"]
            assert measures[-1] == removed[0], "what stands behind its fall never saw it"
            assert removed[0].bound == record.verdict["bound"]
        if record.fate == "failed":
            assert record.verdict["error"] == "timeout: 120 s"


def test_the_json_of_a_row_holds_every_column(tickets: BuildRows) -> None:
    (record,) = tickets.find(Wanted(by="filters[tokens]"))
    found: dict[str, Any] = json.loads(json.dumps(record.as_dict()))
    for name, value in {
        "fate": "rejected",
        "stage": "filters[tokens]",
        "value": "1",
        "bound": "at_least 3",
        "source": "tickets.jsonl:3",
        "response": "No.",
        "tokens_response": 1,
    }.items():
        assert found[name] == value, name


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


def test_the_way_of_a_grown_row_tells_its_seed_and_all_that_was_asked(server: LLM, tmp_path: Path, home: Path) -> None:
    _, built = pipeline.run(support(server), out=tmp_path)
    rows = BuildRows(open_release(str(built)))
    sent = {said_to(body) for body in server.requests}
    asked = len(server.requests)
    for record in rows:
        grown = record.row["origin"] == "evolved"
        found = row_history(rows, record.id)
        assert [each.stage for each in found.exchanges] == [*["evolve[1]"] * grown, "generate", "judge"]
        assert {str(each.request.messages[-1]["content"]) for each in found.exchanges} <= sent
        answers = [each.answer.text for each in found.exchanges if each.answer]
        assert answers[-2] == record.row["response"]
        assert json.loads(answers[-1])["usefulness"]["score"] == record.row["score_usefulness"]
        if grown:
            assert answers[0] == record.row["instruction"]
            (seed,) = found.ancestors
            assert not isinstance(seed, str)
            assert record.id in {child.id for child in row_history(rows, seed.id).grown}
        else:
            assert found.ancestors == []
    assert len(server.requests) == asked, "nothing is asked"


def test_answers_that_are_gone_are_said_to_be_gone(server: LLM, tmp_path: Path, home: Path) -> None:
    _, built = pipeline.run(support(server), out=tmp_path)
    rows = BuildRows(open_release(str(built)))
    with Store() as store:
        archive.prune(store, model="judge-1")
    generate, judge = row_history(rows, next(r.id for r in rows if r.row["origin"] == "seed")).exchanges
    assert generate.answer
    assert judge.answer is None
    assert judge.missing == "the answer is not in this machine's store"
    (built / "recipe.resolved.yaml").unlink()
    assert "there is no such file" in row_history(rows, generate_id(rows)).untold


def generate_id(rows: BuildRows) -> str:
    return next(iter(rows)).id


def test_an_answer_that_could_not_be_used_is_shown_with_the_reason(server: LLM, tmp_path: Path, home: Path) -> None:
    def cut(body: Body) -> str:
        return "I cannot judge this." if body["model"] == "judge-1" else reply(body)

    server.reply = cut
    recipe = support(server, count=20, evolve=None, filters=[])
    recipe["judge"] = {"rubric": {"usefulness": "Does it help?"}, "unscored_at_most": 1}
    recipe["examples"] = [{"rows": [{"instruction": "Hm?", "response": "An answer that a person wrote."}]}]
    seen = pipeline.preview({k: v for k, v in recipe.items() if v is not None}, 30)
    assert {record.verdict["stage"] for record in seen.records()} == {"judge.unscored"}
    sent = seen.exchanges()
    for record in seen.records():
        told = sent[record.id]
        assert [each.stage for each in told][:1] == (["judge"] if record.row["origin"] == "example" else ["generate"])
        assert told[-1].answer
        assert told[-1].answer.text == "I cannot judge this."


def test_a_duplicate_names_the_row_that_it_fell_for(tmp_path: Path, home: Path) -> None:
    twin = {**TICKETS[1], "answer": "Yes, within 14 days of the day you got it, of course."}
    found = build(tmp_path, [*TICKETS[:2], twin])
    (removal,) = found.find(Wanted(fate="rejected"))
    told = row_history(found, removal.id)
    assert told.of
    assert told.of.fate == "train"
    assert told.of.row["instruction"] == TICKETS[1]["question"]
