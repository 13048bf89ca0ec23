"""Loops in a text: the same piece over and over, back to back, or whole sentences that keep coming back.

    Please wait. Please wait. Please wait. Please wait.
    hahahahahahahahahahahahahaha
    1. I can 2. I can 3. I can 4. I can

A table, a list or a program repeats its form, with something else in it each time; that is no loop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import compress, pairwise
from typing import NamedTuple

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

GRAMS = 3, 14  # tokens that stand again before a loop is looked for; the more where a piece repeats parts of itself
ROUNDS = 3  # times that a piece must stand in a row
LONG = 8  # words; of a piece as long as this the second round counts already, before that it is emphasis
TWICE = 30  # words; a piece as long as this is a loop the second time
LOOSE = 10  # rounds, from which even the second one counts
SHORTEST = 20  # characters of a loop, spaces not counted
ONE_LINE, LINES = 120, 30  # signs or numbers alone: characters in a line, or lines, up to which they draw or tabulate
REFRAIN = 3  # times that a sentence may stand in a text without being a loop
SENTENCE = 4  # words of a sentence long enough to be recognized
LONG_WORD = 30  # characters, from which a word is looked at letter by letter
CELLS = 16  # rounds, up to which a piece of markup or code may stand in a row: cells of a grid, calls of a program
ENDLESS = 20  # rounds of brackets or quotes in one line that end a text, from which they are no drawing
TAIL = 400  # characters, spaces not counted, of the end that a text which ends in a loop is judged by
BLANK = 200  # white space in a row that is a loop itself

# Chinese, Japanese kana, Thai, Lao, Burmese, Khmer: written without spaces.
UNSPACED = signs(chars.UNSPACED_ALPHABETS, chars.KANA, chars.HAN_A, chars.HAN, chars.HAN_COMPATIBLE)
# Signs that stand on letters or join them, which Python does not count as part of a word.
_JOINED = signs(chars.ACCENTS, chars.HEBREW_POINTS, chars.ARABIC_POINTS, chars.INDIC)
_TOKEN = at_first_use(f"[{UNSPACED}]|(?:[^\\W{UNSPACED}]|[{_JOINED}])+|[^\\w\\s]")
_ASCII_TOKEN = at_first_use(r"\w+|[^\w\s]")  # the same for a text of ASCII alone
_SPACE = at_first_use(rf"\s{{{BLANK},}}")
_COUNT = at_first_use(
    r"(?<![\w.,])(\d{1,4})(?=[.):\]*](?:\s|$|\*))"
)  # `3.`, `3)`, `Step 3:`: a loop may count its rounds
_PAUSES = frozenset(".,;:!?…。，、！？；：।")
_ENDS = frozenset(".!?。！？।")
_PLAIN = _PAUSES | frozenset("'\"\u2018\u2019\u201c\u201d#*-")
_ENCLOSING = frozenset('()[]{}"')
_PAUSED = "."
_COUNTED = "#."  # a number that only counts
_UNSAID = frozenset((_PAUSED, _COUNTED))


class TextTokens(NamedTuple):
    """The words of a text, characters of scripts without spaces, and signs."""

    texts: list[str]
    lines: list[int]  # of each the number of its line
    ends: set[int]  # the places of those that end a sentence


def repeated_share(text: str) -> float:
    """The share, 0 to 1, of a text's characters in repetitions of a piece, after the first one or two of them.

    Of a text that ends in one it is the share of its last 400 characters, where that is more: a model that goes round
    does not come back, however much it said before.
    """
    tokens = _tokens(text.casefold())
    again = [False] * len(tokens.texts)
    for gram in GRAMS:
        stood = 0  # tokens that stand again, without being a loop
        for start, period, end in _tandems(tokens.texts, gram):
            if not _mark(tokens, start, period, end, again):
                stood += end - start - period
        if stood < GRAMS[-1]:
            break
    _mark_sentences(tokens, again)
    blank = sum(map(len, _SPACE.findall(text.strip())))
    if not blank and True not in again:
        return 0.0
    total = blank + sum(map(len, tokens.texts))
    share = (blank + sum(map(len, compress(tokens.texts, again)))) / total
    return max(share, _share_of_end(tokens.texts, again)) if again[-1] else share


def _share_of_end(texts: Sequence[str], again: Sequence[bool]) -> float:
    total = looped = 0
    for text, repeated in zip(reversed(texts), reversed(again), strict=True):
        total += len(text)
        looped += len(text) * repeated
        if total >= TAIL:
            break
    return looped / total


def _tokens(text: str) -> TextTokens:
    """The tokens of a casefolded text.

    All punctuation that ends or divides sentences becomes one token, so that `Wait.` and `Wait!` are a repetition; so
    do numbers that are one more than the number before, as of a list.
    """
    count = 0  # the last number that counted
    tokens = TextTokens([], [], set())
    texts = tokens.texts
    for number, line in enumerate(text.splitlines()):
        counting = set()
        for found in _COUNT.finditer(line):
            value = int(found[1])
            if value == count + 1:
                counting.add(found.start())
            count = value
        pattern = _ASCII_TOKEN if line.isascii() else _TOKEN
        words = _counted(line, pattern, counting) if counting else pattern.findall(line)
        pauses: list[str] = []
        for word in words:
            if word in _PAUSES:
                pauses.append(word)
                continue
            if pauses:
                _paused(pauses, tokens)
                pauses = []
            if len(word) > LONG_WORD:
                texts += word
            else:
                texts.append(word)
        if pauses:
            _paused(pauses, tokens)
        tokens.lines.extend([number] * (len(texts) - len(tokens.lines)))
    return tokens


def _counted(line: str, pattern: re.Pattern[str], counting: Collection[int]) -> list[str]:
    """The tokens of a line, with one for all numbers that begin at these places."""
    return [_COUNTED if found.start() in counting else found[0] for found in pattern.finditer(line)]


def _paused(pauses: Sequence[str], tokens: TextTokens) -> None:
    """One token for up to three punctuation marks in a row; more than three are a token each."""
    if len(pauses) <= 3:
        if not _ENDS.isdisjoint(pauses):
            tokens.ends.add(len(tokens.texts))
        tokens.texts.append(_PAUSED)
    else:
        tokens.texts.extend(pauses)


def _tandems(words: Sequence[str], gram: int) -> Iterator[tuple[int, int, int]]:
    """`(start, period, end)` of each stretch in which every word equals the one `period` words before it.

    The period is the distance back to the last place of the same next `gram` words, and the stretch goes on for as long as
    words are equal at that distance. Takes time in proportion to the number of words.
    """
    grams = [*zip(*(words[ahead:] for ahead in range(gram)), strict=False)]
    if len(set(grams)) == len(grams):
        return
    times = Counter(grams)
    last: dict[tuple[str, ...], int] = {}
    place, done, size = 0, 0, len(words)  # `done`: where the stretch before ended
    for here in [here for here, gram in enumerate(grams) if times[gram] > 1]:
        if here < place:
            continue
        before = last.get(grams[here])
        if before is None:
            last[grams[here]] = here
            continue
        period, start, end = here - before, here, here
        while start > max(done, period) and words[start - 1] == words[start - 1 - period]:
            start -= 1
        while end < size and words[end] == words[end - period]:
            end += 1
        yield start - period, period, end
        for seen in range(here, min(end, len(grams))):
            last[grams[seen]] = seen
        place = done = max(end, here + 1)


def _mark(tokens: TextTokens, start: int, period: int, end: int, again: list[bool]) -> bool:
    """Set `again` for the repetitions in a stretch, but the first one or two rounds; whether it counts as a loop."""
    unit, whole = tokens.texts[start : start + period], tokens.texts[start:end]
    rounds = len(whole) / period
    if rounds < 2:
        return False
    words = sum(map(_is_word, unit))
    if rounds < ROUNDS and words < TWICE:
        return False
    size = sum(map(len, whole))
    lines: Counter[int] = Counter()
    for text, line in zip(whole, tokens.lines[start:end], strict=True):
        lines[line] += len(text)
    drawn = max(lines.values()) <= ONE_LINE  # in lines of a width that people draw and tabulate in
    if size < SHORTEST:
        return False
    endless = end == len(tokens.texts) and rounds >= ENDLESS and len(lines) == 1 and not _ENCLOSING.isdisjoint(unit)
    if endless:
        pass
    elif not any(map(_says_something, unit)):
        if drawn and len(lines) < LINES:
            return False
    elif drawn and rounds < CELLS and sum(map(_is_form, unit)) > words:
        return False
    free = period if words >= LONG or len(whole) >= LOOSE * period else 2 * period
    again[start + free : end] = [True] * (end - start - free)
    return True


def _mark_sentences(tokens: TextTokens, again: list[bool]) -> None:
    """Set `again` for each sentence or line that has stood in the text more than `REFRAIN` times before.

    One that comes back behind something new each time, as under headings, is a form.
    """
    texts, lines, ends = tokens
    borders = [place for place in range(1, len(texts)) if lines[place] != lines[place - 1] or place - 1 in ends]
    spans = [*pairwise([0, *borders, len(texts)])]
    first = Counter(next((text for text in texts[start:place] if text not in _UNSAID), "") for start, place in spans)
    if max(first.values()) <= REFRAIN:  # not so many begin alike
        return
    said = [tuple(text for text in texts[start:place] if text not in _UNSAID) for start, place in spans]
    stand = Counter(said)
    times: Counter[tuple[str, ...]] = Counter()
    before: tuple[str, ...] = ()
    for (start, place), words in zip(spans, said, strict=True):
        count = sum(map(_is_word, words))
        times[words] += 1
        known = stand[before] > 1
        if count:
            before = words
        if times[words] > REFRAIN and known and count >= SENTENCE and count > sum(map(_is_form, words)):
            again[start:place] = [True] * (place - start)


def _is_word(token: str) -> bool:
    return any(map(str.isalpha, token))


def _says_something(token: str) -> bool:
    """Whether a token is a word, `!`, `?` or a rare sign; not a number, nor a sign that lines and tables are drawn with."""
    first = token[0]
    if _is_word(token) or first in "!?":
        return True
    drawn = first.isascii() or first.isnumeric() or "\u2000" <= first <= "\u25ff" or first in _PAUSES or first == "·"
    return not drawn


def _is_form(token: str) -> bool:
    """Whether a token is a sign of code, markup or tables, such as a bracket; punctuation and quotes are none."""
    return not (any(map(str.isalnum, token)) or token[0] in _PLAIN or _says_something(token))
