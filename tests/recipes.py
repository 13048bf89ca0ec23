"""Recipes that tests build, over a model server on loopback."""

from __future__ import annotations

import copy
from typing import Any

from tests.models.server import LLM, Body, digest, said_to

THINGS = ("parcel", "refund", "invoice", "password", "coupon", "battery", "address", "courier", "warranty", "receipt")
SEEDS = [f"My {a} is lost and the {b} is gone. What do I do now?" for a in THINGS for b in THINGS if a < b]


def support(llm: LLM, count: int = 6, **changes: Any) -> dict[str, Any]:
    """Seeds, evolved once, answered, judged, filtered by score, split; with `changes` in it."""
    recipe: dict[str, Any] = {
        "name": "support",
        "description": "Customers of an online store.",
        "license": "apache-2.0",
        "models": {name: {"model": f"{name}-1", "base_url": llm.url} for name in ("writer", "judge")},
        "seeds": [{"prompts": SEEDS[:count]}],
        "evolve": {"templates": ["Ask about this in another way: {{ instruction }}"]},
        "generate": {"system": "You are a support agent."},
        "judge": {"rubric": {"relevance": "Does it answer?", "usefulness": "Does it help?"}},
        "filters": [{"tokens": {"column": "response", "at_least": 2}}, {"score": {"mean": {"at_least": 3}}}],
        "split": {"validation": 0.3},
    }
    return merged(recipe, changes)


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`old` with the leaves of `new` in it."""
    result = copy.deepcopy(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def reply(body: Body) -> str:
    """Evolves, answers and judges, each by a hash of what it is asked."""
    number = int(digest(body["messages"])[:6], 16)
    if body["model"] == "judge-1":
        scores = {"relevance": 3 + number % 3, "usefulness": 1 + number % 5}
        return str({name: {"reason": f"because {number}", "score": score} for name, score in scores.items()}).replace(
            "'", '"'
        )
    if said_to(body).startswith("Ask about this in another way:"):
        return f"Case {number}: what would you say to a customer who lost number {number * 7}?"
    return f"Please send us order {number} within {number % 14 + 1} days, and we will refund it."
