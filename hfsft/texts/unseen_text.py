"""Whether a question leans on a text that whoever is asked does not see: `according to the passage`, `in this document`.

    According to the text, when is the clinic open?
    What does the author say about fees?
    Was steht im obigen Abschnitt über Gebühren?

Who writes questions about a text that lies before them writes so; who has the question has not seen that text. A
document that somebody asks how to write, send or open is none of these.
"""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use

_KIND = (
    r"(?:(?:given|provided|above|following|preceding|present|source|reference|original|same|short|entire|whole) ){0,2}"
)
_TEXT = (
    r"(?:text|passage|article|document|excerpt|extract|paragraph|section|snippet|chunk|context|source|material|"
    r"content|page|handbook excerpt|information|details|description|documentation|author|writer|article's author)"
)
_THAT = rf"(?:the|this|that|these|those) {_KIND}{_TEXT}s?"
_SHOWN = r"(?:given|provided|mentioned|described|discussed|stated|listed|presented|outlined|included|contained|quoted)"
_SAYS = (
    r"(?:say|says|said|mention|mentions|state|states|describe|describes|explain|explains|indicate|indicates|suggest|"
    r"suggests|note|notes|list|lists|tell|tells|recommend|recommends|imply|implies|refer|refers|discuss|discusses|specify|"
    r"specifies|claim|claims|provide|provides|outline|outlines|emphasi[sz]es?|mean|means|call|calls|cover|covers)"
)
_PATTERNS = (
    rf"\b(?:according to|based (?:solely |only )?(?:up)?on|judging (?:by|from)|as (?:per|{_SHOWN} in)|going by|in light of) {_THAT}\b(?! of (?:your|my|our))",
    rf"\b(?:from|using) {_THAT},? (?:what|which|how|when|where|who|why|can)\b",
    rf"\b{_SHOWN} (?:in|by|within) {_THAT}\b",
    rf"\b(?:in|within|throughout|from) (?:this|the (?:given|provided|above|following|preceding)) {_KIND}{_TEXT}s?\b(?! of\b)",
    r"\b(?:in|from) the (?:text|passage|article|excerpt|document|paragraph|snippet)\s*\?\s*$",
    rf"\b(?:does|do|did|would|is|can) {_THAT} (?:\w+ ){{0,2}}{_SAYS}\b",
    rf"\b{_THAT} {_SAYS}\b",
    rf"\b(?:summari[sz]e|paraphrase|rewrite|outline) {_THAT}\b",
    rf"\b(?:main|central|key) (?:idea|point|topic|theme|message|purpose)s? of {_THAT}\b",
    rf"\b(?:purpose|topic|title|theme|tone) of (?:this|the (?:given|provided|above)) {_TEXT}\b",
    rf"\b(?:information|details|facts|answer)s? (?:that (?:is|are) )?(?:given|provided) (?:above|here|below|in {_THAT})\b",
    r"\bas (?:mentioned|stated|described|noted|shown|listed) (?:above|here|earlier|previously)\b",
    r"\bwhich (?:chunk|passage|excerpt|paragraph)\b|\b(?:chunk|passage|excerpt|document|text) \[?\d\b|\[\d\]",
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"\b(?:laut|gemäß|nach|entsprechend|basierend auf|in diesem|aus dem|im obigen|im vorliegenden|im folgenden) (?:dem |der |diesem |dieser |des |obigen |vorliegenden |genannten |gegebenen )*(?:Text(?:es|s)?|Textes|Abschnitt(?:s|es)?|Artikel(?:s)?|Dokument(?:s|es)?|Auszug(?:s|es)?|Passage|Absatz(?:es)?|Angaben im Text)\b",
    r"\b(?:erwähnt|sagt|beschreibt|nennt|erklärt) (?:der|das|dieser|dieses) (?:Text|Abschnitt|Artikel|Dokument|Autor|Auszug)\b",
    r"\b(?:selon|d'après|dans|d’après) (?:le|la|l'|l’|ce|cet|cette) ?(?:texte|passage|article|document|extrait|paragraphe|auteur|section)\b",
    r"\b(?:según|de acuerdo con|conforme a|en|basándose en) (?:el|la|este|esta) (?:texto|pasaje|artículo|documento|extracto|párrafo|fragmento|autor|sección)\b",
    r"\b(?:segundo|de acordo com|conforme|n(?:o|a|este|esta)) ?(?:o |a |este |esta )?(?:texto|passagem|artigo|documento|trecho|parágrafo|autor|excerto)\b",
    r"\b(?:secondo|in base a(?:l|lla)?|n(?:el|ella|ell')|in questo|in questa) ?(?:il |lo |la |l'|questo |questa )?(?:testo|passaggio|articolo|documento|brano|paragrafo|estratto|autore)\b",
    r"\b(?:volgens|in) (?:de|het|deze|dit) (?:tekst|passage|artikel|document|fragment|alinea|auteur)\b",
    # Russian, Polish, Turkish, Vietnamese, Indonesian
    r"\b(?:согласно|в|по|исходя из) (?:(?:данн|эт|приведённ|приведенн|вышеуказанн|представленн)\w+ )?(?:тексте?у?|документе?у?|отрывке?у?|статье|абзаце?у?|фрагменте?у?)\b",
    r"\b(?:według|zgodnie z|w|na podstawie) (?:tego |tym |powyższego |powyższym |podanego )?(?:tekst(?:u|em|cie)|dokument(?:u|em|cie)|fragment(?:u|em|cie)|artykuł(?:u|em)|artykule)\b",
    r"\b(?:metne|metinde|belgeye|belgede|pasaja|makaleye|parçaya|yukarıdaki metne) (?:göre|dayanarak)?\b",
    r"(?:theo|trong|dựa (?:trên|vào)) (?:đoạn (?:văn|trích)|văn bản|bài (?:viết|báo|đọc)|tài liệu)(?: (?:này|trên))?",
    r"\b(?:menurut|berdasarkan|dalam) (?:teks|dokumen|artikel|bacaan|paragraf|kutipan)(?: (?:ini|tersebut|di atas))?\b",
    # Chinese, Japanese, Korean, Thai, Arabic, Hindi
    r"(?:根据|依据|按照|基于|从)(?:上述|以上|该|此|本|这[篇段份]|所给|给定|提供的|上面的)*(?:文[本章中档件字]|段落|短文|材料|上文|资料|原文|内容|信息)|(?:文中|文章中|本文|上文|该文|原文)(?:提到|说|所述|指出|介绍|描述)?",
    r"(?:この|上記の|本|以下の|当該)?(?:文章|文書|テキスト|記事|段落|文中|本文|資料|抜粋)(?:によると|によれば|に基づ|では|で述べ|に書かれ|の中で)",
    r"(?:이|위|다음|본|해당|주어진)\s?(?:글|본문|지문|문서|텍스트|기사|단락|자료|내용)(?:에 따르면|에 의하면|에서는?|을 바탕으로)|(?:본문|지문)에 따르면",
    r"(?:ตาม|จาก|ใน)(?:ข้อความ|บทความ|เอกสาร|เนื้อหา|ย่อหน้า)(?:นี้|ข้างต้น|ที่ให้มา|ดังกล่าว)?",
    r"(?:وفق[اً]*|بحسب|حسب|بناءً? على|في)\s?(?:ل)?(?:هذا |هذه )?(?:النص|المقال|الوثيقة|المستند|الفقرة|المقطع|للنص|للمقال|للوثيقة)",
    r"(?:इस|उपरोक्त|दिए गए) (?:पाठ|लेख|दस्तावेज़?|गद्यांश|अनुच्छेद|पैराग्राफ)|(?:पाठ|लेख|दस्तावेज़?|गद्यांश|अनुच्छेद) के अनुसार",
)
_UNSEEN = at_first_use("|".join(f"(?:{each})" for each in _PATTERNS), re.IGNORECASE)


def unseen_text(question: str) -> str | None:
    """The words by which a question leans on a text that is not there, in 18 languages; None for no such words."""
    found = _UNSEEN.search(question)
    return " ".join(found[0].split()) if found else None
