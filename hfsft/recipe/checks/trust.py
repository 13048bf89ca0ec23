"""What a recipe reaches beyond its own folder, and whether it may: a stranger's recipe needs the user's yes.

    models.writer sends its rows to http://evil.example
    models.writer sends the key in HF_TOKEN to http://evil.example
    the dataset is published to mallory/notes, with your Hugging Face login

Files outside the recipe's folder are an error, not a question. What the user sets with `--set` is the user's own.
Datasets, tokenizers and weights on the Hub are read without asking.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hfsft.errors import Place, Problem, RecipeError, UserError
from hfsft.marks import (
    BODY,
    CONTENTS,
    FILE,
    HEADERS,
    KEY,
    MODEL,
    PROVIDER,
    REPOSITORY,
    ROWS,
    SERVER,
    TEMPLATE,
    Loc,
    Mark,
    Marked,
    Publishes,
    marked,
)
from hfsft.models.model import FromEnv
from hfsft.plain import plain
from hfsft.recipe.checks.path_bounds import from_the_hub, leads_outside
from hfsft.recipe.checks.template_files import named
from hfsft.recipe.overrides import name_path
from hfsft.recipe.recipe import Recipe

Kind = Literal["reads", "sends", "publishes"]
ASKING: tuple[Kind, ...] = ("sends",)
PUBLISHING: tuple[Kind, ...] = ("sends", "publishes")
"""What a command does that asks models, and what one that publishes too."""
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
    from hfsft.models.embedded.weights import KNOWN
    from hfsft.rows.places.stored_folder import is_address
    from hfsft.rows.tables.hub_dataset import HUB_DATASETS

    for each in marked(recipe):
        if each.mark not in (FILE, ROWS, MODEL, TEMPLATE, CONTENTS) or not each.value:
            continue
        found = named(each.value) if each.mark == TEMPLATE else [((), each.value)]
        for below, path in found:
            if not isinstance(path, str) or path.startswith(HUB_DATASETS) or (each.mark == MODEL and path in KNOWN):
                continue
            if (stored := is_address(path)) or leads_outside(path, recipe.base):
                loc, data = _written((*each.loc, *below), recipe.source.data), recipe.source.data
                where = "which your keys may open" if stored else "outside the recipe's folder"
                yield "reads", loc, f"{name_path(loc, data)} names {plain(path)}, {where}"


def _written(loc: Loc, data: Any) -> Loc:
    """The place of a field, or of the text that stands for its whole section, as in `writer: weights.gguf`."""
    for length, step in enumerate(loc):
        if isinstance(data, str):
            return loc[:length]
        known = data.get(step) if isinstance(data, dict) else None
        data = data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else known
    return loc


def _from_hub(recipe: Recipe) -> str:
    """The datasets whose rows are read with the user's own login, which may be private, as part of a sentence."""
    from hfsft.rows.places.path_names import HUB_ID
    from hfsft.rows.tables.hub_dataset import HUB_DATASETS

    paths = [each.value.removeprefix(HUB_DATASETS) for each in marked(recipe) if each.mark == ROWS and each.value]
    names = [path for path in paths if HUB_ID.match(path) and not os.path.lexists(recipe.base / path)]
    return f", also of {_listed(names)} on the Hub," if names else ""


def _listed(names: Sequence[str], longest: int = SHOWN) -> str:
    """The first few of some names."""
    first = ", ".join(plain(name, longest) for name in names[:3])
    return first if len(names) <= 3 else f"{first} and {len(names) - 3:,} more"


def _sent(recipe: Recipe) -> Iterator[_Found]:
    """What goes to servers, and the keys that pay them, section by section."""
    rows, sections = f"its rows{_from_hub(recipe)}", defaultdict[Loc, list[Marked]](list)
    for each in marked(recipe):
        if isinstance(each.mark, Mark):
            sections[each.at].append(each)
    for at, fields in sections.items():
        values = {each.mark: each.value for each in fields}
        servers = _several(values.get(SERVER))
        if not (servers or values.get(PROVIDER)) and {SERVER, PROVIDER} & values.keys():
            continue  # it stays in this process
        says = ".".join(plain(str(step), SHOWN) for step in at)
        to = _listed([_address(url) for url in servers] or [values.get(PROVIDER) or "whom it asks"], HOST)
        for each in fields:
            for *steps, told in _told(each, values, rows, to):
                yield "sends", (*each.loc, *steps), f"{says} {told}"


def _told(each: Marked, values: Mapping[Any, Any], rows: str, to: str) -> Iterator[tuple[Any, ...]]:
    """What a field sends: steps to a place inside it, if it is not the whole, and then the end of a sentence."""
    value = each.value
    if each.mark == PROVIDER and value:
        login = "" if values.get(KEY) else ", with your Hugging Face login"
        price = getattr(each.section, "price", None)
        costs = price and f", at ${price.input:g} and ${price.output:g} a million tokens, it says"
        yield (f"asks {plain(values[MODEL], SHOWN)} through {plain(value, SHOWN)}{login}{costs or ''}",)
    elif each.mark == SERVER:
        for index, url in enumerate(_several(value)):
            yield (*([] if isinstance(value, str) else [index]), f"sends {rows} to {_address(url)}")
    elif each.mark == KEY and value:
        yield (f"sends the key in {plain(value, SHOWN)} to {to}",)
    elif each.mark == HEADERS:
        for header, held in value.items():
            kept = f"what {plain(held.env, SHOWN)} holds, in " if isinstance(held, FromEnv) else ""
            yield header, f"sends {kept}the header {plain(header, SHOWN)}{',' if kept else ''} to {to}"
    elif each.mark == BODY:
        for field in value:
            yield field, f"sends {plain(field, SHOWN)} in each request to {to}"


def _several(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _address(url: str) -> str:
    """Scheme, host and port as the one reads them who asks there: no user name can pass for a host."""
    from yarl import URL

    try:
        return str(URL(url).origin())
    except ValueError:  # no address at all, which is told where it is asked
        return plain(url, SHOWN)


def _published(recipe: Recipe) -> Iterator[_Found]:
    """What goes to the Hub."""
    found = list(marked(recipe))
    named = any(each.mark == REPOSITORY and each.value for each in found)
    rows = f" its rows{also}" if (also := _from_hub(recipe)) else ""
    for each in found:
        if each.mark == REPOSITORY and each.value:
            yield "publishes", each.loc, f"publishes{rows} to {each.value}, with your Hugging Face login"
        elif isinstance(each.mark, Publishes) and each.value != each.mark.unless and (named or each.mark.alone):
            what = each.mark.what.format(_listed(each.value) if isinstance(each.value, list) else each.value)
            yield "publishes", each.loc, f"publishes {what}"


def unpublished(recipe: Recipe) -> Recipe:
    """The recipe without what it says of publishing that needs the user's yes."""
    changed: dict[str, Any] = {}
    for each in marked(recipe):
        if each.mark == REPOSITORY or isinstance(each.mark, Publishes):
            (key,) = each.at
            nothing = {each.key: each.mark.unless if isinstance(each.mark, Publishes) else None}
            changed[str(key)] = changed.get(str(key), each.section).model_copy(update=nothing)
    return recipe.model_copy(update=changed)


def trust_of(trust: Trust | bool | None) -> Trust:
    """Trust as a caller from Python says it."""
    return trust if isinstance(trust, Trust) else Trust(trust)
