"""Preference pairs over a model server on loopback: which answers make one, what the release has of them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.pipeline import forecast, preview, render, run, validate
from hfsft.release.reader import open_release
from hfsft.release.rows.history import row_history
from hfsft.release.rows.records import BuildRows
from hfsft.rows.batch import Row
from tests.models.server import LLM, Body, digest, said_to
from tests.recipes import SEEDS
from tests.release.samples import tokenizer_folder

ANSWERS = (
    "Send us the order number within two days, and the money is back on your card by Friday.",
    "A courier brings another one; keep the receipt until then and pay nothing.",
    "That is bad luck, and nobody here can say when it gets better.",
    "Call again when somebody is in; the line opens on Monday at nine.",
)
COMPARES = "You compare two answers"


def answers(body: Body) -> str:
    """Each candidate gets an answer and its score by a hash; a comparison is for the longer answer, or flips."""
    number = int(digest([body["messages"], body.get("seed")])[:6], 16)
    text = said_to(body)
    if text.startswith(COMPARES):
        first, second = (text.partition(f"The {name} answer:")[2] for name in ("first", "second"))
        first = first.partition("The second answer:")[0]
        second = second.partition("Here the second")[0]
        flips = "courier" in text
        return json.dumps({"reason": "r", "better": "first" if flips or len(first) > len(second) else "second"})
    if body["model"] in ("judge-1", "judge-2"):  # the second agrees in half of the cases
        number += body["model"] == "judge-2" and number // 7 % 2
        return json.dumps({"use": {"reason": f"because {number}", "score": 1 + number % 5}})
    return f"{ANSWERS[number % len(ANSWERS)]} Number {number}."


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=answers) as llm:
        yield llm


@pytest.fixture
def out(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "build"


def recipe(llm: LLM, keep: str = "best", **more: Any) -> dict[str, Any]:
    """Twelve seeds, four candidates each, judged by one criterion, with pairs."""
    return {
        "name": "shop",
        "description": "A shop.",
        "license": "apache-2.0",
        "models": {name: {"model": f"{name}-1", "base_url": llm.url} for name in ("writer", "judge")},
        "seeds": [{"prompts": SEEDS[:12]}],
        "examples": [{"rows": [{"instruction": "Is it open?", "response": "From nine to five."}]}],
        "generate": {"system": "You answer for a shop.", "samples": {"count": 4, "keep": keep}},
        "judge": {"rubric": {"use": "Does it help?"}},
        "pairs": {},
        "filters": [{"score": {"mean": {"at_least": 3}}}],
        "split": {"validation": 0.3},
        **more,
    }


def preference(folder: Path) -> dict[str, list[Row]]:
    """By split the rows of the configuration, as anybody loads them."""
    from datasets import load_dataset

    return {split: rows.to_list() for split, rows in load_dataset(str(folder), "preference").items()}


def by_prompt(built: Any) -> dict[str, list[Row]]:
    """All judged candidates of each prompt, whatever became of them."""
    found = defaultdict[str, list[Row]](list)
    for rows, _ in built.all_rows():
        for row in rows:
            if row.get("prompt_id") is not None:
                found[row["prompt_id"]].append(row)
    return found


def test_the_best_answer_that_stays_and_the_lowest_are_a_pair(server: LLM, out: Path) -> None:
    built, folder = run(recipe(server), out=out)
    assert len(server.requests) == 12 * 4 + 12 * 4 + 1
    kept = {row["id"]: row for row in built.rows}
    pairs = [(split, pair) for split, rows in preference(folder).items() for pair in rows]
    prompts = by_prompt(built)
    assert len(pairs) > 6
    for split, pair in pairs:
        chosen = kept[pair["chosen_id"]]
        assert split == chosen["split"]
        (rejected,) = (row for row in prompts[chosen["prompt_id"]] if row["id"] == pair["rejected_id"])
        assert pair["prompt"] == [
            {"role": "system", "content": "You answer for a shop."},
            {"role": "user", "content": chosen["instruction"]},
        ]
        assert pair["chosen"] == [{"role": "assistant", "content": chosen["response"]}]
        assert pair["rejected"] == [{"role": "assistant", "content": rejected["response"]}]
        scores = (chosen["score_mean"], rejected["score_mean"])
        assert (pair["score_chosen"], pair["score_rejected"], pair["margin"]) == (*scores, scores[0] - scores[1])
        assert pair["margin"] >= 1  # a quarter of the scale
        others = [row for row in prompts[chosen["prompt_id"]] if row["response"][:9] != chosen["response"][:9]]
        assert scores[1] == min(row["score_mean"] for row in others)  # those that say the same make no pair
    figures = built.figures["pairs"]
    assert figures["pairs"] == figures["prompts_with_pairs"] == len(pairs)
    assert figures["prompts"] == 12 == len(pairs) + sum(figures["without"].values())
    card, report = ((folder / name).read_text() for name in ("README.md", "report.html"))
    assert f"holds {len(pairs)} pairs of the answers to {len(pairs)} of 12 prompts" in card
    assert 'load_dataset("build/shop", "preference")' in card
    assert "| `preference` |" in card
    assert "Preference pairs" in report
    assert json.loads((folder / "funnel.json").read_text())["figures"]["pairs"] == figures


def test_another_bound_on_scores_asks_nobody_again_and_counts_what_makes_no_pair(server: LLM, out: Path) -> None:
    run(recipe(server), out=out)
    before = len(server.requests)
    strict = recipe(server, filters=[{"score": {"use": {"at_least": 5}}}], pairs={"margin": 4, "rejected": "next"})
    built, folder = run(strict, out=out)
    assert len(server.requests) == before
    rows = [pair for rows in preference(folder).values() for pair in rows]
    assert {(pair["score_chosen"], pair["score_rejected"]) for pair in rows} == {(5.0, 1.0)}
    without = built.figures["pairs"]["without"]
    assert set(without) == {"margin", "no answer passes"}
    assert "no answer passes the filters by scores" in (folder / "README.md").read_text()
    told = [row["pair_fault"] for those in by_prompt(built).values() for row in those if row["pair_fault"]]
    assert Counter(fault.partition(":")[0] for fault in told) == without


def test_verdicts_in_both_orders_leave_only_the_pairs_that_both_find(server: LLM, out: Path) -> None:
    told = recipe(server, pairs={"verdict": True, "per_prompt": 2})
    plain, _ = run({**told, "pairs": {"per_prompt": 2}}, out=out)
    before = len(server.requests)
    built, folder = run(told, out=out)
    compared = [body for body in server.requests[before:] if said_to(body).startswith(COMPARES)]
    assert len(compared) == len(server.requests) - before == 2 * plain.figures["pairs"]["pairs"]
    rows = [pair for rows in preference(folder).values() for pair in rows]
    assert 0 < len(rows) < plain.figures["pairs"]["pairs"]
    assert all(len(pair["chosen"][0]["content"]) > len(pair["rejected"][0]["content"]) for pair in rows)
    assert not any("courier" in pair[side][0]["content"] for pair in rows for side in ("chosen", "rejected"))
    assert {"verdict flipped", "verdict against"} <= set(built.figures["pairs"]["without"])
    again = len(server.requests)
    run(told, out=out)
    assert len(server.requests) == again


def test_where_all_answers_stay_the_rejected_one_is_a_row_too(server: LLM, out: Path) -> None:
    built, folder = run(recipe(server, "all", filters=[], pairs={"per_prompt": 3}), out=out)
    kept = {row["id"]: row for row in built.rows}
    pairs = [pair for rows in preference(folder).values() for pair in rows]
    assert all(pair["rejected_id"] in kept for pair in pairs)
    assert built.figures["pairs"]["pairs"] == len(pairs) > built.figures["pairs"]["prompts_with_pairs"]


def test_a_chosen_row_that_falls_afterwards_takes_its_pair_along(server: LLM, out: Path) -> None:
    told = recipe(server, filters=[{"near_duplicate": {"column": "response", "at_most": 0.6}}])
    built, folder = run(told, out=out)
    fell = built.figures["pairs"]["without"]["chosen fell (filters[near_duplicate])"]
    kept = {row["id"] for row in built.rows}
    rows = [pair for rows in preference(folder).values() for pair in rows]
    assert fell > 0
    assert {pair["chosen_id"] for pair in rows} <= kept
    assert "the chosen answer fell afterwards" in (folder / "README.md").read_text()


def test_plain_texts_for_models_without_a_template(server: LLM, out: Path) -> None:
    _, folder = run(recipe(server, pairs={"format": "plain"}), out=out)
    for pair in preference(folder)["train"]:
        assert pair["prompt"].startswith("You answer for a shop.\n\nMy ")
        assert pair["prompt"].endswith("\n\n")
        assert isinstance(pair["chosen"], str)
        assert isinstance(pair["rejected"], str)


def test_a_release_without_pairs_has_no_such_configuration(server: LLM, out: Path) -> None:
    _, folder = run(recipe(server), out=out)
    assert (folder / "preference").is_dir()
    built, folder = run(recipe(server, pairs={"margin": 4, "likeness": {"at_most": 0}}), out=out)
    assert not (folder / "preference").exists()
    assert "preference" not in (folder / "README.md").read_text().partition("---\n")[2].partition("---\n")[0]
    assert any(note.startswith("no preference pair was made of the answers to 12 prompts") for note in built.notes)
    assert "no pair" in (folder / "README.md").read_text()
    _, folder = run(recipe(server, pairs=None), out=out)
    assert "Preference pairs" not in (folder / "README.md").read_text()


def test_a_rejected_answer_that_was_written_anew_is_no_rejected_one_any_more(server: LLM, out: Path) -> None:
    told = recipe(server, "all", filters=[], refine={"when": {"mean": {"at_most": 2}}})
    built, folder = run(told, out=out)
    better = {row["id"] for row in built.rows if row["refined"] == "better"}
    rows = [pair for rows in preference(folder).values() for pair in rows]
    assert built.figures["pairs"]["without"]["rejected refined"] > 0
    assert not better & {pair["rejected_id"] for pair in rows}


def test_the_forecast_counts_the_comparisons(server: LLM, out: Path) -> None:
    found = forecast(recipe(server, pairs={"verdict": True}))
    (missing,) = (each.missing for each in found if each.step.name == "pairs")
    assert missing
    assert missing.unknown == 24


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"judge": None}, "pairs needs the judge's scores (add a judge section)"),
        ({"generate": {}}, "pairs needs several judged answers to a prompt, and `generate` leaves one to the judge"),
        (
            {"generate": {"samples": {"count": 4, "keep": "majority"}}},
            "pairs needs several judged answers to a prompt, and `generate` leaves one to the judge",
        ),
        ({"pairs": {"margin": 4.5}}, "pairs.margin: no two scores are 4.5 apart: their scale is 4 wide"),
        ({"pairs": {"likeness": {"at_least": 2}}}, "pairs.likeness lets no pair pass: it is a share, 0 to 1"),
        ({"pairs": {"model": "writer"}}, "model without `verdict: true`: nobody compares"),
        ({"pairs": {"verdict": True, "model": "who"}}, "who"),
    ],
)
def test_what_cannot_be_meant_is_refused(server: LLM, more: dict[str, Any], said: str, tmp_path: Path) -> None:
    told = {key: value for key, value in {**recipe(server), **more}.items() if value is not None}
    (tmp_path / "r.yaml").write_text(json.dumps(told))
    with pytest.raises(RecipeError) as raised:
        validate(tmp_path / "r.yaml")
    assert said in " ".join(map(str, raised.value.problems))


def test_what_a_comparison_was_sent_is_told_of_its_rows(server: LLM, out: Path, tmp_path: Path) -> None:
    told = recipe(server, pairs={"verdict": True})
    (tmp_path / "r.yaml").write_text(json.dumps(told))
    _, folder = run(tmp_path / "r.yaml", out=out)
    rows = BuildRows(open_release(str(folder)))
    pair = preference(folder)["train"][0]
    for side in ("chosen_id", "rejected_id"):
        sent = [each for each in row_history(rows, pair[side]).exchanges if each.stage == "pairs"]
        assert len(sent) == 2
        assert all(each.answer and "better" in each.answer.text for each in sent)
        assert pair["chosen"][0]["content"] in sent[0].request.messages[0]["content"]
    seen = preview(tmp_path / "r.yaml", rows=3)
    compared = [each for told in seen.exchanges().values() for each in told if each.stage == "pairs"]
    assert 0 < len(compared) <= 6
    assert len(render(tmp_path / "r.yaml", "pairs", "1").sent) == 2


def test_an_answer_on_which_judges_disagree_is_on_neither_side(server: LLM, out: Path) -> None:
    told = recipe(server, judge={"model": ["judge", "second"], "rubric": {"use": "Does it help?"}})
    told["models"]["second"] = {"model": "judge-2", "base_url": server.url}
    told["filters"] = [{"spread": {"use": {"at_most": 0}}}, {"expr": "score_use >= 2"}]
    built, folder = run(told, out=out)
    fell = {row["id"]: removal.stage for removal in built.ledger.removals for row in removal.rows}
    pairs = [pair for rows in preference(folder).values() for pair in rows]
    assert any("spread" in stage for stage in fell.values())
    assert not any("spread" in fell.get(pair["rejected_id"], "") for pair in pairs)
    assert "chosen fell" not in " ".join(built.figures["pairs"]["without"])
    assert any("expr" in fell[pair["rejected_id"]] for pair in pairs), "a rule over scores is one by scores"


def test_what_training_cuts_of_a_pair_is_told(server: LLM, out: Path, tmp_path: Path) -> None:
    tokenizer = str(tokenizer_folder(tmp_path / "tokenizer"))
    publish = {"tokenizer": tokenizer, "format": "messages"}
    built, folder = run(recipe(server, publish=publish), out=out)
    summary, card = (folder / "funnel.json").read_text(), (folder / "README.md").read_text()
    found = json.loads(summary)["pair_lengths"]
    assert found["over"] == 0
    assert f'args=DPOConfig(output_dir="dpo", max_length={found["longer"]["recommended"]})' in card
    longest = max(len(pair["rejected"][0]["content"]) for rows in preference(folder).values() for pair in rows)
    assert longest < found["longer"]["longest"] < longest + 200
    built, folder = run(recipe(server, publish={**publish, "max_length": 120}), out=out)
    assert built.pair_lengths is not None
    assert built.pair_lengths.over
    assert any("preference pair" in note and "ends beyond 120 tokens" in note for note in built.notes)
