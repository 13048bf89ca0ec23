"""constraints: how many are broken and which, by the recipe and by each row's own columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

import hfsft
from hfsft.errors import ArgumentError, UserError
from hfsft.filters import Constraints

TEXT = "Section 1\n*One* of **two** [name].\n\n* a\n* b\n\nSo it ENDS, here."


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"words": {"at_least": 5, "at_most": 20}}, None),
        ({"words": {"at_most": 5}}, "words: 12, at_most 5"),
        ({"sentences": {"at_least": 2}, "bullets": {"at_least": 3}}, "bullets: 2, at_least 3"),
        ({"paragraphs": {"at_least": 3}}, None),
        ({"paragraphs": {"at_least": 2, "divider": "***"}}, "paragraphs: 1, at_least 2"),
        ({"paragraph_starts": {3: "so"}}, None),
        ({"paragraph_starts": {4: "so"}}, "paragraph_starts: it has no paragraph 4, only 3"),
        ({"sections": {"at_least": 1}, "highlights": {"at_least": 2}, "placeholders": {"at_least": 1}}, None),
        ({"sections": {"word": "Part", "at_least": 1}}, "sections: 0, at_least 1"),
        ({"keywords": ["two"], "forbidden": ["three"], "counts": {"one": {"at_most": 1}}}, None),
        ({"letters": {"z": {"at_least": 1}, "q": {"at_least": 1}}}, "letters: `z` 0, at_least 1; `q` 0, at_least 1"),
        ({"capitals": {"at_most": 0}, "case": "upper"}, "capitals: 1, at_most 0; case: it has small letters"),
        ({"no_commas": True, "title": True}, "title: it has no <<title>>; no_commas: it has 1 commas"),
        ({"json": True}, "json: JSONDecodeError line 1: Expecting value"),
        ({"ends_with": "here.", "one_of": ["Section 1", "Section 2"]}, None),
        ({"quoted": True}, "quoted: it does not stand in quotation marks"),
        ({"postscript": "P.S."}, "postscript: it has no `P.S.`"),
        ({"two_responses": True}, "two_responses: 1 answers between ******"),
        ({"language": "de"}, "language: it is in `en`, not in `de`"),
    ],
)
def test_what_a_recipe_asks_of_every_row(asked: dict[str, Any], said: str | None) -> None:
    kept, fallen = Constraints(**asked).apply(Dataset.from_dict({"response": [TEXT]}))
    rows = kept if said is None else fallen
    assert rows["constraints_response_found"][:] == [said]
    assert rows["constraints_response"][:] == [0 if said is None else said.count(": ") - (": JSON" in said)]


def test_what_each_row_asks_in_the_columns_of_ifeval() -> None:
    comma, words = "punctuation:no_comma", "length_constraints:number_words"
    rows = Dataset.from_dict(
        {
            "response": ["a, b", "a b", "Sure, here it is:\na b", "", "a, b"],
            "instruction_id_list": [[comma], [comma, words], [comma], [comma, words], []],
            "kwargs": [[{}], [{"num_words": None}, {"num_words": 9, "relation": "at least"}], [{}], [{}, {}], []],
        }
    )
    strict, loose = Constraints(), Constraints(loose=True)
    assert strict.measure(rows.to_dict())["constraints_response"] == [1, 1, 1, 2, None]
    assert loose.measure(rows.to_dict())["constraints_response"] == [1, 1, 0, 2, None]
    kept, fallen = Constraints(at_most=1).apply(rows)
    assert (len(kept), fallen["constraints_response_found"][:]) == (
        4,
        [f"{comma}: it is empty; {words}: it is empty"],
    )


def test_a_text_that_is_to_be_repeated_stands_in_a_column() -> None:
    rows = Dataset.from_dict({"instruction": ["Say so.", "Say so."], "response": ["Say so. So.", "So."]})
    kept, fallen = Constraints(repeats="instruction").apply(rows)
    assert (len(kept), fallen["constraints_response_found"][:]) == (
        1,
        ["repeats: it does not begin with the request"],
    )


def test_rows_of_a_file_with_kept_columns(tmp_path: Path) -> None:
    row = {"prompt": "Greet.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{"num_words": None}]}
    answers = ["Hello there", "Hello, there"]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps({**row, "completion": text}) for text in answers))
    recipe = {
        "name": "toy",
        "examples": [{"path": "rows.jsonl", "keep": ["instruction_id_list", "kwargs"]}],
        "filters": ["constraints"],
        "split": {"validation": 0},
    }
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
    built = hfsft.build(tmp_path / "recipe.yaml", out=tmp_path / "out")
    assert built["train"].num_rows == 1
    ledger = [json.loads(line) for line in (tmp_path / "out" / "toy" / "ledger.jsonl").read_text().splitlines()]
    said = "punctuation:no_comma: it has 1 commas"
    assert [entry["value"] for entry in ledger if entry["fate"] == "rejected"] == [said]
    with pytest.raises(UserError, match=f"constraints: at_most 0, most often {said}"):
        hfsft.build(
            tmp_path / "recipe.yaml", out=tmp_path / "out", overrides=["examples[0].where=completion == 'Hello, there'"]
        )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"words": {}}, "needs at_least or at_most"),
        ({"word": {"at_least": 1}}, "did you mean `words`"),
        ({"no_commas": False}, "True"),
        ({"case": "title"}, "'upper' or 'lower'"),
    ],
)
def test_slips(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        Constraints(**asked)
