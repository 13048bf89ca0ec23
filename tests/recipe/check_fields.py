"""Of the fields of filters that check by program, the other value that each is given, and where it stands."""

from __future__ import annotations

from typing import Any

PLACES: dict[str, tuple[str | int, ...]] = {
    "Paragraphs": ("filters", 1, "constraints", "paragraphs"),
    "NumberedSections": ("filters", 1, "constraints", "sections"),
}
NESTED = {"paragraphs": {"at_least": 1}, "sections": {"at_least": 1}}
OTHER: dict[str, Any] = {
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
