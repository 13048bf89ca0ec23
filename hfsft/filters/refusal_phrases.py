"""How refusals are worded, by language.

Regular expressions over case-folded text with straight apostrophes and single spaces. `refuses` says no to the
request, `disclaims` speaks of being a machine. Precision first: a phrase that people use for anything else ("I'm
sorry to hear", "we cannot refund") has no place here.
"""

from __future__ import annotations

from typing import NamedTuple


class Phrases(NamedTuple):
    """The phrases of one language."""

    refuses: tuple[str, ...]
    disclaims: tuple[str, ...]


_CANNOT = r"\bi(?:'m|'d)? ?(?:can't|cannot|can not|could not|won't|will not|(?:am |be )?(?:not able|unable) to)"
_MATTER = (
    r"(?:information|instructions?|guidance|advice|assistance|support|help|details|an(?:swer)?|responses?|definition|list|"
    r"plan|suggestions?|content|material|opinions?|recommendations?|reasons?|process|ways?|method)"
)
_SPEAKING = r"(?:answer|respond|help|assist|shar|giv|provid|discuss|offer|generat|creat|writ|engag|support)(?:e|ing)?"

UNSPACED = frozenset({"zh"})  # written without spaces, so that a phrase may begin anywhere

PHRASES: dict[str, Phrases] = {
    "en": Phrases(
        refuses=(
            rf"{_CANNOT} (?:help|assist)(?: you)? (?:with (?:that|this|it|your|such|any)|in (?:that|this))\b",
            rf"{_CANNOT} (?:help you|assist(?: you)?)(?:$|[.,;!])",
            rf"{_CANNOT} (?:fulfil?l|comply with|answer|respond to|engage (?:in|with)|participate in)"
            r" (?:your|this|that|the|such|any|these|those|harmful|illegal|questions|requests)\b",
            rf"{_CANNOT} (?:provide|generate|create|produce|discuss) (?:that|this|such)\b",
            rf"{_CANNOT} (?:provide|offer|give|suggest|discuss|generate|create|write|produce|recommend)(?: you)?"
            rf"(?: with)?(?: any| an?| the| specific)? ?\b{_MATTER}\b",
            rf"{_CANNOT} (?:suggest or )?(?:encourage|promote|condone|endorse)\b",
            r"\bi(?: must|'ll have to| have to| will have to|'m going to have to)"
            r" (?:respectfully |politely )?(?:decline|refuse)\b",
            rf"\bi(?:'m| am) not (?:comfortable|allowed|permitted|programmed|designed)(?: to| with)? {_SPEAKING}\b",
            r"\bi(?:'m sorry| am sorry| apologi[sz]e),? but it(?:'s| is) not (?:appropriate|ethical)\b",
            r"\bi (?:don't|do not) (?:think|feel|believe) (?:that )?it(?:'s| is| would be) (?:appropriate|ethical)\b",
            r"\b(?:goes |is )?against my (?:programming|guidelines|ethical|principles|policies)\b",
        ),
        disclaims=(
            r"\bas an? (?:[\w-]+ )?(?:ai|artificial intelligence|language model|large language model)\b[^.!?]{0,90}"
            r"\b(?:don't|do not|cannot|can't|can not|not|no|never|must|unable|without)\b",
            r"\bi(?:'m| am) (?:just|only|merely) an? (?:[\w-]+ )?(?:ai|artificial intelligence|language model)\b",
            r"\bi(?:'m| am) an? (?:ai|artificial intelligence|language model)\b[^.!?]{0,40}"
            r"\b(?:don't|do not|cannot|can't)\b",
            r"\bi (?:don't|do not) have (?:personal (?:opinions?|beliefs|experiences|feelings|preferences|data)|"
            r"real-time|access to (?:real-time|current|up-to-date|the internet|personal))\b",
        ),
    ),
    "vi": Phrases(
        refuses=(
            r"\btôi (?:rất tiếc )?(?:không thể|không được phép|xin từ chối) (?:giúp|hỗ trợ|cung cấp|"
            r"trả lời|đáp ứng|thực hiện)[^.!?]{0,30}\b(?:yêu cầu|câu hỏi|thông tin|hướng dẫn|điều|việc|nội dung)\b",
        ),
        disclaims=(
            r"\b(?:là|với tư cách là) một (?:mô hình ngôn ngữ|trí tuệ nhân tạo|trợ lý (?:ảo )?ai|ai)\b"
            r"[^.!?]{0,60}\bkhông\b",
        ),
    ),
    "de": Phrases(
        refuses=(
            r"\bich (?:kann|darf|werde) (?:\w+ ){0,3}(?:nicht (?:weiter)?helfen|nicht beantworten|nicht nachkommen|"
            r"keine (?:\w+ )?(?:informationen|anleitung(?:en)?|auskunft|auskünfte|hilfe)"
            r" (?:geben|bereitstellen|anbieten))\b",
        ),
        disclaims=(
            r"\bals (?:ein )?(?:ki|künstliche intelligenz|(?:ki-)?sprachmodell|ki-\w+)\b"
            r"[^.!?]{0,60}\b(?:nicht|keine?n?)\b",
        ),
    ),
    "fr": Phrases(
        refuses=(
            r"\bje ne (?:peux|puis|suis) pas (?:en mesure de )?(?:(?:vous|te) )?(?:aider avec|aider à|fournir d|"
            r"répondre à|donner d|satisfaire)",
        ),
        disclaims=(
            r"\ben tant qu(?:e |')(?:modèle de langage|ia|intelligence artificielle|assistant ia)\b"
            r"[^.!?]{0,60}\b(?:ne |n')",
        ),
    ),
    "es": Phrases(
        refuses=(
            r"\bno puedo (?:ayudar(?:te|le)? con (?:eso|esto|esa|esta|tu|su)|responder a (?:eso|esta|esa|tu|su)|"
            r"cumplir con (?:esa|esta|tu|su)|"
            r"proporcionar(?:te|le)? (?:información|instrucciones|esa|ese|asesoramiento))\b",
        ),
        disclaims=(
            r"\bcomo (?:un |una )?(?:modelo de lenguaje|ia|inteligencia artificial|asistente de ia)\b"
            r"[^.!?]{0,60}\bno\b",
        ),
    ),
    "zh": Phrases(
        refuses=(
            r"我(?:无法|不能|没有?办法|不会)(?:为您|为你|向您|向你)?(?:提供|回答|协助|帮助|满足|参与)[^。!?]{0,12}(?:请求|要求|问题|信息|内容|建议|您|你)",
        ),
        disclaims=(r"作为(?:一个|一名|一款)?(?:大型)?(?:ai|人工智能|语言模型)[^。!?]{0,30}(?:不|没有|无法)",),
    ),
}
