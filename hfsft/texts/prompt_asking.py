"""Whether a text asks for something, as a user does, or answers, as whoever is asked does; by patterns of words."""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.loops import UNSPACED

FEW_WORDS, ENDS = 2, ".!?:;。！？：；।؟})]`\"'\u201d"
LONG = 3  # sentences
COMPLAINT = 20  # words of a text that only tells what is wrong
TOLD = 12  # words without a question or a wish, from which a text that grew from none tells rather than asks

_MARKS = "?？؟"
_SENTENCE = r"(?:^|(?<=[.!?:;,\n\u2026\"(] )|(?<=\n)|\b(?:and|but|or|so|also|then|please|if so|hello|hi|hey|kindly) )"
_VERBS = (
    r"(?:explain|describe|tell|give|list|compare|write|help|show|suggest|summari[sz]e|translate|generate|design|discuss|analy[sz]e|"
    r"outline|walk me|recommend|imagine|compute|calculate|solve|draft|identify|define|prove|evaluate|convert|rewrite|"
    r"come up with|specify|compose|develop|consider|suppose|assume|propose|name|find|create|make|provide|plan|let me know|remind|advise|state|estimate|"
    r"determine|rank|classify|implement|build|act as|pretend|clarify|confirm|cancel|send me|delete|change|close|update|refund|"
    r"rearrange|reverse|re-?order|recogni[sz]e|rate|multiply|capitali[sz]e|reformat|traverse|speculate|reword|craft|utili[sz]e|guess|deduce|"
    r"infer|imitate|preface|expand|enumerate|research|collect|represent|reconstruct|cluster|redesign|appraise|sum up|think of|detect|compile|assign|distinguish|edit|extend|sort|fix|debug|refactor|optimi[sz]e|proofread|paraphrase|simplify|shorten|elaborate|justify|argue|"
    r"debate|illustrate|critique|assess|examine|investigate|interpret|predict|derive|integrate|differentiate|factor|plot|express|"
    r"modify|adapt|transform|extract|parse|output|respond|answer|brainstorm|invent|narrate|recite|categori[sz]e|count|round|"
    r"turn (?:it|this|that|these|them) into|construct|devise|formulate|sketch|draw|teach|correct|improve|revise|reformulate|conduct|"
    r"(?:return|produce)(?: only)? (?:a|an|the) (?:json|list|table|number|string|single|array|object|dictionary|csv|yaml|xml|sql)|"
    r"(?:continue|complete|finish) (?:the|this) (?:story|poem|dialogue|text|sentence|series|sequence|code|function|analogy))"
)
_OPENING = (
    r"(?:how|what|where|when|why|who|which|whose)(?:'s|\b)(?: [\w'-]+){0,4} "
    r"(?:do|does|did|is|are|can|could|should|would|will|am|was|were|has|have|to|i|my)\b"
    r"|(?:can|could|do|does|did|is|are|will|would|should|may|am|was|has|have) "
    r"(?:i|you|we|it|there|they|my|the|this|that|someone|anyone|somebody|your|a|an)\b"
)
_AMOUNT = r"how (?:to|much|many|long|often|about)\b"
_WISH = (
    r"\bwhat (?:now|should|if|about)\b|\b(?:any|some) (?:idea|tips|advice)\b|\bneed(?:ed)? (?:help|somebody|someone|you to)\b"
    r"|\b(?:looking for|wondering|curious)\b|\bplease[.!]{0,3}$"
)
# In other languages: words that ask, and words that ask for something.
_QUESTION_WORDS = (
    r"(?:wie|wo|wann|warum|welche[rsnm]?|was (?:ist|sind|war|kann|muss|soll|sollte|darf|mache|mach|tun|tue|passiert|bedeutet|kostet|hilft|heißt|genau|für|man|ich)"
    r"|kann ich|comment|où|quand|pourquoi|quel(?:le)?s?|est-ce|puis-je|cómo|dónde|cuándo|qué|cuál(?:es)?|puedo|como|onde|quando|qual|posso"
    r"|come (?:posso|si|faccio|fare|funziona|mai|è|sono|devo|puoi|mi)|dove|quale|perché|hoe (?:kan|moet|werkt|lang|veel|vaak|ik|je|doe|maak|krijg|zet|is)|waar|wanneer|waarom|welke"
    r"|jak|gdzie|kiedy|dlaczego|czy|nasıl|nerede|zaman|neden|bagaimana|kapan|mengapa|apakah|как|где|когда|почему|можно)\b"
)
_REQUESTS = (
    r"\b(?:können sie|bitte|erkläre|schreibe|nenne|pouvez-vous|explique|écris|donne|puede|explica|escribe|escreva|spiega|scrivi|leg (?:me )?uit|schrijf|misin|mısın|"
    r"tolong|объясни|напиши)\b"
    r"|\b(?:cái gì|điều gì|là gì|làm gì|thế nào|như nào|bao nhiêu|bao lâu|khi nào|tại sao|vì sao|ở đâu|ai là|hãy|nào|liệu|mấy|phải không|được không|giúp)\b"
    r"|(?:^|(?<=[。！？\n，；：、 ]))[^。！？\n，；：]{0,16}?(?:(?<![改重])写|构建|构造|创建|创造|描述|解释|列出|列举|比较|对比|总结|概括|概述|分析|生成|设计|翻译|编写|编辑|编造|"
    r"分类|归类|排列|举例|举出|计算|识别|论述|讨论|推荐|建议|提出|命名|起草|制定|阐述|评价|评估|判断|给出|给我|帮我|告诉|说出|找出|找到|确定|猜测|想象|求出|定义|转换|重新|表达|模拟|回答|造一|造个|做一|"
    r"提供一|提供两|提供三|提供五)"
    r"|怎|如何|什么|吗|呢|哪|多少|能否|是否|请(?!求)|为什么|か[。?？]|どう|何|なぜ|ください|까|나요|어떻게|무엇|왜|주세요|ไหม|อย่างไร|ทำไม|กรุณา"
    r"|كيف|هل|متى|أين|لماذا|क्या|कैसे|कब|कहाँ|क्यों"
)
_TELLS_TO = rf"{_SENTENCE}(?:please )?(?:\w{{3,12}}ly )?{_VERBS}\b"
_ASKS = at_first_use(
    rf"{_TELLS_TO}|{_SENTENCE}(?:{_OPENING})|\b(?:{_AMOUNT}|{_QUESTION_WORDS})|{_WISH}|{_REQUESTS}", re.IGNORECASE
)
# The same where a question would have its mark: `how much` and `where` within a statement ask nothing.
_BEGINS = r"(?:^|(?<=[.!?:\n] )|(?<=\n))(?:(?:and|but|or|so|also|then|hello|hi|hey|okay|und|aber|et|mais|y|pero|e|mas)[, ]{1,2})?"
_ASKS_OUTRIGHT = at_first_use(
    rf"{_TELLS_TO}|{_BEGINS}(?:{_OPENING}|{_AMOUNT}|{_QUESTION_WORDS})|, how (?:much|many)\b|{_WISH}|{_REQUESTS}",
    re.IGNORECASE,
)
# What a task begins with and the steps of an answer as well.
_TASKS = at_first_use(
    r"(?:please )?(?:\w{3,12}ly )?(?:re-?write|put|select|replace|fill in|given|order|overwrite|"
    r"retrieve|search|arrange|produce|train|display|connect|complete|format|form|record|perform|offer|cut|link|move|invite|turn|point out|seek|refer|address|introduce|choose|pick|combine|group|match|highlight|remove|append|"
    r"insert|verify|map|mark|substitute|separate|split|merge|organi[sz]e|prepare|present|specify|review|"
    r"print|label|tag|use|take|read|check|add|report|get|set|keep|look|go|start|begin|apply|run|test|share|include)\b",
    re.IGNORECASE,
)
_SELF = at_first_use(
    r"\b(?:i|i'm|i've|i'd|i'll|my|me|mine|myself|ich|mein\w{0,2}|mir|mich|je|j'|mon|ma|mes|moi|yo|mi|mis|me|eu|meu|minha|io|mio|mia|"
    r"ik|mijn|moje|mój|moja|benim|saya|tôi|мой|моя|мне|меня|я)\b|我(?!们)|私|제|저는|내|ฉัน|ผม|मैं|मेर",
    re.IGNORECASE,
)
# How whoever answers begins, and no user does.
_ANSWERS = at_first_use(
    r"(?:yes|no|sure|certainly|of course|absolutely|you're welcome)[,.!] |(?:hello|hi|dear [\w ]{1,20}|good (?:morning|afternoon|day))[,.!] "
    r"(?:thank you for (?:your|contacting|reaching)|how can i (?:help|assist)|i(?:'d| would) be happy to)|"
    r"(?:thank you|thanks) for (?:your (?:question|message|inquiry|enquiry|interest|patience|request)|contacting|reaching|asking)|"
    r"i(?:'d| would) be (?:more than |very |so )?(?:happy|glad|pleased|delighted) to (?:help|assist|rewrite|deliver|provide|answer|explain|send|offer)"
    r"|i(?:'m| am) (?:very |always |so )?(?:happy|glad|here|pleased) to (?:help|assist|answer)|i(?:'m| am) here for you|i can (?:help|assist) you|"
    r"i(?:'m| am) (?:just |only )?(?:an? )?(?:ai|artificial|robot|bot|chatbot|machine|computer program|language model|virtual assistant)\b|dear (?:customer|user|sir|madam|valued)|"
    r"i(?:'m| am) (?:so |very )?sorry (?:to (?:hear|inform)|for (?:the|any) inconvenience)|as an ai\b|"
    r"i understand (?:that you|your (?:concern|frustration|question))|we (?:apologi[sz]e|understand|are (?:happy|glad|sorry)|appreciate)\b|"
    r"(?:ja|nein|oui|non|sí|sim|是的|好的|はい|네)[,，、。] ?",
    re.IGNORECASE,
)
_TELLS = at_first_use(r"(?:the|it|you|your|to|in|this|that|they|we|there|yes|no)\b", re.IGNORECASE)
# What a task begins with that tells the situation first.
_SETS = at_first_use(
    r"you are (?:given|an?|the|writing|working|planning|going to|in|on|at)\b|your (?:task|job|goal|role) is\b",
    re.IGNORECASE,
)
_GIVES = at_first_use(r"\b(?:the|these|this|each) (?:following|given) \w", re.IGNORECASE)
# Where verbs have no form that commands, only words of whoever answers a question tell its answer from a task.
_UNSPACED = at_first_use(f"[{UNSPACED}]")
_QUESTIONS = at_first_use("[?？]|怎|如何|什么|吗|呢|哪|多少|能否|是否|为什么|か[。]?$|どう|なぜ|ไหม|อย่างไร|ทำไม")
_TELLS_EAST = at_first_use(
    "您|可以|应该|需要您|我们|会发|会在|会给|已经|一般|通常|首先|因为|由于|です|ます|ください|ครับ|ค่ะ"
)
_COMPLAINS = at_first_use(
    r"\b(?:error|problem|issue|trouble|broken|broke|declined|rejected|stolen|lost|missing|wrong|charged|duplicated?|messed up|not allowed|fail(?:s|ed|ing)?|stuck|late|delayed|damaged|"
    r"(?:not|never|n't|no longer) (?:\w+ )?(?:work|working|arrive|arrived|come|came|open|load|show|shown|showing|go|gone|received?|start|turn))\b"
    r"|(?:won|doesn|didn|isn|aren|hasn|haven|wasn)['\u2019]t\b",
    re.IGNORECASE,
)
_ADVISES = at_first_use(
    r"\b(?:you can|you may|you should|you need|please|if you|because|usually|contact|try|make sure)\b", re.IGNORECASE
)
_TASK = at_first_use(r"\b(?:you (?:are|will|must|need|should|have to)|your (?:task|job|goal|role))\b", re.IGNORECASE)
_AGENT_ASKS = at_first_use(
    r"(?:is there anything else|(?:how|what) (?:else )?can i (?:help|assist|do for you)|can i (?:help|assist) you|do you (?:need|have) any (?:further|more|other) |"
    r"would you like (?:me )?to |does (?:this|that) (?:help|answer)|could you (?:please )?(?:provide|share) (?:me |us )?(?:with )?your )[^?]{0,120}\?",
    re.IGNORECASE,
)
# A prompt with its answer behind it, or a whole conversation.
_ANSWERED = at_first_use(
    r"^[#*_>\[( \t]{0,6}(?:(?:the |my |your |model |sample |possible |correct |expected )?(?:answer|response|reply|solution|output)"
    r"|assistant|ai|bot|agent|support|chatbot|antwort|réponse|respuesta|resposta|risposta|ответ|回答|答案|答|câu trả lời|trả lời)"
    r"[*_\])]{0,4} ?[:：][*_ \t]{0,4}\S",
    re.IGNORECASE | re.MULTILINE,
)

