"""Reasoning that stands within a text, in the marks of Qwen, DeepSeek and others: found, never moved.

<think>\nThe sum of both ...\n</think>\n\nIt is 12.

A thought is what a text begins with. Marks further on, in code or in JSON, belong to what is said of them: data about
language models speaks of the tags themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

MARKS = (
    ("<think>", "</think>"),  # Qwen, DeepSeek, GLM, MiniMax and most others
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<seed:think>", "</seed:think>"),
    ("<reasoning>", "</reasoning>"),
    ("<|channel>thought\n", "<channel|>"),  # Gemma 4
    ("<unused94>thought\n", "<unused95>"),  # MedGemma
    ("[THINK]", "[/THINK]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThoughts, Sky-T1
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
)
WRAPPERS = (
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<answer>", "</answer>"),  # Hunyuan
)
"""What the answer behind a thought stands between in some of these dialects."""
UNOPENED = ("</think>", "</thinking>", "</seed:think>", "[/THINK]", "◁/think▷")
"""Closing marks of those whose templates may write the opening one at the end of the prompt."""
CHANNEL = re.compile(r"<\|channel\|>|<\|message\|>|<\|(?:start|end|return)\|>")
"""What gpt-oss writes its channels with."""
OPENERS = re.compile(
    r"deepseek-?r1|r1-distill|\bqwq|qwen3.{0,80}thinking|minimax-m[12]|nemotron.{0,80}nano.{0,80}v2", re.IGNORECASE
)
"""Models whose chat templates end in the opening mark, so that their replies begin within a thought."""

# The same by other names: <longcat_think>, <mm:think>, <antThinking>, <chain_of_thought>.
_NAMED = re.compile(
    r"<([a-z][\w:-]{0,40}?(?:think|thinking|thoughts?|reasoning)|thoughts?|think(?:ing)?|reasoning)"
    r"(?: [\w-]{1,20}=[^<>\n]{1,60})?>",  # <think time="3">
    re.IGNORECASE,
)
_FIRST = {"<", *(opening[0] for opening, _ in MARKS)}  # what an opening mark begins with
_ANALYSIS = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>")
_FINAL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>final(?: <\|constrain\|>\w+)?<\|message\|>")
_ANALYSIS_END = re.compile(r"<\|end\|>|<\|start\|>assistant<\|channel\|>final|<\|channel\|>final")
_RETURN = re.compile(r"<\|(?:return|end)\|>\s*\Z")
# The same where a server takes the special tokens out, and leaves the words between them.
_BARE_ANALYSIS, _BARE_FINAL = re.compile(r"analysis(?=[^\sa-z])"), "assistantfinal"
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
# A text of nothing but marks must not cost seconds: so many of them are looked at.
_MOST_MARKS = 64


def split(text: str, *, opened: bool = False) -> tuple[str, str] | None:
    """The reasoning that a text begins with, and the rest; None where it begins with none, or with one that never ends.

    A template may have written the first mark itself: then the text begins in the middle of a thought, which a closing
    mark alone on its line ends, with no opening one before it. Where the prompt is known to have `opened` one, the
    first closing mark ends it wherever it stands.
    """
    if not _may_have(text):
        return None
    thoughts: list[str] = []
    rest = text
    while len(thoughts) < _MOST_MARKS and (found := _headed(rest)) is not None:
        thoughts.append(found[0])
        rest = found[1]
    if thoughts:
        return "\n\n".join(thought for thought in thoughts if thought), _answer(rest)
    if beginning(text):
        return None
    at, closing = _unopened(text, opened=opened)
    return None if at < 0 else (text[:at].strip(), _answer(text[at + len(closing) :]))


def beginning(text: str) -> str:
    """The opening mark that a text begins with, empty for none."""
    start = text.lstrip()
    if start[:1] not in _FIRST:
        return ""
    if found := _ANALYSIS.match(start):
        return found[0]
    return _marks(start)[0]


def _marks(start: str) -> tuple[str, str]:
    """The opening mark that a text begins with at once, and the closing one that belongs to it; empty for none."""
    if found := next((marks for marks in MARKS if start.startswith(marks[0])), None):
        return found
    named = _NAMED.match(start)
    return (named[0], f"</{named[1]}>") if named else ("", "")


def unended(text: str) -> str | None:
    """The thought that a text begins with, where it never ends and takes the rest; None for any other text."""
    mark = beginning(text)
    if not mark:
        return None
    thought = text.lstrip()[len(mark) :]
    if closing := _marks(mark)[1]:
        return None if _end(thought, 0, closing) >= 0 else thought.strip()
    return None if _ANALYSIS_END.search(thought) else thought.strip()


def unmarked(thought: str) -> str:
    """A thought that came in a field of its own, without marks that a server left around it."""
    said = thought.strip()
    for opening, closing in MARKS:
        said = said.removeprefix(opening).removesuffix(closing)
    return said.strip() if said != thought.strip() else thought


def doubt(text: str) -> str:
    """Why nobody can tell whether a text that `split` finds no thought in begins with one; empty where it does not."""
    if not _may_have(text) or split(text) is not None:
        return ""
    if mark := beginning(text):
        if unended(text) is not None:
            return f"it begins with {mark} and never ends that thought"
        closing = _marks(mark)[1] or "its end"
        return f"it begins with {mark}, and nothing says whether a thought ends at {closing} or a sentence goes on"
    for closing in () if _is_json(text) else UNOPENED:
        opening = _opening_of(closing)
        for at in _places(text, closing):
            before, after = text[:at], text[at + len(closing) :]
            if any(True for _ in _places(before, opening)):
                break  # it was opened in the text, which speaks of both
            starts = not before.rpartition("\n")[2].strip()
            lone = starts and _ends_line(after)
            if lone or _paragraph_ends(after) or (starts and not after[:1].isspace()):
                return f"{closing} stands in it, and nothing says whether what is before it was only thought"
    return ""


def joined(reasoning: str, answer: str) -> str:
    """An answer with its reasoning before it, as Qwen's and DeepSeek's templates write both."""
    return f"<think>\n{reasoning}\n</think>\n\n{answer}"


def _may_have(text: str) -> bool:
    """Whether any mark can stand in the text; what most texts are told by at once."""
    if "<" in text or "[/" in text or "[T" in text or "◁" in text:  # three times as fast as `any`, for each answer
        return True
    return _BARE_FINAL in text and _BARE_ANALYSIS.match(text.lstrip()) is not None


def _headed(text: str) -> tuple[str, str] | None:
    """The thought that a text opens itself, and what is behind it; None where it opens none, or does not close it."""
    start = text.lstrip()
    if found := _ANALYSIS.match(start):
        if (end := _ANALYSIS_END.search(start, found.end())) is None:
            return None
        rest = start[end.end() if end[0] == "<|end|>" else end.start() :]
        return start[found.end() : end.start()].strip(), rest.strip().removesuffix("<|start|>assistant")
    if found := _BARE_ANALYSIS.match(start):
        thought, final, rest = start[found.end() :].partition(_BARE_FINAL)
        return (thought.strip(), rest) if final else None
    opening, closing = _marks(start)
    if not opening:
        return None
    at = _end(start, len(opening), closing)
    thought, rest = start[len(opening) : at], start[at + len(closing) :]
    return None if at < 0 or _speaks(thought, rest, opening, closing) else (thought.strip(), rest)


def _speaks(thought: str, rest: str, opening: str, closing: str) -> bool:
    """Whether marks may be words of a sentence, as in `<think> and </think> are tags`, or stand within each other."""
    said = rest.lstrip(" \t")
    if "\n" not in thought and (said[:1] in tuple(",;:.)") or (said[:1].islower() and said != rest)):
        return True
    return any(True for _ in _places(thought, opening)) and any(True for _ in _places(rest, closing))


def _end(text: str, start: int, closing: str) -> int:
    """Where the thought that begins at `start` is closed, -1 for nowhere.

    One that begins on a line of its own speaks of the mark where text stands on both sides of it, as long as there is
    another mark behind that.
    """
    places = list(_places(text, closing, start))
    if text[start : start + 1] in "\r\n":
        for at in places:
            line, after = text[start:at].rpartition("\n")[2], text[at + len(closing) :]
            if not line.strip() or _ends_line(after):
                return at
    return places[0] if places else -1


def _unopened(text: str, *, opened: bool) -> tuple[int, str]:
    """Where a thought ends that the prompt has opened, and by which mark; -1 where none does, or it is in doubt."""
    nowhere = (-1, "")
    if _is_json(text):
        return nowhere
    for closing in UNOPENED:
        places = list(_places(text, closing))
        if not places:
            continue
        at, before = places[0], text[: places[0]]
        if opened:
            return at, closing
        lone = not before.rpartition("\n")[2].strip() and _ends_line(text[at + len(closing) :])
        return (at, closing) if lone and len(places) == 1 and _opening_of(closing) not in before else nowhere
    return nowhere


def _opening_of(closing: str) -> str:
    return next(opening for opening, end in MARKS if end == closing)


def _ends_line(after: str) -> bool:
    return not after.partition("\n")[0].strip()


def _paragraph_ends(after: str) -> bool:
    line, _, rest = after.partition("\n")
    return not line.strip() and not rest.partition("\n")[0].strip()


def _places(text: str, mark: str, start: int = 0) -> Iterator[int]:
    """Where a mark stands outside of code, in their order, of the first some marks."""
    fences: list[int] | None = None
    at = start - 1
    for _ in range(_MOST_MARKS):
        at = text.find(mark, at + 1)
        if at < 0:
            return
        if fences is None:
            fences = [found.start() for found in _FENCE.finditer(text)]
        line, rest = text[text.rfind("\n", 0, at) + 1 : at], text[at:].partition("\n")[0]
        quoted = line.count("`") % 2 and "`" in rest
        # Of an odd number of fences one opens no block of code.
        fenced = len(fences) % 2 == 0 and sum(place < at for place in fences) % 2
        if not quoted and not fenced:
            yield at


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def _answer(text: str) -> str:
    said = text.strip()
    if found := _FINAL.match(said):
        said = said[found.end() :]
    said = _RETURN.sub("", said).strip()
    for opening, closing in WRAPPERS:
        if said.startswith(opening) and (closing[0] != "<" or closing not in said[: -len(closing)]):
            return said.removeprefix(opening).removesuffix(closing).strip()
    return said
