"""The one door to embedders and scorers, whoever runs them: a library in this process, llama.cpp, or a server."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import ValidationError

from hfsft.errors import ModelError, StageError, nearest
from hfsft.hashing import digest
from hfsft.models.model import STATIC, Model, Task
from hfsft.models.vectors.text_turns import listed, score_turns, vector_turns

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from hfsft.models.model import Answer, Request
    from hfsft.models.pool import Pool
    from hfsft.models.vectors.numbers import Scored, Vector

T = TypeVar("T")
EMBEDDER = "embedder"
"""The name under `models:` of whoever makes the vectors; where there is none, the packaged one does."""


class Embedder(Protocol):
    """Makes vectors of texts: two that mean the like point the same way."""

    @property
    def identity(self) -> str:
        """What tells its vectors from those of others: a hash of the weights, or the model by its label."""

    def embed(self, texts: Sequence[str]) -> Vector:
        """A vector for each text, one a row, in single precision and 1 long; zeros for a blank text."""


class Scorer(Protocol):
    """Gives numbers to texts or pairs: how well they fit, how good they are."""

    @property
    def identity(self) -> str:
        """What tells its scores from those of others."""

    def score(self, items: Sequence[tuple[str, ...]]) -> Vector:
        """A number in single precision for each text, or pair."""

    def labelled(self, items: Sequence[tuple[str, ...]]) -> list[Scored]:
        """The same, with what the server calls each."""


class LocalEmbedder(Embedder, Protocol):
    """An embedder that a library runs in this process."""

    heavy: bool  # whether it is slow for each text

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    def knows(self, text: str) -> bool:
        """Whether it has seen the words of a text's language, and not only the letters."""


def model_of(said: Model | str | Mapping[str, Any], task: Task = "chat") -> Model:
    """The model that Python code names, as a recipe would under `models:`; a bare name is of one with this task.

    Raises `ModelError` with all that is wrong with its keys.
    """
    if isinstance(said, Model):
        return said
    try:
        return Model.model_validate({"model": said, "task": task} if isinstance(said, str) else said)
    except ValidationError as error:
        raise ModelError(f"the model: {'; '.join(map(_wrong, error.errors()))}") from None


def _wrong(error: ErrorDetails) -> str:
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"unknown key `{key}` ({nearest(key, Model.model_fields)})"
    said = error["msg"].removeprefix("Value error, ")
    return f"`{key}`: {said}" if key else said


def embedder_of(
    model: Model | str | Mapping[str, Any] | None = None, *, name: str = EMBEDDER, pool: Pool | None = None
) -> Embedder:
    """The embedder that a recipe's model is, or the one of this name; the packaged one where it names none.

    One at a server, or in llama.cpp, is asked through `pool`, where it is called `name`; without one, through a pool of
    its own, with the answers kept as all are. Raises `ModelError` where it cannot be had.
    """
    model = model_of(STATIC if model is None else model, "embed")
    if model.task != "embed":
        raise ModelError(f"models.{name}: makes no vectors: its task is {model.task} (write `task: embed`)")
    return local_embedder(model) if model.local else AskedEmbedder(model, name, pool)


def scorer_of(model: Model | Mapping[str, Any], *, name: str = "scorer", pool: Pool | None = None) -> Scorer:
    """The scorer that a recipe's model is. Raises `ModelError` for a model of another task."""
    model = model_of(model)
    if model.task not in ("rerank", "score", "classify"):
        raise ModelError(f"models.{name}: gives no scores: its task is {model.task} (rerank, score and classify do)")
    return AskedScorer(model, name, pool)


def local_embedder(model: Model) -> LocalEmbedder:
    """The embedder that a library runs. Raises `ModelError` where the library or the model is not there."""
    if model.model == STATIC:
        from hfsft.models.vectors.static import Static

        return Static(model.dimensions)
    from hfsft.models.vectors.transformer import Transformer

    return Transformer(model)


def missing_library(model: Model) -> str:
    """Why no library here runs a local embedder; empty where one does, whether its weights are here or not."""
    try:
        local_embedder(model)
    except ModelError as error:
        return str(error)
    return ""


class LocalLoader:
    """A local embedder as the resource of a step."""

    def __init__(self, model: Mapping[str, Any], base: str = "") -> None:
        self._embedder = local_embedder(Model.model_validate(model).at(Path(base)))

    def identity(self) -> str:
        """What it is by its content."""
        return self._embedder.identity

    def load(self) -> LocalEmbedder:
        """The embedder."""
        return self._embedder


class _Asked:
    """A model that is asked through a pool."""

    def __init__(self, model: Model, name: str, pool: Pool | None) -> None:
        self._model, self._name, self._pool = model, name, pool

    @property
    def identity(self) -> str:
        """The model by all that its answers depend on."""
        from hfsft.models.limits.connect import revision_of

        return f"{self._model.label} {digest([self._model.depends_on(), revision_of(self._model)])}"

    def _all(self, starts: Sequence[Callable[[], Generator[Request, Answer, T]]]) -> list[T]:
        """What each of the generators returns. Raises `StageError` where one has no answer that can be used."""
        with ExitStack() as until:
            pool = self._pool or until.enter_context(self._own_pool())
            tasks = ((str(place), start) for place, start in enumerate(starts))
            failed = pool.drive(self._model.task, tasks, total=len(starts), max_failed_share=0)
            if failed:  # pragma: no cover - a drive that bears no failure has raised
                raise StageError(str(next(iter(failed.values()))))
            return [pool.replay(start) for start in starts]

    def _own_pool(self) -> Pool:
        from hfsft.models.pool import Pool
        from hfsft.models.store.store import Store

        return Pool({self._name: self._model}, Store())


class AskedEmbedder(_Asked):
    """An embedder at a server."""

    def embed(self, texts: Sequence[str]) -> Vector:
        """A vector for each text, of length 1; of zeros for a blank one, which nobody is asked for."""
        import numpy as np

        some = [place for place, text in enumerate(listed(texts)) if text.strip()]
        came = self._all([partial(vector_turns, self._name, texts[place]) for place in some])
        found = np.zeros((len(texts), len(came[0]) if came else self._model.dimensions or 0), np.float32)
        for place, vector in zip(some, came, strict=True):
            if len(vector) != found.shape[1]:
                raise ModelError(
                    f"models.{self._name}: gave vectors of {found.shape[1]} and of {len(vector)} numbers: was another "
                    "model loaded under its name? tell the two apart with `identity:`"
                )
            found[place] = vector
        return found


class AskedScorer(_Asked):
    """A scorer at a server."""

    def score(self, items: Sequence[tuple[str, ...]]) -> Vector:
        """A number for each text, or pair."""
        import numpy as np

        return np.asarray([each.value for each in self.labelled(items)], np.float32)

    def labelled(self, items: Sequence[tuple[str, ...]]) -> list[Scored]:
        """The same, with what the server calls each."""
        return self._all([partial(score_turns, self._name, tuple(listed(item))) for item in listed(items)])
