"""Near-duplicates of rows of 120 words, by ours or by plain datasketch: one search in one process, told as JSON.

uv run python -m tests.benchmarks.peer_datasketch ours|datasketch ROWS
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator

LENGTH, BOUND, PERMUTATIONS = 120, 0.8, 128
VOWELS, CONSONANTS = "aeiou", "bcdfglmnprstv"


def made_up(count: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Texts of 120 words, of which one in ten is a changed copy of one before; the copies with their originals."""
    draw = random.Random(11)
    words = [
        "".join(draw.choice(CONSONANTS) + draw.choice(VOWELS) for _ in range(draw.randint(1, 4))) for _ in range(20_000)
    ]
    rows: list[list[str]] = []
    copies = []
    for place in range(count):
        if rows and draw.random() < 0.1:
            original = draw.randrange(place)
            row = list(rows[original])
            for _ in range(draw.randint(1, 12)):
                row[draw.randrange(LENGTH)] = draw.choice(words)
            copies.append((original, place))
        else:
            row = draw.choices(words, k=LENGTH)
        rows.append(row)
    return [" ".join(row) for row in rows], copies


def runs(text: str) -> Counter[str]:
    padded = f" {text} "
    return Counter(padded[at : at + 4] for at in range(len(padded) - 3))


def similarity(one: str, other: str) -> float:
    """The share of runs of four characters that two normalised texts have in common, in plain Python."""
    both, either = runs(one), runs(other)
    return (both & either).total() / (both | either).total()


def ours(texts: list[str]) -> Iterator[tuple[int, int]]:
    from hfsft.similarity import LexicalIndex

    index = LexicalIndex[int]()
    index.add(range(len(texts)), texts)
    yield from ((one, other) for one, other, _ in index.pairs(BOUND))


def datasketch(texts: list[str]) -> Iterator[tuple[int, int]]:
    """What its documentation shows, with the pairs counted no further."""
    from datasketch import MinHash, MinHashLSH

    found = MinHashLSH(threshold=BOUND, num_perm=PERMUTATIONS)
    for place, text in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch({text[at : at + 4].encode() for at in range(len(text) - 3)})
        yield from ((other, place) for other in found.query(sketch))
        found.insert(place, sketch)


def main() -> None:
    which, count = sys.argv[1], int(sys.argv[2])
    texts, copies = made_up(count)
    search = {"ours": ours, "datasketch": datasketch}[which]
    list(search(texts[:10]))  # imports
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.process_time()
    pairs = set(search(texts))
    cpu = time.process_time() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    true = {pair for pair in copies if similarity(texts[pair[0]], texts[pair[1]]) >= BOUND}
    right = sum(pair in true or similarity(texts[pair[0]], texts[pair[1]]) >= BOUND for pair in pairs)
    told = {"cpu": cpu, "grown": after.ru_maxrss - before.ru_maxrss, "peak": after.ru_maxrss, "true": len(true)}
    print(
        json.dumps({**told, "found": len(pairs), "recall": len(true & pairs) / len(true), "right": right / len(pairs)})
    )


if __name__ == "__main__":
    main()
