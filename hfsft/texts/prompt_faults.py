"""What is wrong with a prompt that a model wrote in a user's name, seen from the prompt it grew from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Literal

from hfsft.texts.language import other_language
from hfsft.texts.loops import UNSPACED
from hfsft.texts.refusal import refusal

Fault = Literal["empty", "template", "refuses", "unchanged", "several", "language", "answers"]

LEAK = 6  # words in a row that nobody but the template says
LEAK_LETTERS = 16  # in all of them
SLIGHT = 3  # letters of a word that changes nothing much, as `a` and `the` do
FEW_WORDS, ENDS = 4, ".!?:;。！？：；।؟})]`\"'\u201d"
MANY_QUESTIONS = 3  # lines that each ask something

_WORD = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+(?:['\u2019][^\\W_]+)?")
_ITEM = re.compile(
    r"[#*_>\[(\"' \t]{0,6}(?:\d{1,2}[.):\]]|[-*•\u2013]|(?:question|prompt|message|option|version|variant|variation|q|frage|pregunta|问题)"
    r"[ \t]{0,2}\d{1,2}[.):]|[a-c][.)])[*_ \t]",
    re.IGNORECASE,
)
_MARKS = "?？؟"
_SENTENCE = r"(?:^|(?<=[.!?:;,\n\u2026\"(] )|(?<=\n)|\b(?:and|but|or|so|also|then|please|if so|hello|hi|hey|kindly) )"
_VERBS = (
    r"(?:explain|describe|tell|give|list|compare|write|help|show|suggest|summari[sz]e|translate|generate|design|discuss|analy[sz]e|"
    r"outline|walk me|recommend|imagine|compute|calculate|solve|draft|identify|define|prove|evaluate|convert|rewrite|"
    r"compose|develop|consider|suppose|assume|propose|name|find|create|make|provide|plan|let me know|remind|advise|state|estimate|"
    r"determine|rank|classify|implement|build|act as|pretend|clarify|confirm|cancel|send me|delete|change|close|update|refund|"
    r"distinguish|edit|extend|sort|fix|debug|refactor|optimi[sz]e|proofread|paraphrase|simplify|shorten|elaborate|justify|argue|"
    r"debate|illustrate|critique|assess|examine|investigate|interpret|predict|derive|integrate|differentiate|factor|plot|express|"
    r"modify|adapt|transform|extract|parse|output|respond|answer|brainstorm|invent|narrate|recite|categori[sz]e|count|round|"
    r"turn (?:it|this|that|these|them) into|construct|devise|formulate|sketch|draw|teach|correct|improve|revise|reformulate|conduct|"
    r"(?:return|produce)(?: only)? (?:a|an|the) (?:json|list|table|number|string|single|array|object|dictionary|csv|yaml|xml|sql)|"
    r"(?:continue|complete|finish) (?:the|this) (?:story|poem|dialogue|text|sentence|series|sequence|code|function|analogy))"
)
_ASKS = re.compile(
    rf"{_SENTENCE}(?:please )?{_VERBS}\b|{_SENTENCE}(?:how|what|where|when|why|who|which|whose)(?:'s|\b)(?: [\w'-]+){{0,4}} "
    r"(?:do|does|did|is|are|can|could|should|would|will|am|was|were|has|have|to|i|my)\b|\bhow (?:to|much|many|long|often|about)\b"
    rf"|{_SENTENCE}(?:can|could|do|does|did|is|are|will|would|should|may|am|was|has|have) "
    r"(?:i|you|we|it|there|they|my|the|this|that|someone|anyone|somebody|your|a|an)\b"
    r"|\bwhat (?:now|should|if|about)\b|\b(?:any|some) (?:idea|tips|advice)\b"
    # other languages: words that ask, or ask for something
    r"|\b(?:wie|wo|wann|warum|welche[rsnm]?|was|kann ich|können sie|bitte|erkläre|schreibe|nenne)\b"
    r"|\b(?:comment|où|quand|pourquoi|quel(?:le)?s?|est-ce|puis-je|pouvez-vous|explique|écris|donne)\b"
    r"|(?:\b(?:cómo|dónde|cuándo|qué|cuál(?:es)?|puedo|puede|explica|escribe|como|onde|quando|qual|posso|explique|escreva|come|dove|quale|perché|"
    r"spiega|scrivi|hoe|waar|wanneer|waarom|welke|leg|schrijf|jak|gdzie|kiedy|dlaczego|czy|nasıl|nerede|zaman|neden|misin|mısın|"
    r"bagaimana|kapan|mengapa|apakah|tolong|как|где|когда|почему|можно|объясни|напиши)\b)"
    r"|怎|如何|什么|吗|呢|哪|多少|能否|是否|请(?!求)|为什么|か[。?？]|どう|何|なぜ|ください|까|나요|어떻게|무엇|왜|주세요|ไหม|อย่างไร|ทำไม|กรุณา"
    r"|كيف|هل|متى|أين|لماذا|क्या|कैसे|कब|कहाँ|क्यों",
    re.IGNORECASE,
)
_SELF = re.compile(
    r"\b(?:i|i'm|i've|i'd|i'll|my|me|mine|myself|ich|mein\w{0,2}|mir|mich|je|j'|mon|ma|mes|moi|yo|mi|mis|me|eu|meu|minha|io|mio|mia|"
    r"ik|mijn|moje|mój|moja|benim|saya|tôi|мой|моя|мне|меня|я)\b|我|私|제|저는|내|ฉัน|ผม|मैं|मेर",
    re.IGNORECASE,
)
# How whoever answers begins, and no user does.
_ANSWERS = re.compile(
    r"(?:yes|no|sure|certainly|of course|absolutely|you're welcome)[,.!] |(?:hello|hi|dear [\w ]{1,20}|good (?:morning|afternoon|day))[,.!] "
    r"(?:thank you for (?:your|contacting|reaching)|how can i (?:help|assist)|i(?:'d| would) be happy to)|"
    r"(?:thank you|thanks) for (?:your (?:question|message|inquiry|enquiry|interest|patience|request)|contacting|reaching|asking)|"
    r"i(?:'d| would) be (?:happy|glad) to (?:help|assist|rewrite)|i can (?:help|assist) you|dear (?:customer|user|sir|madam|valued)|"
    r"i(?:'m| am) (?:so |very )?sorry (?:to hear|for (?:the|any) inconvenience)|as an ai\b|"
    r"i understand (?:that you|your (?:concern|frustration|question))|we (?:apologi[sz]e|understand|are (?:happy|glad|sorry)|appreciate)\b|"
    r"(?:ja|nein|oui|non|sí|sim|是的|好的|はい|네)[,，、。] ?",
    re.IGNORECASE,
)
_TELLS = re.compile(r"(?:the|it|you|your|to|in|this|that|they|we|there|yes|no)\b", re.IGNORECASE)
_AGENT_ASKS = re.compile(
    r"(?:is there anything else|(?:how|what) (?:else )?can i (?:help|assist|do for you)|can i (?:help|assist) you|do you (?:need|have) any (?:further|more|other) |"
    r"would you like me to|does (?:this|that) (?:help|answer)|could you (?:please )?(?:provide|share) (?:me |us )?(?:with )?your )[^?]{0,120}\?",
    re.IGNORECASE,
)
_CANNOT_REWRITE = re.compile(
    r"\b(?:can't|cannot|can not|unable to|won't|not able to)\b[^.!?\n]{0,40}\b(?:rewrit|rephras|evolv|modify (?:this|the) (?:message|prompt)|fulfil)"
    r"|\bplease (?:provide|share|give)(?: me)?(?: with)? the (?:original |full )?(?:message|prompt|question|text|instruction)s?\b",
    re.IGNORECASE,
)


# ... in other languages: that it cannot, within a sentence that speaks of rewriting.
_CANNOT = (
    r"(?:kann|nicht|niet|ne |pas |no puedo|não posso|non posso|не могу|не смогу|nie mogę|không thể|无法|不能|できません|できかねます|수 없|"
    r"tidak (?:bisa|dapat)|لا (?:يمكنني|أستطيع)|नहीं|ไม่สามารถ|(?:yaz|oluştur)(?:amam|amıyorum))"
)
_REWRITES = (
    r"(?:umschreib\w*|umformulier\w*|herschrijven|réécrire|reformuler|reescribir|reescrever|riscrivere|переписать|переформулировать|przepisać|"
    r"viết lại|改写|重写|書き直|書き換え|다시 (?:쓸|작성)|menulis ulang|إعادة (?:كتابة|صياغة)|दोबारा लिख|เขียน(?:ใหม่|คำถามใหม่)|yeniden yaz\w*)"
)
_CANNOT_OTHERWISE = re.compile(
    rf"{_CANNOT}[^.!?。！？\n]{{0,40}}{_REWRITES}|{_REWRITES}[^.!?。！？\n]{{0,16}}{_CANNOT}", re.IGNORECASE
)


def prompt_fault(text: str, parent: str, template: Collection[str] = ()) -> Fault | None:
    """Why a text that a model wrote from `parent` is no prompt that a user would write; None where it may be one.

    - `empty`: it has no letter and no digit.
    - `template`: it repeats words of the template (one of its `template_runs`).
    - `refuses`: it declines to write one.
    - `unchanged`: it has the words of the parent.
    - `several`: it is a list of prompts.
    - `language`: it is in another language than the parent.
    - `answers`: it answers the parent instead of rewriting it.

    All are told by patterns and word lists; where these leave doubt, None.
    """
    if not any(map(str.isalnum, text)):
        return "empty"
    if _leaks(text, parent, template):
        return "template"
    if refusal(text) == 1 > refusal(parent) or (_cannot_rewrite(text) and not _cannot_rewrite(parent)):
        return "refuses"
    if _unchanged(text, parent):
        return "unchanged"
    if _several(text) and not _several(parent):
        return "several"
    if other_language(text, parent):
        return "language"
    return "answers" if _answers(text, parent) else None


def _cannot_rewrite(text: str) -> bool:
    return bool(_CANNOT_REWRITE.search(text) or (_CANNOT_OTHERWISE.search(text) and not _asks(text)))


def template_runs(text: str) -> frozenset[str]:
    """Every sequence of `LEAK` words in a row of a template's own text; those of few letters are left out."""
    return frozenset(_runs(_words(text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("\u2019", "'"))


def _runs(words: list[str]) -> Iterator[str]:
    for start in range(len(words) - LEAK + 1):
        run = " ".join(words[start : start + LEAK])
        if len(run) - LEAK + 1 >= LEAK_LETTERS or not run.isascii():
            yield run


def _leaks(text: str, parent: str, template: Collection[str]) -> bool:
    said = set(_runs(_words(text))) - set(_runs(_words(parent)))
    return any(run in template for run in said)


def _unchanged(text: str, parent: str) -> bool:
    """Whether a text has the parent's words, in any order, apart from one or two short ones such as `the`."""
    new, old = Counter(_words(text)), Counter(_words(parent))
    if new == old:
        return True
    changed = [*(new - old).elements(), *(old - new).elements()]
    slight = all(len(word) <= SLIGHT and word.isascii() and word.isalpha() and word != "not" for word in changed)
    return slight and len(changed) <= 2 and old.total() > len(changed)


def _several(text: str) -> bool:
    """Whether a text is a list of prompts, or several lines that each end in a question mark."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    items = [line for line in lines if _ITEM.match(line)]
    if len(items) > 1 and _ITEM.match(lines[0]):
        # A list of things, and behind it what is to be done with them.
        return _ITEM.match(lines[-1]) is not None or not _asks(lines[-1]) or any(map(_asks, items))
    return len(lines) >= MANY_QUESTIONS and all(line.rstrip(" *_\"'\u201d").endswith(tuple("?？")) for line in lines)


def _answers(text: str, parent: str) -> bool:
    if _ANSWERS.match(text) and not _ANSWERS.match(parent):
        return True
    if not _asks(parent):
        return False
    if "\n" not in text and len(text.split()) >= FEW_WORDS and text[-1] not in ENDS and not _TELLS.match(text):
        return False  # as people write into a search box: `vegan lasagna for 4 people`
    said = _AGENT_ASKS.sub(" ", text)
    return not (_asks(said) or _SELF.search(said))


def _asks(text: str) -> bool:
    return any(mark in text for mark in _MARKS) or bool(_ASKS.search(text))
