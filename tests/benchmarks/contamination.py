"""What `contamination` finds of planted leaks, and what it takes for one that is none, on public sets.

    uv run python tests/benchmarks/contamination.py --data FOLDER

FOLDER holds `bench/` (GSM8K test and 1,000 of its training questions, HumanEval, IFEval, TruthfulQA) and `instruct/`
(Code Alpaca, Alpaca, Dolly), as .jsonl.gz, .jsonl or .csv.gz. For each set the share of planted copies is printed that
is found, by kind and level; then how many texts of the other sets are hits, and what a row costs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hfsft.filters.other_sets.planted import planted
from hfsft.rows.other_sets.items import HeldItem, held_items
from hfsft.rows.other_sets.other_set import OtherSet
from hfsft.rows.views import messages
from hfsft.similarity.contained import Contained
from tests.benchmarks.sets import reading, share

HELD: dict[str, dict[str, str]] = {
    "gsm8k_test": {},
    "humaneval": {"instruction": "prompt", "response": "canonical_solution"},
    "ifeval": {},
    "truthfulqa": {},
}
"""The sets whose items are held, with those of their columns whose names do not tell."""
SOUND = ("gsm8k_train", "code_alpaca", "alpaca_original", "dolly")
FEW = 3  # false alarms that are shown of each set


def main() -> None:
    folder = reading(__doc__ or "").parse_args().data
    held = {name: items_of(file, named) for name, named in HELD.items() for file in files(folder / "bench", name)}
    sound = {name: texts_of(file) for name in SOUND for file in files(folder, f"*/{name}")}
    carriers = [text for text in sound.get("dolly", []) if len(text) > 200]
    print(f"{'planted in':<14}{'kind':<26}{'texts':>7}{'found':>8}  by level")
    for name, items in held.items():
        for each in planted(items, Contained([item.text for item in items]), carriers):
            print(f"{name:<14}{each.kind:<26}{each.planted:>7}{share(each.found, each.planted):>8}  {each.levels}")
    every = [item for items in held.values() for item in items]
    index = Contained([item.text for item in every])
    print(f"\n{'sound':<18}{'texts':>7}{'hits':>6}{'us a text':>11}")
    for name, texts in sound.items():
        start = time.process_time()
        found = index.search(texts)
        took = (time.process_time() - start) / max(len(texts), 1) * 1e6
        hits = [(text, hit) for text, hit in zip(texts, found, strict=True) if hit]
        print(f"{name:<18}{len(texts):>7}{len(hits):>6}{took:>11.0f}")
        for text, hit in hits[:FEW]:
            print(f"    {every[hit.item].name} ({hit.level} {hit.share:.2f}): {' '.join(text.split())[:90]}")


def files(folder: Path, name: str) -> Sequence[Path]:
    """The first file called so."""
    return sorted(folder.glob(f"{name}*"))[:1]


def items_of(file: Path, named: Mapping[str, str]) -> list[HeldItem]:
    """Questions of a set, and answers of eight words at least."""
    found = held_items(OtherSet(str(file), Path(), named=named)).items()
    return [item for item in found if not item.answer or len(item.text.split()) >= 8]


def texts_of(file: Path) -> list[str]:
    """All that rows of a set say."""
    rows = OtherSet(str(file), Path()).rows()
    return [turn["content"] for row in rows for turn in messages(row.texts) if turn["content"]]


if __name__ == "__main__":
    main()
