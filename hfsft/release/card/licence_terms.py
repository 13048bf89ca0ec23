"""Licence terms: what the makers of well-known models ask of whoever uses their output.

A short table to the best of our knowledge, and no legal advice: it warns where a dataset's licence promises more than
the model that wrote it allows. What is not in it is unknown, and is said to be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["free", "conditions", "research", "competing", "unknown"]


@dataclass(frozen=True)
class Terms:
    """What a model's maker asks of whoever uses its output."""

    pattern: str  # searched in the model's id, in small letters; the first of the table that is found counts
    licence: str
    kind: Kind
    asks: str  # of a dataset made of its output, and of models trained on it
    own: frozenset[str] = frozenset()  # licences of a dataset that pass these terms on


_LLAMA = "a model trained on its output and made public must have a name that begins with `Llama`"
_CLOUD = "its maker's terms forbid using the output to develop models that compete with the maker's own"
_SHOW = "whoever publishes a model trained on its output must say that it was built or improved with Qwen"

TABLE = (
    Terms("smollm", "apache-2.0", "free", "nothing"),
    Terms("gpt-oss", "apache-2.0", "free", "nothing"),
    Terms("deepseek-(r1(?!-distill-llama)|v3[.-][0-9])", "mit", "free", "nothing"),
    Terms("olmo|granite", "apache-2.0", "free", "nothing"),
    Terms("phi-[234]", "mit", "free", "nothing"),
    Terms("qwen2(\\.5)?(-coder|-vl)?-3b", "qwen-research", "research", f"research only; {_SHOW}"),
    Terms("qwen2(\\.5)?(-math|-vl)?-72b", "qwen", "conditions", _SHOW),
    Terms("qwen(2\\.5|3)(?!.*(max|plus))", "apache-2.0", "free", "nothing"),
    Terms(
        "llama-?2",
        "llama2",
        "competing",
        "its output may not be used to improve any model but Llama",
        frozenset({"llama2"}),
    ),
    Terms(
        "llama-?3([-:]|$)",
        "llama3",
        "competing",
        "its output may not be used to improve any model but Llama",
        frozenset({"llama3"}),
    ),
    Terms("llama-?3\\.1", "llama3.1", "conditions", _LLAMA, frozenset({"llama3.1"})),
    Terms("llama-?3\\.2", "llama3.2", "conditions", _LLAMA, frozenset({"llama3.2"})),
    Terms("llama-?3\\.3", "llama3.3", "conditions", _LLAMA, frozenset({"llama3.3"})),
    Terms("llama-?4", "llama4", "conditions", _LLAMA, frozenset({"llama4"})),
    Terms(
        "gemma-?(2|3|3n|2b|7b)([-:]|$)",
        "gemma",
        "conditions",
        "a model trained on its output to perform like Gemma falls under the Gemma terms",
        frozenset({"gemma"}),
    ),
    Terms(
        "mistral-large|mistral-small-2409|codestral|ministral-8b-instruct-2410",
        "mistral research or non-production licence",
        "research",
        "research and tests only, unless a licence was bought",
    ),
    Terms("mistral-7b|mixtral|mistral-nemo|mistral-small-(3|24b|25)", "apache-2.0", "free", "nothing"),
    Terms("(^|/)(gpt-|chatgpt|o[134](-|$))", "OpenAI terms of use", "competing", _CLOUD),
    Terms("claude", "Anthropic commercial terms", "competing", _CLOUD),
    Terms("gemini", "Gemini API terms", "competing", _CLOUD),
)
UNKNOWN = Terms("", "unknown", "unknown", "unknown: read the terms of whoever made it or serves it")


def terms_of(model: str) -> Terms:
    """The terms of a model by its id; `UNKNOWN` where the table has none."""
    name = model.lower()
    return next((terms for terms in TABLE if re.search(terms.pattern, name)), UNKNOWN)


def stricter(model: str, licence: str | None) -> Terms | None:
    """The model's terms where a dataset of its output under `licence` would promise more than they allow."""
    terms = terms_of(model)
    if terms.kind in ("free", "unknown") or licence is None or licence in terms.own or licence in ("other", "unknown"):
        return None
    return None if terms.kind == "research" and "-nc-" in f"{licence}-" else terms
