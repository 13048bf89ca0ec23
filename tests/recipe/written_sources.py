"""Sources that models write, and the attributes they vary over, in the recipe that has every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.models import WordLevel

USES_ALL = "{{ name }} {{ description }} {{ language }}"
ATTRIBUTES: dict[str, Any] = {
    "tone": ["casual", "formal"],
    "mood": {"values": ["glad", "cross"]},
    "subject": {"given": "tone", "path": "topics.yaml"},
}
SEEDS: dict[str, dict[str, Any]] = {
    "FromAttributes": {"from": "attributes", "templates": [f"{USES_ALL} {{{{ tone }}}}"]},
    "FromDocuments": {"from": "documents"},
    "FromPersonas": {"from": "personas", "personas": ["a nurse", "a sailor"]},
    "SelfInstruct": {"from": "self_instruct"},
    "Magpie": {"from": "magpie", "prefix": "<user>", "model": "other"},
    "FromTopics": {"from": "topics", "name": "field"},
}
FIRST = 2  # sources of people stand before them

PLACES: dict[str, tuple[str | int, ...]] = {
    "Attribute": ("attributes", "subject"),
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
    "Magpie.model": "judge",
    "Magpie.templates": {"templates": None, "prefix": "<other>"},  # it takes none
    "Magpie.system": {"system": "Be brief."},
    "Magpie.stop": {"stop": ["<end>"]},
    "Magpie.tokenizer": {"prefix": None, "tokenizer": "chat"},
    "FromTopics.tree": {"tree": ["a", "b"]},
    "FromTopics.path": {"path": "others.yaml"},
    "FromDocuments.documents": {"documents": ["texts"]},
}
BASE_OF: dict[str, dict[str, Any]] = {
    "Attribute.column": {"path": "values.csv", "column": "kind"},
    "FromPersonas.column": {"personas": None, "path": "personas.jsonl", "column": "persona"},
    "FromPersonas.limit": {"personas": None, "path": "personas.jsonl", "column": "persona", "limit": 1},
    **{f"FromPersonas.{key}": {"personas": None, "path": "org/rows"} for key in ("split", "config", "revision")},
    "Magpie.system": {"prefix": None, "tokenizer": "chat"},
    "FromTopics.topic": {"tree": {"a": ["b"]}},
}

ANCHORS = [
    {"instruction": asked, "response": "A", "scores": {"usefulness": 4 * share, "tone": share}}
    for asked, share in (("Q", 1), ("R", 0.5))
]
TALKED = [{"role": role, "content": f"{role} {n}"} for n in "12" for role in ("user", "assistant")]


def write_files(folder: Path) -> None:
    """The files that they name."""
    for name in ("topics", "others"):
        (folder / f"{name}.yaml").write_text(f"casual: [a, b]\nformal: [{name}]\n")
    (folder / "chat").mkdir()
    words = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.save(str(folder / "chat" / "tokenizer.json"))
    template = "{% for message in messages %}<{{ message.role }}>{{ message.content }}<end>{% endfor %}"
    told = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template}
    (folder / "chat" / "tokenizer_config.json").write_text(json.dumps(told))
    (folder / "values.csv").write_text("tone,kind,other\ncasual,a,b\nformal,c,d\n")
    rows = ('{"persona": "a cook", "other": "a judge"}', '{"persona": "a nun", "other": "a monk"}')
    (folder / "personas.jsonl").write_text("\n".join(rows))
