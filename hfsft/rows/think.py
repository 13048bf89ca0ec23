"""Reasoning that stands within an answer's text, in the marks of Qwen, DeepSeek and others: found, never moved.

<think>\nThe sum of both ...\n</think>\n\nIt is 12.
"""

from __future__ import annotations

import re

MARKS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<seed:think>", "</seed:think>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
)
SOLUTION = re.compile(r"\A\s*<\|begin_of_solution\|>(.*)<\|end_of_solution\|>\s*", re.DOTALL)


def split(text: str) -> tuple[str, str] | None:
    """The reasoning that a text begins with, and the rest; None where it begins with none, or with one that never ends.

    Marks further on belong to what is said of them. A template may have written the first mark itself: then the text
    begins in the middle of a thought, which its closing mark ends, with no opening one before it.
    """
    if not any(mark in text for mark in "<[◁"):
        return None
    start = text.lstrip()
    for opening, closing in MARKS:
        if start.startswith(opening):
            thought, closed, rest = start[len(opening) :].partition(closing)
            return (thought.strip(), _answer(rest)) if closed else None
    # Only DeepSeek's template and its descendants open a thought by themselves.
    opening, closing = MARKS[0]
    thought, closed, rest = text.partition(f"\n{closing}")
    if closed and opening not in thought and closing not in rest:
        return thought.strip(), _answer(rest)
    return None


def _answer(text: str) -> str:
    solution = SOLUTION.fullmatch(text)
    return (solution[1] if solution else text).strip()


def joined(reasoning: str, answer: str) -> str:
    """An answer with its reasoning before it, as Qwen's and DeepSeek's templates write both."""
    return f"<think>\n{reasoning}\n</think>\n\n{answer}"
