"""What only looks: is a recipe right, what would its next build do, what would stop it, what may it spend.

Nothing is written but what is fetched to look at it, and no model is asked for a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import cache_folder
from hfsft.engine.plan import Plan
from hfsft.errors import Problem, RecipeError
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.pipeline import calibrating
from hfsft.pipeline.building import OUT
from hfsft.pipeline.more_rows import told, waves_of
from hfsft.recipe.checks import rewrites
from hfsft.recipe.checks.filter_languages import filter_warnings
from hfsft.recipe.checks.trust import ASKING, Reach, reaches, trust_of, unpublished
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import missing_files
from hfsft.recipe.rules import cleaner
from hfsft.recipe.sections import BudgetSection
from hfsft.recipe.sources import look
from hfsft.stages.sizing.size import Size
from hfsft.stages.split import Split

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows
    from hfsft.engine.live import Missing
    from hfsft.engine.step import Step
    from hfsft.engine.why import Reason
    from hfsft.models.batches.state import OpenBatch
    from hfsft.models.limits.estimate import Estimate
    from hfsft.models.limits.spending import Outlay
    from hfsft.models.model import Price, Request
    from hfsft.models.store.store import Store
    from hfsft.preflight.models import Checkup
    from hfsft.recipe.recipe import Recipe


@dataclass(frozen=True)
class StepForecast:
    """What the next build would do at one step."""

    step: Step
    cached: bool
    rows: int  # rows that would come in, as far as known
    missing: Missing | None  # None where the step asks no model or needs nothing
    estimate: Estimate | None = None  # of all its calls, those included that may not come
    told: Mapping[str, Any] = field(default_factory=dict)  # the step as JSON
    note: str = ""  # what more there is to know
    follow: float | None = 0.0  # waves behind the one that is shown: how many times as many rows; None: not known yet


@dataclass(frozen=True)
class Checked:
    """A recipe without a fault, as far as can be seen before it is built."""

    plan: Plan
    notes: list[str]  # what the first rows of its sources show, and where its filters are blind
    wants: list[Reach]  # what a build would ask the user's leave for, of a recipe that is not trusted
    warnings: list[Problem]  # what would stop a build on this machine, and models that nobody asks


def validate(recipe: AnyRecipe, *, overrides: Sequence[str] = (), hub: bool = True, trust: AnyTrust = None) -> Checked:
    """Check a recipe, and the first rows of its sources, without asking any model.

    Without `hub` the Hub is not asked for datasets, models and repositories. Raises `RecipeError` with all that is
    wrong on any machine.
    """
    from hfsft.preflight import build as preflight
    from hfsft.preflight.publish_format import of_reasoning, of_rows

    loaded, trusted = load(recipe, overrides, trust), trust_of(trust).covers(recipe)
    looking = preflight.Looking(loaded if trusted else unpublished(loaded), hub=hub)
    seen = look(loaded, hub=hub, clean=cleaner(loaded))
    problems: list[Problem] = []
    plan = None
    try:
        plan = compile_recipe(loaded, weights=False, sources=False)
    except RecipeError as error:
        problems = error.problems
    told = {problem.place for problem in problems}
    found = looking.found()
    problems += [each for each in (*seen.problems, *found.problems) if each.place not in told]
    told = {problem.place for problem in problems}
    problems += [each for each in missing_files(loaded.source) if each.place not in told]
    if problems or plan is None:
        raise RecipeError(problems)
    wanted = [] if trusted else reaches(loaded)
    warnings = [*found.warnings, *of_reasoning(loaded), *of_rows(loaded, seen.examples)]
    notes = [*seen.notes, *filter_warnings(loaded), *calibrating.state(loaded, plan)]
    return Checked(plan, notes, wanted, warnings)


def forecast(recipe: AnyRecipe, *, overrides: Sequence[str] = (), trust: AnyTrust = None) -> list[StepForecast]:
    """What the next build would do at each step: what is cached, what would be asked. Asks no model."""
    import tempfile

    from hfsft.engine import run as engine
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.live import Forecast
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store
    from hfsft.release.folder import sides_file
    from hfsft.rows.columns import PENDING

    loaded = load(recipe, overrides, trust)
    plan = compile_recipe(loaded, download=False, former={Split.key: sides_file.read(loaded, Path(OUT))})
    cache = cache_folder(plan.name)
    with (
        Store() as store,
        Pool(loaded.models, store, recipe=plan.name, download=False) as pool,
        tempfile.TemporaryDirectory() as scratch,
    ):
        asker, ledger = Forecast(pool), Ledger()
        waves = waves_of(loaded, plan, lambda: None, lambda _: None)

        def more(rows: Rows) -> Step | None:  # of a wave of which some are not known yet nothing follows
            return waves(rows) if waves and not any(rows[PENDING][:] if PENDING in rows.column_names else ()) else None

        engine.run(plan.after(store.pruned()), asker, cache, ledger, scratch=Path(scratch), more=more)
        plan = reduce(Plan.with_source, waves.sources if waves else (), plan)
        notes = {Size.key: told(waves, cache)} if waves else {}
        found, clean = [], cleaner(loaded)
        coming = 0.0  # tokens of an answer that is still to come, which later steps ask about
        for (step, fingerprint), line in zip(plan.fingerprints(), ledger.funnel, strict=True):
            missing, guess = asker.missing.get(step.name), None
            if missing and (missing.known or missing.unknown):
                guess = _guessed(store, loaded, pool.usage.prices, step, missing, coming)
                coming = max(coming, guess.output_tokens / guess.calls)
            facts, (note, follow) = rewrites.told(step, fingerprint, clean), notes.get(step.name, ("", 0.0))
            found.append(StepForecast(step, line.cached, line.rows_in, missing, guess, facts, note, follow))
    return found


def _guessed(
    store: Store,
    recipe: Recipe,
    prices: Mapping[str, Price | None],
    step: Step,
    missing: Missing,
    coming: float,
) -> Estimate:
    """What a step would take: of each model that it asks what it is known to be asked, of others what one is like.

    Texts that are still to come are about `coming` tokens each.
    """
    from hfsft.models.limits.estimate import estimate, summed

    by_model: dict[str, list[Request]] = {}
    for request in missing.known.values():
        by_model.setdefault(request.model, []).append(request)
    if step.each_model:  # of each row the next request is known, and the models behind that one's are asked the same
        for name, later in zip(step.models, step.models[1:], strict=False):
            by_model[later] = [replace(each, model=later) for each in by_model.get(name, [])] + by_model.get(later, [])
        by_model = {name: requests for name, requests in by_model.items() if requests}
    if missing.unknown:  # whom they ask hangs on what is not known: as many as asked whom are known, else the sample's
        by_model = by_model or {missing.sample.model if missing.sample else step.models[0]: []}
    known = sum(map(len, by_model.values()))
    unknown = left = max(0, missing.unknown + len(missing.known) - known)
    found = []
    for place, (name, requests) in enumerate(by_model.items(), 1):
        more = left if place == len(by_model) else unknown * len(requests) // known
        left -= more
        sample = missing.sample if missing.sample and missing.sample.model == name else None
        model, price = recipe.models[name], prices.get(name)
        if all(request.at_once for request in [*requests, *([sample] if sample else [])]):
            price = model.unbatched().paid or price  # which a batch takes a share off
        found.append(estimate(store, model, price, step.name, requests, more, sample, coming))
    return summed(found)


def check(
    recipe: AnyRecipe, *, overrides: Sequence[str] = (), seconds: float | None = None, trust: AnyTrust = None
) -> Checkup:
    """Ask every model of a recipe a few short requests, none of a row: what its servers take, and if that is enough.

    Each server is asked for so many seconds at most, a minute where left out.
    """
    from hfsft.preflight import models as checkup

    return checkup.check(load(recipe, overrides, trust, ASKING), checkup.SECONDS if seconds is None else seconds)


def budget(
    recipe: AnyRecipe, *, overrides: Sequence[str] = (), trust: AnyTrust = None
) -> tuple[BudgetSection | None, Outlay]:
    """The bounds that a recipe sets, None where it sets none, and what is taken of them before a build begins."""
    from hfsft.models.limits import spending
    from hfsft.models.store.store import Store

    loaded = load(recipe, overrides, trust)
    if loaded.budget is None or loaded.budget.per == "build":
        return loaded.budget, spending.Outlay()
    prices = {model.label: model.paid for model in loaded.models.values() if model.paid}
    with Store() as store:
        return loaded.budget, spending.summed(spending.spent(store, loaded.name, prices))


def under_way(recipe: AnyRecipe, *, overrides: Sequence[str] = (), trust: AnyTrust = None) -> list[OpenBatch]:
    """The batches of a recipe that its servers work on, as they were left; no server is asked."""
    from hfsft.models.batches.state import open_batches
    from hfsft.models.store.store import Store

    with Store() as store:
        return open_batches(store, load(recipe, overrides, trust).name)


def wants(recipe: AnyRecipe, *, overrides: Sequence[str] = (), trust: AnyTrust = None) -> list[Reach]:
    """What a build would ask the user's leave for; nothing where the recipe is trusted."""
    return [] if trust_of(trust).covers(recipe) else reaches(load(recipe, overrides, trust))


def hindrances(
    recipe: AnyRecipe, steps: Sequence[StepForecast], *, overrides: Sequence[str] = (), trust: AnyTrust = None
) -> list[Problem]:
    """What would stop a build before its first request, as far as can be seen without connecting to a model.

    `steps` are the forecast of the same recipe: of models that need not be asked nothing is said.
    """
    from hfsft.preflight.build import Looking

    loaded, trusted = load(recipe, overrides, trust), trust_of(trust).covers(recipe)
    open_steps = [each.step for each in steps if each.missing and (each.missing.known or each.missing.unknown)]
    names = [name for step in open_steps for name in step.models]
    found = Looking(loaded if trusted else unpublished(loaded), names).found()
    return [*found.problems, *found.warnings]


def why(recipe: AnyRecipe, *, overrides: Sequence[str] = (), trust: AnyTrust = None) -> list[Reason]:
    """For each step, whether the next build would run it again, and because of which change."""
    from hfsft.engine.why import explain

    plan = compile_recipe(load(recipe, overrides, trust), download=False)
    return explain(plan, cache_folder(plan.name))
