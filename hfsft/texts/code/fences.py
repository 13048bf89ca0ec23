"""The fenced blocks of a Markdown text, as models write them.

By CommonMark (section 4.5) a block goes from a line that begins with three or more backticks or tildes to a line of as
many, or to the end. Beside that, a fence may close behind the last line of code, or open and close in one line.
"""

from __future__ import annotations

from dataclasses import dataclass

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.code.fence_tags import TAGS

_OPENING = at_first_use(r"[ \t]{0,40}(`{3,40}|~{3,40})([^\n]*)")
_TAG = at_first_use(r"[ \t]{0,9}\{?\.?([^\s`{},:;=]{0,40})")


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    tag: str  # the language that the fence names, in small letters; "" for none
    code: str


def fenced(text: str) -> list[Block]:
    """The blocks of a text, in their order."""
    found: list[Block] = []
    mark, tag, inside = "", "", list[str]()
    for line in text.splitlines() if "```" in text or "~~~" in text else ():
        bare = line.strip()
        if not mark:
            opening = _OPENING.match(line)
            if opening is None:
                continue
            mark, rest = opening[1], opening[2]
            if "`" in rest:  # no fence, but a block or a piece of code within one line
                if rest.endswith(mark):
                    found.append(_in_one_line(rest.strip("` \t")))
                mark = ""
                continue
            named = _TAG.match(rest)
            tag = named[1].lower() if named else ""
        elif bare.startswith(mark) and not bare.strip(mark[0]):
            found.append(Block(tag, "\n".join(inside)))
            mark, inside = "", []
        elif bare.endswith(mark) and bare.count(mark) == 1:
            found.append(Block(tag, "\n".join([*inside, line.rstrip().rstrip(mark[0])])))
            mark, inside = "", []
        else:
            inside.append(line)
    return [*found, Block(tag, "\n".join(inside))] if mark else found


def _in_one_line(code: str) -> Block:
    first, _, rest = code.partition(" ")
    return Block(first.lower(), rest) if rest and first.lower() in TAGS else Block("", code)
