"""An audit of existing data: every filter that needs no arguments measures all rows, and takes none."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import ArgumentError, Problem, RecipeError, UserError
from hfsft.filters import DEFAULT_FILTERS, FILTERS, Filter
from hfsft.pipeline.building import Watcher, execute
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.places.path_names import own_name
from hfsft.rows.tables.table import Table

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.plan import Plan
    from hfsft.release.audit.audit import Audit

COLUMNS = ("instruction", "response", "conversation")
GIVEN: dict[str, dict[str, Any]] = {"tokens": {"at_least": 1}}
"""What a rule is given that needs something."""
_PLACE = re.compile(r"^(?:examples\[\d{1,4}\]|filters\[\w{1,40}\])\.?(?:against)?:? ?")
LEFT_OUT = ("answer", "constraints", "grounded", "semantic_duplicate")
"""Filters that compare with what a column holds for that, which in data of which nothing is known may be anything; and
one that needs an embedder."""
MEASURED = "tokens"


def audit(
    dataset: str,
    *,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    format: str | None = None,
    limit: int | None = None,
    sample: int | float | None = None,
    language: Sequence[str] = (),
    against: Sequence[str] = (),
    watcher: Watcher | None = None,
) -> Audit:
    """What is wrong with the rows of a dataset: a file, a folder, a build, or a dataset on the Hub, `owner/name`.

    No model is asked and no row changes. Each filter that works without arguments measures all rows, and tells which it
    would take; lengths, duplicates and what several splits share are told too. Measures are kept, so that a second
    audit of the same rows takes seconds.

    Args:
        dataset: What is looked at; where it has several splits all are, unless `split` names one.
        split: The only split.
        config: The dataset's configuration.
        revision: The dataset's revision on the Hub.
        format: How rows are written, as in a recipe; left out, it is told by their columns.
        limit: Only so many rows of each split, from its beginning.
        sample: Only so many rows of each split, or such a share of them, by a hash of each.
        language: The languages that the rows are to be in, as ISO 639-1 codes.
        against: Evaluation sets and files that no row may repeat.
        watcher: Who is told how it goes.
    """
    started = time.perf_counter()
    read = {"config": config, "revision": revision, "format": format, "limit": limit, "sample": sample}
    given = {key: value for key, value in read.items() if value is not None}
    sources = tuple(_sources(dataset, split, given))
    try:
        recipe = load_recipe(_recipe(dataset, sources, language, against))
        plan = _taking_none(compile_recipe(recipe))
    except RecipeError as error:  # nobody wrote that recipe
        raise UserError("\n".join(dict.fromkeys(map(_told, error.problems)))) from None
    rows, ledger, _ = execute(recipe, plan, watcher or Watcher(), growing=False)
    from hfsft.release.audit.audit import Audit
    from hfsft.release.audit.audit_findings import finding_of, lengths_of
    from hfsft.release.audit.split_leaks import leaks
    from hfsft.release.removal_causes import causes

    rules = [rule for rule in recipe.filters or () if not _only_measures(rule)]
    known = {rule.name for rule in DEFAULT_FILTERS}
    found = [
        finding_of(rule, rows, default=rule.name in known, arguments=_arguments(rule.name, against)) for rule in rules
    ]
    found.sort(key=lambda finding: (-finding.rows, finding.label))
    taking = [finding for finding in found if not finding.rewrites]
    names = [source["name"] for source in sources]
    compared = [
        (rule.name, bound.column) for rule in rules if rule.name.endswith("_duplicate") for bound in rule.bounds()
    ]
    return Audit(
        dataset=dataset,
        name=recipe.name,
        local=Table(dataset, Path()).local is not None,
        sources=sources,
        language=tuple(language),
        rows=len(rows),
        unread=tuple(cause.told for cause in causes(ledger)),
        splits={name: rows["from_source"][:].count(name) for name in names} if len(names) > 1 else {},
        findings=tuple(found),
        lengths=tuple(lengths_of(column, name := f"{MEASURED}_{column}", rows[name][:]) for column in COLUMNS),
        leaks=tuple(leaks(rows, compared, names)),
        by_default=len({place for finding in taking if finding.default for place in finding.places}),
        by_any=len({place for finding in taking for place in finding.places}),
        seconds=time.perf_counter() - started,
        table=rows,
        registry=plan.columns(),
    )


def rows_of(dataset: str, watcher: Watcher) -> Dataset:
    """All rows of a dataset as they are read: no filter measures them. Raises `UserError` where it cannot be read."""
    sources = tuple(_sources(dataset, None, {}))
    try:
        recipe = load_recipe(
            {"name": name_of(dataset), "examples": list(sources), "filters": [], "split": {"validation": 0}}
        )
        rows, *_ = execute(recipe, _taking_none(compile_recipe(recipe)), watcher, growing=False)
    except RecipeError as error:  # nobody wrote that recipe
        raise UserError("\n".join(dict.fromkeys(map(_told, error.problems)))) from None
    return rows


def _told(problem: Problem) -> str:
    """A problem of the recipe that an audit makes, in the words of who asked for the audit."""
    said = _PLACE.sub("", problem.message)
    return f"{said} ({problem.help})" if problem.help else said


def _sources(dataset: str, split: str | None, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The examples of a recipe, one for each split; the first is the one that is trained on."""
    table = Table(dataset, Path(), split, config=given.get("config"), revision=given.get("revision"))
    for each in sorted(table.every_split(), key=lambda one: one.split != "train"):
        named = {} if each.split is None else {"split": each.split}
        yield {"path": dataset, **named, "name": each.split or own_name(dataset), **given}


def _recipe(
    dataset: str, sources: Sequence[Mapping[str, Any]], language: Sequence[str], against: Sequence[str]
) -> dict[str, Any]:
    rules = [{name: _arguments(name, against)} for name in FILTERS if _audited(name, against)]
    lengths = [{MEASURED: {"column": column, "at_least": 0}} for column in COLUMNS if column != "response"]
    return {
        "name": name_of(dataset),
        **({"language": list(language)} if language else {}),
        "examples": list(sources),
        "filters": [*rules, *lengths],
        "split": {"validation": 0},
    }


def name_of(dataset: str) -> str:
    """What a dataset is called here: the end of its path, or its id on the Hub, in small letters, digits and -."""
    return re.sub(r"[^a-z0-9]+", "-", own_name(dataset).lower()).strip("-") or "data"


def _audited(name: str, against: Sequence[str]) -> bool:
    """Whether a filter measures any rows as they are, without a model and without what only an author knows."""
    kind = FILTERS[name]
    if kind.heavy or name in LEFT_OUT:
        return False
    try:
        kind(**_arguments(name, against))
    except ArgumentError:
        return False
    return True


def _arguments(name: str, against: Sequence[str]) -> dict[str, Any]:
    if name == "contamination" and against:
        return {"against": list(against)}
    return GIVEN.get(name, {})


def _only_measures(rule: Filter) -> bool:
    """Whether it is there for the lengths alone."""
    return rule.name == MEASURED and getattr(rule, "at_least", None) == 0


def _taking_none(plan: Plan) -> Plan:
    """The plan without what takes rows out, but for those that cannot be read, and without a split."""
    steps = [
        step
        for step in plan.steps
        if not step.name.startswith("split") and not (step.name.startswith("filters[") and step.bound is not None)
    ]
    return replace(plan, steps=tuple(steps))
