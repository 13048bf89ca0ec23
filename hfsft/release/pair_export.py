"""The pairs of a release as rows of a file, and what other trainers must be told to read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from hfsft.errors import ReleaseError
from hfsft.release.result import SPLITS

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.reader import Release

PairFormat = Literal["preference", "preference_text"]
PAIR_FORMATS: tuple[PairFormat, ...] = get_args(PairFormat)
SIDES = ("prompt", "chosen", "rejected")


def exported_pairs(release: Release, split: str, format: PairFormat) -> Dataset:
    """The pairs of a split, in messages or as plain texts.

    Raises `ReleaseError` where there are none, or where the format cannot hold what they say.
    """
    rows = release.pairs(split)
    if rows is None:
        has = [name for name in SPLITS if release.pairs(name) is not None]
        helps = (
            f"it has {', '.join(has)}"
            if has
            else "a recipe with `pairs` makes some; the card says why prompts have none"
        )
        raise ReleaseError(f"{release.where}: has no preference pairs in {split} ({helps})")
    plain = not isinstance(rows[0]["chosen"], list)
    if format == "preference_text" and not plain:
        return _as_texts(release, rows)
    if format == "preference" and plain:
        raise ReleaseError(
            f"{release.where}: its pairs are plain texts, in which no turns can be told apart (export them with "
            "--format preference_text, or build with `pairs: {format: conversational}`)"
        )
    return rows


def _as_texts(release: Release, rows: Dataset) -> Dataset:
    from datasets import Dataset

    made: dict[str, list[Any]] = {name: [] for name in rows.column_names if name != "tools"}
    for row in rows:
        spoken = [turn["role"] for turn in row["prompt"] if turn["role"] != "system"]
        if row.get("tools") or spoken != ["user"] or len(row["chosen"]) + len(row["rejected"]) != 2:
            raise ReleaseError(
                f"{release.where}: preference_text cannot hold tools or several turns, which the pair of "
                f"{row['chosen_id']} has (choose --format preference)"
            )
        texts = {
            "prompt": "".join(f"{turn['content']}\n\n" for turn in row["prompt"]),
            **{side: row[side][0]["content"] for side in SIDES[1:]},
        }
        for name, values in made.items():
            values.append(texts.get(name, row[name]))
    return Dataset.from_dict(made)


def llama_factory_pairs(name: str, file_name: str, format: PairFormat) -> dict[str, Any] | None:
    """The entry in LLaMA-Factory's table of datasets; None for messages: it takes one message for an answer."""
    if format == "preference":
        return None
    return {name: {"file_name": file_name, "ranking": True, "columns": {side: side for side in SIDES}}}


def axolotl_pairs(path: str, format: PairFormat, columns: Mapping[str, Any]) -> dict[str, Any] | None:
    """What axolotl's configuration says of the file; None for plain texts and for tools, which it does not read."""
    if format == "preference_text" or "tools" in columns:
        return None
    fields = {"field_messages": "prompt", "field_chosen": "chosen", "field_rejected": "rejected"}
    entry = {"path": path, "ds_type": "json", "split": "train", "type": "chat_template.default", **fields}
    return {"rl": "dpo", "datasets": [entry]}
