"""A process that asks: it takes pieces of a step's rows, asks for each, and writes what came of them itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hfsft.engine.cluster.far_means import FarAnswers, FarReady, far_means
from hfsft.engine.cluster.line import DeskLine
from hfsft.engine.cluster.piece_notes import NotedPiece
from hfsft.engine.live import bears_of
from hfsft.errors import AnswerError, HfsftError
from hfsft.models.pool import Pool
from hfsft.models.requester import Patience

if TYPE_CHECKING:
    from hfsft.engine.cluster.actors import Actor
    from hfsft.engine.on_daft.ask_step import PartPiece
    from hfsft.engine.on_daft.parquet_parts import ParquetPart
    from hfsft.engine.plan import Task
    from hfsft.engine.step import Step
    from hfsft.models.limits.budget import Budget
    from hfsft.models.model import Model
    from hfsft.models.pool import Driving
    from hfsft.rows.batch import Row


class Handful(NotedPiece, Protocol):
    """Some of what a step asks, as `hfsft.engine.on_daft.ask_step` cuts it: pickled, it is the same elsewhere."""

    @property
    def step(self) -> Step:
        """The step."""
        ...

    def tasks(self) -> Iterator[Task]:
        """What is asked."""
        ...

    def written(self, errors: Mapping[str, str], made: Any) -> Any:
        """What was made of the answers, written to a file; which one, and how many rows of it are out."""
        ...


@dataclass(frozen=True)
class AskingTerms:
    """On which terms one of several processes asks."""

    models: Mapping[str, Model]  # those that it may ask, with its part of their bounds
    recipe: str
    patience: Patience
    budget: Budget
    first: float  # which of a model's servers it asks first, as a share of their list

    def for_one(self, place: int, of: int) -> AskingTerms:
        """Those of one of so many processes; a bound that is smaller than their number goes to the first ones alone."""
        models = {}
        for name, model in self.models.items():
            bounds = {
                what: _part(bound, place, of)
                for what in ("concurrency", "requests_per_minute", "tokens_per_minute")
                if (bound := getattr(model, what)) is not None
            }
            if all(bounds.values()):
                models[name] = model.model_copy(update=bounds)
        return replace(self, models=models, first=place / of)


def _part(whole: int, place: int, of: int) -> int:
    return whole // of + (place < whole % of)


class StoppedError(HfsftError):
    """The desk says that nothing more is to be asked."""


class PieceDone(NamedTuple):
    """What came of a piece."""

    written: Any  # None where it was stopped before its end
    failures: dict[str, AnswerError]
    sure: bool = True  # whether no answer may yet turn out to be none


class PieceAsker:
    """One process that asks, for as long as the build goes on; one piece at a time."""

    def __init__(self, terms: AskingTerms, post: Actor) -> None:
        self._line = DeskLine(post)
        means = far_means(self._line, terms.models, terms.budget, terms.first)
        assert isinstance(means.answers, FarAnswers)
        self._answers, self._models = means.answers, terms.models
        self._pool = Pool(terms.models, means, recipe=terms.recipe, patience=terms.patience, ready=FarReady(self._line))
        self._driving: Driving | None = None
        self._stopping = False
        self._line.on("stop", self._stop)

    def ask(self, session: str, piece: Handful, spares: bool) -> PieceDone:
        """Ask for all that a piece asks, and write what comes of it. Raises what ends the build."""
        step = piece.step
        self._stopping = False
        results: dict[str, Any] = {}
        self._pool.do(_begin(self._line, session, self._answers, {name: self._models[name] for name in step.models}))
        failures: dict[str, AnswerError] | None
        try:
            tasks = list(piece.tasks())
            asking = ((task.id, task.start) for task in tasks)
            bears = bears_of(step, spares=spares)
            self._driving = self._pool.start(step.name, asking, total=len(tasks), bears=bears, results=results)
            if self._stopping:  # it was said before there was anything to stop
                self._pool.do(_call(self._stop))
            failures, sure = self._pool.finish(self._driving), not self._driving.drive.unsure
        except StoppedError:
            failures, sure = None, False
        finally:
            self._driving = None
            self._pool.do(self._line.end())
        if failures is None:
            return PieceDone(None, {})

        def made(row: Row) -> Any:
            return results[row["id"]]

        written = piece.written({row_id: str(error) for row_id, error in failures.items()}, made)
        return PieceDone(written, failures, sure)

    def joined(self, whole: PartPiece, pieces: Sequence[ParquetPart]) -> ParquetPart:
        """The files of several pieces as one."""
        return whole.joined(pieces)

    def _stop(self) -> None:
        self._stopping = True
        if self._driving is not None:
            self._driving.drive.stop(StoppedError("the build stops"))


async def _begin(line: DeskLine, session: str, answers: FarAnswers, models: Mapping[str, Model]) -> None:
    """Keys come by the line: what a process is started with, the cluster keeps, and may show."""
    await line.begin(session)
    await answers.begin([model.label for model in models.values()])
    os.environ.update(await line.ask("keys", list(models)))


async def _call(function: Callable[[], None]) -> None:
    function()
