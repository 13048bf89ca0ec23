"""What is wrong with a prompt that a model wrote in a user's name: the one check of all that write prompts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, get_args

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.language import SMALL_WORDS, other_language
from hfsft.texts.loops import UNSPACED, repeated_share
from hfsft.texts.prompt_asking import answers, asks
from hfsft.texts.prompt_missing import leans_on, missing
from hfsft.texts.refusal import refusal

Rule = Literal[
    "empty",
    "template",
    "refuses",
    "unchanged",
    "several",
    "language",
    "answers",
    "missing",
    "alone",
    "loops",
    "too_long",
]
RULES: tuple[Rule, ...] = get_args(Rule)

LEAK = 6  # words in a row that nobody but the template says
LEAK_LETTERS = 16  # in all of them
SLIGHT = 3  # letters of a word that changes nothing much, as `a` and `the` do
FEW_CHANGES, LONG = 0.05, 20  # share of the words in which a text as long as that must differ from its parent
MANY_QUESTIONS = 3  # lines that each ask something
LOOPING = 1 / 3  # share of a text that repeats itself
BLOCK = 30  # words of a paragraph that is a prompt of its own
COPIED = 12  # words in a row of a text that was shown, which is then told again
AGAIN = 0.5  # share of the words of a turn that were said before, from which it says nothing new
SHORT = 20  # words, as which a shorter parent counts where growth is measured

_WORD = at_first_use(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+(?:['\u2019][^\\W_]+)?")
_POLITE_WORDS = "please kindly just really now today exactly actually also hello hey there thanks thank sir madam"
_POLITE = frozenset(_POLITE_WORDS.split())
# What is no template's own, however many of them stand in a row.
_COMMON_TOO = (
    "please let know get back want need like just now new kind tell give take make go see say got still else "
    "much many long i'm don't it's been first"
)
COMMON = SMALL_WORDS["en"] | frozenset(_COMMON_TOO.split())
_TURNS_ROUND_WORDS = "not no non nor never without ohne nicht kein pas sans sin nie niet"
_TURNS_ROUND = frozenset(_TURNS_ROUND_WORDS.split())
_NUMBERED = r"(?:question|prompt|message|option|version|variant|variation|q|frage|pregunta|pergunta|domanda|vraag|вопрос|câu hỏi|问题|質問|질문)"
_ITEM = at_first_use(
    r"[#*_>\[(\"' \t]{0,6}(?:\d{1,2}[.):\]]|[-*•\u2013]|"
    rf"{_NUMBERED}[ \t]{{0,2}}(?:\d{{1,2}}|[a-c]\b)[.):]|[a-c][.)])[*_ \t]",
    re.IGNORECASE,
)
# The same within a line.
_INLINE = at_first_use(
    rf"(?:^|(?<=\s))(?:\(?\d{{1,2}}[.)]|\([a-c]\)|{_NUMBERED} ?(?:\d{{1,2}}|[a-c])[.):])[*_]{{0,2}} ", re.IGNORECASE
)
# A text that stands for one which is to come: `<rewritten question>`, `[Insert the prompt here]`.
_PLACEHOLDER = at_first_use(r"[*_`]{0,3}[<\[{]{1,2}[^<>\[\]{}\n]{1,80}[>\]}]{1,2}[*_`.]{0,3}")
_OR = at_first_use(
    r"^[*_# \t]{0,6}(?:or|alternatively|another (?:version|option|one)|variant|oder|alternativ|o bien|ou bien|或者)[*_ \t]{0,4}[:：]?[*_ \t]{0,4}$|"
    r"^[*_# \t]{0,6}alternatively[,:]",
    re.IGNORECASE | re.MULTILINE,
)
_CANNOT_REWRITE = at_first_use(
    r"\b(?:can't|cannot|can not|unable to|won't|not able to)\b[^.!?\n]{0,40}\b(?:rewrit|rephras|evolv|modify (?:this|the) (?:message|prompt)|fulfil)"
    r"|\bplease (?:provide|share|give)(?: me)?(?: with)? the (?:original |full )?(?:message|prompt|question|text|instruction)s?\b",
    re.IGNORECASE,
)
# ... that no other version comes: only of a text that asks nothing, as people too speak of messages and versions.
_NO_VERSION = at_first_use(
    r"\b(?:can't|cannot|can not|unable to|won't|not able to|not (?:comfortable|possible|allowed)|decline to|refuse to)\b[^.!?\n]{0,60}"
    r"\b(?:message|prompt|question|instruction|request|version|rewriting|rewritten)s?\b",
    re.IGNORECASE,
)
# ... in other languages: that it cannot, within a sentence that speaks of rewriting.
_CANNOT = (
    r"(?:kann|nicht|niet|ne |pas |no puedo|não posso|non posso|не могу|не смогу|nie mogę|không thể|无法|不能|できません|できかねます|수 없|"
    r"tidak (?:bisa|dapat)|لا (?:يمكنني|أستطيع)|नहीं|ไม่สามารถ|(?:yaz|oluştur)(?:amam|amıyorum))"
)
_REWRITES = (
    r"(?:umschreib\w{0,10}|umformulier\w{0,10}|herschrijven|réécrire|reformuler|reescribir|reescrever|riscrivere|переписать|переформулировать|przepisać|"
    r"viết lại|改写|重写|書き直|書き換え|다시 (?:쓸|작성)|menulis ulang|إعادة (?:كتابة|صياغة)|दोबारा लिख|เขียน(?:ใหม่|คำถามใหม่)|yeniden yaz\w*)"
)
_CANNOT_OTHERWISE = at_first_use(
    rf"{_CANNOT}[^.!?。！？\n]{{0,40}}{_REWRITES}|{_REWRITES}[^.!?。！？\n]{{0,16}}{_CANNOT}", re.IGNORECASE
)


def prompt_fault(
    text: str,
    parent: str = "",
    template: Collection[str] = (),
    *,
    shown: Sequence[str] = (),
    beside: str = "",
    language_of: str = "",
    turn: bool = False,
    asked: bool = False,
    max_words: int | None = None,
    max_growth: float | None = None,
) -> str | None:
    """Why a text that a model wrote is no prompt that a user would write; None where it may be one.

    A rule of `RULES`, and behind a colon what was found, where that says more. `parent` is the prompt that it was made
    from, empty for none; `template` what `template_runs` found in the template; `shown` are other prompts that its
    writer saw, as demonstrations are; `beside` is what whoever answers sees beside it, such as a context or the turns
    before. A `turn` within a conversation may lean on what was said before it, and just tell something; of a text that
    was `asked` for as a question, one that only tells something is none, even where no parent shows it.

    - `empty`: it has no letter and no digit, or stands for a text that is to come, as `[your question here]` does.
    - `template`: it repeats words of the template.
    - `refuses`: it declines to write one.
    - `unchanged`: it has the words of the parent, or of what was shown, or all but a few of them.
    - `several`: it is a list of prompts.
    - `language`: it is in another language than `language_of`, where that is given, else than the parent, else than what
      was shown.
    - `answers`: it answers, or has its answer with it, or tells again what stands beside it, instead of asking.
    - `missing`: it speaks of a text, a table, a picture or a file that is not there.
    - `alone`: it leans on a conversation before it, which there was not.
    - `loops`: more than a third of it says the same over and over.
    - `too_long`: it has more words than `max_words`, or than `max_growth` times its parent's (`SHORT` at the least).

    All are told by patterns and word lists; where these leave doubt, None. What is wrong with the parent itself is not
    held against a text.
    """
    if not any(map(str.isalnum, text)) or _PLACEHOLDER.fullmatch(text.strip()):
        return "empty"
    words = _words(text)
    if leak := _leak(words, parent, template):
        return f"template: {leak}"
    if refusal(text) == 1 > refusal(parent) or (_cannot_rewrite(text) and not _cannot_rewrite(parent)):
        return "refuses"
    if any(_unchanged(words, _words(other)) for other in (parent, *shown) if other):
        return "unchanged"
    if _several(text) and not _several(parent):
        return "several"
    if (model := language_of or parent or next(filter(None, shown), "")) and other_language(text, model):
        return "language"
    if said := answers(text, parent, turn=turn, asked=asked) or (
        "repeats what it is about" if _told_again(text, words, beside) else ""
    ):
        return f"answers: {said}"
    if not beside and (thing := missing(text)) and not missing(parent):
        return f"missing: {thing}"
    if not turn and (leans := leans_on(text)) and not leans_on(parent):
        return f"alone: {leans}"
    if (share := repeated_share(text)) > max(LOOPING, repeated_share(parent)):
        return f"loops: {share:.0%} of it"
    if (most := _most_words(len(_words(parent)), max_words, max_growth)) and len(words) > most:
        return f"too_long: {len(words):,} words of at most {most:,}"
    return None


def unchanged(text: str, before: str) -> bool:
    """Whether a text has the words of another, all or all but a few that change nothing much."""
    return _unchanged(_words(text), _words(before))


def says_again(text: str, before: str) -> bool:
    """Whether a text says again what another one said: it has all of its words or all but a few, begins with all of
    them, or at least half of it are runs of `LEAK` words that stand there.
    """
    words, known = _words(text), _words(before)
    if _unchanged(words, known) or (len(known) >= LEAK and words[: len(known)] == known):
        return True
    runs = {tuple(known[start : start + LEAK]) for start in range(len(known) - LEAK + 1)}
    covered: set[int] = set()
    for start in range(len(words) - LEAK + 1):
        if tuple(words[start : start + LEAK]) in runs:
            covered.update(range(start, start + LEAK))
    return bool(covered) and len(covered) >= AGAIN * len(words)


def rule_of(fault: str) -> str:
    """The rule of a fault, without what was found."""
    return fault.partition(":")[0]


def template_runs(text: str) -> frozenset[str]:
    """Every sequence of `LEAK` words in a row of a template's own text, but for those that anybody says.

    Such have few letters, or none but common words, as `could you please let me know`.
    """
    return frozenset(run for run in _runs(_words(text)) if not COMMON.issuperset(run.split()))


def _most_words(parent: int, max_words: int | None, max_growth: float | None) -> int | None:
    bounds = [max_words] if max_words is not None else []
    if max_growth is not None and parent:
        bounds.append(int(max_growth * max(parent, SHORT)))
    return min(bounds, default=None)


def _cannot_rewrite(text: str) -> bool:
    if _CANNOT_REWRITE.search(text):
        return True
    return bool((_NO_VERSION.search(text) or _CANNOT_OTHERWISE.search(text)) and not asks(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("\u2019", "'"))


def _runs(words: list[str]) -> Iterator[str]:
    for start in range(len(words) - LEAK + 1):
        run = " ".join(words[start : start + LEAK])
        if len(run) - LEAK + 1 >= LEAK_LETTERS or not run.isascii():
            yield run


def _leak(words: list[str], parent: str, template: Collection[str]) -> str:
    """The first words in a row that are the template's and not the parent's."""
    if not template:
        return ""
    known = set(_runs(_words(parent)))
    return next((run for run in _runs(words) if run in template and run not in known), "")


def _unchanged(new_words: list[str], old_words: list[str]) -> bool:
    """Whether a text has the words of another, in any order, apart from a few that change nothing much.

    Such are one or two short ones as `the`, polite ones as `please`, another ending as in `lamps`, and of a long text
    one word in twenty. A number or a `not` changes a text.
    """
    new, old = Counter(new_words), Counter(old_words)
    if new == old:
        return True
    added, gone = [*(new - old).elements()], [*(old - new).elements()]
    changed = [word for word in (*added, *gone) if word not in _POLITE]
    if any(word in _TURNS_ROUND or not word.isascii() or not word.isalpha() for word in changed):
        return False
    if old.total() <= len(changed):
        return False
    more, less = ([word for word in words if word in changed and len(word) > SLIGHT] for words in (added, gone))
    if len(changed) - len(more) - len(less) <= 2 and (
        (not more and not less) or (len(more) == len(less) == 1 and _same_stem(*more, *less))
    ):
        return True
    return min(new.total(), old.total()) >= LONG and len(changed) <= FEW_CHANGES * old.total()


def _same_stem(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) > SLIGHT and long.startswith(short) and len(long) - len(short) <= SLIGHT


def _several(text: str) -> bool:
    """Whether a text is a list of prompts, several lines that each end in a question mark, or one prompt or another."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    if len(lines) > 1 and _OR.search(text, len(lines[0])):
        return True
    blocks = [block.strip() for block in text.split("\n\n") if block.strip()]
    short = len(blocks) >= MANY_QUESTIONS and all("\n" not in block and len(block.split()) <= BLOCK for block in blocks)
    if short and sum(map(_ends_asking, blocks)) > 1 and all(map(asks, blocks)):
        return True
    first, *parts = _INLINE.split(text)
    if not first.strip() and len(parts) > 1 and all(map(_ends_asking, parts)):
        return True
    items = [line for line in lines if _ITEM.match(line)]
    if len(items) > 1 and _ITEM.match(lines[0]):
        # A list of things, and behind it what is to be done with them.
        return _ITEM.match(lines[-1]) is not None or not asks(lines[-1]) or any(map(asks, items))
    return len(lines) >= MANY_QUESTIONS and all(map(_ends_asking, lines))


def _ends_asking(text: str) -> bool:
    return text.rstrip(" *_\"'\u201d\n").endswith(tuple("?？"))


def _told_again(text: str, words: list[str], beside: str) -> bool:
    """Whether a text asks nothing and has so many words in a row of what stands beside it."""
    if not beside or len(words) < COPIED or asks(text):
        return False
    known = " ".join(_words(beside))
    return any(" ".join(words[start : start + COPIED]) in known for start in range(0, len(words) - COPIED + 1, COPIED))
