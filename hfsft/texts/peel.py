"""A text that was asked for alone, taken out of what models put around it.

Sure! Here's a rewritten version of the message:

**New message:** "How do I return a lamp, and who pays for the label?"

(Note: I added a second question.)
"""

from __future__ import annotations

import json
import re

from hfsft.letters.late_patterns import at_first_use

QUOTES = {
    '"': '"',
    "\u201c": "\u201d",
    "\u201e": "\u201c",
    "'": "'",
    "\u2018": "\u2019",
    "«": "»",
    "`": "`",
    "*": "*",
    "「": "」",
    "『": "』",
}
_AROUND = "#*_>~ \t\n\r-\u2013\u2014"  # marks before a label
_CLOSED = r"[\s*_#\])\"'\u201d`]{0,8}"

_NEW = (
    r"(?:new|rewritten|re-written|rewrote|reworded|rephrased|evolved|revised|final|updated|improved|created|modified|enhanced|"
    r"expanded|extended|adapted|more complex|alternative|example|follow-?up|given|second)"
)
_THING = r"(?:instruction|question|prompt|message|request|query|version|task|rewrite|output|answer|response)s?"
# Of these some are labels without a word more, where no other label follows: a user writes `Task: ... Budget: ...`.
_BARE = (
    r"(?:instruction|question|prompt|message|request|rewrite|output|answer|response|frage|pregunta|pergunta|domanda|vraag|pytanie|soru|pertanyaan|вопрос|"
    r"câu hỏi|问题|質問|질문|السؤال|प्रश्न|คำถาม)(?! ?\d)(?![^\n]{0,400}[.!?;\n] ?[A-Z][\w ]{1,20}:)"
)
_FOREIGN = (
    r"(?:neue|umgeschriebene|überarbeitete) (?:nachricht|frage|anfrage|version)|nouve(?:au|lle) (?:message|question|demande|version)"
    r"|(?:message|question) réécrite?|nuev[oa] (?:mensaje|pregunta|versión)|(?:mensaje|pregunta) reescrit[oa]|nov[oa] (?:mensagem|pergunta|versão)"
    r"|(?:mensagem|pergunta) reescrita|nuov[oa] (?:messaggio|domanda|versione)|nieuwe? (?:bericht|vraag|versie)"
    r"|нов(?:ое|ый|ая) (?:сообщение|вопрос|версия)|(?:改写|重写|修改|新)(?:后)?的?(?:消息|问题|提示|指令|版本|信息)|新しい(?:メッセージ|質問|指示)|새(?:로운)? (?:메시지|질문|지시)"
    r"|(?:câu hỏi|yêu cầu|tin nhắn|phiên bản|lời nhắc|đề bài) (?:mới|đã viết lại|được viết lại|viết lại)|now[ae] (?:wiadomość|pytanie|polecenie|wersja)"
    r"|yeni (?:mesaj|soru|istem|talimat)|(?:pertanyaan|pesan|perintah|versi) baru|(?:السؤال|الطلب) الجديد|الرسالة الجديدة"
    r"|नया (?:प्रश्न|सवाल|संदेश)|(?:คำถาม|ข้อความ|คำสั่ง)ใหม่"
)
# What was rewritten, by a word that speaks of it as done
_DONE = (
    r"(?:(?:đã|được) viết lại|改写后|重写后|書き直した|書き換えた|다시 (?:쓴|작성한)|yeniden yaz(?:ılmış|ılan|dığım)|ditulis ulang|przepisan[aey]|"
    r"umgeschriebene|réécrite?|reescrit[oa]|riscritt[oa]|herschreven|переписанн\w+|المعاد|เขียนใหม่แล้ว|दोबारा लिखा)"
)
_LABEL = at_first_use(
    rf"(?:(?:the |my |your |here(?:'s| is) (?:the |a |an |my |your )?)?(?:(?:{_NEW} ){{1,2}}{_THING}(?: \d{{1,2}})?|{_BARE})|{_FOREIGN})"
    rf"(?: is)?{_CLOSED}[:：][\s*_]{{0,8}}|(?:the )?{_NEW} {_THING}[*_#\])]{{0,4}}[ \t]{{0,4}}\n",
    re.IGNORECASE,
)
# A label that only a rewriting has, at the start of any line: what is before it is talk.
_LATER = at_first_use(
    rf"^[#*_>\[ \t]{{0,8}}(?:the |here(?:'s| is) the )?(?:{_NEW} {_THING}|{_FOREIGN}){_CLOSED}[:：][\s*_]{{0,8}}",
    re.IGNORECASE | re.MULTILINE,
)
_SURE = at_first_use(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|got it|understood|no problem|natürlich|gerne|klar|bien sûr|claro"
    r"|por supuesto|certo|natuurlijk|oczywiście|tabii(?: ki)?|elbette|tentu(?: saja)?|baik|tất nhiên|dĩ nhiên|chắc chắn rồi|vâng|конечно|بالتأكيد|بالطبع|ज़रूर|बिल्कुल|แน่นอน|ได้เลย|当然(?:可以)?|好的|もちろん(?:です)?|물론(?:입니다|이죠)?)[ \u00a0\u202f]?[!.,:;！。，、：]{1,3}\s{0,9}",
    re.IGNORECASE,
)
# What a preamble tells of: the text that was asked for, not what a user brings along (`Here is my code:`).
_TOLD = (
    rf"(?:\b{_NEW}\b|\b{_THING}\b|nachricht|frage|anweisung|mensaje|pregunta|mensagem|pergunta|messaggio|domanda|demande|bericht|vraag|"
    r"сообщени[ея]|вопрос|верси|wiadomość|pytanie|mesaj|soru|pertanyaan|pesan|versi|câu hỏi|yêu cầu|phiên bản|tin nhắn|đề bài|السؤال|الرسالة|"
    r"प्रश्न|संदेश|सवाल|คำถาม|ข้อความ|消息|问题|提示|指令|版本|質問|メッセージ|指示|質問文|메시지|질문|지시)"
)
# `Here's a rewritten version of the message that asks for more:`
_PREAMBLE = at_first_use(
    rf"[^\n:：]{{0,40}}{_DONE}[^\n:：]{{0,40}}[:：]\s{{0,9}}|here (?:you go|you are|it is)[:.!][*_\"' \t]{{0,4}}\n|"
    r"(?:here(?:'s| is| are)|below is|this is|the following is|i(?:'ve| have)? (?:rewritten|rewrote|rephrased|revised|changed|created|evolved)"
    r"|(?:hier|das) ist|voici|aquí (?:tienes|está)|aqui está|ecco|вот|đây là|dưới đây là|sau đây là|oto|işte|berikut|إليك|فيما يلي|यह रहा|นี่คือ|以下是|这是|以下は|다음은)"
    rf"(?! (?:my|our|mein|mon|ma|mi)\b)(?=[^\n:：]{{0,160}}{_TOLD})[^\n:：]{{0,200}}[:：.][*_\"' \t]{{0,4}}(?:\n|$)|"
    r"(?:here(?:'s| is)|voici|hier ist|aquí (?:tienes|está)|ecco|вот|以下是|这是)[^\n:：.?!]{0,90}"
    rf"{_TOLD}[^\n:：.?!]{{0,90}}[:：]\s{{0,9}}",
    re.IGNORECASE,
)
# What only a remark about the rewriting speaks of.
_JOB = (
    r"(?:rewrit|rewrote|rephras|evolv|original (?:message|prompt|question)|more complex|more specific|second question|"
    r"follow-?up question|th(?:e|is) (?:new |revised )?(?:message|prompt|question|instruction|version)|"
    r"a (?:second|follow-?up|new) (?:question|condition|message)|(?:condition|constraint|detail)s?\b)"
)
_BYE = (
    r"let me know if (?:you(?:'d| would)? (?:like|want|prefer)\b|you need (?:any|further|more|another|other|additional)\b"
    r"|(?:this|that|it) (?:works|helps|is (?:ok|okay|fine|good|better|what|suitable)|meets|fits|suits|needs|looks|sounds|captures|matches)\b"
    r"|any (?:changes|adjustments|further|other|more|of|part))"
    r"|(?:i )?hope (?:this|that) (?:helps|works)|feel free to (?:ask|let|adjust|modify)|is there anything else"
    r"|would you like me to"
    r"|th(?:is|e) (?:new |rewritten |revised |evolved |updated )?(?:version|message|prompt|question|rewrite|instruction) "
    r"(?:(?:now |also )?(?:adds|asks|makes|requires|introduces|goes|builds|challenges|invites|keeps)|now (?:is|has|includes|should)"
    r"|is (?:now|more|a bit|a little|designed|meant|harder|longer))\b"
)
# Where the talk behind a text begins, at the start of a line.
_NOTE = at_first_use(
    r"^[(\[*_>#\-\u2014 \t]{0,8}(?:"
    r"(?:explanation|rationale|reasoning|changes(?: made)?|what changed|why this works|erklärung|explication|explicación|объяснение|说明|解释)"
    r"[*_ ]{0,3}[:：]"
    rf"|(?:please )?(?:notes?|p\.?s\.?|n\.?b\.?|anmerkung|hinweis|remarque|nota|примечание|注|备注)[*_ ]{{0,3}}[:：][^\n]{{0,200}}?{_JOB}"
    rf"|(?:i|in)(?:'ve| have)? (?:also )?(?:added|rewrote|rewritten|changed|kept|tried|this (?:version|rewrite))\b[^\n]{{0,200}}?{_JOB}"
    rf"|{_BYE}|(?:original|given|old) (?:message|prompt|question|instruction)[*_# ]{{0,4}}[:：])",
    re.IGNORECASE | re.MULTILINE,
)
_GOODBYE = at_first_use(rf"(?<=[.?!\"\u201d)])\s{{1,4}}(?:{_BYE})[^\n]{{0,200}}$", re.IGNORECASE)
_ASIDE = at_first_use(
    rf"\s{{0,9}}[(\[](?:note[:\s]|explanation\b|[^()\[\]\n]{{0,60}}{_JOB})[^()\[\]]{{0,400}}[)\]]?$", re.IGNORECASE
)
_TAG = at_first_use(rf"<({_NEW}[ _-]?)?({_THING})>(.*)</(?(1)\1)\2>", re.DOTALL | re.IGNORECASE)
_FENCE = at_first_use(r"```[a-z]{0,12}\n(.*)\n```", re.DOTALL)
_MARK = at_first_use(r"(?:#{1,6}|[-*•>]|1[.)])[ \t]+")
_RULE = at_first_use(r"^(?:-{3,40}|\*{3,40})[ \t]{0,9}\n|\n(?:-{3,40}|\*{3,40})$")
_APOSTROPHE = at_first_use(r"(?<=\w)'(?=\w)")
_KEY = at_first_use(rf"(?:{_NEW}[ _-]?){{0,2}}{_THING}", re.IGNORECASE)
_ROUNDS = 6  # layers that are taken off


