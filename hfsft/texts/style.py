"""What the form of an answer is, beside what it says: items of lists, Markdown, hedges, filler phrases.

    - Open **Settings**.                                         a bullet, a sign of Markdown
    It may perhaps help to restart it.                           two hedges
    Great question! It is important to note that ... I hope this helps!      three fillers

A judge of answers is known to go by such things: Singhal et al. 2023, "A Long Way to Go" (arXiv 2310.03716), for
length; Zhang et al. 2024, "From Lists to Emojis" (arXiv 2409.11704), for lists, bold text and other marks. Hedges are
those of Lakoff 1973, "Hedges: A Study in Meaning Criteria", as far as they are words of one meaning. What stands in a
block of code is code: it counts as one sign of Markdown. Known in English, German, French, Spanish, Portuguese,
Italian, Dutch, Chinese and Japanese; of another language no hedge and no filler is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

_SINGLE = (
    # English
    "perhaps maybe possibly probably presumably arguably supposedly apparently seemingly potentially might likely "
    "generally usually typically often sometimes somewhat roughly relatively fairly mostly largely "
    # German, Dutch
    "vielleicht möglicherweise wahrscheinlich vermutlich eventuell könnte könnten dürfte dürften scheinbar anscheinend "
    "normalerweise meistens üblicherweise gewöhnlich oftmals etwa ungefähr misschien mogelijk waarschijnlijk wellicht "
    "vermoedelijk meestal doorgaans gewoonlijk "
    # French, Spanish, Portuguese, Italian
    "probablement possiblement généralement habituellement pourrait pourraient souvent quizá quizás probablemente "
    "posiblemente generalmente normalmente podría podrían suele talvez provavelmente possivelmente geralmente poderia "
    "poderiam costuma forse probabilmente possibilmente potrebbe potrebbero spesso"
)
_HEDGE_WORDS = frozenset(_SINGLE.split())
_MAY = "may"
# A phrase is looked for where a text has one of the words that stand with it; * stands for any letter of a script that
# has no spaces, and so no words to find.
_HEDGE_PHRASES = (
    (_MAY, r"\bmay\b(?! \d)"),  # in small letters: the other one is a month, or asks
    ("could", r"\bcould\b(?! you\b)"),
    ("seem seems appear appears tend tends suggest suggests", r"\b(?:seem|appear|tend|suggest)s? (?:to|that|like)\b"),
    ("depends", r"\bit depends\b"),
    ("general cases", r"\bin (?:general|some cases|most cases)\b"),
    ("think believe guess suppose assume", r"\b(?:i|we) (?:think|believe|guess|suppose|assume)\b"),
    ("opinion extent kind sort less", r"\b(?:in my opinion|to some extent|kind of|sort of|more or less)\b"),
    ("sure certain", r"\bnot (?:entirely |completely |quite )?(?:sure|certain)\b"),
    ("vary", r"\bcan vary\b"),
    ("umständen allgemeinen", r"\b(?:unter umständen|im allgemeinen)\b"),
    ("kunnen", r"\bzou kunnen\b"),
    ("être doute semble", r"\b(?:peut-être|sans doute|il semble)\b"),
    ("vez menudo parece", r"\b(?:tal vez|a menudo|parece que)\b"),
    ("vezes", r"\bàs vezes\b"),
    ("solito sembra", r"\b(?:di solito|sembra che)\b"),
    (
        "*",
        r"也许|或许|可能|大概|似乎|通常|一般来说|往往|かもしれ|おそらく|たぶん|でしょう|と思われ|ようです|場合があり|一般的に|可能性があ",
    ),
)
_OPENS = r"(?:^|(?<=[.!?] )|(?<=\n))"
_FILLERS = (
    # English: what opens an answer, what announces, what closes one
    (
        "certainly absolutely course sure definitely great excellent",
        _OPENS + r"(?:certainly|absolutely|of course|sure(?: thing)?|definitely|great|excellent) ?[!,.]",
    ),
    ("question", r"\b(?:great|good|excellent|fantastic|wonderful|interesting) question\b"),
    ("happy glad delighted", r"\b(?:i(?:'d| would) be|i(?:'m| am)) (?:happy|glad|delighted) to\b|\bhappy to help\b"),
    (
        "overview guide breakdown summary explanation",
        r"\bhere(?:'s| is| are) (?:an? |the |some )?(?:brief |quick |comprehensive |detailed |step-by-step )?"
        r"(?:overview|guide|breakdown|summary|explanation)\b",
    ),
    (
        "important worth crucial essential worthwhile",
        r"\bit(?:'s| is) (?:important|worth|crucial|essential|worthwhile)"
        r"(?: to (?:note|remember|mention|understand|consider|keep in mind)| noting| mentioning| remembering)\b",
    ),
    ("mind needless", r"\b(?:keep|bear) in mind that\b|\bneedless to say\b"),
    ("know mentioned", r"\bas (?:you may know|we all know|mentioned (?:above|earlier))\b"),
    ("today", r"\bin today's (?:\w+[ -]){0,3}(?:world|society|age|landscape)\b"),
    ("day comes", r"\bat the end of the day\b|\bwhen it comes to\b"),
    ("delve dive tapestry", r"\b(?:delve|dive) (?:deeper |deep )?into\b|\ba (?:rich )?tapestry of\b"),
    ("role", r"\bplays? an? (?:crucial|vital|key|pivotal) role\b"),
    (
        "conclusion summarize sum summary all overall",
        r"\b(?:in conclusion|to sum(?:marize| up)|in summary|all in all|overall),",
    ),
    ("helps", r"\b(?:i )?hope (?:this|that|it) helps\b"),
    ("free hesitate", r"\b(?:please )?(?:feel free|don't hesitate|do not hesitate) to\b"),
    ("let questions ai", r"\blet me know if\b|\bif you have any (?:\w+ )?questions\b|\bas an ai\b"),
    # German, Dutch
    (
        "selbstverständlich natürlich gerne klar natuurlijk",
        r"\b(?:selbstverständlich|natürlich|gerne|klar|natuurlijk) ?!",
    ),
    ("frage vraag", r"\b(?:gute|tolle|ausgezeichnete|interessante) frage\b|\b(?:goede|leuke) vraag\b"),
    ("wichtig belangrijk", r"\bes ist wichtig,? zu (?:beachten|erwähnen)\b|\bhet is belangrijk om\b"),
    (
        "zusammenfassend hilft helpt",
        r"\bzusammenfassend lässt sich\b|\bhoffe,? (?:das|dies) hilft\b|\bhopelijk helpt dit\b",
    ),
    (
        "zögern wissen fragen weten",
        r"\bzögern sie nicht\b|\blassen sie (?:es )?mich wissen\b|\bwenn sie (?:\w+ )?fragen haben\b|\blaat het me weten\b",
    ),
    # French, Spanish, Portuguese, Italian
    ("sûr certainement absolument", r"\b(?:bien sûr|certainement|absolument) ?!"),
    (
        "question pregunta pergunta domanda",
        r"\b(?:excellente|bonne) question\b|\b(?:buena|excelente|gran) pregunta\b|\b(?:ótima|boa|excelente) pergunta\b|\b(?:ottima|bella|buona) domanda\b",
    ),
    (
        "important importante",
        r"\bil est important de noter\b|\bes importante (?:tener en cuenta|señalar|destacar|recordar)\b|\bé importante (?:notar|ressaltar|lembrar)\b|\bè importante (?:notare|ricordare|sottolineare)\b",
    ),
    ("hésitez espère conclusion résumé", r"\bn'hésitez pas à\b|\bj'espère que cela\b|\ben (?:conclusion|résumé),"),
    ("claro supuesto luego", r"¡(?:claro|por supuesto|desde luego)[^!\n]{0,20}!|\bclaro ?!"),
    ("dudes dude espero conclusión", r"\bno dud(?:es|e) en\b|\bespero que (?:esto|isso)\b|\ben conclusión,"),
    (
        "certeza certamente hesite resumo conclusão",
        r"\b(?:com certeza|certamente) ?!|\bnão hesite em\b|\bem (?:resumo|conclusão),",
    ),
    (
        "certo assolutamente spero esitare conclusione sintesi",
        r"\b(?:certo|assolutamente) ?!|\bspero che questo\b|\bnon esitare a\b|\bin (?:conclusione|sintesi),",
    ),
    # Chinese, Japanese
    (
        "*",
        r"当然可以|好问题|很好的问题|需要注意的是|值得注意的是|总而言之|综上所述|总的来说|希望(?:这|以上|对).{0,10}(?:帮助|有用)|如有.{0,8}(?:问题|疑问)",
    ),
    (
        "*",
        r"もちろんです|(?:良い|いい)質問|ご質問ありがとう|重要なのは|結論として|まとめると|お役に立て|お気軽に|何かご不明",
    ),
)


class _Phrases:
    """Patterns by the words that stand with them."""

    def __init__(self, phrases: tuple[tuple[str, str], ...]) -> None:
        self._patterns = [at_first_use(pattern) for _, pattern in phrases]
        self._places: dict[str, list[int]] = {}  # by word, of the patterns that are looked for where it stands
        for place, (words, _) in enumerate(phrases):
            for word in words.split():
                self._places.setdefault(word, []).append(place)
        self._words = frozenset(self._places)
        self._may = self._places.get(_MAY, [])

    def found(self, said: str, known: set[str], written: str) -> Iterator[str]:
        """Each time that one of the phrases stands in a text in small letters with these words; `may` as `written`."""
        for place in sorted({place for word in self._words & known for place in self._places[word]}):
            for found in self._patterns[place].finditer(written if place in self._may else said):
                yield found[0]


_HEDGES, _FILLER = _Phrases(_HEDGE_PHRASES), _Phrases(_FILLERS)
_UNSPACED = at_first_use(f"[{signs(chars.KANA, chars.HAN)}]")
_WORD = at_first_use(r"[^\W\d_]+")
_BETWEEN = {code: " " for code in range(128) if not chr(code).isalpha()}  # what words of plain ASCII stand between
_CODE = at_first_use(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_BULLET = at_first_use(r"^[ \t]*(?:[-*+•‣▪●○–]|\(?\d{1,3}[.)])[ \t]+(?=\S)", re.MULTILINE)
_RULES = "-*_"  # the signs that rules are drawn with
_RULE = at_first_use(r"^[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*$", re.MULTILINE)
# Sign without which there is none -> heading, quote, row of a table, bold and italic, code, link or picture.
_MARKS = [
    ("#", at_first_use(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)),
    (">", at_first_use(r"^[ \t]*>[ \t]", re.MULTILINE)),
    ("|", at_first_use(r"^[ \t]*\|[^\n]*\|[ \t]*$", re.MULTILINE)),
    ("*", at_first_use(r"(?<![\w*])(\*{1,3})(?=[^\s*])[^*\n]{1,500}(?<=[^\s*])\1(?![\w*])")),
    ("__", at_first_use(r"(?<!\w)__(?=\S)[^_\n]{1,500}__(?!\w)")),
    ("`", at_first_use(r"`[^`\n]{1,500}`")),
    ("](", at_first_use(r"\[[^\[\]\n]{1,500}\]\([^()\s]{1,2000}\)")),
]


class Style(NamedTuple):
    """How often each thing stands in a text."""

    bullets: int = 0  # items of lists, with a sign or a number
    markdown: int = 0  # headings, bold, italic, code, links, quotes, rows of tables, rules; items of lists apart
    hedges: int = 0
    fillers: int = 0


def style_of(text: str) -> Style:
    """How often a text has each of these."""
    prose, blocks = _prose(text)
    prose, rules = _RULE.subn("", prose) if any(sign in prose for sign in _RULES) else (prose, 0)
    bare, bullets = _BULLET.subn("", prose)
    marks = blocks + rules + sum(1 for sign, mark in _MARKS if sign in bare for _ in mark.finditer(bare))
    said = _folded(bare)
    words = _words(said)
    known = _known(said, words)
    hedges = sum(1 for _ in _HEDGES.found(said, known, bare))
    if not known.isdisjoint(_HEDGE_WORDS):
        hedges += sum(word in _HEDGE_WORDS for word in words)
    return Style(bullets, marks, hedges, sum(1 for _ in _FILLER.found(said, known, said)))


def fillers_in(text: str) -> list[str]:
    """The filler phrases of a text, each time as it stands there, in small letters and without signs at its ends."""
    said = _folded(_prose(text)[0])
    found = _FILLER.found(said, _known(said, _words(said)), said)
    return [" ".join(each.split()).strip(" !,.¡") for each in found]


def _words(said: str) -> list[str]:
    """Its runs of letters; the second way is the same of ASCII, and twice as fast."""
    return said.translate(_BETWEEN).split() if said.isascii() else _WORD.findall(said)


def _known(said: str, words: list[str]) -> set[str]:
    """The words of a text, and the sign for letters of a script that has no spaces."""
    known = set(words)
    if not said.isascii() and _UNSPACED.search(said):
        known.add("*")
    return known


def _prose(text: str) -> tuple[str, int]:
    """A text without its blocks of code, and how many these are."""
    return _CODE.subn("\n", text) if "```" in text or "~~~" in text else (text, 0)


def _folded(text: str) -> str:
    return text.replace("\u2019", "'").casefold()
