"""tokens under a model's tokenizer: what it is decides, not what it is called; a row that it refuses falls."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfsft.errors import ModelError, RecipeError, ReleaseError
from hfsft.filters import Tokens
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.release.trainer.tokenizer import load_tokenizer

TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "<s> {{ m.content }} {% endfor %}"
)
RECIPE = """
name: words
license: apache-2.0
examples: [{rows: [{instruction: where is it, response: it is here}]}]
filters: [{tokens: {tokenizer: tok, at_most: 9}}]
split: {validation: 0}
"""


def save(folder: Path, template: str | None = TEMPLATE, *, letters: bool = False) -> str:
    """A tokenizer of five words (or of their letters), with a chat template that takes no system message."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["[UNK]", "<s>", "where", "is", "it", "here", *"whereist"]
    toy = Tokenizer(models.WordLevel({word: number for number, word in enumerate(dict.fromkeys(words))}, "[UNK]"))
    toy.pre_tokenizer = pre_tokenizers.Split("", "isolated") if letters else pre_tokenizers.Whitespace()
    build: Any = PreTrainedTokenizerFast
    fast = build(tokenizer_object=toy, unk_token="[UNK]", bos_token="<s>")
    fast.chat_template = template
    shutil.rmtree(folder, ignore_errors=True)
    fast.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def tokenizer(tmp_path: Path) -> str:
    return save(tmp_path / "tok")


def test_tokens_of_a_tokenizer(tokenizer: str) -> None:
    rule = Tokens(tokenizer=tokenizer, at_most=9)
    assert rule.measure({"response": ["where is it here?", None]}) == {"tokens_response": [5, None]}
    assert rule.measure({"response": []}) == {"tokens_response": []}
    chat = Tokens(tokenizer=tokenizer, column="conversation", at_most=9)
    row: dict[str, list[Any]] = {"instruction": ["where is it"], "response": ["it is here"], "system": [None]}
    assert chat.measure(row) == {"tokens_conversation": [8], "tokens_conversation_refused": [None]}


def test_a_row_that_the_chat_template_refuses_falls_with_its_words(tokenizer: str) -> None:
    rows = Dataset.from_dict(
        {
            "instruction": ["where is it", "where is it", "where is it"],
            "response": ["it is here", "it is here", None],
            "system": [None, "Be brief.", None],
        }
    )
    kept, rejected = Tokens(tokenizer=tokenizer, column="conversation", at_most=9).apply(rows)
    assert kept["tokens_conversation"][:] == [8, None]
    assert rejected["tokens_conversation_refused"][:] == ["no system role"]
    assert [bound.rule for bound in Tokens(tokenizer=tokenizer, column="messages", at_most=9).bounds()] == [
        "refused",
        "tokens",
    ]


def test_a_conversation_counts_with_what_its_template_shows_of_tools_and_calls(tmp_path: Path) -> None:
    # As most templates have it: schemas below `function`, arguments as an object.
    template = (
        "{% for t in tools or [] %}<s> {{ t.function.name }} {% endfor %}{% for m in messages %}<s> {{ m.content }} "
        "{% for c in m.tool_calls or [] %}<s> {{ c.function.name }} {{ c.function.arguments.id }} {% endfor %}"
        "{{ m.reasoning_content or '' }} {% endfor %}"
    )
    rule = Tokens(tokenizer=save(tmp_path / "tok", template), column="conversation", at_most=9)
    call = {"id": "c", "name": "where", "arguments": '{"id": "here"}'}
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "where is it"},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning": "it is"},
    ]
    row = {"instruction": "where is it", "response": "", "system": None, "messages": turns, "tools": '[{"name": "is"}]'}
    found = rule.measure({name: [value] for name, value in row.items()})
    assert found == {"tokens_conversation": [2 + 4 + 1 + 3 + 2], "tokens_conversation_refused": [None]}


def fingerprint(rule: Tokens) -> str:
    return rule.steps()[0].fingerprint("")


def test_what_the_tokenizer_is_decides_not_its_name(tokenizer: str, tmp_path: Path) -> None:
    rule = Tokens(tokenizer=tokenizer, at_most=9)
    before = fingerprint(rule)
    shutil.copytree(tokenizer, tmp_path / "other")
    assert fingerprint(Tokens(tokenizer=str(tmp_path / "other"), at_most=9)) == before
    save(Path(tokenizer), letters=True)
    assert fingerprint(rule) != before
    assert rule.measure({"response": ["here"]}) == {"tokens_response": [4]}
    save(Path(tokenizer), template="{{ messages }}")
    assert fingerprint(rule) not in (before, fingerprint(Tokens(at_most=9)))


def test_a_tokenizer_is_looked_for_beside_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / "recipe.yaml").write_text(RECIPE)
    save(home / "tok")
    monkeypatch.chdir(elsewhere)
    recipe = load_recipe(home / "recipe.yaml")
    plan = compile_recipe(recipe)
    (measure,) = [step for step in plan.steps if step.name == "filters[tokens].measure"]
    assert measure.function({"response": ["where is it"]}) == {"tokens_response": [3]}
    loaded = load_tokenizer("tok", base=home)
    assert (loaded.name, loaded.identity["name"]) == ("tok", "tok")  # no path of this machine in what is published

    shutil.move(home / "tok", elsewhere / "tok")
    with pytest.raises(RecipeError, match=r"recipe.yaml:5:\d+: the tokenizer tok is not in .*home"):
        compile_recipe(load_recipe(home / "recipe.yaml"), weights=False)
    with pytest.raises(ReleaseError, match=r"publish.tokenizer: the tokenizer tok is not in"):
        load_tokenizer("tok", base=home)


def test_a_tokenizer_that_cannot_be_loaded_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "tok").mkdir()
    (tmp_path / "tok" / "tokenizer.json").write_text("{}")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    with pytest.raises(RecipeError, match=r"recipe.yaml:5:\d+: the tokenizer .*tok cannot be loaded"):
        compile_recipe(load_recipe(tmp_path / "recipe.yaml"), weights=False)
    with pytest.raises(ModelError, match=r"tokenizer .*missing cannot be loaded"):
        Tokens(tokenizer=str(tmp_path / "missing"), at_most=9).steps()
