"""Rows that hold items of evaluation sets fall, and say which and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfsft.errors import ModelError, RecipeError
from hfsft.filters import Contamination
from hfsft.filters.other_sets.planted import LEAKS, planted
from hfsft.pipeline import run
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.other_sets.items import HeldItem
from hfsft.similarity.contained import Contained
from tests.hub.fixture import HubServer

BOWLS = "A potter fires 14 bowls in each of 6 kilns and sells every third. How many bowls are left for her shop?"
WORKED = "She fires 14 times 6 bowls, that is 84, sells 28 of them, and so has 56 bowls left."
GLAZE = "Which glaze is safe for cups?"


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.fixture
def held(tmp_path: Path) -> Path:
    lines(tmp_path / "held.jsonl", [{"question": GLAZE}, {"question": BOWLS, "answer": WORKED}])
    return tmp_path


def found(folder: Path, row: dict[str, Any], **more: Any) -> str | None:
    rule = Contamination(against=[{"path": "held.jsonl", "instruction": "question", "response": "answer"}], **more)
    batch = {name: [row.get(name)] for name in ("instruction", "response", "context", "system", "messages")}
    (value,) = rule.at(folder).measure(batch)[rule.measured]
    return str(value) if value is not None else None


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"instruction": BOWLS.lower(), "response": "56"}, "held.jsonl:2 (exact)"),
        ({"instruction": "Hm.", "response": f"Like this: {BOWLS}"}, "held.jsonl:2 (ngrams 1.00, in the response)"),
        ({"instruction": "Why?", "response": WORKED}, "held.jsonl:2 (exact, its answer, in the response)"),
        ({"instruction": "Solve:", "context": BOWLS, "response": "56"}, "held.jsonl:2 (ngrams 1.00)"),
        ({"instruction": "Hello.", "response": "Which glaze do you use?"}, None),
        (
            {
                "instruction": "Hi",
                "messages": [
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello."},
                    {"role": "user", "content": f"So, {GLAZE.lower()} I mean."},
                    {"role": "assistant", "content": "One without lead."},
                ],
                "response": "One without lead.",
            },
            "held.jsonl:1 (ngrams 1.00)",
        ),
        ({"instruction": None, "response": None}, None),
    ],
)
def test_items_are_found_in_all_that_a_row_says(held: Path, row: dict[str, Any], value: str | None) -> None:
    assert found(held, row) == value


def test_one_column_alone_may_be_searched(held: Path) -> None:
    row = {"instruction": "Hm.", "response": f"Like this: {BOWLS}"}
    assert found(held, row, column="instruction") is None
    assert found(held, row, column=["response"], levels=["near"]) == "held.jsonl:2 (near 1.00, in the response)"


def test_it_works_on_any_dataset_and_names_the_item(held: Path) -> None:
    rows = Dataset.from_list([{"instruction": GLAZE, "response": "."}, {"instruction": "Hi", "response": "."}])
    rule = Contamination(against=[{"path": "held.jsonl", "instruction": "question"}]).at(held)
    kept, fell = rule.apply(rows)
    assert (kept["instruction"], fell["contamination_of"]) == (["Hi"], ["held.jsonl:1"])


def test_the_build_tells_how_many_planted_leaks_it_finds() -> None:
    items = [HeldItem(f"{n}", f"{BOWLS} And now with {n} more in the shop of {n + 40} pots?") for n in range(60)]
    told = {each.kind: each for each in planted(items, Contained([item.text for item in items]), [WORKED * 3])}
    assert {kind: told[kind].planted for kind in told} == dict.fromkeys(told, 60)
    assert [told[kind].found for kind in LEAKS] == [60] * 4
    assert told["copied"].levels == told["typed anew"].levels == {"exact": 60}


def test_a_named_set_is_read_from_the_hub_and_then_from_the_cache(hub: HubServer, tmp_path: Path) -> None:
    token = hub.token("openai")
    rows = [
        {"question": "What is six times seven and two more?", "answer": "44"},
        {"question": BOWLS, "answer": WORKED},
    ]
    lines(tmp_path / "test.jsonl", rows)
    card = "---\nconfigs:\n- config_name: main\n  data_files:\n  - split: test\n    path: test.jsonl\n---\n"
    (tmp_path / "README.md").write_text(card)
    hub.run(
        "import huggingface_hub as h; h.create_repo('openai/gsm8k', repo_type='dataset');"
        f"h.upload_folder(repo_id='openai/gsm8k', repo_type='dataset', folder_path={str(tmp_path)!r})",
        token=token,
    )
    said = [{"instruction": BOWLS, "response": "56"}, {"instruction": "Hi", "response": "Hello."}]
    recipe = {"name": "pots", "examples": [{"rows": said}], "filters": [{"contamination": {"against": ["gsm8k"]}}]}
    code = (
        f"import hfsft, json; hfsft.build({recipe!r}, out={str(tmp_path / 'build')!r});"
        f"lines = open({str(tmp_path / 'build/pots/ledger.jsonl')!r}).read().splitlines();"
        "print(json.dumps([json.loads(line)['value'] for line in lines]))"
    )
    home = hub.new_home()
    for _ in range(2):
        assert "gsm8k/test 1 (exact)" in hub.run(code, home=home).json()
    card_text = (tmp_path / "build/pots/README.md").read_text()
    assert "2 items of `gsm8k`" in card_text
    assert "| copied | 3 | 100.0% |" in card_text


def test_sets_that_nobody_knows_are_told(tmp_path: Path) -> None:
    rule = {"contamination": {"against": ["gsm8kk", "nothing.jsonl", "gsm8k"]}}
    examples = [{"rows": [{"instruction": "a", "response": "b"}]}]
    with pytest.raises(RecipeError) as raised:
        compile_recipe(load_recipe({"name": "n", "examples": examples, "filters": [rule]}), sources=False)
    first, second = raised.value.problems
    assert first.message == "filters[contamination].against: gsm8kk: no evaluation set is known by that name"
    assert first.help.startswith("did you mean `gsm8k`?")
    assert second.message == "filters[contamination].against: nothing.jsonl: no such file"


REWORDED = (
    "In every one of six kilns she, a potter, fires fourteen bowls, and sells each third: how many has her shop left?"
)


def test_an_item_in_other_words_is_found_by_meaning_where_that_is_asked_for(held: Path) -> None:
    row = {"instruction": REWORDED, "response": "56"}
    assert found(held, row) is None
    levels = ["exact", "ngrams", "near", "meaning"]
    told = found(held, row, levels=levels, cosine=0.7)
    assert told is not None
    assert told.startswith("held.jsonl:2 (meaning 0.")
    assert found(held, row, levels=levels, cosine=0.99) is None
    assert found(held, {"instruction": BOWLS, "response": ""}, levels=levels, cosine=0.7) == "held.jsonl:2 (exact)"
    assert found(held, {"instruction": " ", "response": "Who sweeps the yard?"}, levels=levels, cosine=0.7) is None


def test_a_build_finds_items_by_meaning_and_its_card_says_how(held: Path, home: Path) -> None:
    lines(held / "rows.jsonl", [{"instruction": REWORDED, "response": "56"}, {"instruction": "Hi?", "response": "Ho."}])
    against = [{"path": "held.jsonl", "instruction": "question", "response": "answer"}]
    recipe = {
        "name": "bowls",
        "examples": [{"path": "rows.jsonl"}],
        "filters": [{"contamination": {"against": against, "levels": ["exact", "meaning"], "cosine": 0.7}}],
        "split": {"validation": 0},
    }
    (held / "recipe.yaml").write_text(json.dumps(recipe))
    run(held / "recipe.yaml", out=held)
    fates = [json.loads(line) for line in (held / "bowls" / "ledger.jsonl").read_text().splitlines()]
    (gone,) = (line for line in fates if line["fate"] == "rejected")
    assert gone["value"].startswith("held.jsonl:2 (meaning 0.")
    assert "a cosine of 0.7" in " ".join((held / "bowls" / "README.md").read_text().split())
    recipe["models"] = {"embedder": {"model": "e", "task": "embed", "base_url": "http://localhost:1/v1"}}
    (held / "recipe.yaml").write_text(json.dumps(recipe))
    with pytest.raises(ModelError, match="the recipe's embedder is asked elsewhere"):
        compile_recipe(load_recipe(held / "recipe.yaml"))
