"""Pairs of rows whose questions are alike and whose answers are not the same, when no process holds all rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.components import COMPONENT, components
from hfsft.engine.spread.scattered import NUMBER
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.near import FIRST, KEY, KNOWN, RANK, SAID, VECTORS, near_pairs, near_vectors, said_of
from hfsft.rows.batch import rows_of
from hfsft.rows.columns import vector_of
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.views import questions, response
from hfsft.similarity import normalise, sketches_of
from hfsft.stages.contradicting.chosen_pairs import PAIR, chosen, row_of_pair

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

_ROW = {NUMBER: "int64", RANK: "binary", "id": "string", "question": "string", "answer": "string"}
_ROW |= {"setting": "binary", "normal": "binary"}
_ALIKE = {"one": "int64", "other": "int64", "similarity": "float64"}
_CALLED = {**_ALIKE, "one_id": "string", "other_id": "string"}
_SIDES = ("one", "other")


def pairs_of(rows: Scattered, at_least: float, by: str, most: int) -> Scattered:
    """The columns of `PAIR`, see `alike_questions`."""
    more: dict[str, Any] = VECTORS if by == "meaning" else {KEY: "binary", **SAID}
    told: dict[str, Any] = {**_ROW, **more}
    known = rows.through(Work(path_of(telling), {"at_least": at_least, "by": by}), told).kept("questions and answers")
    if by == "meaning":
        there = known.only(list(VECTORS)).through(Work(path_of(with_all)), VECTORS)
        near = near_vectors(there, at_least)
    else:
        keyed = known.only(list(KNOWN)).through(Work(path_of(with_all)), KNOWN)
        said = known.only(list(SAID)).through(Work(path_of(with_all)), SAID)
        near = near_pairs(keyed, said, at_least, by_content=True)
    pairs = near.pairs.only({"one": "first", "other": "second", "similarity": "similarity"})
    pairs = pairs.also(near.rows.only({"one": FIRST, "other": NUMBER}).through(Work(path_of(as_pairs)), _ALIKE))
    for side in _SIDES:
        told_of = {f"{side}_{name}": name for name in ("id", "setting", "normal")}
        pairs = pairs.joined(known.only({side: NUMBER, **told_of}), [side])
    apart = pairs.through(Work(path_of(disagreeing)), _CALLED).kept("alike questions")
    together = components(apart.only(list(_SIDES))).only({"one": NUMBER, COMPONENT: COMPONENT})
    work = Work(path_of(choosing), {"most": most})
    few = apart.joined(together, ["one"]).grouped([COMPONENT], work, _ALIKE).kept("pairs that are compared")
    for side in _SIDES:
        told_of = {f"{side}_{name}": name for name in ("id", "question", "answer")}
        few = few.joined(known.only({side: NUMBER, **told_of}), [side])
    return few.through(Work(path_of(paired)), PAIR)


def telling(at_least: float, by: str) -> Does:
    """The work that tells of rows that are asked and answered what they are compared by."""

    def does(table: pa.Table) -> pa.Table:
        batch = {name: values_of(table[name]) for name in table.column_names if name != NUMBER}
        asked = questions(batch)
        said = ["\n\n".join(filter(None, (each.said, each.context))) for each in asked]
        answers = [response(row, spoken=True) for row in rows_of(batch)]
        there = [at for at, answer in enumerate(answers) if answer and answer.strip() and said[at].strip()]
        numbers, ids = table[NUMBER].to_pylist(), batch["id"]
        columns: dict[str, Any] = {
            NUMBER: [numbers[at] for at in there],
            RANK: [bytes_of((str(ids[at]), numbers[at])) for at in there],
            "id": [ids[at] for at in there],
            "question": [said[at] for at in there],
            "answer": [answers[at] for at in there],
            "setting": [_digest(normalise(asked[at].setting)) for at in there],
            "normal": [_digest(normalise(answers[at] or "")) for at in there],
        }
        if by == "meaning":
            vectors = batch[vector_of("instruction")]
            columns["vector"] = [None if vectors[at] is None else _bytes(vectors[at]) for at in there]
            columns["group"] = [b""] * len(there)
            kinds: dict[str, Any] = {**_ROW, **VECTORS}
        else:
            parts = [(asked[at].said, asked[at].context) for at in there]
            keys, sketches = sketches_of(parts, at_least)
            compared = said_of(columns[NUMBER], [each or b"" for each in sketches], parts)
            columns |= {KEY: keys, **{name: compared[name].to_pylist() for name in SAID if name != NUMBER}}
            kinds = {**_ROW, KEY: "binary", **SAID}
        schema = arrow_schema(kinds)
        return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema)

    return does


def _bytes(vector: Any) -> bytes:
    return np.asarray(vector, np.float32).tobytes()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def with_all() -> Does:
    """The work that leaves rows that have a value in each column."""
    return lambda table: table.drop_null()


def as_pairs() -> Does:
    """The work that makes pairs of rows and those that ask the same before them."""

    def does(table: pa.Table) -> pa.Table:
        others = table.filter(pc.not_equal(table["one"], table["other"]))
        return others.append_column("similarity", pa.array(np.ones(others.num_rows)))

    return does


def disagreeing() -> Does:
    """The work that leaves pairs under one system prompt whose answers are not the same."""

    def does(table: pa.Table) -> pa.Table:
        same = pc.equal(table["one_setting"], table["other_setting"])
        apart = pc.not_equal(table["one_normal"], table["other_normal"])
        return pc.filter(table, pc.and_(same, apart)).select(list(_CALLED))

    return does


def choosing(most: int) -> Does:
    """The work that chooses pairs among those of rows of which all that are joined are among them."""

    def does(table: pa.Table) -> pa.Table:
        names = dict(zip(table["one"].to_pylist(), table["one_id"].to_pylist(), strict=True))
        names |= dict(zip(table["other"].to_pylist(), table["other_id"].to_pylist(), strict=True))
        pairs = zip(*(table[name].to_pylist() for name in _ALIKE), strict=True)
        found = list(zip(*chosen(pairs, lambda number: str(names[number]), most), strict=True)) or [(), (), ()]
        return pa.table([pa.array(each) for each in found], schema=arrow_schema(_ALIKE))

    return does


def paired() -> Does:
    """The work that makes the rows of the side table."""
    names = [f"{side}_{name}" for side in _SIDES for name in ("id", "question", "answer")]

    def does(table: pa.Table) -> pa.Table:
        told = zip(*(table[name].to_pylist() for name in (*names, "similarity")), strict=True)
        found = list(zip(*(row_of_pair(*each) for each in told), strict=True)) or [()] * len(PAIR)
        return pa.table([pa.array(each) for each in found], schema=arrow_schema(PAIR))

    return does
