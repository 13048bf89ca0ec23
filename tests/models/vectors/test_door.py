"""Embedders and scorers at servers: each text is asked for once, its vector kept like any answer, its fault told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from hfsft.errors import AnswerError, BudgetError, ModelError, StageError
from hfsft.models.limits.budget import Budget
from hfsft.models.model import Model
from hfsft.models.pool import Pool
from hfsft.models.vectors.door import embedder_of, scorer_of
from hfsft.models.vectors.shapes import WAYS
from hfsft.models.vectors.text_turns import vector_turns
from tests.models.fixture import QUICK
from tests.models.vectors.server import Vectors, fit, vector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hfsft.models.store.store import Store

    MakePool = Callable[..., Pool]


@pytest.mark.parametrize(
    "body",
    [
        {"results": [{"index": 1, "relevance_score": 0.2}, {"index": 0, "relevance_score": 0.9}]},
        {"results": [{"index": "1", "score": 0.2}, {"index": "0", "score": 0.9}]},
        {"object": "list", "data": [{"index": 1, "relevance_score": 0.2}, {"index": 0, "relevance_score": 0.9}]},
        {"rankings": [{"index": 1, "logit": 0.2}, {"index": 0, "logit": 0.9}]},
        {"output": {"results": [{"index": 1, "relevance_score": 0.2}, {"index": 0, "relevance_score": 0.9}]}},
        [{"index": 1, "score": 0.2}, {"index": 0, "score": 0.9}],
    ],
)
def test_what_a_reranker_says_is_read_in_the_order_of_the_texts(body: Any) -> None:
    assert [way.read(body, 2) for way in WAYS["rerank"]] == 2 * [['{"score": 0.9}', '{"score": 0.2}']]


TEXTS = [f"parcel number {index} came late" for index in range(100)]


@pytest.fixture
def server() -> Iterator[Vectors]:
    with Vectors() as served:
        yield served


@pytest.fixture
def pool_of(store: Store) -> Iterator[MakePool]:
    pools: list[Pool] = []

    def make(model: Model, **more: Any) -> Pool:
        pools.append(Pool({"e": model}, store, patience=QUICK, recipe="toy", **more))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def model(server: Vectors, **more: Any) -> Model:
    return Model(**{"model": "m-1", "base_url": server.url, "task": "embed", "timeout": 10, **more})


def unit(text: str, width: int = 8, cut: int | None = None) -> np.ndarray[Any, Any]:
    found = np.array(vector(text, width)[:cut])
    return found / np.linalg.norm(found)


def embed(made: Model, pool: Pool, texts: list[str]) -> np.ndarray[Any, Any]:
    return embedder_of(made, name="e", pool=pool).embed(texts)


def failures(pool: Pool, texts: list[str]) -> dict[str, AnswerError]:
    """Why each of the texts got no vector."""
    tasks = [(text, lambda text=text: vector_turns("e", text)) for text in texts]
    return pool.drive("embed", tasks, total=len(texts), max_failed_share=1)


@pytest.mark.parametrize("base64", ["yes", "ignored", "refused"])
def test_texts_are_sent_together_and_come_back_in_their_order(server: Vectors, pool_of: MakePool, base64: str) -> None:
    server.base64 = base64
    made = model(server)
    found = embed(made, pool_of(made), ["", *TEXTS, " "])
    assert (found.dtype, found.shape) == (np.float32, (102, 8))
    assert not found[[0, -1]].any(), "nobody is asked for a blank text"
    assert np.allclose(found[1:-1], [unit(text) for text in TEXTS], atol=1e-7)
    assert sorted(set(server.texts)) == sorted(TEXTS)
    assert len(server.requests) <= 16, "32 texts at once"


def test_a_vector_is_asked_for_once(server: Vectors, pool_of: MakePool, store: Store) -> None:
    made = model(server)
    first = embed(made, pool_of(made), TEXTS[:40])
    again = pool_of(made)
    assert (embed(made, again, TEXTS[:50])[:40] == first).all(), "to the last bit"
    assert sorted(server.texts) == sorted(TEXTS[:50])
    tally = again.usage.of("embed", "e")
    assert (tally.calls, tally.stored, tally.input_tokens, tally.output_tokens) == (10, 40, 50, 0)
    assert store.read("SELECT count(*), sum(input_tokens) FROM answers") == [(50, 250)]


def test_another_prefix_or_length_is_another_vector(server: Vectors, pool_of: MakePool) -> None:
    for more in ({}, {"prefix": "query: "}, {"dimensions": 4}):
        made = model(server, **more)
        embed(made, pool_of(made), ["a parcel"])
    assert server.texts == ["a parcel", "query: a parcel", "a parcel"]
    assert server.requests[-1][1]["dimensions"] == 4


def test_a_shorter_vector_has_the_length_that_was_asked_for(server: Vectors, pool_of: MakePool) -> None:
    made = model(server, dimensions=4)
    assert np.allclose(embed(made, pool_of(made), ["a b c"])[0], unit("a b c", cut=4))
    server.shortens = False
    with pytest.raises(ModelError, match=r"models\.e: .* gives vectors of 8 numbers, and `dimensions` asks for 4"):
        embed(made, pool_of(made), ["another"])


def test_a_text_that_is_too_long_fails_alone(server: Vectors, pool_of: MakePool) -> None:
    server.most_words = 20
    texts = [*TEXTS[:60], "word " * 21, *TEXTS[60:]]
    pool = pool_of(model(server))
    failed = failures(pool, texts)
    assert {text: error.cause for text, error in failed.items()} == {"word " * 21: "context_length"}
    assert "maximum context length is 20 tokens" in str(failed["word " * 21])
    assert np.allclose(pool.replay(lambda: vector_turns("e", TEXTS[99])), unit(TEXTS[99]))


def test_a_text_that_is_read_in_part_fails_though_nothing_is_said(server: Vectors, pool_of: MakePool) -> None:
    """By the server's own count: the longest text is asked for alone, once."""
    server.reads_words = 128
    long = [f"{place} " + "".join(f"w{place}x{number} " for number in range(400)) for place in range(3)]
    short = [f"{index} is a short text of words" for index in range(60)]
    pool = pool_of(model(server))
    failed = failures(pool, [*short, *long])
    assert {error.cause for error in failed.values()} == {"prompt_cut"}
    assert set(failed) == set(long)
    assert "the server counted 128 tokens where about" in str(failed[long[0]])
    assert len([1 for text in server.texts if text in long]) <= 7
    kept = pool_of(model(server, prompt_cut="keep"))
    assert failures(kept, long) == {}
    server.reads_words = 0
    assert failures(pool_of(model(server, identity="whole")), [*short, *long]) == {}


