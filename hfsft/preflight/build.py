"""What would stop a build, found before its first request: all of it at once, each at its line of the recipe.

A build looks at folders, the repository and the tokenizer when it begins, and at its models as soon as something must
be asked of any of them: at all of those whose turn is still to come, side by side, in a few seconds. `validate` and
`plan` look at what can be seen without connecting to a model.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hfsft.cache import cache_folder, has_made
from hfsft.engine.plan import Plan
from hfsft.errors import Place, Problem, RecipeError, StoreError, UserError
from hfsft.filters import entry_points
from hfsft.keys import opaque
from hfsft.models import obstacles
from hfsft.models.store.store import Store
from hfsft.preflight import completions, verdict_slips
from hfsft.preflight.importing import import_hub_clients
from hfsft.recipe.models_asked import asked, asking, model_problem
from hfsft.recipe.reading import models_write
from hfsft.recipe.recipe import Recipe
from hfsft.stages.source import TableSource

if TYPE_CHECKING:
    from hfsft.models.obstacles import Scope
    from hfsft.rows.tables.table import Table

SECONDS = 10.0  # in all; what has not been found out by then is left to the first request
LOCK_SECONDS = 1.0
ROOM = 16 << 20  # bytes that a build of few rows takes
OUT_PER_BYTE, CACHE_PER_BYTE = 1, 2  # bytes written for each byte of the local sources, at least

SAYING = ("judge", "label", "pairs")  # sections whose models write nothing, and say what they think of rows
ELSEWHERE = "set HF_HOME to a folder that can be written"

Check = Callable[[], Iterable[Problem]]


def planned(recipe: Recipe, compiled: Callable[[], Plan], checks: Sequence[Check]) -> Plan:
    """The plan of a recipe that nothing stands in the way of as far as `checks` see, which run beside its making.

    Raises `RecipeError` with all that they and the making found, and then with what models lack too.
    """
    plan: Plan | None = None
    import_hub_clients(recipe)
    looking = Together(checks)
    problems: list[Problem] = []
    failed: UserError | None = None  # of files beside the recipe and the build, such as the remembered sides
    try:
        plan = compiled()
    except RecipeError as error:
        problems += error.problems
    except UserError as error:
        failed = error
    problems += looking.found(None)
    if failed and not problems:
        raise failed
    if problems or plan is None:
        problems += of_models(recipe, unfinished(plan) if plan else asked(recipe), "servers")
        raise RecipeError(list(dict.fromkeys(problems)))
    return plan


def unfinished(plan: Plan) -> list[str]:
    """The names of the models that a build may still have to ask, as far as its finished steps tell."""
    cache = cache_folder(plan.name)
    open_steps = [step for step, made in plan.fingerprints() if not has_made(cache, made)]
    return list(dict.fromkeys(name for step in open_steps for name in step.models))


def require_models(recipe: Recipe, plan: Plan, steps: Sequence[str]) -> None:
    """Raise `RecipeError` with all that keeps the models of these steps from being asked."""
    names = dict.fromkeys(name for step in plan.steps if step.name in steps for name in step.models)
    if problems := of_models(recipe, list(names), "servers"):
        raise RecipeError(problems)
    going_on = {
        asks.name
        for key, stage in recipe.stages().items()
        if stage.goes_on and any(step.partition(".")[0].startswith(key) for step in steps)
        for asks in stage.asks(recipe.models)
    }
    if problems := list(completions.lacking(recipe, sorted(going_on))):
        raise RecipeError(problems)


def of_models(recipe: Recipe, names: Iterable[str], scope: Scope) -> list[Problem]:
    """What keeps these models from being asked."""
    return [problem for found in lacks(recipe, names, scope).values() for problem in found]


def lacks(recipe: Recipe, names: Iterable[str], scope: Scope) -> dict[str, dict[Problem, bool]]:
    """What each of these models lacks, and whether it is only this machine or this login that lacks it."""
    models = {name: recipe.models[name] for name in dict.fromkeys(names) if name in recipe.models}
    lacking: dict[str, dict[Problem, bool]] = {name: {} for name in models}

    def look(name: str) -> Iterator[Problem]:
        for lack in obstacles.lacks(name, models[name], scope):
            problem = model_problem(recipe, name, lack.key, lack.message)
            lacking[name][problem] = lack.here
            yield problem

    # Weights are loaded once, here or at their first request: however long it takes, nothing is lost by it.
    loading = scope == "servers" and any(model.embedded for model in models.values())
    Together([partial(look, name) for name in models]).found(None if loading else SECONDS)
    return {name: dict(found) for name, found in lacking.items()}  # as it is now: one may still be looking


@dataclass(frozen=True)
class Findings:
    """What is wrong on any machine, and what is missing on this one or for its login alone."""

    problems: list[Problem]
    warnings: list[Problem]


class Looking:
    """Looks at all that can be seen of a recipe's models, tokenizer and repository without asking a model.

    Begins at once, beside what else is to be done; without `hub` the Hub is not asked. `names` are the models to look
    at, all that are asked where left out.
    """

    def __init__(self, recipe: Recipe, names: Sequence[str] | None = None, *, hub: bool = True) -> None:
        self._recipe = recipe
        import_hub_clients(recipe)
        names = asked(recipe) if names is None else names
        self._models: dict[Problem, bool] = {}
        self._begun = [Together([partial(of_tokenizer, recipe, hub=hub)])]
        self._begun.append(Together([partial(self._of_models, names, "hub" if hub else "here")]))
        self._begun.append(Together([Repository(recipe).problems] if hub else []))

    def found(self) -> Findings:
        """What was found, within seconds."""
        tokenizer, _, repository = (begun.found(SECONDS) for begun in self._begun)
        problems = [*tokenizer, *(problem for problem, here in self._models.items() if not here)]
        warnings = [
            *(problem for problem, here in self._models.items() if here),
            *repository,
            *slips(self._recipe),
            *(Problem(Place(entry_points.GROUP), said) for said in entry_points.Installed().refused),
        ]
        return Findings(problems, sorted(warnings))

    def _of_models(self, names: Sequence[str], scope: Scope) -> Iterable[Problem]:
        for found in lacks(self._recipe, names, scope).values():
            self._models.update(found)
        return ()


def of_folders(recipe: Recipe, out: Path | None, force: bool = False) -> Iterator[Problem]:
    """Why the build, the finished steps or the answers could not be written."""
    from hfsft.release.folder import previous

    size = _size_of_sources(recipe)
    if out is not None:
        target = out / recipe.name
        try:
            target = previous.place(out, recipe.name)
            previous.require(target, force)
            # It is made beside its place, and put there by a change of names: so what counts is the folder around it.
            yield from _unwritable(target.parent, ROOM + OUT_PER_BYTE * size, "name another folder with --out", target)
        except UserError as error:
            yield Problem(Place(str(target)), str(error).removeprefix(str(target)).lstrip(": "))
    yield from _unwritable(cache_folder(recipe.name), ROOM + CACHE_PER_BYTE * size, ELSEWHERE)
    if asked(recipe):
        yield from _unwritable_store(Store())


def of_tokenizer(recipe: Recipe, *, hub: bool = True) -> Iterator[Problem]:
    """Why the tokenizer of `publish` cannot be loaded; without `hub` only one in a folder is looked at."""
    from hfsft.pretrained.loaded_tokenizer import located
    from hfsft.release.trainer.tokenizer import load_tokenizer

    name = recipe.publish.tokenizer
    try:
        if name and (hub or Path(located(name, recipe.base)).is_dir()):
            load_tokenizer(name, base=recipe.base)
    except UserError as error:
        yield Problem(recipe.source.place(("publish", "tokenizer")), str(error))


class Repository:
    """Whether the Hub would take the release, asked without writing anything."""

    def __init__(self, recipe: Recipe, create_pr: bool = False, tell: Callable[[str], None] = lambda _: None) -> None:
        self._recipe = recipe
        self._create_pr = create_pr
        self._tell = tell
        self.opens = ""  # what everybody would see, where it would be public

    def problems(self) -> Iterator[Problem]:
        """Why it would not; nothing where the recipe names no repository."""
        publish = self._recipe.publish
        if not publish.repo_id:
            return
        from hfsft.release.hub.upload import check

        try:
            checked = check(publish, create_pr=self._create_pr, tell=self._tell)
            self.opens = "" if checked.private else checked.warning(publish)
        except UserError as error:
            yield Problem(self._recipe.source.place(("publish", "repo_id")), f"publish.repo_id: {error}")


def slips(recipe: Recipe) -> list[Problem]:
    """What is perhaps a slip: what nothing uses, addresses with what may be a key, judges that are akin to a writer."""
    found = [*_unused_models(recipe), *_unused_sections(recipe), *_keys_in_paths(recipe)]
    return [*found, *_judges_own_kind(recipe), *verdict_slips.slips(recipe)]


def _judges_own_kind(recipe: Recipe) -> Iterator[Problem]:
    """Judges of one family of models with one that writes; of one that judges what it writes a build's notes tell."""
    writing: dict[str, list[str]] = {}
    for each in asking(recipe):
        if each.key not in SAYING:
            writing.setdefault(each.name, []).append(each.key)
    for judges in (each for each in asking(recipe) if each.key == "judge" and "chat" in each.stage.tasks):
        for name, sections in writing.items():
            judge, writer = recipe.models.get(judges.name), recipe.models.get(name)
            if judge is None or writer is None or judge.label == writer.label:
                continue
            from hfsft.stages.judging.jury_report import kin

            if said := kin(judge, writer, f"writes in {' and '.join(dict.fromkeys(sections))}"):
                yield Problem(recipe.source.place(judges.loc), said, "let a model of another family judge, or more")


