"""Whether a prompt speaks of something that is not there: a table `below`, an attachment, an earlier message.

    Summarize the following article in three sentences.
    What is the trend in the table above?
    Can you explain the second point of your previous answer?

Where a text, a list or code stands in the prompt itself, before `above` or behind `following`, nothing is missing.
"""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.loops import UNSPACED
from hfsft.texts.prompt_asking import asks

FAR_BEHIND, BEFORE = 14, 12  # words behind or before what speaks of them, with which they are there

_TEXT = (
    r"(?:text|passage|article|paragraph|excerpt|extract|table|list|chart|graph|figure|image|picture|photo(?:graph)?|screenshot|diagram|"
    r"(?:source )?code|(?:code )?snippet|script|function|program|query|file|document|pdf|e-?mail|letter|message|data(?:set)?|poem|story|sentences?|"
    r"equations?|essay|review|transcript|conversation|dialogue|statements?|information|details|options|description|report|contract|logs?|"
    r"error message|spreadsheet|json|csv|map|drawing|video|recording|link|url|website|schema|words|numbers|scenario|example)"
)
_KIND = r"(?:[\w-]{1,20} ){0,3}?"
_SEEN = r"(?:table|chart|graph|figure|image|picture|photo(?:graph)?|screenshot|diagram|drawing|map|video|recording|pdf|spreadsheet|scan)"
# What comes with a message and can never stand in it.
_ATTACHED = at_first_use(
    rf"\b(?:the|this|that|my|an?|see|these) {_KIND}(?:attached|enclosed|uploaded) {_KIND}{_TEXT}\b"
    r"|\b(?:the|my|this|these|an?) (?:attached|enclosed|uploaded) [\w-]{3,}"
    rf"|\b{_TEXT} (?:that |which )?(?:i|i've|i have|we|is|are|was|were)? ?(?:just )?(?:attached|uploaded|enclosed)\b(?! to (?:my|the|your))"
    r"|\b(?:i've|i have|i'm|i am|we have|we've) (?:also |just )?(?:attach(?:ed|ing)|enclos(?:ed|ing)|upload(?:ed|ing)) (?:the|a|an|my|some|two|three|it)\b"
    r"|\b(?:see|find) (?:the )?attach(?:ed|ment)|\battached (?:is|are|you will find|please find)\b|\b(?:in|from|to) the attachment\b"
    rf"|\b(?:shown|seen|depicted|visible|pictured) in (?:the|this) {_SEEN}\b|\b(?:look at|looking at|describe|what(?:'s| is) (?:in|on)) this {_SEEN}\b"
    r"|\b(?:im|siehe|den|das|die|der|dem) (?:Anhang|angehängte[nrs]?|beigefügte[nrs]?)\b|\bci-joint\b|\ben pièce jointe\b|\b(?:archivo|documento|imagen|foto) adjunt[oa]\b"
    r"|\bin allegato\b|\bem anexo\b|\bin de bijlage\b|附件|添付(?:の|した|ファイル)|đính kèm|во вложении|в приложении к|w załączniku",
    re.IGNORECASE,
)
# What is said to come behind.
_FOLLOWING = at_first_use(
    r"\b(?:the|this|these|each of the) (?:\w{1,9} )?(?:following|below) (?!(?:day|week|month|year|morning|evening|night|season|is|are|was|of|and|or|the)\b)[\w-]{3,}"
    rf"|\b(?:of|in|from|on|given|to|with) (?:this|these) (?:[\w-]{{1,20}} )?(?:paragraphs?|passages?|excerpts?|articles?|snippets?)\b"
    rf"|\b(?:the|this|these|my) {_KIND}{_TEXT} (?:given |provided |listed |shown |written |pasted |quoted )?below\b"
    rf"|\b(?:the|these|this) {_KIND}{_TEXT} (?:that )?(?:i|you) (?:have |'ve )?(?:provided|pasted|shared|sent|given)(?: (?:me|you))?\b"
    r"|\b(?:as )?(?:shown|listed|given|described|provided|seen|stated|outlined) below\b|\bbelow (?:is|are) (?:a|an|the|my|some)\b"
    rf"|\bhere (?:is|are) (?:the|my|a|an|some) {_KIND}{_TEXT}\b"
    rf"|\b(?:folgende[nrs]?|untenstehende[nrs]?) (?:Text|Tabelle|Code|Artikel|Liste|Satz|Absatz|Bild|E-Mail)\b|\b(?:texte|tableau|code|article|paragraphe|passage|courriel) (?:suivant|ci-dessous)\b"
    r"|\b(?:siguiente|seguinte) (?:texto|tabla|tabela|código|artículo|artigo|párrafo|parágrafo|pasaje|lista|imagen|imagem)\b|\b(?:seguente|seguenti) (?:testo|tabella|codice|articolo|paragrafo|brano|elenco)\b"
    r"|\bvolgende (?:tekst|tabel|code|artikel|alinea|lijst)\b|以下の(?:文章|段落|表|コード|文|リスト|画像)|(?:以下|下列|下面的)(?![是几内の])"
    r"|(?:đoạn văn|văn bản|bảng|đoạn mã|bài viết|danh sách|câu) (?:sau đây|sau|dưới đây)\b|следующ(?:ий|ую|его|ее|ие) (?:текст|таблиц\w|код|отрывок|стать\w|абзац|список|предложени\w)",
    re.IGNORECASE,
)
# What is said to have come before.
_ABOVE = at_first_use(
    rf"\b(?:the|this|these|my) {_KIND}{_TEXT} (?:given |provided |listed |shown |mentioned )?above\b|\bthe (?:above|aforementioned)(?:-mentioned)? {_KIND}{_TEXT}\b"
    r"|\b(?:as )?(?:shown|listed|given|described|provided|stated|mentioned|outlined) above\b|\babove-mentioned\b|\bof the above\b"
    # ... as only who has it before them: of a table that is named no further
    r"|^(?:based on|according to|as per|using|referring to|looking at|from|in) (?:the|this) (?:table|chart|graph|figure|diagram|passage|excerpt|image|picture|photo|screenshot|text),"
    r"|^(?:laut|gemäß|anhand) (?:der|dem|dieser|diesem) (?:Tabelle|Diagramm|Grafik|Abbildung|Text)\b|^(?:d'après|selon) (?:le|la|ce|cette) (?:tableau|graphique|figure|texte|image),"
    r"|^(?:según|de acuerdo con) (?:la|el|esta|este) (?:tabla|gráfico|figura|texto|imagen),|^(?:theo|dựa vào|dựa trên) (?:bảng|biểu đồ|hình|đoạn văn)(?: trên)?,|^(?:根据|参照|按照)(?:表格|图表|图片|短文)[，,]"
    r"|\b(?:obige[nrs]?|obenstehende[nrs]?) (?:Text|Tabelle|Code|Artikel|Liste|Satz|Absatz)\b|\b(?:texte|tableau|code|article|paragraphe) ci-dessus\b"
    r"|\b(?:texto|tabla|tabela|código|artículo|artigo|párrafo) (?:anterior|de arriba|acima)\b|\b(?:testo|tabella|codice) (?:sopra|precedente)\b"
    r"|(?:上面|上述|以上)(?:的)?(?:文章|段落|文本|代码|表格|句子|数据|列表|图片|内容|短文)|上記の(?:文章|段落|表|コード|文|リスト)"
    r"|(?:đoạn văn|văn bản|bảng|đoạn mã|bài viết|danh sách) (?:trên|ở trên)\b|(?:вышеприведенн|вышеуказанн)\w{2,3} (?:текст|таблиц|код|отрывок|стать|абзац|список)",
    re.IGNORECASE,
)
# What only whoever was talked with before knows.
_LEANS = at_first_use(
    r"\b(?:as|like) (?:i|you|we)(?:'ve| have)? (?:already )?(?:mentioned|said|discussed|explained|asked|noted|talked about)(?: (?:above|before|earlier|previously))?\b"
    r"|\byour (?:previous|last|earlier|first|prior|original|second) (?:answer|response|reply|suggestion|explanation|recommendation)\b"
    r"|\b(?:the|my|your|this|that) (?:previous|original|first|initial|earlier|prior|parent) (?:question|prompt|instruction)s?\b"
    r"|\b(?:in|from|of|to) (?:my|the|your) (?:previous|original|last|earlier|initial) message\b"
    r"|\b(?:the|this) (?:same )?(?:question|prompt|instruction) (?:above|before)\b|\bin addition to (?:the above|what you (?:said|told))\b"
    r"|\b(?:you|we) (?:just|already) (?:mentioned|said|explained|told me|discussed|suggested|recommended)\b"
    r"|\bcontinu(?:e|ing) (?:from|with) (?:our|the|your) (?:previous|earlier|last) (?:conversation|discussion|chat|answer)\b"
    r"|\b(?:wie (?:oben|zuvor|bereits) (?:erwähnt|gesagt|beschrieben)|(?:deine|ihre) (?:letzte|vorherige) antwort|comme (?:mentionné|dit|indiqué) (?:ci-dessus|précédemment|plus haut)"
    r"|(?:ta|votre) (?:réponse précédente|dernière réponse)|como (?:mencioné|dije|se mencionó|mencionei|disse) (?:antes|anteriormente|arriba)|(?:tu|su) respuesta anterior|sua resposta anterior"
    r"|come (?:detto|menzionato) (?:sopra|prima)|zoals (?:eerder|hierboven) (?:vermeld|gezegd))\b|(?:如上所述|你(?:刚才|上面|之前)(?:说|提到|的回答)|前面的(?:问题|回答)|原(?:问题|提示))|先ほどの(?:回答|質問)"
    r"|câu (?:hỏi|trả lời) (?:trước|ban đầu)\b|как (?:уже )?(?:упоминалось|говорилось|я (?:уже )?говорил)",
    re.IGNORECASE,
)
_ENDS = at_first_use(r"[.?!](?=\s|$)|[。？！:：\n]")
_TOKENS = at_first_use(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
# `the given text`: what a program is for has none yet.
_GIVEN = at_first_use(
    r"\b(?:the|these) (?:given|provided) (?!(?:that|the|by|to|for|in)\b)[\w-]{3,}|给定的\w", re.IGNORECASE
)
_PROGRAM = at_first_use(
    r"\b(?:function|program|script|algorithm|method|class|regex|query|code (?:that|to|which)|app|implement)\b",
    re.IGNORECASE,
)
# What is said of the answer, and is no part of a text that was announced.
_TELLS_HOW = at_first_use(
    r"(?:please )?(?:keep|use|include|mention|limit|ensure|focus|avoid|make|be|do not|don't|only|also|your|the (?:answer|response|summary|result)|it|in|with|and|then|respond|answer)\b",
    re.IGNORECASE,
)
_BROUGHT = at_first_use(
    r"```|https?://|\b(?:www|[a-z]{2,30})\.(?:com|org|net)\b|\n\s{0,9}\S|[:：]\s{0,4}\S|[\"\u201c«「`'][^\"\u201d»」`'\n]{2}|\s[-\u2013\u2014] \S|\d ?[-+*/=^] ?\d|\|[^|\n]{1,80}\||\{[^}\n]{1,200}\}|<[^>\n]{1,200}>"
)


def missing(text: str) -> str:
    """The words with which a text speaks of something that is not in it; empty for none."""
    if found := _ATTACHED.search(text):
        return "" if _brings(text[found.end() :]) and "\n" in text[found.end() :] else _quoted(found)
    for found in _FOLLOWING.finditer(text):
        if not _brings(text[found.end() :]) and not _stands_before(text[: found.start()]):
            return _quoted(found)
    if (found := _GIVEN.search(text)) and not _PROGRAM.search(text):
        return "" if _brings(text[found.end() :]) or _stands_before(text[: found.start()]) else _quoted(found)
    for found in _ABOVE.finditer(text):
        if not _stands_before(text[: found.start()]):
            return _quoted(found)
    return ""


def leans_on(text: str) -> str:
    """The words with which a text leans on a conversation that came before it; empty for none."""
    found = _LEANS.search(text)
    if not found or _stands_before(text[: found.start()]) or "\n" in text[found.end() :]:
        return ""
    return _quoted(found)


def _quoted(found: re.Match[str]) -> str:
    return " ".join(found[0].split())


def _brings(rest: str) -> bool:
    """Whether behind words that announce a text something comes that may be it."""
    if _BROUGHT.search(rest):
        return True
    end = _ENDS.search(rest)
    behind = rest[end.end() :].strip() if end else ""
    words = len(_TOKENS.findall(behind))
    return words >= FAR_BEHIND or bool(words and not asks(behind) and not _TELLS_HOW.match(behind))


def _stands_before(text: str) -> bool:
    """Whether so much stands before words that point to it that it may be there."""
    return "\n" in text.strip() or len(_TOKENS.findall(text)) >= BEFORE
