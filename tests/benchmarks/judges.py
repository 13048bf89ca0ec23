"""Any judge over answers that people have judged: how often it is right, ties, and what it can say of an answer.

    uv run python -m tests.benchmarks.judges FOLDER
    uv run python -m tests.benchmarks.judges FOLDER --model "{model: my-judge, base_url: 'http://localhost:8000/v1'}"

FOLDER has any of llmbar*.jsonl, mtbench*.jsonl, pandalm*.jsonl and halueval*.jsonl (or .jsonl.gz) as their authors give
them. Answers are scored one by one, as rows of a build are: by the product's own judge, pool and store, so a second run
asks nothing twice. Of a pair it is right where the better one has the higher score; a tie is neither right nor wrong,
and `decided` counts it as half. Of HaluEval each answer with a made-up claim is paired with one without.

Measured with the embedded model on twelve short pairs of each (--pairs 12 --words 120), so few that a `decided` of 0.2
to 0.8 may be chance. It is far too small to judge: it writes one digit for all, says neither yes nor no, and what its
probabilities tell of the better answer is hardly more than a coin's throw.

    data              way                  pairs  right  ties  wrong  unread  decided
    LLMBar natural    digit                   12      0    10      0       2     0.50
    LLMBar natural    expected                12      7     0      4       1     0.64
    LLMBar natural    checklist               12      0     0      0      12      nan
    LLMBar natural    checklist, expected     12      7     0      5       0     0.58
    MT-bench, agreed  digit                   12      0     9      2       1     0.41
    MT-bench, agreed  expected                12      6     0      4       2     0.60
    MT-bench, agreed  checklist               12      0     0      1      11     0.00
    MT-bench, agreed  checklist, expected     12      7     0      5       0     0.58
    PandaLM, majority digit                   12      0    11      0       1     0.50
    PandaLM, majority expected                12      8     0      2       2     0.80
    PandaLM, majority checklist               12      0     0      0      12      nan
    PandaLM, majority checklist, expected     12      4     0      8       0     0.33
    HaluEval          digit                   12      0    12      0       0     0.50
    HaluEval          expected                12      5     0      3       4     0.62
    HaluEval          checklist               12      0     0      0      12      nan
    HaluEval          checklist, expected     12      5     0      7       0     0.42

Two of PandaLM's people vote alike on 0.94 of its pairs: no judge can be asked for more.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from operator import eq, gt
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.models.vectors.door import model_of
from hfsft.rows.row import new_row
from hfsft.stages.judging.judge import Judge

QUESTION = "Does the response do what was asked, wholly and correctly?"
CHECKLIST = [
    "Does the response do what the instruction asks?",
    "Is everything that the response says correct?",
    "Is the response complete?",
    "Is the response free of what was not asked for?",
]
WAYS: dict[str, dict[str, Any]] = {
    "digit": {"rubric": {"quality": QUESTION}},
    "expected": {"rubric": {"quality": QUESTION}, "score": "expected"},
    "checklist": {"rubric": {"quality": {"checklist": CHECKLIST}}, "per": "question"},
    "checklist, expected": {"rubric": {"quality": {"checklist": CHECKLIST}}, "per": "question", "score": "expected"},
}


class Pair(NamedTuple):
    """Two answers, each with its question, of which people find the first better."""

    better: tuple[str, str]
    worse: tuple[str, str]


def labelled(row: dict[str, Any]) -> Pair | None:
    """LLMBar's and MT-bench's: `label` names the better of two outputs."""
    both = [(row["input"], row[f"output_{number}"]) for number in (1, 2)]
    return Pair(*(both if int(row["label"]) == 1 else both[::-1]))


def voted(row: dict[str, Any]) -> Pair | None:
    """PandaLM's: three people vote 1, 2 or a tie; only pairs with a majority for one of the answers are asked about."""
    (vote, votes) = Counter(int(row[f"annotator{number}"]) for number in (1, 2, 3)).most_common(1)[0]
    asked = "\n\n".join(filter(None, (row["instruction"], row["input"])))
    both = [(asked, row[f"response{number}"]) for number in (1, 2)]
    plain = all(isinstance(answer, str) for _, answer in both)  # one is the text False, which its reader took for more
    return Pair(*(both if vote == 1 else both[::-1])) if vote and votes > 1 and plain else None


