"""Whether a text asks for something, as a user does, or answers, as whoever is asked does; by patterns of words."""

from __future__ import annotations

import re

FEW_WORDS, ENDS = 4, ".!?:;。！？：；।؟})]`\"'\u201d"
TOLD = 12  # words without a question or a wish, from which a text that grew from none tells rather than asks

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
    rf"{_SENTENCE}(?:please )?(?:\w{{3,12}}ly )?{_VERBS}\b|{_SENTENCE}(?:how|what|where|when|why|who|which|whose)(?:'s|\b)(?: [\w'-]+){{0,4}} "
    r"(?:do|does|did|is|are|can|could|should|would|will|am|was|were|has|have|to|i|my)\b|\bhow (?:to|much|many|long|often|about)\b"
    rf"|{_SENTENCE}(?:can|could|do|does|did|is|are|will|would|should|may|am|was|has|have) "
    r"(?:i|you|we|it|there|they|my|the|this|that|someone|anyone|somebody|your|a|an)\b"
    r"|\bwhat (?:now|should|if|about)\b|\b(?:any|some) (?:idea|tips|advice)\b|\bneed(?:ed)? (?:help|somebody|someone|you to)\b"
    # other languages: words that ask, or ask for something
    r"|\b(?:wie|wo|wann|warum|welche[rsnm]?|was|kann ich|können sie|bitte|erkläre|schreibe|nenne)\b"
    r"|\b(?:comment|où|quand|pourquoi|quel(?:le)?s?|est-ce|puis-je|pouvez-vous|explique|écris|donne)\b"
    r"|(?:\b(?:cómo|dónde|cuándo|qué|cuál(?:es)?|puedo|puede|explica|escribe|como|onde|quando|qual|posso|explique|escreva|come|dove|quale|perché|"
    r"spiega|scrivi|hoe|waar|wanneer|waarom|welke|leg|schrijf|jak|gdzie|kiedy|dlaczego|czy|nasıl|nerede|zaman|neden|misin|mısın|"
    r"bagaimana|kapan|mengapa|apakah|tolong|как|где|когда|почему|можно|объясни|напиши)\b)"
    r"|\b(?:cái gì|điều gì|là gì|làm gì|thế nào|như nào|bao nhiêu|bao lâu|khi nào|tại sao|vì sao|ở đâu|ai là|hãy|nào|liệu|mấy|phải không|được không|giúp)\b"
    r"|怎|如何|什么|吗|呢|哪|多少|能否|是否|请(?!求)|为什么|か[。?？]|どう|何|なぜ|ください|까|나요|어떻게|무엇|왜|주세요|ไหม|อย่างไร|ทำไม|กรุณา"
    r"|كيف|هل|متى|أين|لماذا|क्या|कैसे|कब|कहाँ|क्यों",
    re.IGNORECASE,
)
# What a task begins with and the steps of an answer as well.
_TASKS = re.compile(
    r"(?:please )?(?:\w{3,12}ly )?(?:traverse|speculate|reorder|re-?write|reword|put|select|replace|fill in|given|order|overwrite|"
    r"retrieve|search|arrange|preface|craft|utili[sz]e|address|introduce|choose|pick|combine|group|match|highlight|remove|append|"
    r"insert|verify|map|mark|substitute|separate|split|merge|organi[sz]e|prepare|present|imitate|guess|deduce|infer|specify|review|"
    r"print|label|tag|use|take|read|check|add|report|get|set|keep|look|go|start|begin|apply|run|test|share|include)\b",
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
_TASK = re.compile(r"\b(?:you (?:are|will|must|need|should|have to)|your (?:task|job|goal|role))\b", re.IGNORECASE)
_AGENT_ASKS = re.compile(
    r"(?:is there anything else|(?:how|what) (?:else )?can i (?:help|assist|do for you)|can i (?:help|assist) you|do you (?:need|have) any (?:further|more|other) |"
    r"would you like me to|does (?:this|that) (?:help|answer)|could you (?:please )?(?:provide|share) (?:me |us )?(?:with )?your )[^?]{0,120}\?",
    re.IGNORECASE,
)
# A prompt with its answer behind it, or a whole conversation.
_ANSWERED = re.compile(
    r"^[#*_>\[( \t]{0,6}(?:(?:the |my |your |model |sample |possible |correct |expected )?(?:answer|response|reply|solution|output)"
    r"|assistant|ai|bot|agent|support|chatbot|antwort|réponse|respuesta|resposta|risposta|ответ|回答|答案|答|câu trả lời|trả lời)"
    r"[*_\])]{0,4} ?[:：][*_ \t]{0,4}\S",
    re.IGNORECASE | re.MULTILINE,
)


def asks(text: str) -> bool:
    """Whether a text asks a question or tells somebody to do something."""
    return any(mark in text for mark in _MARKS) or bool(_ASKS.search(text))


def answers(text: str, parent: str = "", *, turn: bool = False) -> str:
    """How a text answers instead of asking, in words; empty where it does not, or may not.

    `parent` is the prompt that it grew from, and empty where it grew from none. Whoever takes his `turn` in a
    conversation may also just tell something.
    """
    begins = _ANSWERS.match(text)
    if begins and not _ANSWERS.match(parent):
        return "begins as an answer does"
    answered = [found.start() for found in _ANSWERED.finditer(text)]
    if len(answered) == 1 and not _ANSWERED.search(parent) and asks(text[: answered[0]]):
        return "has its answer with it"
    if turn or (parent and not asks(parent)):
        return ""
    words = len(text.split())
    if parent and "\n" not in text and words >= FEW_WORDS and text[-1] not in ENDS and not _TELLS.match(text):
        return ""  # as people write into a search box: `vegan lasagna for 4 people`
    if not parent and (words < TOLD or not _TELLS.match(text) or _TASK.search(text)):
        return ""
    said = _AGENT_ASKS.sub(" ", text)
    if _TASKS.match(text) and not any(mark in parent for mark in _MARKS):
        return ""
    return "" if asks(said) or _SELF.search(said) else "asks for nothing"
