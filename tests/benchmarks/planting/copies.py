"""Planters of copies, which stand in the data beside the row that they are of."""

from __future__ import annotations

from tests.benchmarks.planting.drawing import Draw, Row


def exact_copy(row: Row, draw: Draw) -> Row | None:
    """The same row again, as another file types it."""
    return {**row, "instruction": draw.of((row["instruction"], row["instruction"] + " ", row["instruction"].upper()))}


def near_copy(row: Row, draw: Draw) -> Row | None:
    """The same row with a word put in or a few signs changed."""
    text = row["instruction"]
    if len(text) < 60:
        return None
    cut = len(text) - 1 - draw.below(8)
    more = {"zh": "吧", "vi": " nhé"}.get(row["group"], " please")
    return {**row, "instruction": draw.of((text[:cut] + more, text + more, text.rstrip(".?!。？") + "!" + more))}


REWORDED = {
    "en": (("What is", "Tell me what is"), ("How do", "In which way do"), ("Write", "Compose"), ("Give", "Provide")),
    "vi": (("là gì", "nghĩa là gì"), ("bao nhiêu", "mấy"), ("Ai", "Người nào"), ("khi nào", "lúc nào")),
    "zh": (("什么是", "请说明什么是"), ("写一", "请撰写一"), ("给出", "提供"), ("如何", "怎样")),
}


def reworded_copy(row: Row, draw: Draw) -> Row | None:
    """The same question in slightly other words, of which other characters follow."""
    text = row["instruction"]
    for old, new in REWORDED.get(row["group"], ()):
        if old in text:
            return {**row, "instruction": text.replace(old, new)}
    return None