_THE_ANSWER = at_first_use(
    r"(?:^|(?<=[.!?\n] )|(?<=\n))(?:so |therefore,? |hence,? )?the (?:correct |right |final )?answer is:? ",
    re.IGNORECASE,
)


# What frames an answer, and no question of a user.
_FRAMES = at_first_use(
    r"(?:in order )?to [^.?!\n]{3,120}, (?:follow|here|you (?:can|will|should|need|must|have to)|start by|first)\b|here (?:are|is) (?:some|a few|\w{1,12}) |"
    r"(?:some|common|several|there are (?:several|many|a few|some|\w{1,8})) (?:\w{1,20} ){0,3}(?:ways|tips|steps|examples|reasons|ideas|options|factors|types|include)\b|"
    r"an example (?:of|could|would|is)|the (?:main|best|most common|easiest|simplest) (?:\w{1,20} ){1,4}(?:is|are|include)\b|"
    r"(?:输出|答案|回答)[:：]|首先[，,]",
    re.IGNORECASE,
)
_STOPS = at_first_use(r"(?<=[.!?。！？])[\s\"'\u201d)]{1,9}|\n+|(?<=[。！？])")
_QUOTED = at_first_use("\"[^\"]{0,300}\"|\u201c[^\u201d]{0,300}\u201d|«[^»]{0,300}»|(?<!\\w)'[^'\\n]{2,300}'(?!\\w)")


