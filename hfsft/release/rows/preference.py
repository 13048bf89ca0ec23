"""Preference: the pairs of a build as rows of preference training, in the formats that TRL's DPOTrainer reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hfsft.hashing import digest
from hfsft.release.build_outcome import outcome_of
from hfsft.release.folder.file_names import PREFERENCE
from hfsft.release.trainer.chats import as_preference
from hfsft.release.trainer.dataset_writer import in_columns
from hfsft.release.trainer.formats import CHAT
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.row_needs import AllNeeds, RowNeeds
from hfsft.release.trainer.texts import as_preference_text
from hfsft.rows.batch import Row
from hfsft.sandbox.chat import REASONING_KEYS
from hfsft.stages.pairing.settled import SettledPair, settled

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.result import Built

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
    plain, publish = section.format == "plain", built.recipe.publish
    key = built.writer.style.key or built.writer.style.shared  # as the kept rows call it
    style = MessageStyle(publish.reasoning, publish.tool_calls, key)
    columns, written = written_pairs(pairs, rows, style, plain)
    sides = {pair: rows[pair.chosen]["split"] for pair in pairs}
    found = {}
    for split in dict.fromkeys(sides.values()):
        own = [row for row, pair in zip(written, pairs, strict=True) if sides[pair] == split]
        name = digest([PREFERENCE, split, columns, own])
        found[split] = in_columns(columns, [own], name)
    return found


def written_pairs(
    pairs: Sequence[SettledPair], rows: Mapping[str, Row], style: MessageStyle, plain: bool
) -> tuple[dict[str, Any], list[Row]]:
    """The columns that pairs of these rows need, and the pairs as they are written."""
    written = _written(pairs, rows, style, plain)
    columns, shared = _columns(written, plain)
    if shared:  # one dataset has one field for reasoning
        written = _written(pairs, rows, replace(style, shared=shared), plain)
    return columns, written


def _written(pairs: Sequence[SettledPair], rows: Mapping[str, Row], style: MessageStyle, plain: bool) -> list[Row]:
    write = as_preference_text if plain else as_preference
    return [
        {
            **write(rows[pair.chosen], rows[pair.rejected], style),
            "score_chosen": pair.score_chosen,
            "score_rejected": pair.score_rejected,
            "margin": pair.margin,
            "chosen_id": pair.chosen,
            "rejected_id": pair.rejected,
        }
        for pair in pairs
    ]


def _columns(written: Iterable[Row], plain: bool) -> tuple[dict[str, Any], str | None]:
    """The columns that the pairs need, and the field of their reasoning, where they would have several."""
    base = PLAIN if plain else CONVERSATIONAL
    needs = AllNeeds(base)
    for row in written:
        needs.add(RowNeeds.of({name: value for name, value in row.items() if name not in {*SCORES, *IDS}}, base))
    shared = REASONING_KEYS[0] if len(needs.reasoning()) > 1 else None
    return {**needs.columns(shared), **SCORES, **IDS}, shared


def _rows(built: Built, wanted: set[str]) -> dict[str, Row]:
    """The rows of these ids, with what is written of them, kept or not."""
    found: dict[str, Row] = {}
    for rows, _ in built.all_rows():
        ids = rows["id"][:]
        places = [place for place, row_id in enumerate(ids) if row_id in wanted]
        found |= {row["id"]: row for row in rows.select(places)} if places else {}
    return found
