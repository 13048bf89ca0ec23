"""The recipe that does what an audit found: the same rows, with the filters that took any."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.rows.reading.summaries import rows_said

if TYPE_CHECKING:
    from hfsft.release.audit.audit import Audit
    from hfsft.release.audit.audit_findings import RuleFinding

MUCH = 0.5
"""Share of the rows above which a rule is written as a comment: it says more about the rule than about the rows."""


def recipe_of(audit: Audit, folder: Path) -> str:
    """A recipe as YAML for a folder, with what each filter would take beside it."""
    return "\n".join(_lines(audit, folder)) + "\n"


def _lines(audit: Audit, folder: Path) -> Iterator[str]:
    yield f"# Made from an audit of {plain(audit.dataset, 200)}: {rows_said(audit.rows)}."
    yield f"name: {audit.name}"
    if audit.language:
        yield f"language: {_flow(list(audit.language))}"
    yield "examples:"
    for source in audit.sources:
        yield f"  - {_flow({**source, 'path': _from(folder, source['path']) if audit.local else source['path']})}"
    yield "filters:"
    for finding in audit.findings:
        if finding.default or finding.rows:
            yield from _filter(finding, _arguments(finding.arguments, folder))
    held = [source["split"] for source in audit.sources[1:]]
    if held:
        yield f"# The rows of {', '.join(map(str, held))} join the others: the split is made anew, without leaks."
    yield "split: {validation: 0.05}"


def _from(folder: Path, path: str) -> str:
    """A path as it is from the recipe's folder, which it is relative to."""
    there = Path(path).expanduser()
    if there.is_absolute():
        return path
    found = Path(os.path.relpath(there.absolute(), folder.absolute())).as_posix()
    return f"./{found}" if there.is_dir() and not found.startswith(".") else found  # no dataset on the Hub


def _arguments(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The arguments of a filter, files among them as they are from the recipe's folder."""
    against = [_from(folder, each) if Path(each).exists() else each for each in given.get("against", ())]
    return {**given, **({"against": against} if against else {})}


def _filter(finding: RuleFinding, arguments: Mapping[str, Any]) -> Iterator[str]:
    most = f", most often {plain(finding.found[0][0], 60)}" if finding.found else ""
    taken = f"{rows_said(finding.rows)} ({finding.share:.1%}){most}" if finding.rows else "no row"
    item = f"{finding.name}: {_flow(arguments)}" if arguments else finding.name
    if finding.share > MUCH:
        yield f"  # would take more than half of the rows, look at these first: {taken}"
        yield f"  # - {item}"
        return
    yield f"  - {item}  # {taken}"


def _flow(value: Any) -> str:
    """A value in one line of YAML; what JSON writes is YAML too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
