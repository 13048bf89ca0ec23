"""Which rows are one family where they rest on documents, and how fast documents are cut, indexed and found.

The documents are the chapters of Python's reference that `help()` shows; rows ask with words of a sentence of one, four
for each seed, three of them with words of another sentence, as evolutions have.

    uv run python -m tests.benchmarks.bench_documents
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from pydoc_data.topics import topics

from hfsft.documents.chunking import Chunking
from hfsft.documents.corpus import Corpus, Document, document_id
from hfsft.documents.ranking import ByWords
from hfsft.similarity import families

SEEDS, VARIANTS, CHUNKS = 1500, 4, 4


def main() -> None:
    began = time.perf_counter()
    corpus = Corpus.of((Document(document_id(k), k, text, k, True, "py"), Chunking()) for k, text in topics.items())
    print(f"{len(topics)} documents in {len(corpus)} chunks: {time.perf_counter() - began:.2f} s")
    draw = random.Random(3)
    sentences = [
        words
        for chunk in corpus.chunks
        for sentence in re.split(r"(?<=[.!?])\s+", chunk.text)
        if 8 <= len(words := re.findall(r"[A-Za-z_]{3,}", sentence)) <= 25
    ]
    asked, owner = [], []
    for seed, words in enumerate(draw.sample(sentences, SEEDS)):
        for variant in range(VARIANTS):
            more = draw.sample(draw.choice(sentences), 3) if variant else []
            asked.append(" ".join([*draw.sample(words, max(4, len(words) * 3 // 4)), *more]))
            owner.append(seed)
    began = time.perf_counter()
    ranking = ByWords(corpus)
    ranking.best(["warm"], 1)
    print(f"index: {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    best = ranking.best(asked, CHUNKS)
    print(f"{len(asked):,} questions: {time.perf_counter() - began:.2f} s")
    first: dict[int, Counter[str]] = defaultdict(Counter)
    for seed, found in zip(owner, best, strict=True):
        first[seed].update(chunk.document for chunk in found[:1])
    rests = {seed: min(found, key=lambda each: (-found[each], each)) for seed, found in first.items() if found}
    rules: dict[str, list[list[Hashable]]] = {
        "the seed alone": [[] for _ in owner],
        "all chunks of a row": [[chunk.id for chunk in found] for found in best],
        "the first chunk of a row": [[chunk.id for chunk in found[:1]] for found in best],
        "the document of the first chunk of a row": [[chunk.document for chunk in found[:1]] for found in best],
        "the document of most rows of the seed": [[rests[seed]] if seed in rests else [] for seed in owner],
    }
    for rule, keys in rules.items():
        sizes = Counter(families(len(owner), joined(owner, keys)))
        print(f"{rule:45} {len(sizes):6,} families, the largest {max(sizes.values()) / len(owner):.1%} of the rows")


def joined(owner: Sequence[int], keys: Sequence[Sequence[Hashable]]) -> list[tuple[int, int]]:
    """Pairs of rows that are of one seed, or have a key in common."""
    first: dict[Hashable, int] = {}
    found = []
    for row, (seed, own) in enumerate(zip(owner, keys, strict=True)):
        for key in (("seed", seed), *own):
            if (earlier := first.setdefault(key, row)) != row:
                found.append((earlier, row))
    return found


if __name__ == "__main__":
    main()