def asks(text: str) -> bool:
    """Whether a text asks a question or tells somebody to do something."""
    return _questions(text) or bool(_ASKS.search(text))


def answers(text: str, parent: str = "", *, turn: bool = False, asked: bool = False) -> str:
    """How a text answers instead of asking, in words; empty where it does not, or may not.

    `parent` is the prompt that it grew from, and empty where it grew from none. Whoever takes his `turn` in a
    conversation may also just tell something; a text that was `asked` for as a question may not.
    """
    if _ANSWERS.match(text) and not _ANSWERS.match(parent):
        return "begins as an answer does"
    if _answered(text) and not _answered(parent):
        return "has its answer with it"
    if turn or (parent and not asks(parent)):
        return ""
    said = _AGENT_ASKS.sub(" ", text)
    if len(said) < len(text) and not asks(said) and not _AGENT_ASKS.search(parent):
        return "offers help"
    if _questions(said):
        return ""
    sentences = [each for each in _STOPS.split(said) if each.strip()]
    ends = sentences[-2:] if len(sentences) >= LONG else sentences
    if _FRAMES.match(text) and not _FRAMES.match(parent) and not any(map(asks, ends)):
        return "begins as an answer does"
    if _in_doubt(text) if parent or asked else _may_be_first(text):
        return ""
    questioned = asked or _questions(parent)
    if not questioned and any(map(_TASKS.match, [*sentences[:1], *ends])):
        return ""
    if len(sentences) >= LONG:  # of many sentences the first or one of the last asks
        said = "\n".join([*sentences[:1], *ends])
    elif _UNSPACED.search(text) and not _tells_east(text, parent, asked=asked):
        return ""
    asking = _ASKS_OUTRIGHT if questioned else _ASKS
    return "" if asking.search(said) or _SELF.search(_QUOTED.sub(" ", said)) else "asks for nothing"


