"""Sources that models write, and the attributes they vary over, in the recipe that has every field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

USES_ALL = "{{ name }} {{ description }} {{ language }}"
ATTRIBUTES: dict[str, Any] = {
    "tone": ["casual", "formal"],
    "mood": {"values": ["glad", "cross"]},
    "topic": {"given": "tone", "path": "topics.yaml"},
}
SEEDS: dict[str, dict[str, Any]] = {
    "FromAttributes": {"from": "attributes", "templates": [f"{USES_ALL} {{{{ tone }}}}"]},
    "FromDocuments": {"from": "documents"},
    "FromPersonas": {"from": "personas", "personas": ["a nurse", "a sailor"]},
    "SelfInstruct": {"from": "self_instruct"},
    "FromTopics": {"from": "topics", "name": "field"},
}
FIRST = 2  # sources of people stand before them

PLACES: dict[str, tuple[str | int, ...]] = {
    "Attribute": ("attributes", "topic"),
    "Attribute.values": ("attributes", "mood"),
    **{kind: ("seeds", FIRST + place) for place, kind in enumerate(SEEDS)},
}
OTHER: dict[str, Any] = {
    "Attribute.values": {"values": ["glad", "cross", "calm"]},
    "Attribute.path": "others.yaml",
    "Attribute.column": {"path": "values.csv", "column": "other"},
    "Attribute.given": {"path": None, "given": None, "values": ["a", "b"]},
    **{f"{kind}.templates": ["{{ tone }}"] for kind in SEEDS},
    **{f"{kind}.model": "other" for kind in SEEDS},
    "FromPersonas.path": {"personas": None, "path": "personas.jsonl"},
    "FromPersonas.column": {"column": "other"},
    "FromPersonas.split": {"split": "test"},
    "FromPersonas.config": {"config": "other"},
    "FromPersonas.revision": {"revision": "other"},
    "FromTopics.tree": {"tree": ["a", "b"]},
    "FromTopics.path": {"path": "others.yaml"},
    "FromDocuments.documents": {"documents": ["others"]},
}
BASE_OF: dict[str, dict[str, Any]] = {
    "Attribute.column": {"path": "values.csv", "column": "kind"},
    "FromPersonas.column": {"personas": None, "path": "personas.jsonl", "column": "persona"},
    "FromPersonas.limit": {"personas": None, "path": "personas.jsonl", "column": "persona", "limit": 1},
    **{f"FromPersonas.{key}": {"personas": None, "path": "org/rows"} for key in ("split", "config", "revision")},
    "FromTopics.topic": {"tree": {"a": ["b"]}},
}


def write_files(folder: Path) -> None:
    """The files that they name."""
    for name in ("topics", "others"):
        (folder / f"{name}.yaml").write_text(f"casual: [a, b]\nformal: [{name}]\n")
    (folder / "values.csv").write_text("tone,kind,other\ncasual,a,b\nformal,c,d\n")
    rows = ('{"persona": "a cook", "other": "a judge"}', '{"persona": "a nun", "other": "a monk"}')
    (folder / "personas.jsonl").write_text("\n".join(rows))
