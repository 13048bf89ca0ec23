"""Agreement and calibration over public labels of people, beside the same statistics asked of the libraries directly.

    uv run python tests/benchmarks/bench_agreement.py --data FOLDER

FOLDER/judge has pandalm*.jsonl.gz (three people say which of two answers is better, or that neither is) and
halueval_general*.jsonl.gz (people say whether an answer holds a made-up claim). PandaLM's people are reviewers; of
HaluEval an answer without such a claim is accepted, and in place of a judge that costs money stands one that knows
nothing but the answer: short ones and those that say what they cannot do get high scores. Every figure is worked out a
second time by scikit-learn, krippendorff and scipy from the raw columns, without a line of the product. Ends with 1
where one differs in the sixth digit.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import krippendorff
from scipy.stats import binomtest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, cohen_kappa_score, precision_recall_curve, precision_score, recall_score

sys.path.insert(0, str(Path(__file__).parents[2]))

PEOPLE = ("annotator1", "annotator2", "annotator3")
LEVELS = [1, 2, 3, 4, 5]
SIXTH = 5e-7
Figures = list[tuple[str, float | None, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    folder = parser.parse_args().data / "judge"
    differs = 0
    for title, found in (("PandaLM", agreement(folder)), ("HaluEval", calibration(folder))):
        print(f"{title}\n{'':36} {'hfsft':>10} {'directly':>10}")
        for name, ours, theirs in found:
            wrong = ours is None or abs(ours - theirs) > SIXTH
            differs += wrong
            print(f"{name:36} {ours:10.6f} {theirs:10.6f}{' DIFFERS' if wrong else ''}")
        print()
    sys.exit(bool(differs))


def read(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob(pattern)):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)


def agreement(folder: Path) -> Figures:
    """How far PandaLM's three people agree."""
    from hfsft.agreement.agreeing import agreed

    rows = list(read(folder, "pandalm*.jsonl.gz"))
    labels = {f"{number:05}": {name: float(row[name]) for name in PEOPLE} for number, row in enumerate(rows)}
    columns = [[row[name] for row in rows] for name in PEOPLE]
    figures: Figures = []
    for one, other in combinations(range(3), 2):
        names = PEOPLE[one], PEOPLE[other]
        pair = agreed(
            "better", {row: {name: said[name] for name in names} for row, said in labels.items()}, ordered=False
        )
        told = f"kappa of {one + 1} and {other + 1}"
        figures.append((told, pair.kappa.value, cohen_kappa_score(columns[one], columns[other])))
    found = agreed("better", labels, ordered=False)
    pairs = [cohen_kappa_score(*pair) for pair in combinations(columns, 2)]
    figures.append(("mean kappa of pairs", found.kappa.value, fmean(pairs)))
    nominal = krippendorff.alpha(columns, level_of_measurement="nominal")
    figures.append(("alpha, nominal", found.alpha.value, nominal))
    alike = sum(len(set(said)) == 1 for said in zip(*columns, strict=True))
    exact = binomtest(alike, len(rows)).proportion_ci(method="exact")
    figures += [("all three agree", found.same.value, alike / len(rows)), ("  low", found.same.ends[0], exact.low)]
    figures.append(("  high", found.same.ends[1], exact.high))
    scored = agreed("better", labels, ordered=True)
    assert scored.weighted is not None
    weighted = [cohen_kappa_score(*pair, weights="quadratic", labels=[0, 1, 2]) for pair in combinations(columns, 2)]
    figures.append(("as scores: weighted kappa", scored.weighted.value, fmean(weighted)))
    ordinal = krippendorff.alpha(columns, level_of_measurement="ordinal")
    return [*figures, ("as scores: alpha, ordinal", scored.alpha.value, ordinal)]


def calibration(folder: Path) -> Figures:
    """How far a judge that knows nothing is right, by HaluEval's people."""
    from hfsft.agreement.bound_figures import at_bounds
    from hfsft.agreement.judge_figures import LabelledRow, ScoreBound, by_bounds, by_criteria, used_of

    rows = list(read(folder, "halueval_general*.jsonl.gz"))
    good = [row["hallucination"] == "no" for row in rows]
    judge = [guess(row["chatgpt_response"]) for row in rows]
    people = [5 if fine else 1 for fine in good]
    labelled = [
        LabelledRow(
            id=f"{number:05}",
            judged={"truth": score, "mean": score},
            compared={"truth": score},
            accepted=fine,
            scores={"truth": float(said)},
            random=True,
        )
        for number, (score, fine, said) in enumerate(zip(judge, good, people, strict=True))
    ]
    used = used_of(labelled, [(score, False) for score in judge], "mean", ["truth"])
    (criterion,) = by_criteria(used, {"truth": (1, 5)})
    bounds = by_bounds(used, [ScoreBound("mean", 4)])
    assert bounds is not None
    keeps = [score >= 4 for score in judge]
    constant = DummyClassifier(strategy="most_frequent").fit(people, good)
    whole = [int(score) for score in judge]
    weighted = cohen_kappa_score(people, whole, labels=LEVELS, weights="quadratic")
    figures: Figures = [
        ("kappa of scores", criterion.kappa.value, cohen_kappa_score(people, whole, labels=LEVELS)),
        ("weighted kappa of scores", criterion.weighted_kappa.value, weighted),
        ("kappa at 4", bounds.kappa.value, cohen_kappa_score(good, keeps)),
        ("right at 4", bounds.right, accuracy_score(good, keeps)),
        ("right, one word for all", bounds.constant, constant.score(people, good)),
        ("precision at 4", bounds.precision.value, precision_score(good, keeps)),
        ("recall at 4", bounds.recall.value, recall_score(good, keeps)),
    ]
    precision, recall, levels = precision_recall_curve(good, judge, drop_intermediate=False)
    for each, share, found, level in zip(at_bounds(used, "mean", judge), precision, recall, levels, strict=False):
        kept = [fine for fine, score in zip(good, judge, strict=True) if score >= level]
        exact = binomtest(sum(kept), len(kept)).proportion_ci(method="exact")
        figures.append((f"precision from {each.at_least:g} on", each.precision.value, share))
        figures += [("  low", each.precision.low, exact.low), ("  high", each.precision.high, exact.high)]
        figures.append(("  recall", each.recall.value, found))
    return figures


def guess(answer: str) -> float:
    """From 1 to 5: less the longer an answer is, 5 where it says that it cannot tell."""
    if any(words in answer for words in ("As an AI", "as an AI", "I cannot", "I'm sorry", "Sorry,")):
        return 5.0
    return float(max(1, 5 - len(answer.split()) // 60))


if __name__ == "__main__":
    main()
