"""Rules that rows must pass, each a class with its arguments, documentation and behaviour.

A new filter is one file and one line in `HOMES`. It is imported where somebody names it: a recipe has a few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from hfsft.filters.base import Filter
from hfsft.section.later import Later

if TYPE_CHECKING:
    from hfsft.filters.checks.constraints import Constraints as Constraints
    from hfsft.filters.checks.conversation_shape import Conversation as Conversation
    from hfsft.filters.checks.expr import Expr as Expr
    from hfsft.filters.checks.grounded import Grounded as Grounded
    from hfsft.filters.checks.matches import Matches as Matches
    from hfsft.filters.checks.matches_schema import JsonSchema as JsonSchema
    from hfsft.filters.checks.parses import Parses as Parses
    from hfsft.filters.checks.right_answer import RightAnswer as RightAnswer
    from hfsft.filters.checks.valid_tool_calls import ToolCalls as ToolCalls
    from hfsft.filters.duplicates.exact_duplicate import ExactDuplicate as ExactDuplicate
    from hfsft.filters.duplicates.near_duplicate import NearDuplicate as NearDuplicate
    from hfsft.filters.duplicates.semantic_duplicate import SemanticDuplicate as SemanticDuplicate
    from hfsft.filters.one_of import OneOf as OneOf
    from hfsft.filters.other_sets.contamination import Contamination as Contamination
    from hfsft.filters.privacy.pii import Pii as Pii
    from hfsft.filters.privacy.secrets import Secrets as Secrets
    from hfsft.filters.score import Score as Score
    from hfsft.filters.text.control_tokens import ControlTokens as ControlTokens
    from hfsft.filters.text.refusal import Refusal as Refusal
    from hfsft.filters.text.repetition import Repetition as Repetition
    from hfsft.filters.text.tokens import Tokens as Tokens
    from hfsft.filters.wording.echo import Echo as Echo
    from hfsft.filters.wording.phrases import Phrases as Phrases
    from hfsft.filters.wording.placeholder import Placeholder as Placeholder
    from hfsft.filters.wording.second_task import SecondTask as SecondTask
    from hfsft.filters.wording.truncated import Truncated as Truncated

    DEFAULT_FILTERS: tuple[Filter, ...]

__all__ = [
    "DEFAULT_FILTERS",
    "FILTERS",
    "Constraints",
    "Contamination",
    "ControlTokens",
    "Conversation",
    "Echo",
    "ExactDuplicate",
    "Expr",
    "Filter",
    "Grounded",
    "JsonSchema",
    "Matches",
    "NearDuplicate",
    "OneOf",
    "Parses",
    "Phrases",
    "Pii",
    "Placeholder",
    "Refusal",
    "Repetition",
    "RightAnswer",
    "Score",
    "SecondTask",
    "Secrets",
    "SemanticDuplicate",
    "Tokens",
    "ToolCalls",
    "Truncated",
]

HOMES: dict[str, Later] = {
    "tokens": Later("hfsft.filters.text.tokens", "Tokens"),
    "repetition": Later("hfsft.filters.text.repetition", "Repetition"),
    "refusal": Later("hfsft.filters.text.refusal", "Refusal"),
    "control_tokens": Later("hfsft.filters.text.control_tokens", "ControlTokens"),
    "encoding": Later("hfsft.filters.spelling.encoding", "Encoding"),
    "html": Later("hfsft.filters.spelling.html", "Html"),
    "invisible": Later("hfsft.filters.spelling.invisible", "Invisible"),
    "language": Later("hfsft.filters.spelling.language", "Language"),
    "links": Later("hfsft.filters.spelling.links", "Links"),
    "quality": Later("hfsft.filters.text.quality", "Quality"),
    "toxicity": Later("hfsft.filters.text.toxicity", "Toxicity"),
    "echo": Later("hfsft.filters.wording.echo", "Echo"),
    "phrases": Later("hfsft.filters.wording.phrases", "Phrases"),
    "placeholder": Later("hfsft.filters.wording.placeholder", "Placeholder"),
    "second_task": Later("hfsft.filters.wording.second_task", "SecondTask"),
    "truncated": Later("hfsft.filters.wording.truncated", "Truncated"),
    "exact_duplicate": Later("hfsft.filters.duplicates.exact_duplicate", "ExactDuplicate"),
    "near_duplicate": Later("hfsft.filters.duplicates.near_duplicate", "NearDuplicate"),
    "semantic_duplicate": Later("hfsft.filters.duplicates.semantic_duplicate", "SemanticDuplicate"),
    "contamination": Later("hfsft.filters.other_sets.contamination", "Contamination"),
    "one_of": Later("hfsft.filters.one_of", "OneOf"),
    "score": Later("hfsft.filters.score", "Score"),
    "spread": Later("hfsft.filters.spread", "Spread"),
    "pii": Later("hfsft.filters.privacy.pii", "Pii"),
    "secrets": Later("hfsft.filters.privacy.secrets", "Secrets"),
    "matches": Later("hfsft.filters.checks.matches", "Matches"),
    "json_schema": Later("hfsft.filters.checks.matches_schema", "JsonSchema"),
    "parses": Later("hfsft.filters.checks.parses", "Parses"),
    "constraints": Later("hfsft.filters.checks.constraints", "Constraints"),
    "conversation": Later("hfsft.filters.checks.conversation_shape", "Conversation"),
    "answer": Later("hfsft.filters.checks.right_answer", "RightAnswer"),
    "expr": Later("hfsft.filters.checks.expr", "Expr"),
    "tool_calls": Later("hfsft.filters.checks.valid_tool_calls", "ToolCalls"),
    "grounded": Later("hfsft.filters.checks.grounded", "Grounded"),
}
"""The name in a recipe -> where the filter stands."""


class _Filters(Mapping[str, type[Filter]]):
    """Each is imported when it is taken out; their names are known before."""

    def __getitem__(self, name: str) -> type[Filter]:
        kind: type[Filter] = HOMES[name].kind
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(HOMES)

    def __len__(self) -> int:
        return len(HOMES)

    def __contains__(self, name: object) -> bool:
        return name in HOMES


FILTERS: Mapping[str, type[Filter]] = _Filters()
"""The name in a recipe -> the filter."""

_DEFAULTS: dict[str, dict[str, Any]] = {
    **{name: {} for name in ("exact_duplicate", "near_duplicate")},
    "tokens": {"at_least": 1},
    **{name: {} for name in ("repetition", "refusal", "placeholder", "second_task", "echo", "control_tokens")},
    **{name: {} for name in ("encoding", "invisible", "html", "language")},
}
"""What a recipe without `filters` gets, `DEFAULT_FILTERS`: no copies, no near copies, no empty responses, no loops, no
refusals; no blanks and remains of prompts, no second task, no echo, no control tokens, no damage by encodings, no
invisible characters, no remains of pages, no language that nobody asked for."""

_CLASSES = {home.name: home for home in HOMES.values()}


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        return _CLASSES[name].kind
    if name == "DEFAULT_FILTERS":
        return _default_filters()
    raise AttributeError(f"module 'hfsft.filters' has no attribute {name!r}")


@cache
def _default_filters() -> tuple[Filter, ...]:
    return tuple(FILTERS[name](**arguments) for name, arguments in _DEFAULTS.items())
