"""What people say of rows, as part of a recipe: who falls, what comes in, what is told, and what runs again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.errors import RecipeError, UserError
from hfsft.pipeline import validate
from hfsft.preflight.build import slips
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.row import new_row
from hfsft.verdicts import Verdict
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.stages.reviewing.helpers import KILN, built, fell, file_of, judged, kiln, rows_in


def test_what_people_say_decides_and_asks_no_model(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        recipe = tmp_path / "support.yaml"
        recipe.write_text(yaml.safe_dump(support(llm, review={}, filters=[])))
        file, rows = file_of(recipe), rows_in(built(recipe)[0])
        asked = len(llm.requests)
        for row in rows[:4]:
            file.append(judged(row))
        made, folder, lines = built(recipe)
        first, second, third = rows[:3]
        assert {row["id"] for row in rows_in(made) if row["reviewed"] == "accepted"} == {row["id"] for row in rows[:4]}
        file.append(judged(first, "reject", reason="wrong_answer", note="never within days"))
        file.append(judged(second, edit={"response": "We refund it at once."}))
        made, folder, lines = built(recipe)
        assert len(llm.requests) == asked, "no answer was asked for again"
        kept = {row["id"]: row for row in rows_in(made)}
        assert not {first["id"], second["id"]} & kept.keys()
        assert fell(folder)[first["id"]] | {"source": None} == {
            **dict.fromkeys(("of", "error", "source")),
            "id": first["id"],
            "fate": "rejected",
            "stage": "review",
            "rule": "wrong_answer",
            "bound": "none",
            "value": "never within days",
        }
        (edited,) = (row for row in kept.values() if row["origin"] == "edited")
        assert fell(folder)[second["id"]]["rule"] == "edited"
        assert fell(folder)[second["id"]]["of"] == edited["id"]
        assert (edited["parent_id"], edited["seed_id"]) == (second["id"], second["seed_id"])
        assert (edited["response"], edited["instruction"]) == ("We refund it at once.", second["instruction"])
        assert (edited["reviewed"], edited["family"], edited["split"]) == ("edited", second["family"], second["split"])
        assert edited["score_mean"] is edited["reason_usefulness"] is edited["judge_place"] is None
        assert None not in (second["score_mean"], second["judge_place"])
        card = (folder / "README.md").read_text()
        assert "2 of 4 rows drawn at random are wrong, 50.0%, and of all rows between 6.8% and 93.2% (95 %)" in card
        # What stands before the review is read back; what follows sees other rows.
        cached = {step: line.cached for step, line in lines.items()}
        assert all(each for step, each in cached.items() if not step.startswith(("review", "split")))
        assert not cached["review"]
        file.append(judged(third, "skip", by="bob"))
        file.append(judged(third, note="a note"))
        assert all(line.cached for line in built(recipe)[2].values())
        assert len(llm.requests) == asked


def test_a_size_is_met_with_others_in_place_of_rows_that_people_rejected(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        recipe = tmp_path / "support.yaml"
        recipe.write_text(yaml.safe_dump(support(llm, 3, review={}, size=6, filters=[])))
        first, asked = rows_in(built(recipe)[0]), len(llm.requests)
        assert len(first) == 6
        for row in first[:3]:
            file_of(recipe).append(judged(row, "reject", reason="style"))
        file_of(recipe).append(judged(first[3], edit={"response": "At once, of course."}))
        second = {row["id"]: row for row in rows_in(built(recipe)[0])}
        assert len(second) == 6
        assert not {row["id"] for row in first[:4]} & second.keys()
        assert {row["id"] for row in first[4:]} < second.keys()
        assert 0 < len(llm.requests) - asked <= asked, "only what is new was asked for"
        asked = len(llm.requests)
        assert all(line.cached for line in built(recipe)[2].values())
        assert len(llm.requests) == asked


@pytest.mark.parametrize("on_fail", ["stop", "warn"])
def test_a_bound_on_the_share_of_wrong_rows_holds_a_build_back(tmp_path: Path, home: Path, on_fail: str) -> None:
    recipe = kiln(tmp_path, {"error": {"at_most": 0.2}, "on_fail": on_fail}, split={"validation": 0})

    def told() -> str:
        if on_fail == "warn":
            return " ".join((built(recipe)[1] / "README.md").read_text().split())
        with pytest.raises(UserError, match="nothing of it was published") as caught:
            built(recipe)
        return str(caught.value)

    none = "at most 20.0% of rows wrong, and people have looked at none that was drawn at random"
    assert f"{none}; look at 17 rows more with `hfsft review` (`--rows 17`), if none of them is wrong" in told()
    rows = [json.loads(line) for line in (tmp_path / "build" / "kiln" / "ledger.jsonl").read_text().splitlines()]
    ids = sorted(row["id"] for row in rows)
    texts = {row["id"]: row for row in (new_row("example", row) for row in KILN)}
    assert set(texts) == set(ids)
    file = file_of(recipe)
    for row in ids[:10]:
        file.append(judged(texts[row]))
    assert (
        "0 of 10 rows drawn at random are wrong, 0.0%, and of all rows between 0.0% and 30.8% (95 %); look at 7"
        in told()
    )
    for row in ids[10:13]:
        file.append(judged(texts[row], "reject", reason="style"))
    assert "look at the 7 rows that nobody has seen with `hfsft review`" in told()
    for row in ids[13:]:
        file.append(judged(texts[row], drawn="longest"))
    card = (built(recipe)[1] / "README.md").read_text()
    assert "3 of 13 rows drawn at random are wrong, 23.1%" in card
    assert "the recipe wants at most 20.0%, which holds, and people have seen every row" in card


def test_a_bound_that_moves_before_the_review_leaves_verdicts_as_they_are(tmp_path: Path, home: Path) -> None:
    recipe = kiln(tmp_path, filters=[{"tokens": {"column": "response", "at_least": 1}}])
    rows = rows_in(built(recipe)[0])
    file_of(recipe).append(judged(rows[0], "reject", reason="style"))
    built(recipe)
    kiln(tmp_path, filters=[{"tokens": {"column": "response", "at_least": 2}}])
    made, _, lines = built(recipe)
    assert len(rows_in(made)) == 19
    assert all(line.cached for step, line in lines.items() if step.startswith(("review", "split")))
    kiln(tmp_path, filters=[{"matches": {"none": [rows[0]["response"]]}}])
    card = (built(recipe)[1] / "README.md").read_text()
    assert "1 verdict is of 1 row that fell before the review" in card


def test_an_edited_row_may_be_judged_and_edited_again(tmp_path: Path, home: Path) -> None:
    recipe, file = kiln(tmp_path), file_of(kiln(tmp_path))
    rows = rows_in(built(recipe)[0])
    file.append(judged(rows[0], edit={"response": "Once."}))
    (child,) = (row for row in rows_in(built(recipe)[0]) if row["origin"] == "edited")
    file.append(judged(child, edit={"response": "Twice."}))
    made, folder, _ = built(recipe)
    (grandchild,) = (row for row in rows_in(made) if row["origin"] == "edited")
    assert (grandchild["response"], grandchild["parent_id"]) == ("Twice.", child["id"])
    assert {fell(folder)[each["id"]]["of"] for each in (rows[0], child)} == {grandchild["id"]}
    file.append(judged(grandchild, "reject", reason="off_topic"))
    made, folder, _ = built(recipe)
    assert fell(folder)[grandchild["id"]]["rule"] == "off_topic"
    assert len(rows_in(made)) == 19
    file.append(judged(rows[0], None))
    assert len(rows_in(built(recipe)[0])) == 20, "what is taken back decides nothing"


def test_an_edit_that_changes_nothing_accepts_the_row(tmp_path: Path, home: Path) -> None:
    recipe = kiln(tmp_path)
    row = rows_in(built(recipe)[0])[0]
    file_of(recipe).append(judged(row, edit={"response": row["response"]}))
    (same,) = (each for each in rows_in(built(recipe)[0]) if each["id"] == row["id"])
    assert same["reviewed"] == "accepted"


def test_an_edited_row_is_cleaned_and_held_to_the_rules_of_single_rows(tmp_path: Path, home: Path) -> None:
    filters = [{"tokens": {"column": "response", "at_most": 20}}, {"pii": {}}, {"secrets": {"do": "reject"}}]
    recipe = kiln(tmp_path, filters=[*filters, {"near_duplicate": {"at_most": 0.9}}], split={"validation": 0})
    key, rows = "ghp_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX", rows_in(built(recipe)[0])
    texts = ["Ask kim@kiln.example about it.", "word " * 30, f"Use {key} for it."]
    for row, text in zip(rows, texts, strict=False):
        file_of(recipe).append(judged(row, edit={"response": text}, note="by kim@kiln.example"))
    file_of(recipe).append(judged(rows[5], "reject", reason="style", note="as kim@kiln.example said"))
    made, folder, _ = built(recipe)
    (edited,) = (row for row in rows_in(made) if row["origin"] == "edited")
    assert (edited["response"], edited["tokens_response"], edited["pii"]) == ("Ask <EMAIL_1> about it.", 4, 1)
    entries = fell(folder)
    assert entries[rows[5]["id"]]["value"] == "as <EMAIL_1> said"
    by_rule = {each["rule"]: each["value"] for each in entries.values() if each["id"] not in {r["id"] for r in rows}}
    assert by_rule == {"tokens": "30, not at_most 20", "secrets": "1, not at_most 0"}
    assert "2 rows that people edited fell by a rule of the recipe" in (folder / "README.md").read_text()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        found = path.read_bytes()
        assert b"kim@kiln" not in found, path
        assert key.encode() not in found, path


def test_a_text_that_changed_is_to_be_judged_again(tmp_path: Path, home: Path) -> None:
    recipe = kiln(tmp_path)
    rows = rows_in(built(recipe)[0])
    other = Verdict(rows[0]["id"], "0" * 16, "ann", "2026-11-26T12:00:00Z", "reject")
    gone = Verdict("f" * 16, "0" * 16, "ann", "2026-11-26T12:00:00Z", "reject")
    others = (judged(rows[1]), judged(rows[1]), judged(rows[2]), judged(rows[2], "reject", by="bob"))
    for verdict in (other, gone, *others):
        file_of(recipe).append(verdict)
    with file_of(recipe).path.open("a") as file:
        file.write('{"row": "torn')
    made, folder, _ = built(recipe)
    assert {row["reviewed"] for row in rows_in(made)} == {None, "accepted"}
    assert fell(folder)[rows[2]["id"]]["rule"] == "disputed"
    card = (folder / "README.md").read_text()
    for said in (
        "1 verdict is of a row that says something else now",
        "1 verdict is of a row that is gone",
        "1 verdict was given anew by the same person: the last counts",
        "1 row is accepted by some and rejected by others",
        "1 line is the beginning of one in the verdict file",
    ):
        assert said in card
    told = [str(problem) for problem in slips(load_recipe(recipe))]
    assert [each for each in told if "kiln.review.jsonl:7: the beginning of a line" in each]


def test_verdicts_that_nothing_applies_are_told(tmp_path: Path, home: Path) -> None:
    recipe = kiln(tmp_path, review=False)
    file_of(recipe).append(Verdict("f" * 16, "0" * 16, "ann", "t", "reject"))
    (told,) = slips(load_recipe(recipe))
    assert "kiln.review.jsonl: 1 verdict of people lies here" in str(told)
    assert "reviewed" not in built(recipe)[0].rows.column_names


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"edit": {"responce": "x"}}, "`responce` is no column of texts (did you mean `response`?"),
        ({"edit": {"response": " "}}, "response says nothing"),
        ({"edit": {"messages": [{"role": "bot", "content": "x"}]}}, "messages 1: role is one of system, user"),
        ({"verdict": "perhaps"}, "kiln.review.jsonl:1: a line that is no verdict: it verdict is one of"),
    ],
)
def test_a_file_that_cannot_be_applied_is_told_before_anything_is_built(
    tmp_path: Path, home: Path, line: dict[str, Any], fault: str
) -> None:
    recipe = kiln(tmp_path)
    said = {"row": "r", "content": "c", "reviewer": "ann", "at": "t", "verdict": "accept", **line}
    file_of(recipe).path.write_text(json.dumps(said) + "\n")
    for step in (validate, built):
        with pytest.raises(RecipeError) as caught:
            step(recipe)
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ({"guidelines": "rules.md"}, "review.guidelines"),
        ({"error": {"at_least": 0.1}}, "takes at_most alone"),
        ({"error": {"at_most": 5}}, "takes at_most alone"),
        ({"reasons": ["Wrong dose"]}, "is no word of up to 24 small letters"),
        ({"reviewer": 2}, "did you mean `reviewers`?"),
    ],
)
def test_slips_in_the_section_are_told(tmp_path: Path, home: Path, section: dict[str, Any], fault: str) -> None:
    with pytest.raises(RecipeError) as caught:
        validate(kiln(tmp_path, section))
    assert fault in str(caught.value)
    assert len(caught.value.problems) == 1