def _unused_sections(recipe: Recipe) -> Iterator[Problem]:
    """Documents that nothing rests on, and attributes that no row gets."""
    written = [seeds for seeds in recipe.seeds if models_write(seeds)]
    rests = recipe.generate is not None and recipe.generate.context is not None
    if recipe.documents and not rests and not any(seeds.rests for seeds in written):
        yield Problem(
            recipe.source.place(("documents",), key=True),
            "documents: nothing rests on them",
            "write seeds from them (`from: documents`), or answer over them (`generate: {context: {documents: 4}}`)",
        )
    if recipe.attributes and not any(seeds.varied(recipe.attributes.all) for seeds in written):
        yield Problem(
            recipe.source.place(("attributes",), key=True),
            "attributes: no row gets any",
            "rows that a model writes get them where a template of theirs reads one, as `from: attributes` does",
        )


def _keys_in_paths(recipe: Recipe) -> Iterator[Problem]:
    """Addresses whose path has a part that looks like a key; ids of accounts look so too, and are none."""
    for name, model in recipe.models.items():
        if any(opaque(part) for url in model.base_urls for part in urlsplit(url).path.split("/")):
            yield Problem(
                recipe.source.place(("models", name, "base_url")),
                f"models.{name}.base_url: a part of its path looks like a key, and recipes are published with it",
                "an id is no secret; a key belongs into a header: `api_key_env`, with `api_key_header` where it has a "
                "header of its own",
            )


