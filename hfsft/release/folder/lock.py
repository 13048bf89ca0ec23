"""The lock file: all that the rows depend on, pinned; equal builds give equal bytes.

{
  "lock": 1,
  "hfsft": "0.1.0", "python": "3.11.7", "libraries": {"datasets": "5.2.0", ...},
  "recipe": "<hash of the resolved recipe>",
  "sources": {"seeds": [...], "examples": [{"format": "auto", "table": {"files": [["tickets.csv", "<hash>"]]}, ...}]},
  "unpublished": ["tickets.csv"],
  "models": {"writer": {"model": "smollm2-135m-instruct", "temperature": 0.8, "weights": "..."}},
  "templates": {"evolve[1].templates.deepen": "<hash>", "judge": "<hash>"},
  "tokenizer": {"name": ..., "template": "<hash>", "vocabulary": "<hash>"},
  "exams": {"judge": {"writer": {"of": "<hash of rubric, anchors and model>", "anchors": 8, "criteria": {...}}}},
  "steps": {"sources": {"version": 2, "fingerprint": "..."}, ...}
}
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from hfsft.hashing import digest
from hfsft.models.vectors.door import EMBEDDER
from hfsft.recipe.rules import cleaner, filters_of
from hfsft.release.folder.file_names import LOCK
from hfsft.release.trainer.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from hfsft.engine.step import Step
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.result import Built

LAYOUT = 1  # raised when the file is laid out anew
PACKAGE = "hfsft"
SAID = ("prompts", "rows", "context", "system", "topic")  # of a source in the recipe: what its rows say
INDIRECT = ("pyarrow", "tokenizers")  # libraries of our libraries that write files and count tokens


def lock_text(built: Built, resolved: Mapping[str, Any], unpublished: Sequence[str] = ()) -> str:
    """The lock file of a build; `resolved` is its recipe as the folder has it, see `lock` for the rest."""
    return json.dumps(lock(built, resolved, unpublished), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def lock(built: Built, resolved: Mapping[str, Any], unpublished: Sequence[str] = ()) -> dict[str, Any]:
    """What the lock file holds; `unpublished` are the local paths that the recipe reads and the folder does not hold.

    The hashes of sources are those of what was read, as the plan took them before its first step.
    """
    clean = cleaner(built.recipe)
    steps, tokenizer = list(built.plan.fingerprints()), built.recipe.publish.tokenizer
    exams = {key: figures["exam"] for key, figures in built.figures.items() if "exam" in figures}
    return {
        "lock": LAYOUT,
        "hfsft": metadata.version(PACKAGE),
        "python": platform.python_version(),
        "libraries": {**dict(libraries()), **dict(packages(built.recipe))},
        "recipe": digest(dict(resolved)),
        "sources": next((_without_rows(step.identity, clean) for step, _ in steps if step.rows == "source"), {}),
        "unpublished": list(unpublished),
        "models": {
            **{name: _asked(step, name) for step, _ in steps for name in step.models},
            **{
                each.kind: {"model": each.identity} for step, _ in steps for each in step.needs if each.kind == EMBEDDER
            },
        },
        "templates": {name: text_hash for step, _ in steps for name, text_hash in templates(step.identity, step.name)},
        "tokenizer": load_tokenizer(tokenizer, base=built.recipe.base).identity if tokenizer else None,
        **({"exams": exams} if exams else {}),
        "steps": {step.name: {"version": step.version, "fingerprint": fingerprint} for step, fingerprint in steps},
    }


def _asked(step: Step, name: str) -> Any:
    """A model as the step depends on it, which may ask several."""
    models = step.identity.get("models")
    return step.identity["model"] if models is None else models[name]


def read(folder: Path) -> dict[str, Any]:
    """The lock file of a release; empty where there is none that can be read."""
    try:
        found = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@cache
def libraries() -> tuple[tuple[str, str], ...]:
    """Name and version of each library that hfsft uses and that is installed."""
    wanted = [re.split(r"[^\w.\-]", requirement, maxsplit=1)[0] for requirement in metadata.requires(PACKAGE) or ()]
    versions = ((name, _version(name)) for name in sorted({*wanted, *INDIRECT}))
    return tuple((name, version) for name, version in versions if version)


def packages(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Name and version of each package whose filters the recipe uses and that is not hfsft."""
    for rule in filters_of(recipe):
        name, _, version = rule.package.rpartition(" ")
        if name:
            yield name, version


def templates(identity: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Where a step's identity holds a template, and the template's hash."""
    for key, value in identity.items():
        if key == "template" and isinstance(value, str):
            yield name, value
        elif isinstance(value, Mapping):
            yield from templates(value, f"{name}.{key}")


def _without_rows(identity: Mapping[str, Any], clean: Callable[[str], str]) -> dict[str, Any]:
    """What the sources depend on, with a hash for what rows say that stand in the recipe, and names of files clean."""
    found = {
        section: [_without_texts(source, clean) for source in sources] if section in ("seeds", "examples") else sources
        for section, sources in identity.items()
    }
    return {**found, "names": [clean(name) for name in identity.get("names", ())]}


def _without_texts(source: Mapping[str, Any], clean: Callable[[str], str]) -> dict[str, Any]:
    if isinstance(table := source.get("table"), Mapping) and "files" in table:
        return {**source, "table": {**table, "files": [[clean(name), *rest] for name, *rest in table["files"]]}}
    if "prompts" in source or "rows" in source:
        return {key: digest(value) if value and key in SAID else value for key, value in source.items()}
    return dict(source)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # of an extra that is not installed
        return None
