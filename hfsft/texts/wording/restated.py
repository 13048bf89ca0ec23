"""How much of an answer is only what was asked, said again.

Compared are the normal forms of `hfsft.similarity.normalise`, in runs of five words (of scripts without spaces ten
characters): the n-gram overlap by which contamination is told (Brown et al. 2020, "Language Models are Few-Shot
Learners", appendix C), here between a row's own two texts.
"""

from __future__ import annotations

from collections.abc import Sequence

from hfsft.letters.late_patterns import at_first_use
from hfsft.similarity.normalise import normalise, split_words
from hfsft.texts.wording.prose import is_code
from hfsft.texts.wording.wanted_forms import wants_it_again

_RUN, _RUN_UNSPACED = 5, 10  # words in a row that are of the question
_OPENING, _OPENING_UNSPACED = 3, 4  # words that it begins with: the question word, or what is to be done
_SHORTEST, _SHORTEST_UNSPACED = 4, 6  # words of a question that can be told from a greeting
_WHOLE = 0.9  # of a question that must come again, so that what an answer quotes of it counts nothing
_TITLE = 8  # words; a shorter question without a mark at its end is what an answer may be headed by
_PASSAGE = 12  # words of a context that is more than the words to be put in order
_LONG = 40  # words of an instruction that holds the text that it is about
_LONGER = 4  # times the length of what was asked
_ROUND_IT = 20  # characters that marks and spaces make
_HEAD = at_first_use(r"\s*[^\w\s]*([\w’'-]+)(?:\s+([\w’'-]+))?(?:\s+([\w’'-]+))?")
_MARKS = (".", "?", "!", ":", "。", "？", "！", "：", "؟", "।")
_COMMENTS = ("#", '"""', "'''", "//", "/*", "--", "<!--", "%", ";")
_QUESTIONS = ("?", "？", "؟")


def echo(text: str, task: str, context: str = "") -> float:
    """The share, 0 to 1, of an answer that is its instruction (or that with its context) again.

    1 also where an answer that goes on has all of the instruction as its first line, and where it is all of the context
    of a question. Only where nine tenths of the instruction come back, its first words among them: "The capital of
    France is Paris" restates no question. Code counts nothing, which completions begin with, and neither does a text
    that was given to be said again, nor the share in an answer of over four times the length.
    """
    answer, asked = text.strip(), task.strip()
    if context and abs(len(answer) - len(context)) < _ROUND_IT and _copied(answer, asked, context):
        return 1.0
    if not answer or not _may_begin(answer, asked):
        return 0.0
    question = _words(asked)
    spaced = not question or len(question[0]) > 1 or question[0].isascii()
    enough = _SHORTEST if spaced else _SHORTEST_UNSPACED
    if len(question) < enough:
        if len(question) < enough - 1 or not asked.endswith(_QUESTIONS):
            return 0.0
        said = _words(answer)
        return float(said == question * (len(said) // len(question)))
    if is_code(asked) or (len(question) > _LONG and wants_it_again(asked)):
        return 0.0
    first, _, rest = answer.partition("\n")
    alone = rest.strip() and not first.startswith(_COMMENTS) and (asked.endswith(_MARKS) or len(question) >= _TITLE)
    if alone and abs(len(first) - len(asked)) < _ROUND_IT and _words(first) == question:
        return 1.0
    if len(answer) > _LONGER * len(f"{asked}{context}") or is_code(answer):
        return 0.0
    said = _words(answer)
    whole = [question, [*question, *_words(context)]] if context else [question]
    return max(_share(said, each, spaced) for each in whole)


def _copied(answer: str, asked: str, context: str) -> bool:
    """Whether an answer is the context of a question, word for word, which no passage of it answers."""
    given = _words(context)
    return len(given) >= _PASSAGE and _words(answer) == given and not wants_it_again(asked) and not is_code(context)


def _may_begin(answer: str, asked: str) -> bool:
    """Whether an answer holds the first words of a question, which most do not."""
    head = _HEAD.match(asked)
    if head is None:
        return False
    folded = answer.casefold()
    return all(word.casefold()[:_OPENING_UNSPACED] in folded for word in head.groups() if word)


def _words(text: str) -> list[str]:
    return split_words(normalise(text))


def _share(said: Sequence[str], asked: Sequence[str], spaced: bool) -> float:
    """The share of what is said that lies in runs of what was asked; 0 where most of that does not come back."""
    size = min(_RUN if spaced else _RUN_UNSPACED, len(asked))
    again = _covered(asked, said, size)
    if not all(again[: _OPENING if spaced else _OPENING_UNSPACED]) or sum(again) < _WHOLE * len(asked):
        return 0.0
    return sum(_covered(said, asked, size)) / len(said)


def _covered(words: Sequence[str], other: Sequence[str], size: int) -> list[bool]:
    runs = {tuple(other[at : at + size]) for at in range(len(other) - size + 1)}
    covered = [False] * len(words)
    for at in range(len(words) - size + 1):
        if tuple(words[at : at + size]) in runs:
            covered[at : at + size] = [True] * size
    return covered
