"""Sources: what a release holds of the local files that its recipe reads: nothing, or what was read of them.

With `publish: {sources: true}` each file stands in `sources/` as JSON lines: the rows that were read, up to `limit`,
with the texts that were taken from them and no other column. Without it the release holds none, and only who has the
files can build it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import UserError
from hfsft.stages.examples import ExampleTable
from hfsft.stages.seeds import PromptTable

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.built import Built

FOLDER = "sources"
SECTIONS = ("seeds", "examples")
Local = ExampleTable | PromptTable

# How a source's columns are called and which of its rows are read: in what was read of it that is settled.
READING = {*("path", "split", "config", "revision", "format", "limit")}
READING |= {*("prompt", "instruction", "response", "context", "system", "topic")}


def put(built: Built, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The resolved recipe as the folder has it, and the local paths that it reads and the folder does not hold.

    Where the recipe asks for it, what was read of each local source is written beside it.
    """
    recipe = built.recipe
    resolved = recipe.resolved()
    missing: list[str] = []
    moved = built.changed_sources
    for section, number, source in local_sources(recipe):
        if not recipe.publish.sources or source.path in moved:
            missing.append(source.path)
            continue
        kept = {key: value for key, value in resolved[section][number].items() if key not in READING}
        path = f"{FOLDER}/{section}-{number}.jsonl"
        (folder / FOLDER).mkdir(exist_ok=True)
        rows = _prompts(source, recipe.base) if isinstance(source, PromptTable) else _examples(source, recipe.base)
        with (folder / path).open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        named = {name: name for name in ("topic", "context", "system")} if isinstance(source, PromptTable) else {}
        resolved[section][number] = {"path": path, **named, **kept}
    return resolved, sorted(set(missing))


def local_sources(recipe: Recipe) -> Iterator[tuple[str, int, Local]]:
    """Section, place in it and source, for each that reads from this machine."""
    for section in SECTIONS:
        for number, source in enumerate(getattr(recipe, section)):
            if isinstance(source, Local) and (recipe.base / Path(source.path).expanduser()).exists():
                yield section, number, source


def changed(built: Built) -> list[str]:
    """The local sources that are no longer what the build read."""
    read = built.plan.steps[0].identity
    found = []
    for section, number, source in local_sources(built.recipe):
        try:
            same = source.identity(built.recipe.base) == read.get(section, {})[number]
        except (UserError, OSError, LookupError):
            same = False
        if not same:
            found.append(source.path)
    return sorted(set(found))


def _prompts(source: PromptTable, base: Path) -> Iterator[dict[str, Any]]:
    for texts in source.texts(base):
        yield {"prompt": texts["instruction"], **{name: texts.get(name) for name in ("topic", "context", "system")}}


def _examples(source: ExampleTable, base: Path) -> Iterator[dict[str, Any]]:
    """The sound rows; as conversations where one of them has several turns, so that one format reads all."""
    turns = any(texts.get("messages") for texts, defect in source.texts(base) if defect is None)
    for texts, defect in source.texts(base):
        if defect is None:
            yield _example(texts, turns)


def _example(texts: Mapping[str, Any], turns: bool) -> dict[str, Any]:
    names = ("topic", "system", "messages") if turns else ("topic", "system", "context", "instruction", "response")
    said = {name: texts.get(name) for name in names}
    if turns and not said["messages"]:
        pair = (("user", "instruction"), ("assistant", "response"))
        said["messages"] = [{"role": role, "content": texts[name]} for role, name in pair]
    return said
