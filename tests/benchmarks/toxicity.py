"""Precision and recall of `toxicity` with a classifier that you name, beside what needs no model.

    uv run --extra embed python tests/benchmarks/toxicity.py --data FOLDER [--model HUB_ID_OR_FOLDER] [--label L]

Three sets with labels of people: tweets of Davidson et al. (hateful and offensive ones are looked for, then hateful
ones alone), comments of Surge AI, and HateCheck, whose texts that are no hate are made to look like it (quoted slurs,
counter-speech, negation). HateCheck's false alarms are also printed by kind.

`all fall` is the precision of a filter that takes every text; a model has to be better than that. `swear words` takes
a text that holds a word of the list of better-profanity, where that package is installed
(`uv run --with better-profanity ...`). Of a word list the sets show why hfsft brings none: the tweets were gathered by
such words, and hate does without.

Precision and recall were, where all fall: tweets 0.833, hateful ones 0.052, Surge 0.520, HateCheck 0.680, with a recall
of 1; by swear words: tweets 0.978 and 0.832, hateful ones 0.056 and 0.752, Surge 0.876 and 0.442, HateCheck 0.698 and
0.339 (every harmless curse falls there, 43 of 100 counter-speeches and negations, and 86 of reclaimed slurs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfsft.filters.text.toxicity import Toxicity
from tests.benchmarks.sets import HEADS, Score, lines, reading, share

BOUNDS = (0.2, 0.5, 0.8)
WORDS = "better_profanity"
SETS = (
    ("davidson: any", "toxicity/davidson_2000.jsonl.gz", "text", "label", ("hate", "offensive")),
    ("davidson: hate", "toxicity/davidson_2000.jsonl.gz", "text", "label", ("hate",)),
    ("surge", "toxicity/surge_toxicity_a_400.jsonl.gz", "text", "label", ("Toxic",)),
    ("hatecheck", "toxicity/hatecheck_a.jsonl.gz", "test_case", "label_gold", ("hateful",)),
)
"""What is looked for, where it is, the columns of the text and of the label, and the labels that are looked for."""
KIND = "functionality"  # of texts of HateCheck

Measure = Callable[[Sequence[str]], list[float]]


def by_words() -> Measure:
    """1 where a text holds a swear word, 0 otherwise."""
    known = import_module(WORDS).profanity
    known.load_censor_words()
    return lambda texts: [float(known.contains_profanity(text)) for text in texts]


def by_model(model: str, label: str) -> Measure:
    """What `toxicity` measures."""
    rule = Toxicity(model=model, label=label, column="response")
    rule.resources()  # tells what is wrong with the model
    return lambda texts: [value or 0 for value in rule.measure({"response": list(texts)})[rule.measured]]


def by_kind(rows: list[dict[str, Any]], wrong: list[bool]) -> str:
    """The share of each kind of text that falls and should not."""
    kinds = sorted({row[KIND] for row in rows if row["label_gold"] != "hateful"})
    parts = []
    for kind in kinds:
        some = [hit for row, hit in zip(rows, wrong, strict=True) if row[KIND] == kind]
        parts.append(f"{kind} {share(sum(some), len(some))}")
    return ", ".join(parts)


def compared(folder: Path, measures: dict[str, tuple[Measure, Sequence[float]]]) -> None:
    print(f"{'set':<16}{'by':<22}{'of':>6}{HEADS}{'alarms':>8}")
    for name, path, text, label, wanted in SETS:
        rows = list(lines(folder / path))
        labels = [row[label] in wanted for row in rows]
        for by, (measure, bounds) in measures.items():
            values = measure([row[text] for row in rows])
            for bound in bounds:
                hits = [value > bound for value in values]
                score = Score.of(labels, hits)
                alarms = share(score.found - score.right, len(rows) - score.wanted)
                told = f"{by} over {bound:g}" if len(bounds) > 1 else by
                print(f"{name:<16}{told:<22}{len(rows):>6}{score}{alarms:>8}")
                if KIND in rows[0] and bound == 0.5 and by != "all fall":
                    print(f"    alarms by kind: {by_kind(rows, hits)}")


def main() -> None:
    parser = reading(__doc__ or "")
    parser.add_argument("--model", help="a text classifier, of the Hub or of a folder")
    parser.add_argument("--label", default="toxic", help="which of its labels counts")
    arguments = parser.parse_args()
    measures: dict[str, tuple[Measure, Sequence[float]]] = {"all fall": (lambda texts: [1.0] * len(texts), (0.5,))}
    if find_spec(WORDS):
        measures["swear words"] = by_words(), (0.5,)
    else:
        print("swear words: left out, for better-profanity is not installed\n")
    if arguments.model:
        measures["model"] = by_model(arguments.model, arguments.label), BOUNDS
    compared(arguments.data, measures)


if __name__ == "__main__":
    main()