def _answered(text: str) -> bool:
    """Whether a text has an answer behind what it asks."""
    labels = [found.start() for found in _ANSWERED.finditer(text)]
    if len(labels) == 1 and asks(text[: labels[0]]):
        return True
    told = _THE_ANSWER.search(text)
    return told is not None and "?" not in text[told.end() :]


def _questions(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _tells_east(text: str, parent: str, *, asked: bool) -> bool:
    """Whether a text in a script without spaces may be an answer, where a question was to come."""
    if asked and text[-1] in ENDS:
        return True
    return bool(_TELLS_EAST.search(text)) and (asked or bool(_QUESTIONS.search(parent)))


def _in_doubt(text: str) -> bool:
    """Whether a text that asks for nothing in so many words may be a prompt all the same."""
    words = len(text.split())
    if _SETS.match(text) or _GIVES.search(text):
        return True
    if words <= COMPLAINT and _COMPLAINS.search(text) and not _ADVISES.search(text):
        return True
    # As people write into a search box: `vegan lasagna for 4 people`.
    search = words >= FEW_WORDS and "\n" not in text and text[-1] not in ENDS
    return search and not _TELLS.match(text) and not text[0].isdigit()


def _may_be_first(text: str) -> bool:
    """The same of a text that grew from none: only one of some length that begins as a statement is in no doubt."""
    return len(text.split()) < TOLD or not _TELLS.match(text) or bool(_TASK.search(text)) or _in_doubt(text)
