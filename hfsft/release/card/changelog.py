"""The card as it goes to the Hub: as built, with the releases so far at its end and the Hub's own metadata kept.

A card is replaced by each release, but for two things of the one on the Hub: its entries under

    ## Releases

and metadata that no card of ours sets, such as `extra_gated_prompt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from hfsft.release.comparison import Diff
from hfsft.release.result import SPLITS

MARK = "<!-- hfsft: releases; what stands below is kept, what stands above is replaced by each release -->"
_MARKED = re.compile(rf"^{re.escape(MARK)}$", re.MULTILINE)
HEADING = "## Releases"
FENCE = "---\n"

# Metadata that the card sets, or leaves out on purpose; the rest belongs to whoever set it on the Hub.
OURS = frozenset(
    [
        "configs",
        "dataset_info",
        "language",
        "license",
        "license_link",
        "license_name",
        "pretty_name",
        "tags",
        "annotations_creators",
        "multilinguality",
        "size_categories",
        "source_datasets",
        "task_categories",
        "task_ids",
    ]
)


def merge(card: str, there: str | None, entry: str | None) -> str:
    """The card as built, with metadata and releases of the one on the Hub, and a new entry before those."""
    if there is None and entry is None:
        return card
    there = (there or "").replace("\r\n", "\n")
    entries = [part.strip("\n") for part in (entry or "", _entries(there).replace(HEADING, "", 1))]
    text = _with_metadata(card, there).rstrip("\n") + "\n"
    listed = "\n\n".join(part for part in entries if part)
    return f"{text}\n{MARK}\n{HEADING}\n\n{listed}\n" if listed else text


def describe(
    tag: str | None,
    there: str | None,
    new: Mapping[str, Any],
    before: str | None,
    old: Mapping[str, Any],
    diff: Diff | None,
) -> str:
    """The entry of a release under Releases.

    `new` and `old` are the summaries of the release and of the one before it, which `before` is a link to; None for
    the first release. `diff` is what changed between them; None where that is not known.
    """
    number = _entries(there or "").count("\n### ") + 1
    lines = [f"### {tag or f'Release {number}'}", ""]
    if before is None:
        return "\n".join([*lines, f"First release: {_rows(new, {})}."])
    return "\n".join([*lines, f"Since {before}: {_rows(new, old)}. {_changes(diff)}".strip()])


def metadata(card: str) -> dict[str, Any]:
    """The YAML metadata of a card; empty where it has none that can be read."""
    try:
        found = yaml.safe_load(_front(card)[0])
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def configs(card: str) -> list[str]:
    """The configurations that a card declares; `default` where it declares none."""
    return [config["config_name"] for config in metadata(card).get("configs", [])] or ["default"]


def _entries(card: str) -> str:
    """What stands below the mark: the last that fills a line, since a recipe or a row in the card may hold it too."""
    found = list(_MARKED.finditer(card))
    return card[found[-1].end() :] if found else ""


def _front(card: str) -> tuple[str, str]:
    """The YAML block of a card, and what follows it."""
    if not card.startswith(FENCE):
        return "", card
    block, fence, body = card.removeprefix(FENCE).partition(f"\n{FENCE}")
    return (block + "\n", body) if fence else ("", card)


def _with_metadata(card: str, there: str) -> str:
    block, body = _front(card)
    mine = metadata(card)
    kept = {name: value for name, value in metadata(there).items() if name not in OURS and name not in mine}
    if not kept:
        return card
    return f"{FENCE}{block}{yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)}{FENCE}{body}"


def _rows(new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    now, then = (summary.get("fates", {}) for summary in (new, old))
    parts = []
    for split in SPLITS:
        rows, step = now.get(split, 0), now.get(split, 0) - then.get(split, 0)
        if rows or then.get(split):
            parts.append(f"{split} {rows:,}" + (f" ({step:+,})" if then and step else ""))
    return ", ".join(parts) + " rows"


def _changes(diff: Diff | None) -> str:
    if diff is None:
        return ""
    kinds = {
        "added": len(diff.added),
        "removed": len(diff.removed),
        "changed": len(diff.changed) + len(diff.rewritten),
        "moved between splits": len(diff.moved),
    }
    parts = [f"{rows:,} {kind}" for kind, rows in kinds.items() if rows]
    return f"Rows {', '.join(parts)}." if parts else "The same rows."
