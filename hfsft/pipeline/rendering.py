"""What a step would send for one row, word for word; nobody is asked, and nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import cache_folder
from hfsft.errors import UserError, nearest
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.models.http.address import chat_url, completions_url, shown
from hfsft.models.http.wire import body, texts_of
from hfsft.pipeline.building import OUT
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.rules import cleaner
from hfsft.release.rows.exchanges import Exchange, exchanges_of
from hfsft.stages.split import Split

if TYPE_CHECKING:
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.plan import Asked, Plan, Task
    from hfsft.engine.step import Step
    from hfsft.models.model import Model
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store

_LEAST_PREFIX, ID_DIGITS = 4, 16  # hex digits of an id that may stand for it, and of a whole one
IN_PROCESS = "in this process"


@dataclass(frozen=True)
class RenderedRequest:
    """One request as it is sent, with the answer that is stored."""

    exchange: Exchange
    address: str  # of the server, without its keys; or who else answers
    body: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The request as JSON."""
        answer = self.exchange.answer
        return {
            "stage": self.exchange.stage,
            "model": self.exchange.request.model,
            "address": self.address,
            "body": self.body,
            "answer": None if answer is None else answer.text,
        }


@dataclass(frozen=True)
class Rendered:
    """The requests of one row at one step."""

    stage: str
    row: str  # its id
    number: int  # of the row among those that the step asks for
    pending: bool  # whether earlier answers are not known that stand in its texts
    sent: Sequence[RenderedRequest]

    def as_dict(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "stage": self.stage,
            "row": self.row,
            "number": self.number,
            "pending": self.pending,
            "requests": [each.as_dict() for each in self.sent],
        }


def render(
    recipe: AnyRecipe, stage: str, row: str, *, overrides: Sequence[str] = (), trust: AnyTrust = None
) -> Rendered:
    """What the step `stage` sends for a row: by its number, from 1, among those that it asks for, or by its id.

    Stored answers of earlier steps are used; where one is not there, the row is `pending` and its texts hold marks in
    its place. Raises `UserError` where there is no such step or row.
    """
    import tempfile

    from hfsft.engine import run as engine
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.live import Forecast
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store
    from hfsft.release.folder import sides_file

    class StopThere(Forecast):
        """Takes what the step is given, and ends the run there."""

        def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
            if step.name == wanted.name:
                raise _Come(list(tasks))
            return super().ask(step, tasks, total)

    loaded = load(recipe, overrides, trust)
    plan = compile_recipe(loaded, download=False, former={Split.key: sides_file.read(loaded, Path(OUT))})
    wanted = _step(plan, stage)
    with (
        Store() as store,
        Pool(loaded.models, store, recipe=plan.name, download=False) as pool,
        tempfile.TemporaryDirectory() as scratch,
    ):
        ledger, pruned = Ledger(), plan.after(store.pruned())
        # What the step made before is not read back: only where it runs is it told the rows.
        steps = (replace(each, remembered=scratch) if each.name == wanted.name else each for each in pruned.steps)
        try:
            engine.run(
                replace(pruned, steps=tuple(steps)),
                StopThere(pool),
                cache_folder(plan.name),
                ledger,
                scratch=Path(scratch),
            )
        except _Come as come:
            task, number, found = _row(come.tasks, row, wanted, pool, store, ledger, cleaner(loaded))
            sent = [_sent(each, loaded.models[each.request.model]) for each in found]
            return Rendered(wanted.name, task.id, number, task.pending, sent)
    raise UserError(f"no row comes to {wanted.name}")


class _Come(Exception):  # noqa: N818 (no error: the rows have come to the step)
    def __init__(self, tasks: list[Task]) -> None:
        self.tasks = tasks


def _step(plan: Plan, stage: str) -> Step:
    """The step of that name, or the first of a section of that name."""
    asking = {step.name: step for step in plan.steps if step.asks}
    first = next((name for name in asking if name.startswith((f"{stage}[", f"{stage}."))), "")
    if (found := asking.get(stage) or asking.get(first)) is not None:
        return found
    if any(step.name == stage for step in plan.steps):
        raise UserError(f"step {stage} asks no model ({nearest(stage, asking)})")
    if not asking:
        raise UserError("this recipe asks no model")
    raise UserError(f"there is no step `{stage}` that asks a model ({nearest(stage, asking)})")


def _row(
    tasks: Sequence[Task], row: str, step: Step, pool: Pool, store: Store, ledger: Ledger, clean: Callable[[str], str]
) -> tuple[Task, int, list[Exchange]]:
    """The row that is wanted, its number, and what is sent for it."""
    number, counted = 0, row.isdecimal() and len(row) < ID_DIGITS
    for task in tasks:
        named = task.id == row or (len(row) >= _LEAST_PREFIX and not counted and task.id.startswith(row))
        if not named and not counted:
            continue
        found = exchanges_of(step.name, task.start, pool, store, clean)
        number += bool(found)
        if found and (named or (counted and number == int(row))):
            return task, number, found
        if named:
            raise UserError(f"row {task.id} asks nothing at {step.name}: it has already what the step writes")
    if fell := next((each for each in ledger.removals if any(map(str(row).__eq__, each.column("id")))), None):
        raise UserError(f"row {row} does not come to {step.name}: it fell at {fell.stage}")
    if not counted:
        raise UserError(f"no row {row} comes to {step.name} (give its id, or a number from 1)")
    raise UserError(f"there is no row {row} at {step.name}: it asks for {number:,} of {len(tasks):,} rows")


def _sent(exchange: Exchange, model: Model) -> RenderedRequest:
    request = exchange.request
    if request.texts:
        sent: dict[str, Any] = {"model": model.model, "input": texts_of(model, request)}
    else:
        sent = body(model, request, model.model)
    return RenderedRequest(exchange, _address(model, going_on=bool(request.prompt)), sent)


def _address(model: Model, *, going_on: bool) -> str:
    """Where a request goes, without keys; one that is `going_on` with a raw text beside the chats of its server."""
    if model.embedded:
        return IN_PROCESS
    if model.provider:
        return f"Hugging Face router, provider {model.provider}"
    below = completions_url if going_on else chat_url
    return ", ".join(shown(below(url) if model.task == "chat" else url) for url in model.base_urls)
