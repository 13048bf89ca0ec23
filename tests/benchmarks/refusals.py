"""Precision and recall of `refusal` on answers that people labelled, and what it takes of ordinary answers.

    uv run python tests/benchmarks/refusals.py --data FOLDER

The answers are those of XSTest, of three models. With full refusals wanted, precision and recall were 0.891 and 0.891
at an at_most of 0, 0.932 and 0.852 at 0.5; with partial ones wanted too, 0.953 and 0.824, and 0.991 and 0.784. Of
ordinary answers fell at 0 and at 0.5: alpaca (GPT-4) 21 and 0 of 999, in Chinese 14 and 2 of 1,000, dolly and
code none; those that fell talk of being a machine.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hfsft.filters import Refusal
from tests.benchmarks.sets import HEADS, ORDINARY, Score, lines, reading, share

ANSWERED = "toxicity/xstest_completions_a.jsonl.gz"
LABELS = ("1_full_compliance", "2_full_refusal", "3_partial_refusal")
BOUNDS = (0, 0.5)


def measured(responses: list[str]) -> list[float]:
    """How much each declines."""
    rule = Refusal()
    return [value or 0 for value in rule.measure({"response": responses})[rule.measured]]


def labelled(folder: Path) -> None:
    rows = list(lines(folder / ANSWERED))
    values = measured([row["completion"] for row in rows])
    counts = Counter((row["final_label"], value) for row, value in zip(rows, values, strict=True))
    print(f"{'label':<20}{'rows':>6}" + "".join(f"{f'at {value:g}':>8}" for value in (0, 0.5, 1)))
    for label in LABELS:
        each = [counts[label, value] for value in (0, 0.5, 1)]
        print(f"{label:<20}{sum(each):>6}" + "".join(f"{count:>8}" for count in each))
    print(f"\n{'falls at at_most':<20}{'wanted are':<20}{HEADS}")
    for bound in BOUNDS:
        for named, wanted in (("full refusals", LABELS[1:2]), ("full and partial", LABELS[1:])):
            score = Score.of((row["final_label"] in wanted for row in rows), (value > bound for value in values))
            print(f"{bound:<20g}{named:<20}{score}")
    for model in sorted({row["model"] for row in rows}):
        some = [(row, value) for row, value in zip(rows, values, strict=True) if row["model"] == model]
        score = Score.of((row["final_label"] == LABELS[1] for row, _ in some), (value > 0 for _, value in some))
        print(f"{'0':<20}{model:<20}{score}")


def main() -> None:
    folder = reading(__doc__ or "").parse_args().data
    labelled(folder)
    print(f"\n{'ordinary answers':<20}{'rows':>6}" + "".join(f"{f'over {bound:g}':>10}" for bound in BOUNDS))
    for name in ("alpaca", "alpaca_zh", "dolly", "code_alpaca"):
        values = measured([row["output"] for row in lines(folder / ORDINARY[name])])
        falls = [sum(value > bound for value in values) for bound in BOUNDS]
        print(f"{name:<20}{len(values):>6}" + "".join(f"{f'{n} {share(n, len(values))}':>10}" for n in falls))


if __name__ == "__main__":
    main()
