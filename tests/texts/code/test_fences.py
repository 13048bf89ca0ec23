"""Fenced blocks of Markdown, as CommonMark and as models write them."""

from __future__ import annotations

import pytest

from hfsft.texts.code.fences import Block, fenced


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("No code at all, but `x` and ``y``.", []),
        ("```python\nx = 1\n```", [("python", "x = 1")]),
        ("Here:\n\n```Python\nx\n```\nand\n~~~ sql\ny\n~~~\n", [("python", "x"), ("sql", "y")]),
        ("```\nx\n```", [("", "x")]),
        ('```{.python .numbers}\nx\n```\n```py title="a.py"\ny\n```\n```json:a.json\n1\n```', "pyj"),
        ("````markdown\n```python\nx\n```\n````", [("markdown", "```python\nx\n```")]),
        ("1. First:\n   ```python\n   if a:\n       b\n   ```", [("python", "   if a:\n       b")]),
        ("```python\nx = 1", [("python", "x = 1")]),
        ("```python\nx = 1```\nText.", [("python", "x = 1")]),
        ("```SELECT 1;```", [("", "SELECT 1;")]),
        ("```sql SELECT 1;``` is it", []),
        ("```sql SELECT 1;```", [("sql", "SELECT 1;")]),
        ("```js\r\nx\r\n```\r\n", [("js", "x")]),
        ("~~~\n```\nx\n```\n~~~", [("", "```\nx\n```")]),
        ("``` `x` ```", [("", "x")]),
    ],
)
def test_blocks(text: str, blocks: list[tuple[str, str]] | str) -> None:
    wanted = [("python", "x"), ("py", "y"), ("json", "1")] if blocks == "pyj" else blocks
    assert fenced(text) == [Block(tag, code) for tag, code in wanted]
