"""How long both sides of preference pairs are under a tokenizer, whose tokens are bytes here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.release.rows.pair_lengths import PairLengths, pair_lengths
from hfsft.release.trainer.tokenizer import ChatTokenizer, load_tokenizer
from tests.release.samples import tokenizer_folder


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> ChatTokenizer:
    return load_tokenizer(str(tokenizer_folder(tmp_path_factory.mktemp("tokenizer"))))


def pair(chosen: int, rejected: int, *, plain: bool = False, **more: Any) -> dict[str, Any]:
    """A pair whose answers have so many letters."""
    if plain:
        return {"prompt": "Why?", "chosen": "a" * chosen, "rejected": "b" * rejected}
    sides = {"chosen": "a" * chosen, "rejected": "b" * rejected}
    said = {side: [{"role": "assistant", "content": text}] for side, text in sides.items()}
    return {"prompt": [{"role": "user", "content": "Why?"}], **said, **more}


@pytest.mark.parametrize("plain", [False, True], ids=["chats", "texts"])
def test_both_sides_are_counted_with_the_question(tokenizer: ChatTokenizer, plain: bool) -> None:
    pairs = [pair(10, 20, plain=plain), pair(900, 10, plain=plain), pair(10, 1200, plain=plain)]
    found = pair_lengths([*pairs, pair(2000, 3000, plain=plain)], tokenizer, 500)
    assert isinstance(found, PairLengths)
    assert (found.over, found.chosen_alone, found.rejected_alone) == (3, 1, 1)
    around = found.longer.shortest - 20
    assert found.longer.longest == 3000 + around
    assert around == (5 if plain else len("user\nWhy?\nassistant\n\n") + 4)
    (note,) = found.notes()
    assert note == (
        "3 preference pairs have an answer that ends beyond 500 tokens (1 the rejected one alone, 1 the chosen one "
        f"alone) and is cut in training: train with DPOConfig(max_length={3008 if plain else 3072}) or more"
    )


def test_what_fits_is_told_nowhere_and_what_the_template_refuses_is_left_out(tmp_path: Path) -> None:
    refusing = "{% if 'b' in m.content %}{{ raise_exception('no') }}{% endif %}"
    strict = f"{{% for m in messages %}}{refusing}{{{{ m.content }}}}{{% endfor %}}"
    known = load_tokenizer(str(tokenizer_folder(tmp_path, strict)))
    assert pair_lengths([pair(5, 5)], known, None) is None
    found = pair_lengths([pair(5, 0), pair(5, 5)], known, None)
    assert found is not None
    assert (found.most, found.over, list(found.notes())) == (1024, 0, [])


def test_tools_are_part_of_the_question(tokenizer: ChatTokenizer) -> None:
    tools = json.dumps([{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}])
    assert pair_lengths([pair(5, 5, tools=tools)], tokenizer, None) is not None
