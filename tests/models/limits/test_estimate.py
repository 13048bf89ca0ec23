"""What a build will cost, from rendered prompts: by the model's tokenizer, its history, or the length of the text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from hfsft.models.limits.estimate import MESSAGE_TOKENS, estimate, tokenizer_of
from hfsft.models.model import Answer, Model, Price, Request
from hfsft.models.store.store import Entry, Store, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hub.fixture import HubServer

PRICE = Price(input=1.0, output=10.0)
ASKED = Request("writer", ({"role": "system", "content": "one two"}, {"role": "user", "content": "three four five"}))


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A folder with a tokenizer to which every word is a token."""
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    folder = tmp_path / "owner" / "words"
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def remember(store: Store, count: int, *, model: str, stage: str, tokens: tuple[int, int]) -> None:
    entries = [
        Entry(f"{index:064x}", "r" * 100, Answer("text", "", "stop", *tokens), model, stage=stage)
        for index in range(count)
    ]
    connection = store.connect()
    write(connection, entries)
    connection.close()


def test_a_model_never_asked_is_taken_by_length_and_limit(store: Store) -> None:
    model = Model(model="never-asked", base_url="http://127.0.0.1:1", max_tokens=50)
    found = estimate(store, model, PRICE, "generate", [ASKED] * 2)
    assert (found.prompts, found.answers, found.output_tokens) == ("characters", "limit", 100)
    assert found.input_tokens > 2 * len("one two three four five") / 4
    assert found.usd == pytest.approx((found.input_tokens * 1 + 100 * 10) / 1e6)


def test_what_the_model_took_before_counts(store: Store) -> None:
    model = Model(model="org/asked", base_url="http://127.0.0.1:1", max_tokens=50)
    remember(store, 5, model="org/asked", stage="generate", tokens=(20, 8))
    found = estimate(store, model, None, "generate", [], more=10)
    assert (found.prompts, found.answers, found.usd) == ("history", "history", None)
    assert (found.input_tokens, found.output_tokens) == (200, 80)


def test_texts_of_an_embedder_are_counted_and_nothing_is_written(store: Store, words: Path) -> None:
    asked = [Request("embedder", texts=(text,)) for text in ("one two three", "four five")]
    embedder = {"base_url": "http://127.0.0.1:1", "task": "embed"}
    model = Model(model="never-asked", **embedder)
    found = estimate(store, model, PRICE, "embed", asked)
    assert (found.calls, found.input_tokens, found.output_tokens) == (2, round(len("one two threefour five") / 4), 0)
    assert found.usd == pytest.approx(found.input_tokens / 1e6)
    remember(store, 5, model="org/asked", stage="embed", tokens=(20, 0))
    told = estimate(store, Model(model="org/asked", **embedder), PRICE, "embed", [], more=10)
    assert (told.prompts, told.input_tokens, told.output_tokens) == ("history", 200, 0)
    counted = estimate(store, Model(model=str(words), identity="w", **embedder), PRICE, "embed", asked)
    assert (counted.prompts, counted.input_tokens) == ("tokenizer", 5)


def test_the_models_tokenizer_counts_its_prompts(store: Store, words: Path) -> None:
    model = Model(model=str(words), base_url="http://127.0.0.1:1", max_tokens=50)
    remember(store, 5, model=str(words), stage="generate", tokens=(20, 8))
    found = estimate(store, model, PRICE, "generate", [ASKED], more=2)
    assert (found.prompts, found.answers) == ("tokenizer", "history")
    assert (found.input_tokens, found.output_tokens) == (3 * (5 + 2 * MESSAGE_TOKENS), 3 * 8)


def test_a_name_that_is_no_repository_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the Hub was asked")

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", fail)
    assert tokenizer_of("gpt-4o") is None


def test_the_hub_gives_the_tokenizer_once(hub: HubServer, words: Path) -> None:
    program = """
import json, sys
from huggingface_hub import HfApi
from hfsft.models.limits.estimate import tokenizer_of
api = HfApi()
api.create_repo("ana/words")
api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="tokenizer.json", repo_id="ana/words")
found = [tokenizer_of(name) for name in ("ana/words", "ana/none", "../odd/name")]
tokenizer_of.cache_clear()
again = tokenizer_of("ana/words")
print(json.dumps([len(again.encode("a b c").ids), *[one is not None for one in found]]))
"""
    done = hub.run(program, words / "tokenizer.json", token=hub.token("ana"))
    assert json.loads(done.stdout) == [3, True, False, False]
    asked = [request for request in hub.requests if "resolve" in request.path and request.method == "GET"]
    assert len(asked) == 1


def test_texts_that_are_still_to_come_are_counted_as_long_as_they_may_be(store: Store) -> None:
    embedder = Model(model="e", base_url="http://127.0.0.1:1", task="embed")
    unknown = Request("e", texts=("?",))
    found = estimate(store, embedder, PRICE, "embed[response]", [], more=10, sample=unknown, coming=120.0)
    assert (found.calls, found.output_tokens) == (10, 0)
    assert 1200 <= found.input_tokens <= 1210
