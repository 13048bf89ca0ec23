"""Rows that mean nearly the same: by vectors, under one system prompt, in any number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

import hfsft
from hfsft.errors import ArgumentError, ModelError
from hfsft.filters import SemanticDuplicate
from hfsft.filters.duplicates.what_differs import by_what_differs, rests_of
from hfsft.models.vectors.static import Static
from hfsft.similarity import DenseIndex, dense_index

RESET, ANOTHER = "How do I reset the kiln controller?", "How can I reset the kiln controller?"
FAR = "Which glaze is safe for cups?"


def of(rule: SemanticDuplicate, rows: list[dict[str, Any]]) -> list[str | None]:
    named = [{"id": f"{place}", **row} for place, row in enumerate(rows)]
    batch = {name: [row.get(name) for row in named] for name in ("id", "instruction", "context", "system", "response")}
    found: list[str | None] = rule.measure(batch)[f"{rule.measured}_of"]
    return found


def test_what_means_the_same_in_nearly_the_same_words_falls() -> None:
    rows = [{"instruction": text} for text in (RESET, ANOTHER, FAR, RESET.lower(), None)]
    assert of(SemanticDuplicate(), rows) == [None, "0", None, "0", None]
    assert of(SemanticDuplicate(at_most=1), rows)[3] == "0", "typed in another way it is the same"


def test_another_system_prompt_or_context_makes_another_row() -> None:
    rows = [
        {"instruction": RESET, "system": "Be brief."},
        {"instruction": RESET, "system": "Be kind."},
        {"instruction": ANOTHER, "system": "be kind"},
        {
            "instruction": RESET,
            "system": "Be kind.",
            "context": "Ten wolves, a fox and one old bear were seen near Oslo last winter.",
        },
    ]
    assert of(SemanticDuplicate(), rows) == [None, None, "1", None]


PASSAGE = (
    "You can look words up in the dictionary of potters. Useful where a question is about clay, glazes, kilns or the "
    "tools of the trade. The input is the word alone.\nlookup(word)\n"
)
ASKED = ("Which clay shrinks least when it dries?", "Who built the first tunnel kiln?", "What is a banding wheel for?")


@pytest.mark.parametrize("form", ["before", "behind"])
def test_a_long_passage_that_all_share_makes_nothing_alike(form: str) -> None:
    asked = [*ASKED, ASKED[2].lower(), "What is a banding wheel used for?"]
    rows = [{"instruction": PASSAGE + text if form == "before" else f"{text}\n\n{PASSAGE}"} for text in asked]
    assert of(SemanticDuplicate(), rows) == [None, None, None, "2", "2"]


def test_what_is_left_of_two_texts_ends_at_a_border() -> None:
    assert rests_of(PASSAGE + ASKED[0], PASSAGE + ASKED[1]) == ASKED[:2]
    assert rests_of(f"{ASKED[0]}\n\n{PASSAGE}", f"{ASKED[1]}\n\n{PASSAGE}") == ASKED[:2]
    assert rests_of(PASSAGE, PASSAGE + "more") is None, "nothing is left of one"
    assert rests_of(RESET, ANOTHER) is None, "they share little"


def test_a_language_that_the_embedder_only_spells_needs_the_same_letters() -> None:
    asked = ["Ai xây lò nung đầu tiên ở làng?", "Ai đã xây lò nung đầu tiên ở làng?", "Men nào an toàn cho chén trà?"]
    static = Static()
    assert not any(map(static.knows, asked))
    assert static.knows("Die Öfen der Töpfer stehen hinter dem alten Haus.")
    assert static.knows("青瓷是什么？")
    pairs = [(0, 1, 0.97), (0, 2, 0.97)]
    assert list(by_what_differs(pairs, dict(enumerate(asked)), static, 0.9)) == pairs[:1]


def test_any_dataset_is_compared_with_held_out_rows(tmp_path: Path) -> None:
    (tmp_path / "held.jsonl").write_text(json.dumps({"prompt": RESET}) + "\n")
    rows = Dataset.from_list([{"instruction": ANOTHER}, {"instruction": FAR}])
    kept, fell = SemanticDuplicate(against=["held.jsonl"]).at(tmp_path).apply(rows)
    assert kept["instruction"] == [FAR]
    assert fell["semantic_duplicate_instruction_of"] == ["held.jsonl:1"]
    assert not [name for name in kept.column_names if "text" in name or "vector" in name]


def test_a_build_makes_the_vectors_and_keeps_none(tmp_path: Path) -> None:
    rows = [{"instruction": text, "response": "So."} for text in (RESET, ANOTHER, FAR)]
    rules = [{"semantic_duplicate": {"keep": "longest"}}, {"semantic_duplicate": {"column": "instruction"}}]
    recipe = {"name": "kiln", "examples": [{"rows": rows}], "filters": rules, "split": {"validation": 0}}
    built = hfsft.build(recipe, out=tmp_path)
    assert len(built["train"]) == 2
    names = hfsft_columns(tmp_path / "kiln")
    assert "semantic_duplicate_instruction_cluster" in names
    assert not [name for name in names if name.endswith("_text") or name.startswith("vector")]


def hfsft_columns(folder: Path) -> list[str]:
    (file,) = (folder / "provenance").glob("train-*")
    return list(Dataset.from_parquet(str(file)).column_names)


def test_vectors_of_other_sets_need_an_embedder_that_runs_here() -> None:
    from hfsft.embedding import packaged

    rule = SemanticDuplicate(against=["held.jsonl"]).unopened()
    with pytest.raises(ModelError, match="the recipe's embedder is asked elsewhere"):
        rule.meaning(lambda text: packaged(text).__class__(f"embed[{text}]", asks=True))
    with pytest.raises(ArgumentError, match=r"at_most 0.8 is under floor 0.9"):
        SemanticDuplicate(at_most=0.8)


def near_vectors(count: int) -> Any:
    """Vectors in pairs, each pair near to each other and far from all others."""
    draw = np.random.default_rng(7)
    each = draw.normal(size=(count // 2, 32)).astype(np.float32)
    return np.concatenate([each, each + 0.02 * draw.normal(size=each.shape).astype(np.float32)])


def test_an_index_of_many_finds_the_pairs_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_index, "MANY", 500)
    vectors = near_vectors(1200)
    index, turned = DenseIndex[int](), DenseIndex[int]()
    index.add(range(1200), vectors)
    turned.add(range(1199, -1, -1), vectors[::-1])
    found = {(one, other): value for one, other, value in index.pairs(0.9)}
    assert not index.exact
    assert {(place, place + 600) for place in range(600)} <= found.keys()
    assert {tuple(sorted(pair[:2])) for pair in turned.pairs(0.9)} == found.keys()
    assert all(value >= 0.9 for value in found.values())
