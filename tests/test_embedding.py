"""The step that makes vectors of a column: kept row by row, made by a library here or by a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset

import hfsft
from hfsft.embedding import embedding
from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import ColumnError, ModelError
from hfsft.filters.base import Bounded
from hfsft.models.model import Model
from hfsft.models.pool import Pool
from hfsft.models.vectors.door import embedder_of
from hfsft.models.vectors.static import Static
from hfsft.recipe.compile import contexts_of
from hfsft.recipe.models_asked import embedding_step
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.columns import vector_of
from hfsft.rows.features import features, values_of
from tests.engine.held import held
from tests.models.vectors.server import Vectors, vector

MakePool = Callable[..., Pool]
TEXTS = ["The parcel is late.", "", "My package has not come.", None, "Bake it for an hour.", "  "]
COLUMN = vector_of("instruction")


def source(texts: list[str | None]) -> Step:
    def rows() -> Any:
        for text in texts:
            yield {"id": f"id of {text!r}", "instruction": text}

    return Step(
        "source",
        rows="source",
        writes={"id": "string", "instruction": "string"},
        work=held(rows),
        identity={"t": texts},
    )


def ran(pool: Pool, folder: Path, step: Step, texts: list[str | None] = TEXTS, **more: Any) -> tuple[Any, Ledger]:
    ledger = Ledger()
    plan = Plan("toy", (source(texts), step, *more.get("then", ())))
    return engine.run(plan, Live(pool), folder / "cache", ledger), ledger


def found(rows: Any) -> list[Any]:
    return values_of(rows.data.table[COLUMN])


def test_a_library_makes_them_in_this_process(make_pool: MakePool, tmp_path: Path, monkeypatch: Any) -> None:
    made: list[int] = []
    embed = Static.embed
    monkeypatch.setattr(Static, "embed", lambda self, texts: made.append(len(texts)) or embed(self, texts))
    step = embedding("instruction", Model(model="wordllama", task="embed"))
    assert step.writes == {COLUMN: "vector[256]"}
    rows, _ = ran(make_pool(), tmp_path, step)
    assert rows.features[COLUMN].length == 256
    assert rows.data.table.schema.field(COLUMN).type == pa.list_(pa.float32(), 256)
    vectors = found(rows)
    assert [place for place, each in enumerate(vectors) if each is None] == [1, 3, 5]
    expected = embedder_of().embed([TEXTS[place] or "" for place in (0, 2, 4)])
    assert (np.stack([vectors[place] for place in (0, 2, 4)]) == expected).all()
    assert np.allclose(np.linalg.norm(expected, axis=1), 1)
    assert expected[0] @ expected[1] > expected[0] @ expected[2] + 0.1
    made.clear()
    more = [*TEXTS, "One more."]
    rows, ledger = ran(make_pool(), tmp_path, step, more)
    assert made == [1], "what was made of the other rows is read back"
    rows, ledger = ran(make_pool(), tmp_path, step, more)
    assert ledger.funnel[1].cached


def test_a_vector_does_not_hang_on_the_texts_beside_it() -> None:
    texts = [f"{'very ' * (index % 7)}late parcel {index}" for index in range(50)]
    assert (embedder_of().embed(texts)[7] == embedder_of().embed([texts[7]])[0]).all()
    assert not embedder_of().embed([""]).any()
    assert embedder_of().embed([]).shape == (0, 256)


def test_the_packaged_embedder_can_make_shorter_vectors() -> None:
    short = Model(model="wordllama", task="embed", dimensions=64)
    assert embedder_of(short).embed(["a parcel"]).shape == (1, 64)
    assert embedder_of(short).identity != embedder_of().identity
    with pytest.raises(ModelError, match="vectors of 256 numbers"):
        embedder_of(Model(model="wordllama", task="embed", dimensions=512))


@pytest.mark.parametrize("dimensions", [None, 8])
def test_a_server_is_asked_text_by_text(make_pool: MakePool, tmp_path: Path, dimensions: int | None) -> None:
    with Vectors() as server:
        model = Model(model="m", base_url=server.url, task="embed", dimensions=dimensions)
        step = embedding("instruction", model)
        rows, ledger = ran(make_pool({"embedder": model}), tmp_path, step)
        vectors = found(rows)
        assert [place for place, each in enumerate(vectors) if each is None] == [1, 3, 5]
        expected = np.array(vector("The parcel is late."), np.float32)
        assert np.allclose(vectors[0], expected / np.linalg.norm(expected))
        assert ledger.funnel[1].calls == len(server.texts) == 3
        more = make_pool({"embedder": model})
        rows, ledger = ran(more, tmp_path, step, [*TEXTS, "One more."])
        assert (len(rows), ledger.funnel[1].calls, len(server.texts)) == (7, 1, 4)
        rows, ledger = ran(make_pool({"embedder": model}), tmp_path / "elsewhere", step)
        assert ledger.funnel[1].calls == 0, "the store has them"
        assert (found(rows)[0] == vectors[0]).all()


def test_one_text_that_cannot_be_read_fails_its_row_alone(make_pool: MakePool, tmp_path: Path) -> None:
    with Vectors(most_words=9) as server:
        model = Model(model="m", base_url=server.url, task="embed")
        texts: list[str | None] = [*(f"parcel {index}" for index in range(30)), "word " * 10]
        rows, ledger = ran(make_pool({"embedder": model}), tmp_path, embedding("instruction", model), texts)
        assert len(rows) == 30
        ((_, entries),) = ledger.removed()
        assert [(each["fate"], each["error"].split(":")[0]) for each in entries] == [("failed", "context_length")]


def test_a_step_behind_gets_them_as_arrays(make_pool: MakePool, tmp_path: Path) -> None:
    seen: list[Any] = []

    def measure(batch: Any) -> Any:
        seen.extend(batch[COLUMN])
        return {"length": [None if each is None else float(each.sum()) for each in batch[COLUMN]]}

    step = embedding("instruction", Model(model="wordllama", task="embed"))
    for sees in ("row", "all"):
        behind = Step(f"measure {sees}", sees=sees, reads=(COLUMN,), writes={"length": "float64"}, work=held(measure))
        ran(make_pool(), tmp_path, step, then=(behind,))
    assert {type(each) for each in seen} == {np.ndarray, type(None)}
    assert {each.dtype for each in seen if each is not None} == {np.dtype(np.float32)}


def test_a_side_table_has_vectors_too(make_pool: MakePool, tmp_path: Path) -> None:
    """As the passages of documents, or the items of another set."""
    passages = Step(
        "passages",
        rows="many",
        sees="all",
        makes="passages",
        writes={"id": "string", "instruction": "string"},
        work=held(lambda _: {"id": ["p1", "p2"], "instruction": ["Parcels come late.", "Bread is baked."]}),
    )
    seen: list[Any] = []

    def nearest(batch: Any, beside: Any) -> Any:
        seen.append(np.stack(batch[COLUMN]) @ np.stack(beside[COLUMN]).T)
        return {"passage": [beside["id"][place] for place in seen[-1].argmax(axis=1)]}

    look = Step("look", reads=(COLUMN,), beside="passages", writes={"passage": "string"}, work=held(nearest))
    texts: list[str | None] = ["My parcel is late.", "How is bread baked?"]
    with Vectors(width=32) as server:
        for model in (
            Model(model="wordllama", task="embed"),
            Model(model="m", base_url=server.url, task="embed"),
        ):
            own, theirs = embedding("instruction", model), embedding("instruction", model, table="passages")
            plan = Plan("toy", (source(texts), own, passages, replace(theirs, name="embed passages"), look))
            rows = engine.run(plan, Live(make_pool({"embedder": model})), tmp_path / model.model, Ledger())
            assert rows["passage"][:] == ["p1", "p2"]
        assert len(server.texts) == 4


def test_a_section_is_handed_the_step(tmp_path: Path) -> None:
    made = load_recipe({"name": "toy", "seeds": [{"prompts": ["Hi?"]}]})
    step = contexts_of(made, embed=partial(embedding_step, made))["generate"].embed("instruction", table="passages")
    assert (step.writes, step.table, step.asks) == ({COLUMN: "vector[256]"}, "passages", False)


def test_a_filter_used_alone_says_how_to_have_vectors() -> None:
    class Alike(Bounded):
        """Toy."""

        name: ClassVar[str] = "alike"
        reads: ClassVar[tuple[str, ...]] = (COLUMN,)
        writes: ClassVar[dict[str, Any]] = {"alike": "float64"}

        def measure(self, batch: Any) -> Any:
            return {"alike": [None if each is None else float(each[0]) for each in batch[COLUMN]]}

    rows = Dataset.from_dict({"instruction": ["One.", "Two."]})
    with pytest.raises(ColumnError, match=r"hfsft\.embedder_of\(\)\.embed\(dataset\['instruction'\]\)"):
        Alike(at_most=1).apply(rows)
    vectors = hfsft.embedder_of().embed(rows["instruction"][:])
    kept, _ = Alike(at_most=1).apply(rows.add_column(COLUMN, list(vectors)))
    assert kept["alike"][:] == vectors[:, 0].tolist()


MODEL = {"model": "m", "base_url": "http://localhost:1/v1", "task": "embed"}


@pytest.mark.parametrize(
    "more", [{"model": "n"}, {"dimensions": 8}, {"prefix": "q: "}, {"identity": "other"}, {"revision": "r2"}], ids=str
)
def test_what_makes_other_vectors_moves_the_fingerprint(more: dict[str, Any]) -> None:
    def fingerprint(**model: Any) -> str:
        return embedding("instruction", Model(**model)).fingerprint("")

    assert fingerprint(**MODEL, batch_size=7, concurrency=3, timeout=9) == fingerprint(**MODEL)
    assert fingerprint(**{**MODEL, **more}) != fingerprint(**MODEL)
    local = {"model": "wordllama", "task": "embed"}
    assert fingerprint(**local, dimensions=64) != fingerprint(**local)
    assert fingerprint(**MODEL) != fingerprint(**local)


@pytest.mark.parametrize("kind", ["vector", "vector[3]"])
def test_vectors_are_read_as_they_lie(kind: str) -> None:
    given = [np.array([1, 2, 3], np.float32), None, np.array([4, 5, 6], np.float32), None]
    whole = pa.array(given, features({"v": kind}).arrow_schema.field("v").type)
    for array in (whole, pa.chunked_array([whole[:1], whole[1:]])):
        for start in range(4):
            read = values_of(array[start:])
            assert [None if each is None else each.tolist() for each in read] == [
                None if each is None else each.tolist() for each in given[start:]
            ]
    assert values_of(pa.array([[1.0, 2.0]])) == [[1.0, 2.0]], "numbers in double precision are no vector"
