"""Prompts that a server read in part, found by its own count: some cut at their context length and say nothing.

A prompt is taken for cut where the count is far below the smallest that any tokenizer gives, or where it is the same
round number for prompts of different length and no prompt has more. A count below the shortest context of any server
is a wrong count, and tells of no cut. A count that leaves out what the server's cache
held is none: then an earlier prompt, counted whole, begins alike.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from hfsft.letters.characters import HAN_BLOCK, HANGUL, KANA, signs
from hfsft.rows import think

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfsft.models.model import Answer, Request

# No tokenizer has longer tokens on average: of prose they hold four or five characters, of Chinese one or two.
_LONGEST_TOKEN, _LONGEST_HAN = 8, 4
_USUAL_TOKEN = 4
_HAN = re.compile(f"[{signs(KANA, HAN_BLOCK, HANGUL)}]+")
# What tokenizers have long tokens for: rules, blanks, and whatever else comes again and again.
_REPEATED = re.compile(r"(.{1,4}?)\1{3,}|\s+", re.DOTALL)
_LEAST_CHARACTERS = 512  # of a shorter prompt the count says too little
_LEAST_LIMIT = 512  # tokens: no context is shorter
_ROUND = (256, 1000)
_DENSE = 5.0  # characters a token, more than prose has
_LENGTHS, _WIDE_LENGTHS, _WIDE = 5, 3, 1.1  # so many different lengths with one count are no chance
_BLOCK_TOKENS = 256  # a cache holds whole blocks
_WHOLE_PROMPTS = 32
_MOST_CHARACTERS = 400_000  # that are compared
_KEY_BYTES = 32


class CutPrompt(NamedTuple):
    """A prompt that was read in part: what the server counted of it, and about what was sent."""

    counted: int
    sent: int
    least: int  # as any tokenizer would count

    def __str__(self) -> str:
        return (
            f"the server counted {self.counted:,} tokens where about {self.sent:,} were sent: raise its context length "
            "(or keep such answers: `prompt_cut: keep`)"
        )


def cut(request: Request, tokens: int | None) -> CutPrompt | None:
    """What is wrong with a count that no tokenizer can give for a prompt; None where one may."""
    return None if tokens is None or tokens < _LEAST_LIMIT else cut_text(_text(request), tokens)


def cut_text(text: str, tokens: int) -> CutPrompt | None:
    """The same for a text, of a model that may read no more than a few."""
    if len(text) < _LONGEST_HAN * tokens:
        return None
    return CutPrompt(tokens, _about(len(text)), least) if (least := int(_least(text))) > tokens else None


class _Alike(NamedTuple):
    """Prompts of one length and count: what is to be said of them, and their keys, which may be those of all rows."""

    said: CutPrompt
    packed: bytearray  # end to end

    def hexadecimal(self) -> Iterator[str]:
        """The keys, one after the other."""
        return (self.packed[start : start + _KEY_BYTES].hex() for start in range(0, len(self.packed), _KEY_BYTES))


class PromptCounts:
    """What the servers of one model counted of its prompts in one build."""

    def __init__(self) -> None:
        self._most = 0  # the largest count, of `_at_most` as it was said of each length
        self._at_most: dict[int, _Alike] = {}
        self._longest_below = 0  # the longest prompt that has a smaller one
        self._limits: set[int] = set()  # counts that are known to be where prompts are cut
        self._whole: deque[str] = deque(maxlen=_WHOLE_PROMPTS)

    def look(self, key: str, request: Request, answer: Answer) -> dict[str, CutPrompt]:
        """The prompts that are known to be cut since the answer to `key` came: itself, and earlier ones, by key."""
        if (tokens := answer.input_tokens) is None:
            return {}
        said = [_said(message) for message in request.messages]
        length = max(0, sum(map(len, said)) + len(said) - 1)
        if length < max(_LEAST_CHARACTERS, tokens):  # a token is a character at least
            return {}
        text = "\n".join(said)
        if tokens < length / _LONGEST_HAN and (found := cut(request, tokens)) and not self._cached(text, tokens):
            return {key: found, **self._limit(tokens)}
        if length <= _MOST_CHARACTERS and length >= _LONGEST_HAN * _LEAST_LIMIT:
            self._whole.append(text)
        if tokens < _LEAST_LIMIT or tokens < self._most:
            self._longest_below = max(self._longest_below, length)
            return {}
        if tokens > self._most:
            self._longest_below = max([self._longest_below, *self._at_most])
            self._most, self._at_most = tokens, {}
            self._limits = {limit for limit in self._limits if limit >= tokens}
        alike = self._at_most.get(length) or _Alike(CutPrompt(tokens, max(tokens, _about(length)), tokens), bytearray())
        if tokens in self._limits:
            return {key: alike.said}
        alike.packed.extend(bytes.fromhex(key))
        self._at_most[length] = alike
        return self._limit(tokens) if self._same_for_all() else {}

    def at_most(self, answer: Answer) -> bool:
        """Whether the answer has the largest count by now, so that later ones may show that its prompt was cut."""
        return answer.input_tokens == self._most >= _LEAST_LIMIT and bool(self._at_most)

    def _limit(self, tokens: int) -> dict[str, CutPrompt]:
        """Take a count for a limit; the earlier prompts that have it, by key."""
        self._limits.add(tokens)
        if tokens != self._most:
            return {}
        found = {key: alike.said for alike in self._at_most.values() for key in alike.hexadecimal()}
        self._at_most = {}
        return found

    def _same_for_all(self) -> bool:
        """Whether prompts of different length, each longer than all with a smaller count, have the same one."""
        longer = [length for length in self._at_most if length > self._longest_below]
        if len(longer) < _WIDE_LENGTHS:
            return False
        wide = max(longer) >= _WIDE * min(longer)
        like_a_limit = any(self._most % number == 0 for number in _ROUND) or max(longer) > _DENSE * self._most
        return like_a_limit and (wide or len(longer) >= _LENGTHS)

    def _cached(self, text: str, tokens: int) -> bool:
        """Whether the count may be of what a cache did not hold: an earlier prompt, counted whole, begins alike."""
        rests = (text[_common(text, whole) :] for whole in self._whole)
        return any(_least(rest) <= tokens + _BLOCK_TOKENS and tokens <= len(rest) + _BLOCK_TOKENS for rest in rests)


def _text(request: Request) -> str:
    """All text that a chat template puts into the prompt; thoughts of earlier turns it may leave out."""
    return "\n".join(_said(message) for message in request.messages)


def _said(message: dict[str, object]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        return ""
    thoughts = think.split(content) if message.get("role") == "assistant" else None
    return thoughts[1] if thoughts else content


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common from their start."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if one[:middle] == other[:middle] else (least, middle - 1)
    return least


def _least(text: str) -> float:
    """Fewer tokens than any tokenizer makes of a text."""
    text = _REPEATED.sub(lambda match: match[1] or " ", text)
    han = sum(map(len, _HAN.findall(text)))
    return (len(text) - han) / _LONGEST_TOKEN + han / _LONGEST_HAN


def _about(characters: int) -> int:
    """About how many tokens so many are, in two digits: so that rows with like prompts fail with one sentence."""
    number = characters // _USUAL_TOKEN
    unit = int(10 ** max(0, len(str(number)) - 2))
    return round(number / unit) * unit