def _unused_models(recipe: Recipe) -> list[Problem]:
    names = sorted(recipe.models.keys() - set(asked(recipe)))
    return [
        Problem(
            recipe.source.place(("models", name), key=True),
            f"models.{name}: no section asks it",
            "name it as the `model:` of one, or take it out",
        )
        for name in names
        if name in (recipe.source.data.get("models") or {})
    ]


class Together:
    """Checks that run side by side, each on a thread that ends with the process."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._found: list[list[Problem]] = [[] for _ in checks]
        self._failed: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._run, args=(found, check), name="hfsft-preflight", daemon=True)
            for found, check in zip(self._found, checks, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def found(self, seconds: float | None) -> list[Problem]:
        """What they found, in their order; so many seconds after now, what they have found by then."""
        until = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        for error in self._failed:
            raise error
        return [problem for found in self._found for problem in list(found)]

    def _run(self, found: list[Problem], check: Check) -> None:
        try:
            for problem in check():
                found.append(problem)  # noqa: PERF402 - one by one: some may come too late
        except BaseException as error:
            self._failed.append(error)


def _unwritable(folder: Path, need: int, advice: str, what: Path | None = None) -> Iterator[Problem]:
    """Why nothing can be written to a folder, or where it would be made: tried by a file that is gone at once."""
    parent = next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)
    place = Place(str(what or folder))
    try:
        with tempfile.TemporaryFile(dir=parent) as file:
            file.write(b"\0")
        free = shutil.disk_usage(parent).free
    except OSError as error:
        yield Problem(place, f"cannot be written: {error.strerror or error}", advice)
        return
    if free < need:
        said = f"{free / 1e6:,.0f} MB are free on its disk, and the build takes at least {need / 1e6:,.0f} MB"
        yield Problem(place, said, f"free some, or {advice}")


def _unwritable_store(store: Store) -> Iterator[Problem]:
    """Why no answer could be kept."""
    folder = list(_unwritable(store.path.parent, ROOM, ELSEWHERE))
    yield from folder
    if folder:
        return
    place = Place(str(store.path))
    try:
        with closing(store.connect(LOCK_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except StoreError as error:
        yield Problem(place, str(error).removeprefix(str(store.path)).lstrip(": "))
    except sqlite3.Error as error:
        if "locked" not in str(error):  # by another build, which writes to it just now
            yield Problem(place, f"cannot be written: {error}", ELSEWHERE)


def _size_of_sources(recipe: Recipe) -> int:
    """Bytes of the recipe's local files."""
    tables = [source for source in (*recipe.seeds, *recipe.examples) if isinstance(source, TableSource)]
    return sum(_size_of(source.table(recipe.base)) for source in tables)


def _size_of(table: Table) -> int:
    try:
        return sum(file.stat().st_size for _, file in table.on_disk)
    except (UserError, OSError):  # no such file, which is told elsewhere
        return 0
