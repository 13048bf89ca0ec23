"""What a recipe reaches beyond its own folder, and whether it may: a stranger's recipe needs the user's yes.

    models.writer sends its rows to http://evil.example
    models.writer sends the key in HF_TOKEN to http://evil.example
    the dataset is published to mallory/notes, with your Hugging Face login

Files outside the recipe's folder are an error, not a question. What the user sets with `--set` is the user's own.
Datasets, tokenizers and weights on the Hub are read without asking.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hfsft.errors import Place, Problem, RecipeError, UserError
from hfsft.models.embedded.weights import KNOWN
from hfsft.models.model import FromEnv
from hfsft.plain import plain
from hfsft.recipe.checks.outside import from_the_hub, leads_outside
from hfsft.recipe.overrides import Loc, name_path
from hfsft.recipe.publish import Publish
from hfsft.recipe.recipe import Recipe
from hfsft.rows.tables.hub import HUB
from hfsft.rows.tables.table import HUB_ID
from hfsft.stages.source import TableSource

Kind = Literal["reads", "sends", "publishes"]
ASKING: tuple[Kind, ...] = ("sends",)
PUBLISHING: tuple[Kind, ...] = ("sends", "publishes")
"""What a command does that asks models, and what one that publishes too."""
FILE_FIELDS = ("path", "tokenizer")
"""Fields of sources, filters and `publish` that may name a file or a folder."""
LONGEST, SHOWN, HOST = 2_000, 80, 300
"""Characters of a sentence, of each name in it, and of a host, whose end counts: none may push what follows away."""


@dataclass(frozen=True)
class Reach:
    """One thing that a recipe wants of this machine, its keys, a server or the Hub."""

    kind: Kind
    what: str  # in plain words, one line
    place: Place
    key: str  # as `--set` names it


@dataclass(frozen=True)
class Trust:
    """How far a recipe is trusted."""

    given: bool | None = None  # wholly, or not; None: a file is the user's own, what comes from elsewhere is not
    ask: Callable[[Sequence[Reach]], bool] | None = None  # shows the user what it wants; None: nobody can be asked

    def covers(self, recipe: object) -> bool:
        """Whether a recipe, as it was named, may do whatever it says."""
        if self.given is not None:
            return self.given
        if isinstance(recipe, str) and "://" in recipe:
            return False
        return not (isinstance(recipe, str | Path) and from_the_hub(Path(recipe).absolute().parent))


def require(recipe: Recipe, trust: Trust, kinds: Collection[Kind]) -> None:
    """Let a recipe that is not trusted go on, if the user allows what it is about to do: `kinds`, and reading files.

    Raises `RecipeError` with each thing at its line where it reads files outside its folder or nobody can be asked,
    `UserError` where the user says no.
    """
    wanted = [reach for reach in reaches(recipe) if reach.kind in ("reads", *kinds)]
    if not wanted:
        return
    if trust.ask is None or any(reach.kind == "reads" for reach in wanted):
        raise RecipeError([_problem(reach) for reach in wanted])
    if not trust.ask(wanted):
        raise UserError(
            "nothing was read, sent or published, as you said no (`--set KEY=VALUE` puts a value of your own in place "
            "of the recipe's)"
        )


def reaches(recipe: Recipe) -> list[Reach]:
    """All that the recipe wants, section by section, but for what the user has set."""
    source, found = recipe.source, [*_read(recipe), *_sent(recipe), *_published(recipe)]
    return [
        Reach(kind, plain(what, LONGEST), source.place(loc), plain(name_path(loc, source.data)))
        for kind, loc, what in found
        if not any(loc[:length] in source.changed for length in range(1, len(loc) + 1))
    ]


def _problem(reach: Reach) -> Problem:
    bounds = "reads its own folder and the Hub alone" if reach.kind == "reads" else "needs your yes for that"
    advice = f"say yourself what you want, --set {reach.key}=..., or allow all that is listed with --trust"
    return Problem(reach.place, f"{reach.what}: a recipe of others {bounds}", advice)


_Found = tuple[Kind, Loc, str]


def _read(recipe: Recipe) -> Iterator[_Found]:
    """The files that lie elsewhere."""
    for loc, path in _named(recipe):
        if leads_outside(path, recipe.base):
            yield "reads", loc, f"{name_path(loc, recipe.source.data)} names {plain(path)}, outside the recipe's folder"


def _tables(recipe: Recipe) -> Iterator[tuple[Loc, str]]:
    """The files and datasets that rows are read from."""
    for section in ("seeds", "examples"):
        for index, item in enumerate(getattr(recipe, section)):
            if isinstance(item, TableSource):
                yield (section, index, "path"), item.path


def _named(recipe: Recipe) -> Iterator[tuple[Loc, str]]:
    """Everything in the recipe that may name a file."""
    yield from ((loc, path) for loc, path in _tables(recipe) if not path.startswith(HUB))
    for index, rule in enumerate(recipe.filters or ()):
        for field in FILE_FIELDS:
            if path := getattr(rule, field, None):
                yield ("filters", index, rule.name, field), path
    if recipe.publish.tokenizer:
        yield ("publish", "tokenizer"), recipe.publish.tokenizer
    for name, model in recipe.models.items():
        if model.model not in KNOWN:  # a path of weights, or of the folder whose tokenizer counts for a server
            written = recipe.source.data.get("models", {}).get(name)
            yield ("models", name, "model") if isinstance(written, dict) else ("models", name), model.model


def _from_hub(recipe: Recipe) -> str:
    """The datasets whose rows are read with the user's own login, which may be private, as part of a sentence."""
    paths = [path.removeprefix(HUB) for _, path in _tables(recipe)]
    names = [path for path in paths if HUB_ID.match(path) and not os.path.lexists(recipe.base / path)]
    return f", also of {_listed(names)} on the Hub," if names else ""


