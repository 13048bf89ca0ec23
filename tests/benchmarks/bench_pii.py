"""Precision and recall of the recognisers of personal data, kind by kind, and what they find in ordinary text.

    uv run python tests/benchmarks/bench_pii.py --data FOLDER [--show KIND] [--recogniser MODEL]

FOLDER holds `pii/*.jsonl.gz` (lines with `full_text` and `spans`, as presidio-research writes them) and, for the false
alarms, any other `.jsonl.gz`, `.jsonl` or `.json` files of rows: those whose paths hold one of the words of ORDINARY.
A find counts where it overlaps a marked span of its kind, a span where a find of its kind covers all of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset

from hfsft.filters import Pii
from hfsft.privacy.pii import KINDS as KINDS_FOUND
from hfsft.privacy.pii import find
from hfsft.privacy.recognised import RECOGNISED
from tests.benchmarks.sets import lines, reading, share

KINDS = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "IP_ADDRESS": "IP",
    "US_SSN": "NATIONAL_ID", "US_DRIVER_LICENSE": "NATIONAL_ID", "PERSON": "NAME", "ADDRESS": "ADDRESS",
    "STREET_ADDRESS": "ADDRESS",
}  # fmt: skip
ALL = (*KINDS_FOUND, *RECOGNISED)
ORDINARY = (
    *("dolly", "alpaca", "code", "oasst", "gsm8k", "xquad_vi", "vi_legal", "humaneval", "medquad", "bitext"),
    *("sharegpt", "glaive", "arena"),
)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def around(text: str, start: int, end: int) -> str:
    return repr(f"{text[max(0, start - 40) : start]} [[{text[start:end]}]] {text[end : end + 15]}")


def marked(folder: Path, show: str, recogniser: str) -> None:
    spans, covered, finds, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for path in sorted((folder / "pii").glob("*.jsonl.gz")):
        for row in lines(path):
            text = row["full_text"]
            found = find(text, ALL, recogniser=recogniser) if recogniser else find(text)
            gold = [
                (KINDS.get(span["entity_type"], ""), span["start_position"], span["end_position"])
                for span in row["spans"]
            ]
            for kind, start, end in gold:
                hit = any(each.kind == kind and each.start <= start and each.end >= end for each in found)
                spans[kind] += 1
                covered[kind] += hit
                if kind and show == kind and not hit:
                    print("  missed:", around(text, start, end))
            for each in found:
                hit = any(kind == each.kind and start < each.end and each.start < end for kind, start, end in gold)
                finds[each.kind] += 1
                right[each.kind] += hit
                if show == each.kind and not hit:
                    print("  wrong:", around(text, each.start, each.end))
    del spans[""]
    print(f"{'kind':<12} {'spans':>6} {'recall':>7} {'finds':>6} {'precision':>9}")
    for kind in sorted({*spans, *finds}):
        recall, precision = share(covered[kind], spans[kind]), share(right[kind], finds[kind])
        print(f"{kind:<12} {spans[kind]:>6} {recall:>7} {finds[kind]:>6} {precision:>9}")


def ordinary(folder: Path, show: str) -> None:
    for path in sorted(folder.rglob("*.json*")) + sorted(folder.rglob("*.csv.gz")):
        if not any(word in path.name for word in ORDINARY):
            continue
        rows, hit, characters, seconds, found = 0, 0, 0, 0.0, Counter[str]()
        for row in lines(path):
            rows, before = rows + 1, found.total()
            for text in strings(row):
                began = time.process_time()
                finds = find(text)
                seconds += time.process_time() - began
                characters += len(text)
                for each in finds:
                    found[each.kind] += 1
                    if show in (each.kind, "all"):
                        print(f"  {each.kind}:", around(text, each.start, each.end))
            hit += found.total() > before
        told = ", ".join(f"{kind} {count}" for kind, count in found.most_common())
        speed = characters / seconds / 1e6
        print(f"{path.name:<40} {rows:>6} rows, {hit:>3} with finds; {speed:4.1f} M characters/s; {told}")


def speed(folder: Path, count: int = 20_000, size: int = 120) -> None:
    """How long the filter takes over rows of so many words each, cut from the ordinary texts."""
    words: list[str] = []
    for path in sorted(folder.rglob("*.jsonl.gz")):
        if any(word in path.name for word in ("dolly", "alpaca", "code", "oasst", "presidio")):
            words += [word for row in lines(path) for text in strings(row) for word in text.split()]
    if not words:
        return
    texts = [" ".join(words[place % len(words) :][:size]) for place in range(0, count * size, size)]
    dataset = Dataset.from_dict({"instruction": [text[:200] for text in texts], "response": texts})
    began = time.process_time()
    kept, _ = Pii().apply(dataset)
    seconds = time.process_time() - began
    held = sum(value > 0 for value in kept["pii"][:])
    print(
        f"{count:,} rows of {size} words, {held:,} of them with finds: {count / seconds * 60:,.0f} rows a core-minute"
    )


def main() -> None:
    parser = reading(__doc__ or "")
    parser.add_argument("--show", default="", help="print what was missed and wrong of this kind, or `all`")
    parser.add_argument("--recogniser", default="", help="an installed spaCy model: find names and addresses as well")
    arguments = parser.parse_args()
    marked(arguments.data, arguments.show, arguments.recogniser)
    ordinary(arguments.data, arguments.show)
    speed(arguments.data)


if __name__ == "__main__":
    main()
