"""A build with a jury of scripted judges: planted disagreements and tastes are found, told, and taken out."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hfsft.pipeline import forecast, run
from hfsft.stages.judging.bias.rank_correlation import spearman
from tests.stages.judging.scripted_judge import ScriptedJudge, answer, quality

COUNT = 80
DOUBTFUL = {f"Case {n} " for n in (3, 17, 40, 71)}  # of which the judges think otherwise


def rows(folder: Path, seed: int = 5) -> list[dict[str, str]]:
    """Answers whose worth has nothing to do with how long they are."""
    random = Random(seed)
    found = [
        {
            "instruction": f"What of case {n}, {random.random()}?",
            "response": answer(1 + n % 5, n, random.randint(10, 200)),
        }
        for n in range(COUNT)
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, found)))
    return found


def recipe(judges: dict[str, ScriptedJudge], **judge: Any) -> dict[str, Any]:
    return {
        "name": "boats",
        "models": {name: {"model": f"org/{name}", "base_url": each.url} for name, each in judges.items()},
        "examples": [{"path": "rows.jsonl"}],
        "judge": {"model": list(judges), "rubric": {"usefulness": "Does it help?"}, "scale": [1, 20], **judge},
        "filters": [],
        "split": {"validation": 0},
    }


def columns(built: Any, *names: str) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row for row in zip(*(built.rows[name][:] for name in ("instruction", *names)), strict=True)}


def asked(judges: dict[str, ScriptedJudge]) -> list[int]:
    return [len(each.requests) for each in judges.values()]


def test_planted_disagreements_are_what_the_spread_finds_and_a_further_judge_pays_for_itself_alone(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path)
    opinion = {text: 5.0 if quality(answer(1 + int(text[5:-1]) % 5), "") < 3 else 1.0 for text in DOUBTFUL}
    with ScriptedJudge(noise=0.05) as one, ScriptedJudge(noise=0.05, says=opinion) as two, ScriptedJudge() as three:
        judges = {"one": one, "two-b": two}
        run(recipe(judges), out=tmp_path / "first")
        assert asked(judges) == [COUNT, COUNT]
        run(recipe(judges, combine="min", adjust="length"), out=tmp_path / "first")
        assert asked(judges) == [COUNT, COUNT], "what their scores come to asks nobody"
        judges["three"] = three
        (planned,) = (each for each in forecast(recipe(judges)) if each.step.name == "judge")
        assert planned.missing is not None
        assert {request.model for request in planned.missing.known.values()} == {"three"}
        assert (planned.missing.unknown, planned.estimate and planned.estimate.calls) == (0, COUNT), "and no other"
        built, folder = run(recipe(judges), out=tmp_path / "first")
        assert asked(judges) == [COUNT] * 3
    apart = {said for said, _, spread in columns(built, "response", "spread_usefulness").values() if spread > 3}
    assert len(apart) == len(DOUBTFUL)
    assert {f"Case {said.split('case ')[1].split(',')[0]} " for said in apart} == DOUBTFUL
    card = (folder / "README.md").read_text()
    assert "A row's score is the median of what several judges gave; the 3 judges count as 1." in card
    assert "| two-b | 80 |" in card
    assert "`by_two_b_usefulness`" in card
    assert "rank correlation with the others" in (folder / "report.html").read_text()


def test_a_planted_taste_for_length_is_told_with_its_size_and_gone_from_the_adjusted_score(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {row["instruction"]: row["response"] for row in rows(tmp_path)}
    # Worths between 1 and 5 become scores between 1 and 20: half a point of worth is 2.4 points of the scale.
    with ScriptedJudge(truth=lambda said, _: 2 + quality(said, "") / 5, length_bias=0.5) as one:
        data = recipe({"judge": one}, adjust="length")
        built, folder = run(data, out=tmp_path / "out")
        data["filters"] = [{"score": {"adjusted_mean": {"at_least": 12}}}]
        fewer, _ = run(data, out=tmp_path / "out")
        assert asked({"judge": one}) == [COUNT], "a bound asks nobody"
    scores = columns(built, "score_usefulness", "score_adjusted_usefulness")
    lengths = [len(given[said].split()) for said in scores]
    worths = [quality(given[said], "") for said in scores]
    raw, adjusted = ([row[at] for row in scores.values()] for at in (1, 2))
    for values, of, low, high in (
        (raw, lengths, 0.75, 0.9), (adjusted, lengths, -0.12, 0.12), (raw, worths, 0, 0.7), (adjusted, worths, 0.9, 1),
    ):  # fmt: skip
        found = spearman(values, of)
        assert found is not None
        assert low <= found.rho <= high
    assert 0 < len(fewer.rows) < COUNT
    assert min(fewer.rows["score_adjusted_mean"][:]) >= 12
    card = (folder / "README.md").read_text()
    assert "The judge's scores go along with the number of words (rank correlation: usefulness +0.8" in card
    assert "usefulness is 2.6 higher where there are twice as many" in card
    assert "| usefulness | +0.8" in card
    assert "how scores go along with" in (folder / "report.html").read_text().lower()


def test_with_anchors_each_judge_is_examined_and_votes_are_counted_by_their_errors(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path)
    anchors = [
        {"instruction": f"And case {n}?", "response": answer(1 + n % 5, 900 + n), "scores": {"usefulness": 1 + n % 5}}
        for n in range(30)
    ]
    # Two of them share an opinion of ten answers that is wrong, the third errs by itself.
    shared = {f"Case {900 + n} ": float(5 - n % 5) for n in range(0, 30, 3)}
    with ScriptedJudge(says=shared) as one, ScriptedJudge(says=shared) as two, ScriptedJudge(noise=0.8) as three:
        judges = {"one": one, "two": two, "three": three}
        data = recipe(judges, scale=[1, 5], anchors=anchors)
        built, folder = run(data, out=tmp_path / "out")
        before = asked(judges)
        run(data | {"judge": data["judge"] | {"combine": "mean"}}, out=tmp_path / "out")
        assert asked(judges) == before, "neither rows nor exams are asked for again"
    figures = json.loads((folder / "funnel.json").read_text())["figures"]["judge"]
    assert list(figures["exam"]) == ["one", "two", "three"]
    votes = figures["jury"]["votes"]
    assert (votes["of"], votes["items"]) == ("anchors", 30)
    assert votes["correlation"] == pytest.approx(1 / 3, abs=0.15)
    assert votes["votes"] == pytest.approx(3 / (1 + 2 * votes["correlation"]), abs=1e-3)
    assert "effective votes, by Kish's formula 3 / (1 + 2 × 0." in (folder / "README.md").read_text()
    assert "errors on 30 anchors" in (folder / "README.md").read_text()
    assert any("errors on 30 anchors" in note for note in built.notes)


def test_a_plan_counts_what_each_judge_of_a_jury_takes_at_its_own_price(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path)
    with ScriptedJudge() as one, ScriptedJudge() as two:
        costs = {}
        for prices in ({"one": 1.0, "two": 9.0}, {"one": 1.0}, {"two": 9.0}):
            wanted = recipe({"one": one, "two": two})
            wanted["judge"]["model"] = list(prices) if len(prices) > 1 else next(iter(prices))
            for name, price in prices.items():
                wanted["models"][name] |= {"price": {"input": price, "output": price}}
            (planned,) = (each for each in forecast(wanted) if each.step.name == "judge")
            assert planned.estimate
            assert planned.estimate.calls == len(prices) * COUNT
            costs[tuple(prices)] = planned.estimate.usd
    assert costs["one", "two"] == pytest.approx((costs["one",] or 0) + (costs["two",] or 0))


def test_a_plan_prices_the_exam_as_what_goes_into_no_batch(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(tmp_path)
    anchors = [
        {"instruction": f"What of it, {n}?", "response": answer(n, n, 10), "scores": {"usefulness": n}} for n in (1, 5)
    ]
    with ScriptedJudge() as one:
        costs: dict[bool, dict[str, float | None]] = {}
        for batch in (False, True):
            wanted = recipe({"one": one}, anchors=anchors, model="one")
            wanted["models"]["one"] |= {
                "price": {"input": 1, "output": 1},
                "batch": {"discount": 0.5} if batch else False,
            }
            costs[batch] = {each.step.name: each.estimate.usd for each in forecast(wanted) if each.estimate}
    exam = next(name for name in costs[True] if "exam" in name)
    assert costs[True][exam] == costs[False][exam]
    assert costs[True]["judge"] == pytest.approx((costs[False]["judge"] or 0) / 2)