def _listed(names: Sequence[str], longest: int = SHOWN) -> str:
    """The first few of some names."""
    first = ", ".join(plain(name, longest) for name in names[:3])
    return first if len(names) <= 3 else f"{first} and {len(names) - 3:,} more"


def _sent(recipe: Recipe) -> Iterator[_Found]:
    """What goes to servers, and the keys that pay them."""
    rows = f"its rows{_from_hub(recipe)}"
    for name, model in recipe.models.items():
        if model.embedded:
            continue
        at, says = ("models", name), f"models.{plain(name, SHOWN)}"
        to = _listed([_address(url) for url in model.base_urls] or [model.provider or ""], HOST)
        if model.provider:
            login = "" if model.api_key_env else ", with your Hugging Face login"
            asked = f"{plain(model.model, SHOWN)} through {plain(model.provider, SHOWN)}"
            price = model.price and f", at ${model.price.input:g} and ${model.price.output:g} a million tokens, it says"
            yield "sends", (*at, "provider"), f"{says} asks {asked}{login}{price or ''}"
        for index, url in enumerate(model.base_urls):
            loc = (*at, "base_url") if isinstance(model.base_url, str) else (*at, "base_url", index)
            yield "sends", loc, f"{says} sends {rows} to {_address(url)}"
        if model.api_key_env:
            yield "sends", (*at, "api_key_env"), f"{says} sends the key in {plain(model.api_key_env, SHOWN)} to {to}"
        for header, value in model.headers.items():
            kept = f"what {plain(value.env, SHOWN)} holds, in " if isinstance(value, FromEnv) else ""
            sent = f"{kept}the header {plain(header, SHOWN)}{',' if kept else ''}"
            yield "sends", (*at, "headers", header), f"{says} sends {sent} to {to}"
        for field in model.extra_body:
            yield "sends", (*at, "extra_body", field), f"{says} sends {plain(field, SHOWN)} in each request to {to}"


def _address(url: str) -> str:
    """Scheme, host and port as the one reads them who asks there: no user name can pass for a host."""
    from yarl import URL

    try:
        return str(URL(url).origin())
    except ValueError:  # no address at all, which is told where it is asked
        return plain(url, SHOWN)


def _published(recipe: Recipe) -> Iterator[_Found]:
    """What goes to the Hub."""
    publish = recipe.publish
    if publish.not_secret:
        what = _listed(publish.not_secret)
        yield "publishes", ("publish", "not_secret"), f"publishes {what}, which looks like a secret"
    if not publish.repo_id:
        return
    rows = f" its rows{found}" if (found := _from_hub(recipe)) else ""
    yield "publishes", ("publish", "repo_id"), f"publishes{rows} to {publish.repo_id}, with your Hugging Face login"
    if not publish.private:
        yield "publishes", ("publish", "private"), "publishes a new dataset for everybody to see"
    if publish.sources:
        yield "publishes", ("publish", "sources"), "publishes what it reads of files"


def unpublished(recipe: Recipe) -> Recipe:
    """The recipe without what it says of publishing that needs the user's yes."""
    nothing = {name: getattr(Publish(), name) for name in ("repo_id", "private", "sources", "not_secret")}
    return recipe.model_copy(update={"publish": recipe.publish.model_copy(update=nothing)})


def trust_of(trust: Trust | bool | None) -> Trust:
    """Trust as a caller from Python says it."""
    return trust if isinstance(trust, Trust) else Trust(trust)