def test_a_count_that_is_none_fails_no_text(server: Vectors, pool_of: MakePool) -> None:
    server.change = lambda found, _: {**found, "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    long = ["".join(f"w{place}x{number} " for number in range(400)) for place in range(2)]
    assert failures(pool_of(model(server)), [long[0], *TEXTS[:9], long[1]]) == {}


@pytest.mark.parametrize("said", ["input (99 tokens) is too large to process. increase the physical batch size"])
def test_llama_cpp_says_too_long_by_an_error_of_the_server(server: Vectors, pool_of: MakePool, said: str) -> None:
    from tests.models.vectors.server import Refused

    def check(texts: list[str]) -> None:
        if "long" in texts:
            raise Refused(500, said)

    server.check = check  # type: ignore[method-assign]
    failed = failures(pool_of(model(server)), ["short", "long", "brief"])
    assert {text: error.cause for text, error in failed.items()} == {"long": "context_length"}


def test_a_server_that_takes_few_texts_at_once_gets_few(server: Vectors, pool_of: MakePool) -> None:
    server.most_texts = 5
    made = model(server, concurrency=2)
    assert np.allclose(embed(made, pool_of(made), TEXTS), [unit(text) for text in TEXTS])
    sizes = [len(body["input"]) for _, body in server.requests]
    assert sum(size > 5 for size in sizes) < 12, "what it was told once is heeded"


WRONG: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "one is missing": (lambda data: data[1:], "unreadable", r"\d texts were sent, and \d vectors came back"),
    "one comes twice": (lambda data: [*data[1:], data[0] | {"index": 7}], "unreadable", "`index` of the vectors"),
    "no list": (lambda _: None, "unreadable", "holds no vectors"),
}
ODD: dict[str, tuple[Any, str]] = {
    "NaN": (math.nan, "infinite, or none"),
    "null": (None, "no vector of numbers"),
    "infinite": (math.inf, "infinite, or none"),
    "text": ("x", "no vector of numbers"),
    "too large": (1e300, "infinite, or none"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_response_without_just_those_vectors_is_asked_for_again(
    server: Vectors, pool_of: MakePool, name: str
) -> None:
    change, cause, said = WRONG[name]
    once = iter([True])
    server.change = lambda found, _: {**found, "data": change(found["data"])} if next(once, False) else found
    assert failures(pool_of(model(server)), TEXTS[:3]) == {}
    server.change = lambda found, _: {**found, "data": change(found["data"])}
    failed = failures(pool_of(model(server)), TEXTS[3:6])
    assert {error.cause for error in failed.values()} == {cause}
    with pytest.raises(AnswerError, match=f"{server.url}: .*{said}"):
        raise next(iter(failed.values()))


def test_an_error_with_the_status_of_an_answer_is_one(server: Vectors, pool_of: MakePool) -> None:
    once = iter([True])
    broke = {"error": {"message": "upstream broke", "code": 502}}
    server.change = lambda found, _: broke if next(once, False) else found
    assert failures(pool_of(model(server)), TEXTS[:3]) == {}
    assert len(server.requests) >= 2
    server.change = lambda found, _: {"error": {"message": "maximum context length is 3", "code": 400}}
    assert {error.cause for error in failures(pool_of(model(server)), TEXTS[3:5]).values()} == {"context_length"}


def test_vectors_come_in_any_order(server: Vectors, pool_of: MakePool) -> None:
    server.change = lambda found, _: {**found, "data": found["data"][::-1]}
    made = model(server)
    assert np.allclose(embed(made, pool_of(made), TEXTS[:5]), [unit(text) for text in TEXTS[:5]])
    server.change = lambda found, _: {"data": [{"embedding": each["embedding"]} for each in found["data"]]}
    assert np.allclose(embed(made, pool_of(made), TEXTS[5:9]), [unit(text) for text in TEXTS[5:9]])


@pytest.mark.parametrize("name", ODD)
def test_a_vector_that_is_none_fails_its_text_alone(server: Vectors, pool_of: MakePool, name: str) -> None:
    value, said = ODD[name]

    def change(found: Any, body: Any) -> Any:
        for each, text in zip(found["data"], body["input"], strict=True):
            if text == "odd":
                each["embedding"] = [value, *vector(text)[1:]]
        return found

    server.base64, server.change = "ignored", change
    failed = failures(pool_of(model(server)), ["odd", *TEXTS[:5]])
    assert list(failed) == ["odd"]
    assert said in str(failed["odd"])


def test_a_vector_of_another_length_is_told(server: Vectors, pool_of: MakePool) -> None:
    pool = pool_of(model(server))
    assert failures(pool, ["eight"]) == {}
    server.width = 5
    assert "has 5 numbers, and others have 8" in str(failures(pool, ["five"])["five"])


def test_faults_heal_and_a_limit_slows(server: Vectors, pool_of: MakePool) -> None:
    server.fault = lambda body, nth: "" if nth > 1 else ("500" if len(body["input"][0]) % 2 else "429")
    made = model(server, batch_size=4)
    assert np.allclose(embed(made, pool_of(made), TEXTS), [unit(text) for text in TEXTS])


def test_a_key_goes_where_it_belongs(server: Vectors, pool_of: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBED_KEY", "s3cr3t-of-the-embedder")
    server.key = "s3cr3t-of-the-embedder"
    made = model(server, api_key_env="EMBED_KEY", headers={"X-Team": "toys"})
    embed(made, pool_of(made), ["a"])
    assert server.sent_headers[0]["X-Team"] == "toys"
    bare = model(server, identity="bare")
    with pytest.raises(ModelError, match="HTTP 401"):
        embed(bare, pool_of(bare), ["a"])


def test_a_budget_is_kept(server: Vectors, pool_of: MakePool) -> None:
    made = model(server, price={"input": 1.0, "output": 0.0})
    pool = pool_of(made, budget=Budget(usd=0.0003))
    with pytest.raises(BudgetError, match=r"0\.0003 USD"):
        embed(made, pool, TEXTS)
    assert 0 < len(server.texts) < 100
    few = pool_of(made, budget=Budget(calls=10))
    with pytest.raises(BudgetError, match="10 calls"):
        embed(made, few, [f"new {index}" for index in range(30)])
    assert few.usage.calls == 10


def test_requests_are_bounded_as_the_recipe_says(server: Vectors, pool_of: MakePool) -> None:
    server.latency = 0.02
    made = model(server, concurrency=2, batch_size=5)
    embed(made, pool_of(made), TEXTS)
    assert server.peak <= 2
    assert len(server.requests) < 50


def test_many_texts_take_few_requests(server: Vectors, pool_of: MakePool) -> None:
    made = model(server, batch_size=64)
    texts = [f"{index} of many" for index in range(5000)]
    found = embed(made, pool_of(made), texts)
    assert np.allclose(found[[7, 4999]], [unit(texts[7]), unit(texts[4999])])
    assert len(server.requests) <= 1.3 * 5000 / 64


@pytest.mark.parametrize(
    ("kind", "task", "path"),
    [
        ("vllm", "rerank", "/v1/rerank"),
        ("jina", "rerank", "/v1/rerank"),
        ("tei", "rerank", "/rerank"),
        ("vllm", "score", "/score"),
    ],
)
@pytest.mark.parametrize("root", [False, True], ids=["v1", "root"])
def test_pairs_are_scored(pool_of: MakePool, kind: str, task: str, path: str, root: bool) -> None:
    with Vectors(kind) as server:
        made = model(server, task=task, base_url=server.root if root else server.url)
        scorer = scorer_of(made, name="e", pool=pool_of(made))
        pairs = [(query, text) for query in ("late parcel", "parcel 7 is here") for text in TEXTS[:20]]
        found = scorer.score(pairs)
        assert found.dtype == np.float32
        assert found.tolist() == [fit(*pair) for pair in pairs]
        assert {each for each, _ in server.requests} == {path}, "an address that is not there is no request here"
        assert len(server.requests) <= 4


@pytest.mark.parametrize(("kind", "path"), [("vllm", "/classify"), ("tei", "/predict")])
def test_texts_are_classified_with_the_servers_label(pool_of: MakePool, kind: str, path: str) -> None:
    with Vectors(kind) as server:
        made = model(server, task="classify")
        scorer = scorer_of(made, name="e", pool=pool_of(made))
        found = scorer.labelled([("a good answer",), ("an answer",)])
        assert [tuple(each) for each in found] == [(1.0, "good"), (1.0, "bad")]
        assert {each for each, _ in server.requests} == {path}


def test_a_reward_models_number_is_the_score(pool_of: MakePool) -> None:
    with Vectors("vllm", width=1) as server:
        made = model(server, task="classify")
        scorer = scorer_of(made, name="e", pool=pool_of(made))
        assert scorer.score([("a good answer",), ("an answer",)]).tolist() == [4.0, -4.0]


def test_a_task_that_a_server_does_not_know_is_told(server: Vectors, pool_of: MakePool) -> None:
    made = model(server, task="rerank")
    with pytest.raises(ModelError, match="asked at /rerank and /rerank"):
        scorer_of(made, name="e", pool=pool_of(made)).score([("a", "b")])


def test_one_that_cannot_be_used_stops_what_asked_for_it(server: Vectors, pool_of: MakePool) -> None:
    server.most_words = 3
    made = model(server)
    with pytest.raises(StageError, match="maximum context length is 3 tokens"):
        embed(made, pool_of(made), ["a", "one two three four"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": "embed", "temperature": 0.5}, "temperature: means nothing to a model with `task: embed`"),
        ({"dimensions": 8}, "dimensions: belongs to a model with `task: embed`"),
        ({"task": "rerank", "prefix": "q: "}, "prefix: means nothing to a model with `task: rerank`"),
        ({"task": "score", "base_url": None}, "is asked at a server; give `base_url`"),
        ({"task": "embed", "base_url": None, "provider": "auto"}, "asked through a provider are models that chat"),
        ({"task": "embed", "pooling": "mean"}, "pooling: its server or its files say how"),
        ({"task": "embed", "batch_size": 0}, "greater than or equal to 1"),
        ({"task": "embed", "batch": True}, "batch: means nothing to a model with `task: embed`"),
    ],
)
def test_what_means_nothing_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Model(**{"model": "m", "base_url": "http://localhost:1/v1", **given})


def test_a_model_of_another_task_is_no_embedder(server: Vectors) -> None:
    with pytest.raises(ModelError, match="makes no vectors: its task is rerank"):
        embedder_of(model(server, task="rerank"))
    with pytest.raises(ModelError, match="gives no scores: its task is embed"):
        scorer_of(model(server))


def test_python_code_names_an_embedder_as_a_recipe_does(server: Vectors) -> None:
    fields = {"model": "e", "task": "embed", "base_url": server.url}
    assert embedder_of("wordllama").identity == embedder_of().identity
    assert embedder_of(fields).identity == embedder_of(Model.model_validate(fields)).identity
    with pytest.raises(ModelError, match=r"^the model: `model`: Field required; unknown key `modell` \(did you mean"):
        embedder_of({"modell": "e"})
    with pytest.raises(ModelError, match=r"^the model: `provider` and `base_url` both say"):
        embedder_of({**fields, "task": "chat", "provider": "auto"})


def test_one_text_in_place_of_a_list_is_refused(server: Vectors, pool_of: MakePool) -> None:
    asked = model(server)
    pool = pool_of(asked)
    for found in (embedder_of(asked, name="e", pool=pool), embedder_of()):
        with pytest.raises(TypeError, match=r"write it as \[text\]"):
            found.embed("abc")
    scorer = scorer_of(model(server, task="score"), name="e", pool=pool)
    for items in ("abc", ["abc"]):
        with pytest.raises(TypeError, match=r"write it as \[text\]"):
            scorer.score(items)  # type: ignore[arg-type]
    assert server.requests == []
