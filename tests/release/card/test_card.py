"""The card: its metadata is what the Hub and `datasets` expect, its sections say what was measured."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import Features, get_dataset_config_names, load_dataset
from huggingface_hub import DatasetCard

from hfsft.recipe.checks.licences import HUB_LICENCES
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.release.card.card import card
from hfsft.release.card.changelog import MARK, describe, merge
from hfsft.release.card.licence_terms import TABLE, stricter, terms_of
from hfsft.release.card.markdown import cell, code, joined, table
from hfsft.release.reader import Release
from tests.release.toy import NASTY, RECIPE, dataset, release, toy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(toy(), tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_the_metadata_is_read_by_the_hubs_own_client(folder: Path) -> None:
    data = DatasetCard.load(folder / "README.md").data
    assert data.license == "apache-2.0"
    assert data.language is None, "the recipe names none"
    assert data.size_categories == ["n<1K"]
    assert data.task_categories == ["text-generation"]
    assert "synthetic" in data.tags


def test_every_config_loads_with_the_features_and_sizes_it_says(folder: Path, tmp_path: Path) -> None:
    infos = {info["config_name"]: info for info in DatasetCard.load(folder / "README.md").data.dataset_info}
    assert get_dataset_config_names(str(folder)) == list(infos) == ["default", "provenance", "rejected"]
    for name, info in infos.items():
        loaded = load_dataset(str(folder), name, cache_dir=str(tmp_path))
        assert [split["name"] for split in info["splits"]] == list(loaded)
        for split in info["splits"]:
            rows = loaded[split["name"]]
            assert split["num_examples"] == len(rows)
            assert rows.features == Features._from_yaml_list(info["features"])
        assert info["dataset_size"] == sum(split["num_bytes"] for split in info["splits"])


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("mit", {"license": "mit"}),
        (None, {}),
        ("acme-internal", {"license": "other", "license_name": "acme-internal"}),
    ],
)
def test_a_licence_the_hub_has_no_word_for_is_named_beside(
    licence: str | None, expected: dict[str, str], folder: Path
) -> None:
    head = card(toy(40, {"license": licence}), folder).split("---\n")[1]
    found = yaml.safe_load(head)
    assert {name: found[name] for name in ("license", "license_name") if name in found} == expected


def test_sections_stand_in_order_and_only_where_there_is_data(text: str, folder: Path) -> None:
    def headings(card_text: str) -> list[str]:
        return [line.removeprefix("## ") for line in card_text.splitlines() if line.startswith("## ")]

    whole = ["A row", "How to train on it", "Where the rows come from", "Topics"]
    whole += ["From rows in to rows kept", "What the judge says", "Diversity", "Duplicates and split"]
    whole += ["Length", "Models", "Cost", "Known limits", "Columns beside the rows", "The recipe"]
    assert headings(text) == whole
    without = headings(card(toy(40, {"judge": None}), folder))
    assert without == [name for name in whole if name != "What the judge says"]


def test_every_column_beside_the_rows_is_described(text: str, folder: Path) -> None:
    table = text.split("## Columns beside the rows")[1].split("## The recipe")[0]
    described = {
        line.split("`")[1]: line.split("|")[3].strip() for line in table.splitlines() if line.startswith("| `")
    }
    release = Release("toy", folder)
    assert described.keys() >= {name for split in release.splits() for name in release.rows(split).column_names}
    assert all(described.values())


def test_pictures_are_linked_where_they_are(text: str, folder: Path, tmp_path: Path) -> None:
    linked = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert linked == ["assets/funnel.png", "assets/scores.png", "assets/lengths.png"]
    for path in linked:
        assert (folder / path).read_bytes().startswith(b"\x89PNG")


def test_a_card_without_pictures_is_still_a_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hfsft.release.report.vega._running", None)
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-such-python"))
    written = release(toy(40), tmp_path)
    assert "![" not in (written / "README.md").read_text(encoding="utf-8")
    assert "charts cannot be drawn" in caplog.text


def test_the_numbers_of_the_card_add_up(text: str) -> None:
    assert "400 rows came in = 41 train + 6 validation + 345 rejected + 8 failed." in text
    assert "| `filters[repetition]` | 275 |  | 168 | 61.1% | 107 |" in text
    assert "`filters[near_duplicate]` (at_most 0.8) took 25 rows" in text
    assert "None lies on two sides (checked)" in text
    assert "Together: unknown." in text  # the writer has no price


def test_a_licence_laxer_than_the_writers_terms_is_warned_of(text: str) -> None:
    assert "> **Licence:** this dataset says `apache-2.0`, but `meta-llama/Llama-3.3-70B-Instruct` wrote" in text


def test_the_card_names_no_server(text: str) -> None:
    assert "127.0.0.1" not in text.split("## The recipe")[0]


@pytest.mark.parametrize(
    ("model", "licence", "asks"),
    [
        ("smollm2-135m-instruct", "apache-2.0", False),
        ("Qwen/Qwen2.5-7B-Instruct", "mit", False),
        ("Qwen/Qwen2.5-3B-Instruct", "apache-2.0", True),
        ("Qwen/Qwen2.5-3B-Instruct", "cc-by-nc-4.0", False),
        ("Qwen/Qwen2.5-32B-Instruct", "apache-2.0", False),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "apache-2.0", True),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3.1", False),
        ("google/gemma-3-4b-it", "apache-2.0", True),
        ("openai/gpt-oss-120b", "apache-2.0", False),
        ("gpt-4o-mini", "apache-2.0", True),
        ("claude-sonnet-4-5", "cc0-1.0", True),
        ("claude-sonnet-4-5", None, False),
        ("somebody/some-model", "apache-2.0", False),
    ],
)
def test_terms_warn_where_a_licence_promises_too_much(model: str, licence: str | None, asks: bool) -> None:
    assert (stricter(model, licence) is not None) is asks


def test_what_the_table_of_terms_lacks_is_unknown() -> None:
    assert terms_of("somebody/some-model").kind == "unknown"
    assert {licence for terms in TABLE for licence in terms.own} <= HUB_LICENCES


@pytest.mark.parametrize("text", NASTY)
def test_text_stays_in_its_cell_and_in_its_block(text: str) -> None:
    assert "\n" not in cell(text)
    assert cell(text).count("|") == cell(text).count("\\|")
    fence = code(text).split("\n")[0]
    assert fence not in text
    assert len(table(["a"], [[text]]).splitlines()) == 3


def test_the_recipe_is_shown_as_it_was_built(folder: Path) -> None:
    text = card(toy(40, {"description": "```yaml\nno way out\n```"}), folder)
    assert "hfsft build recipe.resolved.yaml" in text


@pytest.mark.parametrize(("words", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b")])
def test_words_are_joined_as_in_prose(words: list[str], expected: str) -> None:
    assert joined(words) == expected


def test_a_recipe_without_models_claims_no_synthesis(folder: Path) -> None:
    found: dict[str, Any] = {**RECIPE, "judge": None}
    built = toy(40, found)
    plain = type(built)(
        built.recipe,
        type(built.plan)("toy", tuple(step for step in built.plan.steps if not step.models)),
        *(built.rows, built.ledger, built.usage, built.seconds),
    )
    text = card(plain, folder)
    assert "synthetic" not in text
    assert "## Models" not in text
    assert "This build asked no model: existing rows were read, filtered and split." in text
    assert "No model wrote" not in text


@pytest.mark.parametrize(
    ("recipe", "said", "not_said"),
    [
        ({}, "Who wrote its seeds, the recipe does not say.", " in en"),
        ({"written_by": "people"}, "Its seeds were written by people, says the recipe.", "does not say"),
        ({"written_by": "both"}, "Its seeds were written by people and models, says the recipe.", "does not say"),
        ({"language": ["vi", "zh"]}, "for supervised fine-tuning in vi and zh, under apache-2.0.", " in en"),
        (
            {},
            "Models wrote part of it (generate); whether anybody has read every row, this card cannot know.",
            "nobody",
        ),
        ({"license": None}, "The recipe names no licence (`license`), so nobody can tell", ", under"),
        ({"license": None, "filters": []}, "for supervised fine-tuning.", "license:"),
    ],
)
def test_the_card_claims_only_what_is_known(recipe: dict[str, Any], said: str, not_said: str, folder: Path) -> None:
    text = card(toy(60, recipe), folder).split("## The recipe")[0]
    assert said in text
    assert not_said not in text.split("## Known limits")[0]


def test_no_language_is_claimed_and_templates_still_read_one() -> None:
    assert load_recipe(RECIPE).language is None
    assert "language" not in load_recipe(RECIPE).resolved()
    texts = [
        step.identity
        for step in compile_recipe(load_recipe({**RECIPE, "generate": {"system": "{{ language[0] }}"}})).steps
    ]
    assert "'language': ['en']" in str(texts)


def test_models_that_only_judge_write_nothing(folder: Path) -> None:
    built = toy(60)
    steps = tuple(step for step in built.plan.steps if step.name != "generate")
    text = card(replace(built, plan=type(built.plan)("toy", steps)), folder)
    assert "asked models to score rows, not to write any" in text
    assert "synthetic" not in text


@pytest.mark.parametrize(
    "topic", [*NASTY, "\x1b]0;owned\x07\x1b[31mred", f"a\n{MARK}\nb", "``` <b> ` <i> `", "[x](http://evil)"]
)
def test_what_a_row_says_is_text_in_the_card_and_on_the_screen(topic: str, folder: Path) -> None:
    rows = [{**row, "topic": topic if index % 10 else "refund"} for index, row in enumerate(toy(400).rows.to_list())]
    built = replace(toy(400), rows=dataset(rows))
    text = card(built, folder).split("## The recipe")[0].split("## How to train on it")
    shown = text[0].split("## A row")[0] + text[1]
    (note,) = [note for note in built.notes if "about one topic" in note]
    for said in (shown, note):
        assert not [sign for sign in said if unicodedata.category(sign) == "Cc" and sign != "\n"]
        assert "\u202e" not in said
    assert "\n" not in note
    assert "<b>" not in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert MARK not in shown
    assert "[x](http" not in shown


def test_a_card_that_holds_the_mark_keeps_no_old_text(folder: Path) -> None:
    built = toy(60, {"description": f"Holds\n{MARK}\nin its text."})
    there, sizes = None, []
    for number in range(3):
        there = merge(card(built, folder), there, describe(f"v{number}", there, built.summary(), None, {}, None))
        sizes.append(len(there))
    assert there is not None
    assert there.count("\n## The recipe") == 1
    assert there.count("\n### v") == 3
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0], "each release adds its entry and no more"
