"""Groups rows that are so alike that they must stand on the same side of the split, and names each group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from hfsft.documents.corpus import DOCUMENT
from hfsft.engine.adding import InMemory
from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.hashing import digest
from hfsft.rows.batch import Batch
from hfsft.rows.columns import EDITED_FROM
from hfsft.rows.features import values_of
from hfsft.rows.row import EDITED, WRITTEN
from hfsft.rows.views import OPTIONAL as VIEWED
from hfsft.rows.views import READS as VIEWS
from hfsft.rows.views import SETTING, Question, asked_hash, questions
from hfsft.similarity import COUNTED, SKETCH, Sketched, families, sketches_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.near import NearPairs
    from hfsft.similarity import LexicalIndex

READS = ("seed_id", "origin", "instruction")
OPTIONAL = (*VIEWED, "family_key", DOCUMENT, EDITED_FROM)
SKETCHED = tuple(name for name in VIEWED if name not in SETTING)  # what a sketch uses beside what users say
SKETCHES = tuple(SKETCH)  # a digest of what a row asks, and its sketch
KEYING = "split.keys"  # the step that makes these:
KEYS = "split_keys"  # the column of what rows are known by, from one step to the next


def keys_of(batch: Batch, by: str | None = None) -> list[tuple[str, ...]]:
    """By what each row is known from build to build: a hash of what it asks, and the seed it grew from, if any; and
    where the recipe names its family, such as the thread that it is of, that; of one that was written from a document,
    the document; of one that people edited, what it asked before. Where the recipe says `by`, also what that column
    says.

    No key hangs on the answer, the topic or the system prompt, so that a row with any of them corrected is known again.
    Sides are remembered by these keys: change how they are made, and every recipe's memory is lost.
    """
    asked = list(map(asked_hash, questions(batch)))
    named = batch.get("family_key") or [None] * len(asked)
    rests = batch.get(DOCUMENT) or [None] * len(asked)
    before = batch.get(EDITED_FROM) or [None] * len(asked)
    parts = (batch.get(by) if by else None) or [None] * len(asked)
    lineage = zip(batch["seed_id"], batch["origin"], asked, named, rests, before, parts, strict=True)
    return [
        (
            *(() if origin == "example" else (seed,)),
            key,
            *((family,) if family else ()),
            *((document,) if document and origin == WRITTEN else ()),
            *((was,) if was and origin == EDITED else ()),
            *((digest(["by", by, str(part)], 16),) if part is not None else ()),
        )
        for seed, origin, key, family, document, was, part in lineage
    ]


def asked_key(keys: Sequence[str], origin: str) -> str:
    """Of the keys of a row that of what it asks, which tells whether a build before had it."""
    return keys[0] if origin == "example" else keys[1]


def keys_by_row(batch: Batch, by: str | None = None) -> Batch:
    """The column of them."""
    return {KEYS: list(map(list, keys_of(batch, by)))}


def keying(by: str | None = None) -> Callable[[Batch], Batch]:
    """What makes that column."""
    return partial(keys_by_row, by=by)


@dataclass(frozen=True)
class Sketching:
    """What tells by each row alone which rows may be of one family, because they ask nearly the same."""

    similarity: float

    def __call__(self, batch: Batch) -> Batch:
        """The columns of `SKETCH`."""
        return dict(zip(SKETCH, sketches_of([_parts(each) for each in questions(batch)], self.similarity), strict=True))


@dataclass(frozen=True)
class Naming:
    """What gives all rows the `family` of each, which is the smallest key of the rows in it."""

    similarity: float
    keeps: str = COUNTED

    def __call__(self, batch: Batch) -> Batch:
        """The families of rows that are sketched first, if they are not."""
        given = batch if SKETCH.keys() <= batch.keys() else {**batch, **Sketching(self.similarity)(batch)}
        return self.over(InMemory(given), None)[0]

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """The families, and what was counted for them."""
        keys = rows[KEYS] if KEYS in rows else keys_of({name: rows[name] for name in rows.column_names})
        index = self._index(rows, kept)
        root = families(len(keys), chain(_of_one_key(keys), _of_one_document(rows), index.joined(self.similarity)))
        name: dict[int, str] = {}
        for top, known in zip(root, keys, strict=True):
            name[top] = min(name.get(top, known[0]), *known)
        return {"family": [name[top] for top in root]}, index.counted()

    def spread(self, rows: Scattered) -> Scattered:
        """The same of scattered rows, which are sketched and have their keys."""
        from hfsft.stages.split.scattering.family_rounds import named_families

        return named_families(rows, self.near(rows), KEYS, DOCUMENT, "family")

    def near(self, rows: Scattered) -> NearPairs:
        """The pairs of scattered rows that ask nearly the same."""
        from hfsft.near import KNOWN, SAID, near_pairs

        known = rows.only([NUMBER, SKETCHES[0]]).through(Work(path_of(knowing)), KNOWN)
        asked = [name for name in rows.kinds if name in {NUMBER, *SKETCHES, *VIEWS, *VIEWED}]
        said = rows.only(asked).through(Work(path_of(saying)), SAID)
        return near_pairs(known, said, self.similarity, by_content=True)

    def pairs(self, rows: Columns, kept: pa.Table | None) -> tuple[list[tuple[int, int]], pa.Table | None]:
        """The pairs of rows, by their numbers, that are of one family whatever keys they have, and what was counted.

        How alike two rows are hangs on all that there are: of some of them it is another question.
        """
        index = self._index(rows, kept)
        alike = (pair[:2] for pair in index.pairs(self.similarity))
        return list(chain(_of_one_document(rows), alike)), index.counted()

    def _index(self, rows: Columns, kept: pa.Table | None) -> LexicalIndex[int]:
        digests, sketches = (rows[name] for name in SKETCH)
        there = [place for place, digest in enumerate(digests) if digest is not None]

        def read(places: Sequence[int]) -> list[tuple[str, ...]]:
            import numpy as np

            return [_parts(each) for each in questions(rows.of(np.array([there[place] for place in places], np.int64)))]

        from hfsft.similarity import LexicalIndex

        index = LexicalIndex[int](kept)
        known_by = [digests[place] for place in there]
        index.add(there, Sketched(known_by, [sketches[place] for place in there], self.similarity, read))
        return index


def knowing() -> Does:
    """The work that tells what rows are known by that ask anything."""
    from hfsft.near import known_of

    def does(table: pa.Table) -> pa.Table:
        there = table.filter(table[SKETCHES[0]].is_valid())
        return known_of(there[NUMBER].to_pylist(), there[SKETCHES[0]].to_pylist())

    return does


def saying() -> Does:
    """The work that tells what these rows ask."""
    from hfsft.near import said_of

    def does(table: pa.Table) -> pa.Table:
        there = table.filter(table[SKETCHES[0]].is_valid())
        asked = questions({name: values_of(there[name]) for name in there.column_names})
        return said_of(there[NUMBER].to_pylist(), there[SKETCHES[1]].to_pylist(), list(map(_parts, asked)))

    return does


def _parts(question: Question) -> tuple[str, ...]:
    return question.said, question.context


def _of_one_document(rows: Columns) -> Iterator[tuple[int, int]]:
    """Pairs of rows whose seeds rest on one document.

    Each seed rests on one: that of most of the rows grown from it, of equally many that of the smaller id. So no row
    joins two documents, and families stay as large as what is asked of a document. Of 6,000 rows over 79 chapters of
    Python's reference the largest has 11%; joined by all the chunks that rows were given, all rows are one family, and
    by the document that each row finds first 98% are. `python -m tests.benchmarks.bench_documents` prints it.
    """
    if DOCUMENT not in rows.column_names:
        return
    seeds: dict[str, Counter[str]] = defaultdict(Counter)
    for seed, document in zip(rows["seed_id"], rows[DOCUMENT], strict=True):
        if document:
            seeds[seed][document] += 1
    rests = {seed: min(found, key=lambda each: (-found[each], each)) for seed, found in seeds.items()}
    yield from _of_one_key([[rests[seed]] if seed in rests else [] for seed in rows["seed_id"]])


def _of_one_key(keys: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Pairs of rows that have a key in common."""
    first: dict[str, int] = {}
    for place, known in enumerate(keys):
        for key in known:
            if (earlier := first.setdefault(key, place)) != place:
                yield earlier, place
