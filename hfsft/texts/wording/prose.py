"""The part of a text that is prose: without blocks and spans of code, and whether all of it looks like a program."""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use

_FENCED = at_first_use(
    r"^[ \t]{0,3}(`{3,9}(?!`)|~{3,9}(?!~))[^\n]*\n(?:.*?^[ \t]{0,3}\1[ \t]*$|.*)", 24
)  # MULTILINE, DOTALL
_SPAN = at_first_use(r"`[^`\n]{1,300}`")
_MATHS = at_first_use(
    r"\$\$[^$]{1,2000}\$\$|\\\[.{1,2000}?\\\]|\\\(.{1,300}?\\\)|\$(?=\S)[^$\n]{1,200}(?<=\S)\$(?!\d)",
    re.DOTALL,
)
_CODE_LINES = at_first_use(
    r"^[ \t]*(?:def |class \w+|import \w+|from \w+ import|return\b|for ?\(|while ?\(|if ?\(|else\b.*[{:]$|function\b|var |let |"
    r"const |public |private |static |void |int \w|#include|using |package |SELECT\b|INSERT INTO|CREATE TABLE|UPDATE \w+ SET|"
    r"<[!/?]?[a-zA-Z][^<>\n]{0,200}>|[\w.\[\]\"']+ ?[-+*/]?= ?\S|print\w*\(|echo |console\.|@\w+|//|/\*|\}|\{(?![{%])|\)[;{]?$|\\(?:begin|end)\b)"
    r"|^[^\n]{0,300}(?:[;{]|(?<![}%])\})[ \t]*$|^[ \t]*(?:for|while|if|elif|with|try|except|def|class)\b[^\n]{0,300}:[ \t]*$",
    re.MULTILINE,
)


def prose(text: str) -> str:
    """The text with a space in place of each block and span of code and each formula; code alone is left as it is."""
    if "`" in text or "~~~" in text:
        text = _SPAN.sub(" ", _FENCED.sub(" ", text))
    if "$" in text or "\\" in text:
        text = _MATHS.sub(" ", text)
    return text


def is_code(text: str) -> bool:
    """Whether at least two lines of a text, and a third of all, look like lines of a program or of markup."""
    lines = [line for line in text.splitlines() if line.strip()]
    coded = sum(_CODE_LINES.match(line) is not None for line in lines)
    return coded >= 2 and 3 * coded >= len(lines)