def rows_in(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob(f"{name}*.jsonl*")):
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def hallucinated(folder: Path) -> Iterator[Pair]:
    """HaluEval's single answers, each with a made-up claim beside one without, both by their order of a hash."""
    found: dict[str, list[tuple[str, str]]] = {"yes": [], "no": []}
    for row in sorted(rows_in(folder, "halueval"), key=lambda row: hashed(row["user_query"])):
        found[row["hallucination"]].append((row["user_query"], row["chatgpt_response"]))
    yield from map(Pair, found["no"], found["yes"])


def pairs_of(name: str, read: Callable[[dict[str, Any]], Pair | None]) -> Callable[[Path], Iterator[Pair]]:
    return lambda folder: (pair for row in rows_in(folder, name) if (pair := read(row)))


DATA = {
    "LLMBar natural": pairs_of("llmbar", labelled),
    "MT-bench, agreed": pairs_of("mtbench", labelled),
    "PandaLM, majority": pairs_of("pandalm", voted),
    "HaluEval": hallucinated,
}


def hashed(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def chosen(pairs: Iterator[Pair], most: int, words: int) -> list[Pair]:
    """So many pairs by their hash, of those whose texts are short enough for the model's context."""
    short = [pair for pair in pairs if all(len(" ".join(said).split()) <= words for said in pair)]
    return sorted(short, key=hashed)[:most]


def scores_of(section: dict[str, Any], pairs: list[Pair], pool: Pool) -> dict[tuple[str, str], float]:
    """The score of each answer that the judge can be read of, as a build gives it."""
    grader = Judge.model_validate({**section, "max_tokens": 160}).grader("judge")
    said = sorted({answer for pair in pairs for answer in pair})
    names = ("instruction", "response")
    rows = {hashed(answer): new_row("example", dict(zip(names, answer, strict=True))) for answer in said}
    found: dict[str, Any] = {}
    tasks = [(key, partial(grader.grade, row)) for key, row in rows.items()]
    pool.drive("judge", tasks, total=len(tasks), max_failed_share=1, results=found)
    return {answer: found[hashed(answer)]["quality"].score for answer in said if hashed(answer) in found}


def people(folder: Path) -> str:
    """How often two of PandaLM's people vote alike: no judge can be asked for more."""
    votes = [[row[f"annotator{number}"] for number in (1, 2, 3)] for row in rows_in(folder, "pandalm")]
    alike = [one == other for each in votes for one, other in combinations(each, 2)]
    return f"PandaLM's people: two of them vote alike on {sum(alike) / len(alike):.2f}" if alike else ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="smollm2-135m-instruct", help="a name, or what a recipe has under `models`")
    parser.add_argument("--pairs", type=int, default=20, help="most pairs of each data set")
    parser.add_argument("--words", type=int, default=200, help="most words of a question and its answer")
    given = parser.parse_args()
    print("data              way                  pairs  right  ties  wrong  unread  decided  seconds")
    with Store() as store, Pool({"judge": model_of(yaml.safe_load(given.model))}, store) as pool:
        for name, read in DATA.items():
            pairs = chosen(read(given.folder), given.pairs, given.words)
            for way, section in WAYS.items() if pairs else ():
                began = time.perf_counter()
                scores = scores_of(section, pairs, pool)
                told = [(scores[pair.better], scores[pair.worse]) for pair in pairs if set(pair) <= scores.keys()]
                right, ties = (sum(test(one, other) for one, other in told) for test in (gt, eq))
                decided = (right + ties / 2) / len(told) if told else float("nan")
                print(
                    f"{name:17} {way:20} {len(pairs):>5} {right:>6} {ties:>5} {len(told) - right - ties:>6}"
                    f" {len(pairs) - len(told):>7} {decided:>8.2f} {time.perf_counter() - began:>8.0f}",
                    flush=True,
                )
    print(people(given.folder))


if __name__ == "__main__":
    main()
