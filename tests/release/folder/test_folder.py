"""The folder of a build: what anybody's `load_dataset` finds in it."""

from __future__ import annotations

from pathlib import Path

from hfsft.pipeline import build
from tests.release.samples import examples


def test_a_folder_that_is_built_again_loads_its_new_rows_even_of_the_same_size(tmp_path: Path, home: Path) -> None:
    """`datasets` keeps what it once read of a local folder under the folder's name and its card's metadata."""
    from datasets import load_dataset

    for answer in ("Ask for it in X.", "Ask for it in Y."):
        rows = [{"instruction": "Where is it?", "response": answer}]
        built = build(examples(examples=[{"rows": rows}], split={"validation": 0}), out=tmp_path)
        for loaded in (built, load_dataset(str(tmp_path / "toy"))):
            assert loaded["train"]["messages"][0][-1]["content"] == answer


def test_two_folders_of_one_name_load_each_its_own_rows(tmp_path: Path, home: Path) -> None:
    one, two = (build(examples(5, publish={"format": name}), out=tmp_path / name) for name in ("messages", "alpaca"))
    assert (one["train"].column_names, two["train"].column_names[:3]) == (
        ["messages"],
        ["instruction", "input", "output"],
    )
