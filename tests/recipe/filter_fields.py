"""Of the fields of filters, the other value that each is given, and where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.filters.test_filters import ARGUMENTS

PLACES: dict[str, tuple[str | int, ...]] = {
    "Limits": ("filters", 0, "score", "usefulness"),
    "Against": ("filters", 2, "near_duplicate", "against", 0),
    "Paragraphs": ("filters", 1, "constraints", "paragraphs"),
    "NumberedSections": ("filters", 1, "constraints", "sections"),
}
# The filters of the recipe whose fields are tried.
FILTERS: list[dict[str, Any]] = [
    {"score": {"usefulness": {"at_least": 2}}},
    {"constraints": {"paragraphs": {"at_least": 1}, "sections": {"at_least": 1}}},
    {"near_duplicate": {"against": [{"path": "rows.jsonl"}]}},
]
# Of a filter, what it cannot do without.
NEEDS: dict[str, dict[str, Any]] = {
    "one_of": {"column": "quality", "values": ["a"]},
    "tokens": {"at_least": 2},
    "score": {"usefulness": {"at_least": 2}},
    "contamination": {"against": [{"path": "rows.jsonl"}]},
    **{name: ARGUMENTS[name] for name in ("matches", "json_schema", "answer", "expr", "constraints", "toxicity")},
}

# The other value of a field whose own cannot be changed by a rule.
OTHER: dict[str, Any] = {
    **{f"{kind}Duplicate.by": {"keep": "best", "by": "score_usefulness"} for kind in ("Exact", "Near", "Semantic")},
    "SemanticDuplicate.at_most": 0.97,
    "Contamination.column": "instruction",
    "Against.path": "others.jsonl",
    "Against.instruction": {"instruction": "prompt", "response": "output"},
    "Against.response": {"instruction": "prompt", "response": "output"},
    "OneOf.allowed": {"values": ["a", "b"]},
    "JsonSchema.inline": {"inline": {"type": "array"}},
    "Expr.tokenizer": "tokenizer",
    "Phrases.file": "others.jsonl",
    "JsonSchema.file": {"inline": None, "file": "other.schema.json"},
    "JsonSchema.per_row": {"inline": None, "per_row": "context"},
    "Tokens.tokenizer": "tokenizer",
    "Toxicity.model": str(Path(__file__).parent.parent / "filters" / "classifiers" / "two"),
    "Toxicity.label": "fine",
    "Language.languages": ["vi"],
    "Language.of_instruction": True,
    "Pii.recogniser": "en_core_web_lg",
    "Pii.regions": ["DE"],
    **{
        f"Constraints.{name}": {name: {"at_least": 2}}
        for name in (
            "words",
            "sentences",
            "bullets",
            "highlights",
            "placeholders",
            "capitals",
            "paragraphs",
            "sections",
        )
    },
    **{f"Constraints.{name}": {name: {"so": {"at_least": 2}}} for name in ("counts", "letters")},
    **{f"Constraints.{name}": {name: ["so"]} for name in ("keywords", "forbidden", "one_of")},
    **{f"Constraints.{name}": {name: True} for name in ("title", "two_responses", "no_commas", "quoted")},
    **{f"Constraints.{name}": {name: "instruction"} for name in ("ends_with", "postscript", "repeats", "per_row")},
    "Constraints.as_json": {"json": True},
    "Constraints.case": "upper",
    "Constraints.in_language": {"language": "vi"},
    "Constraints.paragraph_starts": {"paragraph_starts": {1: "So"}},
    "Constraints.arguments": {"per_row": "instruction", "arguments": "response"},
    "Conversation.turns": {"turns": {"at_least": 2}},
    "Conversation.system": "required",
    "Parses.languages": {"as": "sql"},
    "Parses.dialect": "mysql",
    "Parses.missing": "reject",
}
