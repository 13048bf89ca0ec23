"""Loops in a text: the same piece over and over, back to back, or whole sentences that keep coming back.

    Please wait. Please wait. Please wait. Please wait.
    hahahahahahahahahahahahahaha
    1. I can 2. I can 3. I can 4. I can

A table, a list or a program repeats its form, with something else in it each time; that is no loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

GRAM = 3  # tokens that stand again before a loop is looked for
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
BLANK = 200  # white space in a row that is a loop itself

# Chinese, Japanese kana, Thai, Lao, Burmese, Khmer: written without spaces.
UNSPACED = signs(chars.UNSPACED_ALPHABETS, chars.KANA, chars.HAN_A, chars.HAN, chars.HAN_COMPATIBLE)
# Signs that stand on letters or join them, which Python does not count as part of a word.
_JOINED = signs(chars.ACCENTS, chars.HEBREW_POINTS, chars.ARABIC_POINTS, chars.INDIC)
_TOKEN = at_first_use(f"[{UNSPACED}]|(?:[^\\W{UNSPACED}]|[{_JOINED}])+|[^\\w\\s]")
_SPACE = at_first_use(r"\s+")
_COUNT = at_first_use(
    r"(?<![\w.,])(\d{1,4})(?=[.):\]*](?:\s|$|\*))"
)  # `3.`, `3)`, `Step 3:`: a loop may count its rounds
_PAUSES = frozenset(".,;:!?…。，、！？；：।")
_ENDS = frozenset(".!?。！？।")
_PLAIN = _PAUSES | frozenset("'\"\u2018\u2019\u201c\u201d#*-")
_PAUSED = "."
_COUNTED = "#."  # a number that only counts


class Token(NamedTuple):
    """A word, a character of a script without spaces, or a sign."""

    text: str
    line: int
    ends: bool = False  # a sentence ends with it


def repeated_share(text: str) -> float:
    """The share, 0 to 1, of a text's characters in repetitions of a piece, after the first one or two of them."""
    tokens = list(_tokens(text.casefold()))
    again = [False] * len(tokens)
    for start, period, end in _tandems([token.text for token in tokens]):
        _mark(tokens, start, period, end, again)
    _mark_sentences(tokens, again)
    blank = sum(len(run) for run in _SPACE.findall(text.strip()) if len(run) >= BLANK)
    total = blank + sum(len(token.text) for token in tokens)
    return (blank + sum(len(t.text) for t, over in zip(tokens, again, strict=True) if over)) / total if total else 0.0


def _tokens(text: str) -> Iterator[Token]:
    """The tokens of a casefolded text.

    All punctuation that ends or divides sentences becomes one token, so that `Wait.` and `Wait!` are a repetition; so
    do numbers that are one more than the number before, as of a list.
    """
    count = 0  # the last number that counted
    for number, line in enumerate(text.splitlines()):
        counting = {}
        for found in _COUNT.finditer(line):
            value = int(found[1])
            if value == count + 1:
                counting[found.start()] = True
            count = value
        pauses: list[str] = []
        for found in _TOKEN.finditer(line):
            word = found[0]
            if word in _PAUSES:
                pauses.append(word)
                continue
            yield from _paused(pauses, number)
            pauses = []
            if found.start() in counting:
                yield Token(_COUNTED, number)
            elif len(word) > LONG_WORD:
                yield from (Token(letter, number) for letter in word)
            else:
                yield Token(word, number)
        yield from _paused(pauses, number)


def _paused(pauses: Sequence[str], line: int) -> Iterator[Token]:
    """One token for up to three punctuation marks in a row; more than three are a token each."""
    if 0 < len(pauses) <= 3:
        yield Token(_PAUSED, line, not _ENDS.isdisjoint(pauses))
    else:
        yield from (Token(mark, line) for mark in pauses)


def _tandems(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """`(start, period, end)` of each stretch in which every word equals the one `period` words before it.

    The period is the distance back to the last place of the same next few words, and the stretch goes on for as long as
    words are equal at that distance. Takes time in proportion to the number of words.
    """
    last: dict[tuple[str, ...], int] = {}
    place, done, size = 0, 0, len(words)  # `done`: where the stretch before ended
    while place < size:
        gram = tuple(words[place : place + GRAM])
        before = last.get(gram)
        if before is None:
            last[gram] = place
            place += 1
            continue
        period, start, end = place - before, place, place
        while start > max(done, period) and words[start - 1] == words[start - 1 - period]:
            start -= 1
        while end < size and words[end] == words[end - period]:
            end += 1
        yield start - period, period, end
        for seen in range(place, end):
            last[tuple(words[seen : seen + GRAM])] = seen
        place = done = max(end, place + 1)


def _mark(tokens: Sequence[Token], start: int, period: int, end: int, again: list[bool]) -> None:
    """Set `again` for the repetitions in a stretch, if it counts as a loop; the first one or two rounds stay unset."""
    unit, whole = tokens[start : start + period], tokens[start:end]
    words = sum(_is_word(token.text) for token in unit)
    rounds = len(whole) / period
    if rounds < ROUNDS and (words < TWICE or rounds < 2):
        return
    size = sum(len(token.text) for token in whole)
    lines: Counter[int] = Counter()
    for token in whole:
        lines[token.line] += len(token.text)
    drawn = max(lines.values()) <= ONE_LINE  # in lines of a width that people draw and tabulate in
    if size < SHORTEST:
        return
    if not any(_says_something(token.text) for token in unit):
        if drawn and len(lines) < LINES:
            return
    elif drawn and rounds < CELLS and sum(_is_form(token.text) for token in unit) > words:
        return
    free = period if words >= LONG or len(whole) >= LOOSE * period else 2 * period
    again[start + free : end] = [True] * (end - start - free)


def _mark_sentences(tokens: Sequence[Token], again: list[bool]) -> None:
    """Set `again` for each sentence or line that has stood in the text more than `REFRAIN` times before."""
    times: Counter[tuple[str, ...]] = Counter()
    start = 0
    for place in range(1, len(tokens) + 1):
        if place < len(tokens) and tokens[place].line == tokens[place - 1].line and not tokens[place - 1].ends:
            continue
        said = tuple(token.text for token in tokens[start:place] if token.text not in (_COUNTED, _PAUSED))
        words = sum(map(_is_word, said))
        if words >= SENTENCE and words > sum(map(_is_form, said)):
            times[said] += 1
            if times[said] > REFRAIN:
                again[start:place] = [True] * (place - start)
        start = place


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
