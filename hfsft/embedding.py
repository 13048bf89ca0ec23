"""The step that makes vectors of a column of texts, by whatever embedder the recipe has.

A library in this process is a resource of a step that looks at each row; an embedder at a server is asked as any model
is, text by text, so that each vector is kept by itself and many go in one request (`hfsft.models.vectors.together`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.models.model import STATIC, Model, Turns
from hfsft.models.vectors.door import EMBEDDER, LocalLoader
from hfsft.models.vectors.text_turns import vector_turns
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import column, vector_of
from hfsft.rows.features import vector_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfsft.errors import Place

VECTORS = EMBEDDER
"""What the resource is called that makes vectors in this process."""
KNOWN = ("en", "zh")  # languages of which it was measured that the packaged embedder tells questions apart
CHUNK = 1000  # texts whose vectors are made at once


def embedding(
    text: str,
    model: Model,
    *,
    name: str = EMBEDDER,
    identity: Mapping[str, Any] | None = None,
    load: bool = True,
    table: str = "",
    place: Place | None = None,
) -> Step:
    """The step that writes `vector_of(text)`: float32, of length 1, None where the text is blank.

    `model` is called `name` in the recipe, and `identity` is all that its answers depend on. Without `load` a library
    is not looked for: enough to check a recipe. `table` is the side table that it walks, the dataset where none is
    named. Raises `ModelError` where a local embedder cannot be had.
    """
    written = vector_of(text)
    kind, work = model.dimensions, {"text": text, "column": written}
    common: dict[str, Any] = {
        "name": f"embed[{text}]",
        "reads": (text,),
        "role": "vector",
        "about": column(written).about,
        "table": table,
        "place": place,
    }
    if not model.local:
        return Step(
            **{**common, "reads": ("id", text)},
            asks=True,
            writes={written: vector_kind(kind)},
            identity={"model": dict(identity or model.depends_on())},
            work=Work("hfsft.embedding:asking", {**work, "model": name}),
            models=(name,),
        )
    if not load:
        return Step(**common, writes={written: vector_kind(kind)}, work=Work("hfsft.embedding:local", work))
    arguments: dict[str, Any] = {"model": model.model_dump(mode="json", exclude_defaults=True), "base": str(model.base)}
    loader = LocalLoader(**arguments)
    embedder = loader.load()
    return Step(
        **common,
        heavy=embedder.heavy,
        writes={written: vector_kind(None if embedder.heavy and not kind else embedder.dimensions)},
        work=Work("hfsft.embedding:local", work),
        needs=(Resource.of(EMBEDDER, Work("hfsft.models.vectors.door:LocalLoader", arguments), loader=loader),),
    )


def packaged(text: str) -> Step:
    """The same by the embedder that comes with hfsft, which is what there is outside of a recipe."""
    return embedding(text, Model(model=STATIC, task="embed"))


def unknown_words(name: str, languages: Sequence[str], so: str) -> list[str]:
    """The warning of a filter of this name about languages that the packaged embedder does not know; none for others.

    `so` is what follows from it.
    """
    unknown = [language for language in languages if language not in KNOWN]
    if not unknown:
        return []
    return [
        f"filters[{name}]: the embedder that comes with hfsft does not know words of {', '.join(unknown)}, {so}: name "
        "one that does (`models: {embedder: {model: ..., task: embed}}`)"
    ]


def local(*needs: Resource, text: str, column: str) -> Callable[[Batch], Batch]:
    """What makes vectors of a batch in this process."""
    (embedder,) = needs
    return partial(_local, embedder=embedder, text=text, column=column)


def _local(batch: Batch, *, embedder: Resource, text: str, column: str) -> Batch:
    found: list[Any] = [None] * len(batch[text])
    some = [place for place, said in enumerate(batch[text]) if said and said.strip()]
    for start in range(0, len(some), CHUNK):
        places = some[start : start + CHUNK]
        for place, vector in zip(places, embedder.load().embed([batch[text][each] for each in places]), strict=True):
            found[place] = vector
    return {column: found}


def asking(*, text: str, column: str, model: str) -> Callable[[Row], Turns]:
    """What asks for the vector of a row's text."""
    return partial(_asked, text=text, column=column, model=model)


def _asked(row: Row, *, text: str, column: str, model: str) -> Turns:
    said = row[text]
    if not (said and said.strip()):
        return {column: None}
    return {column: (yield from vector_turns(model, said))}
