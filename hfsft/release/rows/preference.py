"""Preference: the pairs of a build as rows of preference training, in the formats that TRL's DPOTrainer reads."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from hfsft.engine.ordering.spilled import Spilled
from hfsft.engine.ordering.streamed_rows import streamed
from hfsft.hashing import digest
from hfsft.release.build_outcome import outcome_of
from hfsft.release.folder.file_names import PREFERENCE
from hfsft.release.trainer.chats import as_preference
from hfsft.release.trainer.dataset_writer import table_of
from hfsft.release.trainer.formats import CHAT
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.row_needs import AllNeeds, RowNeeds
from hfsft.release.trainer.texts import as_preference_text
from hfsft.rows.batch import Row
from hfsft.rows.features import features
from hfsft.sandbox import REASONING_KEYS
from hfsft.stages.pairing.settled import SettledPair, settled
from hfsft.without_datasets import in_memory

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from hfsft.release.result import Built

BLOCK = 1000  # pairs that are written at once
HELD = 5000  # rows with their texts that are in memory at once
SCORES = {"score_chosen": "float64", "score_rejected": "float64", "margin": "float64"}
IDS = {"chosen_id": "string", "rejected_id": "string"}
"""What stands beside the columns that trainers read; none of them is one that TRL takes for something else."""
PLAIN = dict.fromkeys(("prompt", "chosen", "rejected"), "string")
CONVERSATIONAL = dict.fromkeys(("prompt", "chosen", "rejected"), CHAT)


def preference_rows(built: Built) -> dict[str, Dataset]:
    """By split the pairs of a build, in the order of their chosen rows; empty where its recipe makes none."""
    section = built.recipe.pairs
    if section is None:
        return {}
    pairs = settled(outcome_of(built)).pairs
    rows = _rows(built, {row_id for pair in pairs for row_id in (pair.chosen, pair.rejected)})
    sides = [rows[pair.chosen]["split"] for pair in pairs]
    plain, publish = section.format == "plain", built.recipe.publish
    key = built.writer.style.key or built.writer.style.shared  # as the kept rows call it
    style = MessageStyle(publish.reasoning, publish.tool_calls, key)
    columns, written = written_pairs(pairs, rows, style, plain)
    return {
        split: _dataset(columns, (row for row, side in zip(written(), sides, strict=True) if side == split), split)
        for split in dict.fromkeys(sides)
    }


def _dataset(columns: Mapping[str, Any], written: Iterator[Row], split: str) -> Dataset:
    """Pairs of one split; many of them lie in a file, and are read where they are wanted."""
    hashes = list[str]()

    def tables() -> Iterator[pa.Table]:
        for block in iter(lambda: list(islice(written, BLOCK)), []):
            hashes.append(digest(block))
            yield table_of(columns, [block])

    made = tables()
    first = list(islice(made, 2))
    table = first[0] if len(first) == 1 else _on_disk(chain(first, made))
    return in_memory(table, features(columns), digest([PREFERENCE, split, columns, hashes]))


def _on_disk(tables: Iterator[pa.Table]) -> pa.Table:
    """Tables as one that is read from a file, which is gone with it."""
    import pyarrow as pa

    file = NamedTemporaryFile(prefix="hfsft-", suffix=".arrow", delete=False)  # noqa: SIM115, it outlives the block
    first = next(tables)
    with file, pa.ipc.new_stream(file, first.schema) as stream:
        for table in chain([first], tables):
            stream.write_table(table)
    mapped = pa.memory_map(file.name)
    found = pa.ipc.open_stream(mapped).read_all()
    with suppress(OSError):  # Windows cannot delete a file that is mapped: it lies with other temporary files then
        Path(file.name).unlink()
    return found


def written_pairs(
    pairs: Sequence[SettledPair], rows: Mapping[str, Row], style: MessageStyle, plain: bool
) -> tuple[dict[str, Any], Callable[[], Iterator[Row]]]:
    """The columns that pairs of these rows need, and what gives the pairs as they are written, one after the other."""
    columns, shared = _columns(_written(pairs, rows, style, plain), plain)
    # One dataset has one field for reasoning.
    return columns, partial(_written, pairs, rows, replace(style, shared=shared) if shared else style, plain)


def _written(pairs: Sequence[SettledPair], rows: Mapping[str, Row], style: MessageStyle, plain: bool) -> Iterator[Row]:
    write = as_preference_text if plain else as_preference
    return (
        {
            **write(rows[pair.chosen], rows[pair.rejected], style),
            "score_chosen": pair.score_chosen,
            "score_rejected": pair.score_rejected,
            "margin": pair.margin,
            "chosen_id": pair.chosen,
            "rejected_id": pair.rejected,
        }
        for pair in pairs
    )


def _columns(written: Iterable[Row], plain: bool) -> tuple[dict[str, Any], str | None]:
    """The columns that the pairs need, and the field of their reasoning, where they would have several."""
    base = PLAIN if plain else CONVERSATIONAL
    needs = AllNeeds(base)
    for row in written:
        needs.add(RowNeeds.of({name: value for name, value in row.items() if name not in {*SCORES, *IDS}}, base))
    shared = REASONING_KEYS[0] if len(needs.reasoning()) > 1 else None
    return {**needs.columns(shared), **SCORES, **IDS}, shared


def _rows(built: Built, wanted: set[str]) -> Spilled[Row]:
    """The rows of these ids, with what is written of them, kept or not; a file holds those that are too many."""
    found = Spilled[Row](pickle.dumps, pickle.loads, held=HELD)
    for rows, _ in built.all_rows():
        for table in streamed(rows).batches():
            places = [place for place, row_id in enumerate(table["id"].to_pylist()) if row_id in wanted]
            for row in table.take(places).to_pylist() if places else ():
                found[row["id"]] = row
    return found
