"""What makes something: the dataset of a recipe, a preview of its first rows, a release on the Hub."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft import prompts
from hfsft.cache import cache_folder, settle
from hfsft.engine.plan import Plan
from hfsft.errors import ModelError, Problem, RecipeError, RefusedKeyError, UserError
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.pipeline.closing import closed_beside
from hfsft.pipeline.engines import LOCAL, Engine
from hfsft.preflight.importing import start_importing
from hfsft.recipe.checks.rewrites import clean_errors
from hfsft.recipe.checks.trust import ASKING, PUBLISHING, trust_of, unpublished
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.models_asked import asking_problem
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sources import OpenedSources
from hfsft.stages.split import Split
from hfsft.stages.split.sides import NONE, Sides

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from hfsft.engine.executor import Executors, Rows
    from hfsft.engine.ledger import FunnelLine, Ledger
    from hfsft.engine.run import After, Left
    from hfsft.engine.step import Step
    from hfsft.models.limits.usage import Progress, Usage
    from hfsft.release.hub.upload import Published
    from hfsft.release.result import Built
    from hfsft.release.rows.preview import Preview
    from hfsft.release.shards.shared_shards import SharedShards
    from hfsft.stages.base import ShownTable
    from hfsft.stages.sizing.waves import Waves

OUT = "build"  # where builds go unless somebody says otherwise


@dataclass(frozen=True)
class Watcher:
    """Who is told how a build goes; each may be left out."""

    on_step: Callable[[Step, int], None] | None = None  # a step begins over so many rows
    on_progress: Callable[[Progress], None] | None = None  # several times a second while models are asked
    on_line: Callable[[FunnelLine], None] | None = None  # a step has ended
    on_wave: Callable[[str], None] | None = None  # another wave begins
    on_told: Callable[[str | ShownTable], None] | None = None  # a section says what it found, as soon as it is known
    on_warning: Callable[[str], None] | None = None  # something in the recipe may be a slip; told before all else


@dataclass(frozen=True)
class Publishing:
    """How a build goes to the Hub, where its recipe names a repository."""

    wanted: bool = True
    create_pr: bool = False  # propose it instead of writing it
    tell: Callable[[str], None] = lambda _: None  # is told what takes long
    confirm: Callable[[str], bool] = lambda _: True  # is asked before anything that everybody will see


def build(
    recipe: AnyRecipe,
    *,
    overrides: Sequence[str] = (),
    out: str | Path = OUT,
    force: bool = False,
    trust: AnyTrust = None,
    executor: Executors | str | None = None,
    work: str | Path | None = None,
    askers: int | None = None,
) -> DatasetDict:
    """The dataset of a recipe: a `DatasetDict` with `train` and, where rows were held out, `validation` and `test`.

    The same is written to `out/<name>`, with card, ledger, funnel, rejected rows and recipe beside it; the build that
    stood there is kept in `out/.previous/<name>`. Raises `UserError` for whatever the user can mend, such as a folder
    there that is no build (with `force` it is moved aside); answers paid for by then are kept. A recipe from the Hub
    that names servers, keys or a repository is a `RecipeError` that lists them, unless `trust` is True. Another
    `executor` than that of this machine, given as such or by its name (`daft`, `ray://HOST:PORT`), works on the rows in
    its own way, and gives the same. With a cluster `work` is a folder or an address that every node of it sees, where
    rows lie between steps, and so many `askers` of its processes ask models.
    """
    from hfsft.release.folder.write import load_built

    built, folder = run(
        recipe, overrides=overrides, out=out, force=force, trust=trust, executor=executor, work=work, askers=askers
    )
    publish(built.recipe, folder, shared=built.shared)
    return load_built(folder)


def run(
    recipe: AnyRecipe,
    *,
    overrides: Sequence[str] = (),
    out: str | Path = OUT,
    watcher: Watcher | None = None,
    publishing: Publishing | None = None,
    force: bool = False,
    trust: AnyTrust = None,
    executor: Executors | str | None = None,
    work: str | Path | None = None,
    askers: int | None = None,
) -> tuple[Built, Path]:
    """What `build` does up to the folder, with all that is known at its end.

    A folder that says what this build comes to stays as it is, see `hfsft.release.unchanged`.
    Where no row is left, the folder is written all the same, and the `UserError` says why rows were rejected or failed.
    A folder there that is no build is an error before any model is asked, or moved aside with `force`; where the recipe
    names a repository and `publishing` is not off, the Hub is asked then too whether it would take the release.
    """
    started = time.perf_counter()
    named = executor if isinstance(executor, str) else LOCAL
    engine = Engine(named, None if work is None else str(work), askers)
    how = publishing or Publishing()
    loaded = load(recipe, overrides, trust, PUBLISHING if how.wanted else ASKING, how.tell, start_importing)
    if not (how.wanted or trust_of(trust).covers(recipe)):
        loaded = unpublished(loaded)  # nor by `hfsft publish` of what was built: nobody was asked
    plan, sides_before, own = _planned(loaded, Path(out), watcher or Watcher(), how, force)
    if not executor or isinstance(executor, str):
        executor = engine.executor((watcher and watcher.on_told) or (lambda _: None))
    from hfsft.release.folder import previous, sides_file

    place = previous.place(Path(out), loaded.name)

    def settled() -> None:
        cache = cache_folder(plan.name)
        remember(plan, cache)
        settle(cache, plan.digest, time.time() - (time.perf_counter() - started))

    with ExitStack() as until:  # the rows are read where the executor has them
        left: list[Left] = []
        rows, ledger, usage = execute(
            loaded, plan, watcher or Watcher(), last=left.append, executor=executor, until=until
        )
        from hfsft.engine.why import remember
        from hfsft.release import unchanged
        from hfsft.release.build_outcome import outcome_of
        from hfsft.release.folder.process_lock import one_at_a_time
        from hfsft.release.folder.redaction import withhold
        from hfsft.release.folder.write import write
        from hfsft.release.removal_causes import nothing_left
        from hfsft.release.result import Built
        from hfsft.release.rows.kept_rows import KeptRows
        from hfsft.release.rows.random_twin import random_only
        from hfsft.release.rows.release_measures import measured

        of = unchanged.hang_on(loaded, plan, rows, ledger, usage)
        stands = unchanged.standing(plan, place, of, sides_file.path_beside(loaded)) if own else None
        measures = None if stands else measured(loaded, left[0])
        kept = KeptRows.left(measures.shown if measures else rows, left[0].works)
        splits: dict[str, Sequence[str]] = {split: kept.texts(split, "id") for split in loaded.split.sides}
        if stands:
            ledger.splits = splits  # as they were when the folder was written, where they were looked through
            seconds = time.perf_counter() - started
            told = withhold(ledger, loaded.publish)
            built = Built(loaded, plan, rows, told, usage, seconds, sides_before, stands=stands)
        else:
            ledger.finish(splits, {split: kept.texts(split, "source") for split in splits})
            keying = sides_file.keying(plan.steps)
            keyed = left[0].measured(keying) if keying and loaded.split.holds_out else rows
            sides = sides_file.after(loaded, sides_before, keyed, *random_only(ledger))
            told = withhold(ledger, loaded.publish)
            seconds, former = time.perf_counter() - started, previous.figures(place)
            built = Built(loaded, plan, rows, told, usage, seconds, sides, measures, former, in_order=kept)
            with one_at_a_time(place, how.tell):
                folder = write(built, Path(out), force)
            sides_file.keep(loaded, sides, folder)
    settled()
    if stands:
        return built, Path(out) / loaded.name
    if not len(rows):
        raise UserError(nothing_left(built.causes, ledger.rows_in, str(folder)))
    if stopped := [why for stage in loaded.stages().values() for why in stage.stops(outcome_of(built))]:
        raise UserError(f"{'; '.join(stopped)}. What was built is in {folder}, and nothing of it was published")
    unchanged.remember(built, place, of)
    return built, folder


def publish(
    recipe: Recipe, folder: Path, publishing: Publishing | None = None, shared: SharedShards | None = None
) -> Published | None:
    """Put a finished build on the Hub; None where the recipe names no repository or publishing is off.

    Of a build on a cluster, whose nodes wrote the shards (`Built.shared`), they send the large ones.

    Nothing is committed where only the figures of the run changed. Raises `ReleaseError`, which says how to go on.
    """
    how = publishing or Publishing()
    if not (recipe.publish.repo_id and how.wanted):
        return None
    from hfsft.release.hub.upload import push

    return push(
        folder,
        recipe.publish,
        create_pr=how.create_pr,
        news_only=True,
        tell=how.tell,
        confirm=how.confirm,
        shared=shared,
    )


def preview(
    recipe: AnyRecipe,
    rows: int = 3,
    *,
    overrides: Sequence[str] = (),
    watcher: Watcher | None = None,
    trust: AnyTrust = None,
) -> Preview:
    """Each step with the rows that it left of `rows` source rows; answers are kept for the build that follows.

    Which source rows is a hash of their ids. Nothing goes into a batch. Filters that compare rows see only these few.
    """
    from hfsft.preflight import build as preflight
    from hfsft.release.folder import sides_file
    from hfsft.release.rows.preview import Preview

    loaded = load(recipe, overrides, trust, ASKING)
    sides = sides_file.read(loaded, Path(OUT))
    compiled = partial(compile_recipe, loaded, limit=rows, former={Split.key: sides})
    plan = preflight.planned(loaded, compiled, [partial(preflight.of_folders, loaded, None)])
    seen: list[tuple[Step, list[dict[str, Any]]]] = []
    _, ledger, usage = execute(
        loaded,
        plan,
        watcher or Watcher(),
        lambda step, left: seen.append((step, left.to_list())),
        at_once=True,
        growing=False,
    )
    return Preview(loaded, plan, seen, ledger, usage)


def _planned(recipe: Recipe, out: Path, watcher: Watcher, how: Publishing, force: bool) -> tuple[Plan, Sides, bool]:
    """The plan of a build that nothing stands in the way of, the sides of the split that builds before gave, and
    whether all of these are known here.
    """
    from hfsft.preflight import build as preflight
    from hfsft.preflight.publish_format import of_build
    from hfsft.release.folder import sides_file
    from hfsft.release.hub.published_sides import with_published

    sides, here, sources = NONE, NONE, OpenedSources(recipe)

    def compiled() -> Plan:
        nonlocal sides, here
        here = sides_file.read(recipe, out)
        sides = with_published(recipe, here, how.tell, wanted=how.wanted)
        return compile_recipe(recipe, former={Split.key: sides}, opened_sources=sources)

    repository = preflight.Repository(recipe, how.create_pr, how.tell) if how.wanted else None
    checks: list[preflight.Check] = [partial(preflight.of_folders, recipe, out, force)]
    checks += [partial(preflight.of_tokenizer, recipe), *([repository.problems] if repository else [])]
    warnings: list[str] = []
    checks.append(partial(of_build, recipe, sources, warnings.append))
    plan = preflight.planned(recipe, compiled, checks)
    if watcher.on_warning:
        for warning in warnings:
            watcher.on_warning(warning)
        for problem in preflight.slips(recipe):
            watcher.on_warning(str(problem))
    if repository and repository.opens and not how.confirm(repository.opens):
        raise UserError("nothing was built, as nobody said yes to publishing it (--no-publish builds it)")
    return plan, sides, sides is here or sides == here


def execute(
    recipe: Recipe,
    plan: Plan,
    watcher: Watcher,
    after: After | None = None,
    last: Callable[[Left], None] | None = None,
    executor: Executors | None = None,
    *,
    until: ExitStack | None = None,
    at_once: bool = False,
    growing: bool = True,
) -> tuple[Dataset | Rows, Ledger, Usage]:
    """The rows that a plan leaves, and, where it is `growing`, all waves; `at_once` where somebody waits for them, so
    that nothing goes into a batch. See `hfsft.engine.run` for `last` and `until`.
    """
    from hfsft.engine.live import GIVEN_SECONDS, Live, short_turns
    from hfsft.engine.lookahead import remembering, start_first_stage
    from hfsft.engine.outlook import Outlook
    from hfsft.models.limits import budget
    from hfsft.models.pool import Pool
    from hfsft.models.ready import Ready
    from hfsft.models.store.store import Store
    from hfsft.preflight.build import require_models

    def ended(step: Step, left: Rows) -> None:
        outlook.ended(step, left)
        if watcher.on_line:
            watcher.on_line(ledger.funnel[-1])
        for told in (each for stage in stages for each in stage.tells(step, left)):
            if watcher.on_told and ledger.wave == 1:  # of further waves each goes over all steps once more
                watcher.on_told(told)
        if after:
            after(step, left)

    def progress(now: Progress) -> None:
        if watcher.on_progress:
            watcher.on_progress(replace(now, whole=outlook.of(now)))

    def wave_begins(said: str) -> None:
        live.spares = True  # the rows so far stand for themselves, whatever the budget leaves of the wave
        if watcher.on_wave:
            watcher.on_wave(said)

    def pays_for() -> float | None:
        return 0.0 if live.unpaid else pool.pays_for()

    stages = list(recipe.stages().values())
    bounds = budget.Budget(**recipe.budget.model_dump()) if recipe.budget else None
    models = {name: model.unbatched() if at_once else model for name, model in recipe.models.items()}
    asked = {name: models[name] for step in plan.steps for name in step.models}
    ready = Ready([step.name for step in plan.steps if step.models], partial(require_models, recipe, plan))
    store = Store()  # what the pool closes: SQLite then moves what is in its log to its place, which takes a while
    begun = Pool(asked, store, budget=bounds, recipe=plan.name, on_progress=progress, ready=ready)
    with closed_beside(begun, until) as pool:
        cache, live, outlook = cache_folder(plan.name), Live(pool), Outlook(plan, pool.usage)
        try:
            waves: Waves | None = None
            if growing and recipe.size:
                from hfsft.pipeline.more_rows import keep_accepted, waves_of

                waves = waves_of(recipe, plan, pays_for, wave_begins)
            plan = remembering(plan.after(store.pruned()))
            if executor is None:  # another one may ask from elsewhere
                plan = start_first_stage(plan, live, cache)
            with short_turns():  # requests that were sent are answered meanwhile
                prompts.prepare()  # what is asked next: the first answers would have to wait for it
                if live.asking:
                    pool.prepare()
                if last and live.asking:
                    from hfsft.preflight.preparing import preparations

                    for _ in preparations(recipe):  # at the end nothing else would go on beside it
                        pool.give_way(GIVEN_SECONDS)
                from hfsft.engine import run as engine  # takes long
                from hfsft.engine.ledger import Ledger

                ledger = Ledger()
                rows = engine.run(
                    plan,
                    live,
                    cache,
                    ledger,
                    before=watcher.on_step,
                    after=ended,
                    more=waves,
                    last=last,
                    measures=partial(_measures, recipe) if last else tuple,
                    executor=executor,
                    until=until,
                )
                live.settle()
            if waves:
                ledger.ended = waves.ended or ""
                keep_accepted(waves, cache, whole=not live.unpaid)
        except RefusedKeyError as error:
            raise RecipeError([Problem(recipe.source.place(error.loc), error.message, error.help)]) from None
        except ModelError as error:
            if found := asking_problem(recipe, error):
                raise RecipeError([found]) from error
            raise
        clean_errors(recipe, ledger)
        return rows, ledger, pool.usage


def _measures(recipe: Recipe) -> Sequence[Step]:
    """What a release says of each row by itself."""
    from hfsft.release.rows.release_measures import measuring

    return measuring(recipe)
