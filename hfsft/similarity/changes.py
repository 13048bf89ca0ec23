"""What one text says and another does not, word by word."""

from __future__ import annotations

from itertools import groupby
from typing import Literal

from rapidfuzz.distance import LCSseq

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

Part = tuple[Literal["same", "gone", "new"], str]

MOST_WORDS = 20_000
"""Words of a text up to which it is compared word by word; longer ones line by line."""
LEAST_COMMON = 0.25
"""Share of words in common below which a comparison shows nothing but noise."""
_UNSPACED = f"[{signs(chars.WORDLESS, chars.IDEOGRAPHS)}]"
# A word with the white space behind it, so that no change is told for a space alone; scripts without spaces by letter.
_WORDS = at_first_use(rf"(?:{_UNSPACED}|[^\W{_UNSPACED[1:-1]}]+|[^\w\s])\s*|\s+")


def changes(old: str, new: str) -> list[Part] | None:
    """The new text in parts, with what is gone of the old one in between; None where too little is common to both.

    By the longest common subsequence of words, or of lines where a text has more than `MOST_WORDS` of these.
    """
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > MOST_WORDS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
        if max(len(before), len(after)) > MOST_WORDS:
            return None
    kept: list[Part] = []
    for code in LCSseq.opcodes([word.strip() for word in before], [word.strip() for word in after]):
        if code.tag == "equal":
            kept.append(("same", "".join(after[code.dest_start : code.dest_end])))
        else:
            kept.append(("gone", "".join(before[code.src_start : code.src_end])))
            kept.append(("new", "".join(after[code.dest_start : code.dest_end])))
    common = sum(len(text.strip()) for kind, text in kept if kind == "same")
    if common < LEAST_COMMON * max(len(old.strip()), len(new.strip()), 1):
        return None
    return _joined(kept)


def _joined(parts: list[Part]) -> list[Part]:
    """Each run between what both say as one part that is gone and one that is new."""
    found: list[Part] = []
    for same, run in groupby(parts, lambda part: part[0] == "same"):
        told = list(run)
        for kind in ("same",) if same else ("gone", "new"):
            text = "".join(text for other, text in told if other == kind)
            if text:
                found.append((kind, text))  # type: ignore[arg-type]
    return found
