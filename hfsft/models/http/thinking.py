"""Thinking that a reasoning model wrote into its answer, taken out of it.

<think>The customer is angry, so ...</think>Refunds take three days.
"""

from __future__ import annotations

import re

# Opening and closing marks as the chat templates of open models write them.
_MARKS = (
    (r"<think>", r"</think>"),
    (r"<thinking>", r"</thinking>"),
    (r"<thought>", r"</thought>"),
    (r"<seed:think>", r"</seed:think>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|channel\|>analysis<\|message\|>", r"<\|end\|>(?:<\|start\|>assistant)?(?:<\|channel\|>final<\|message\|>)?"),
)
_OPEN = re.compile("|".join(f"({mark})" for mark, _ in _MARKS))
_CLOSE = [re.compile(mark) for _, mark in _MARKS]
# The first mark is often part of the prompt, so that the answer begins in the middle of a thought.
_UNOPENED = re.compile(r"</(?:seed:)?think(?:ing)?>|\[/THINK\]|◁/think▷")


def split_thinking(text: str) -> tuple[str, str]:
    """The answer without thinking, and the thinking; a thought that never ends takes the rest of the text."""
    if "<" not in text and "[" not in text and "◁" not in text:
        return text, ""
    kept: list[str] = []
    thoughts: list[str] = []
    position = 0
    while opened := _OPEN.search(text, position):
        kept.append(text[position : opened.start()])
        closing = _CLOSE[(opened.lastindex or 1) - 1].search(text, opened.end())
        thoughts.append(text[opened.end() : closing.start() if closing else len(text)])
        position = closing.end() if closing else len(text)
    rest = "".join(kept) + text[position:]
    if unopened := list(_UNOPENED.finditer(rest)):
        thoughts.insert(0, rest[: unopened[-1].start()])
        rest = rest[unopened[-1].end() :]
    if not thoughts:
        return text, ""
    return rest.strip(), "\n\n".join(thought.strip() for thought in thoughts)
