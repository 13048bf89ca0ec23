"""Every template that recipes may name, what each does and reads, and which of them a recipe uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from hfsft.errors import UserError, nearest
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.plain import plain
from hfsft.prompts import Prompt, available, templates
from hfsft.recipe.compile import compile_recipe
from hfsft.release.folder.lock import templates as hashes_in
from hfsft.stages.evolving.template_prompts import TURNS

OURS = frozenset(("card", "init", "report", "review"))  # folders whose templates make files, and ask nobody
BEGINS = 60  # characters of a template that says nothing of itself
SOURCE = "Source:"
_SENTENCE = re.compile(r"(?:[^.]|\.(?=\S)|(?:(?<=\bal)|(?<=\be\.g)|(?<=\bi\.e))\.(?!\S)){0,400}\.?")
_HEADER = re.compile(r"\{#(.{1,2000}?)#\}", re.DOTALL)


@dataclass(frozen=True)
class KnownTemplate:
    """One template."""

    folder: str  # of one in a recipe, its section
    name: str
    about: str  # what it does, in a line; how it begins, where it does not say
    source: str  # where its way of asking comes from
    reads: tuple[str, ...]  # the variables and columns that it reads; marks of turns are none
    text: str
    used: bool  # whether the recipe that was given uses it

    def as_dict(self) -> dict[str, object]:
        """The template as JSON."""
        return asdict(self)


def template_list(
    folder: str | None = None,
    name: str | None = None,
    recipe: AnyRecipe | None = None,
    *,
    overrides: Sequence[str] = (),
    trust: AnyTrust = None,
) -> list[KnownTemplate]:
    """All templates, those of a folder, or one, in the order of their names; of a recipe also those that stand in it.

    Raises `UserError` for a folder or a template that there is not.
    """
    folders = sorted(path.name for path in templates().iterdir() if path.name not in OURS and available(path.name))
    if folder is not None and folder not in folders:
        holding = [f"`hfsft templates {each} {folder}`" for each in folders if folder in available(each)]
        advice = f"a template is called so: {', '.join(holding)}" if holding else nearest(folder, folders)
        raise UserError(f"there is no folder of templates `{folder}` ({advice})")
    found = [(each, prompt) for each in folders for prompt in _named(each)]
    used, own = _of_recipe(recipe, overrides, trust) if recipe is not None else (set(), [])
    known = {prompt.identity for _, prompt in found}
    found += [(section, prompt) for section, prompt in own if prompt.identity not in known]
    listed = [_told(each, prompt, prompt.identity in used) for each, prompt in found if folder in (None, each)]
    if name is None:
        return listed
    if not (one := [each for each in listed if each.name == name]):
        raise UserError(f"there is no template `{name}` in {folder} ({nearest(name, [each.name for each in listed])})")
    return one


def _named(folder: str) -> Iterator[Prompt]:
    return (Prompt.named(folder, name) for name in available(folder))


def _of_recipe(
    recipe: AnyRecipe, overrides: Sequence[str], trust: AnyTrust
) -> tuple[set[str], list[tuple[str, Prompt]]]:
    """The identities of the templates that a recipe uses, and those that its author wrote or named, by section."""
    loaded = load(recipe, overrides, trust)
    plan = compile_recipe(loaded, weights=False, sources=False)
    used = {identity for step in plan.steps for _, identity in hashes_in(step.identity, step.name)}
    written = [(key, each.parse()) for key, stage in loaded.stages().items() for each in stage.renders()]
    return used | {prompt.identity for _, prompt in written}, written


def _told(folder: str, prompt: Prompt, used: bool) -> KnownTemplate:
    header = _HEADER.match(prompt.text)
    about, named, source = " ".join(header[1].split() if header else ()).partition(SOURCE)
    return KnownTemplate(
        folder,
        prompt.name.removeprefix(f"{folder}/").removesuffix(".jinja"),
        (said[0] if (said := _SENTENCE.match(about)) else "") or f"`{plain(prompt.text, BEGINS)}`",
        (named + source).strip(),
        tuple(sorted(prompt.variables - set(TURNS))),
        prompt.text,
        used,
    )
