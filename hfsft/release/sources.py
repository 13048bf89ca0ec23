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
from hfsft.rows.reading import SourceRow
from hfsft.stages.base import TableSection
from hfsft.stages.seeds import PromptTable

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.built import Built

FOLDER = "sources"
SECTIONS = ("seeds", "examples")

TURNS = ("topic", "system", "messages")
TEXTS = ("topic", "system", "context", "instruction", "response")
SEED = ("topic", "system", "context", "instruction")


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
        path = f"{FOLDER}/{section}-{number}.jsonl"
        (folder / FOLDER).mkdir(exist_ok=True)
        rows = _read(source, recipe.base)
        with (folder / path).open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        resolved[section][number] = {"path": path, **_settled(source)}
    return resolved, sorted(set(missing))


def local_sources(recipe: Recipe) -> Iterator[tuple[str, int, TableSection]]:
    """Section, place in it and source, for each that reads from this machine."""
    for section in SECTIONS:
        for number, source in enumerate(getattr(recipe, section)):
            if isinstance(source, TableSection) and source.table(recipe.base).local is not None:
                yield section, number, source


def changed(built: Built) -> list[str]:
    """The local sources that are no longer what the build read."""
    read = built.plan.steps[0].identity
    found = []
    for section, number, source in local_sources(built.recipe):
        try:
            same = source.opened(built.recipe.base, section).identity == read.get(section, {})[number]
        except (UserError, OSError, LookupError):
            same = False
        if not same:
            found.append(source.path)
    return sorted(set(found))


def _settled(source: TableSection) -> dict[str, Any]:
    """How what was read of a source is read again: its columns have our names, and its roles are settled."""
    how: dict[str, Any] = {"keep": source.keep} if source.keep else {}
    if isinstance(source, PromptTable):
        return {"prompt": "instruction", **{name: name for name in ("topic", "context", "system")}, **how}
    return {**how, "topic": "topic", **({"assistant_opens": True} if getattr(source, "assistant_opens", False) else {})}


def _read(source: TableSection, base: Path) -> Iterator[dict[str, Any]]:
    """The sound rows; as conversations where one of them has several turns, so that one format reads all."""
    names, several = (SEED, False) if isinstance(source, PromptTable) else (TEXTS, _several(source, base))
    for row in _sound(source, base):
        texts = row.texts if not several or row.texts.get("messages") else {**row.texts, "messages": _pair(row.texts)}
        yield {**row.kept, **{name: texts.get(name) for name in (TURNS if several else names)}}


def _sound(source: TableSection, base: Path) -> Iterator[SourceRow]:
    yield from (row for row in source.opened(base, FOLDER).rows(None) if row.defect is None)


def _several(source: TableSection, base: Path) -> bool:
    return any(row.texts.get("messages") for row in _sound(source, base))


def _pair(texts: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = "\n\n".join(texts[name] for name in ("instruction", "context") if texts.get(name))
    return [{"role": "user", "content": said}, {"role": "assistant", "content": texts["response"]}]