def peel(text: str) -> str:
    """The text without labels, preambles, closing notes, quotes and markup around it; up to six layers are removed."""
    text = text.strip()
    for _ in range(_ROUNDS):
        before, text = text, _layer(text)
        if text == before:
            break
    return text


def _layer(text: str) -> str:
    if fenced := _FENCE.fullmatch(text):
        text = fenced[1].strip()
    text = _boxed(text)
    for pattern in (_SURE, _PREAMBLE):
        if (found := pattern.match(text)) and (rest := text[found.end() :].strip()) and not _goes_on(rest):
            text = rest
    bare = text.lstrip(_AROUND + "\"'\u201c[(`")
    if found := _LABEL.match(bare):
        text = bare[found.end() :].strip()
    elif labels := [found for found in _LATER.finditer(text) if text[found.end() :].strip()]:
        text = text[labels[-1].end() :].strip()
    if (note := _NOTE.search(text)) and (kept := text[: note.start()].strip()):
        text = kept
    for pattern in (_ASIDE, _GOODBYE):
        if (found := pattern.search(text)) and (kept := text[: found.start()].strip()):
            text = kept
    return _unquoted(text)


def _boxed(text: str) -> str:
    """The text inside a pair of tags around all of it, or the value of a JSON object with one key; else the text."""
    if tagged := _TAG.fullmatch(text):
        return tagged[3].strip()
    if not text.startswith("{"):
        return text
    try:
        ((key, value),) = json.loads(text).items()
    except (ValueError, RecursionError):
        return text
    return value.strip() if isinstance(value, str) and _KEY.fullmatch(key) and value.strip() else text


def _goes_on(text: str) -> bool:
    """Whether a text begins with a quotation and goes on after it, so that the quotation is part of what is asked."""
    end = text.find(QUOTES[text[0]], 1) if text[0] in QUOTES and text[0] not in "*`" else -1
    return end > 0 and any(map(str.isalnum, text[end:])) and text[-1] != QUOTES[text[0]]


def _unquoted(text: str) -> str:
    """The text without quotes, bold marks and rules around it, and without the bullet of a list with one item."""
    text = text.strip()
    if "\n" not in text and (mark := _MARK.match(text)) and not text.endswith("*"):
        text = text[mark.end() :]
    text = _RULE.sub("", text).strip()
    if len(text) > 4 and text.startswith("**") and text.endswith("**") and "**" not in text[2:-2]:
        return text[2:-2].strip()
    while len(text) > 1 and QUOTES.get(text[0]) == text[-1] and _whole(text):
        text = text[1:-1].strip()
    return text


def _whole(text: str) -> bool:
    """Whether the quotes at both ends belong together: none of them stands in between, apostrophes not counted."""
    inner = _APOSTROPHE.sub("", text[1:-1])
    return text[0] not in inner and text[-1] not in inner
