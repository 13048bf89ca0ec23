"""Rules that rows must pass, each a class with its arguments, documentation and behaviour.

A new filter is one file and one line in `FILTERS`.
"""

from __future__ import annotations

from hfsft.filters.base import Filter
from hfsft.filters.checks.constraints import Constraints
from hfsft.filters.checks.conversation_shape import Conversation
from hfsft.filters.checks.expr import Expr
from hfsft.filters.checks.grounded import Grounded
from hfsft.filters.checks.matches import Matches
from hfsft.filters.checks.matches_schema import JsonSchema
from hfsft.filters.checks.parses import Parses
from hfsft.filters.checks.right_answer import RightAnswer
from hfsft.filters.checks.valid_tool_calls import ToolCalls
from hfsft.filters.duplicates.exact_duplicate import ExactDuplicate
from hfsft.filters.duplicates.near_duplicate import NearDuplicate
from hfsft.filters.duplicates.semantic_duplicate import SemanticDuplicate
from hfsft.filters.one_of import OneOf
from hfsft.filters.other_sets.contamination import Contamination
from hfsft.filters.privacy.pii import Pii
from hfsft.filters.privacy.secrets import Secrets
from hfsft.filters.score import Score
from hfsft.filters.spelling.encoding import Encoding
from hfsft.filters.spelling.html import Html
from hfsft.filters.spelling.invisible import Invisible
from hfsft.filters.spelling.language import Language
from hfsft.filters.spelling.links import Links
from hfsft.filters.spread import Spread
from hfsft.filters.text.control_tokens import ControlTokens
from hfsft.filters.text.quality import Quality
from hfsft.filters.text.refusal import Refusal
from hfsft.filters.text.repetition import Repetition
from hfsft.filters.text.tokens import Tokens
from hfsft.filters.text.toxicity import Toxicity
from hfsft.filters.wording.echo import Echo
from hfsft.filters.wording.phrases import Phrases
from hfsft.filters.wording.placeholder import Placeholder
from hfsft.filters.wording.second_task import SecondTask
from hfsft.filters.wording.truncated import Truncated

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

FILTERS: dict[str, type[Filter]] = {
    "tokens": Tokens,
    "repetition": Repetition,
    "refusal": Refusal,
    "control_tokens": ControlTokens,
    "encoding": Encoding,
    "html": Html,
    "invisible": Invisible,
    "language": Language,
    "links": Links,
    "quality": Quality,
    "toxicity": Toxicity,
    "echo": Echo,
    "phrases": Phrases,
    "placeholder": Placeholder,
    "second_task": SecondTask,
    "truncated": Truncated,
    "exact_duplicate": ExactDuplicate,
    "near_duplicate": NearDuplicate,
    "semantic_duplicate": SemanticDuplicate,
    "contamination": Contamination,
    "one_of": OneOf,
    "score": Score,
    "spread": Spread,
    "pii": Pii,
    "secrets": Secrets,
    "matches": Matches,
    "json_schema": JsonSchema,
    "parses": Parses,
    "constraints": Constraints,
    "conversation": Conversation,
    "answer": RightAnswer,
    "expr": Expr,
    "tool_calls": ToolCalls,
    "grounded": Grounded,
}
"""The name in a recipe -> the filter."""

DEFAULT_FILTERS: tuple[Filter, ...] = (
    *(ExactDuplicate(), NearDuplicate(), Tokens(at_least=1), Repetition(), Refusal()),
    *(Placeholder(), SecondTask(), Echo(), ControlTokens(), Encoding(), Invisible(), Html(), Language()),
)
"""What a recipe without `filters` gets: no copies, no near copies, no empty responses, no loops, no refusals; no blanks
and remains of prompts, no second task, no echo, no control tokens, no damage by encodings, no invisible characters, no
remains of pages, no language that nobody asked for."""
