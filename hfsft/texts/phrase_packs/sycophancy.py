"""Openers that flatter whoever asks: `Great question!`, `You're absolutely right`, `好问题`."""

from __future__ import annotations

from hfsft.texts.phrase_packs.pack import Pack, phrase

PACK = Pack(
    "openers that flatter whoever asks",
    "Sharma et al. 2023, Towards Understanding Sycophancy in Language Models, arXiv 2310.13548; openers of ChatGPT, "
    "GPT-4o, Claude, Qwen and Llama answers in public sets",
    opening=160,
    phrases={
        "en": phrase(
            "question|idea|thought|point|observation|insight|absolutely right|completely right|totally right|choice|love|topic|request",
            r"""^\W{0,3}(?:(?:wow|ah|oh|sure|yes|hi|hello|hey|thank you|thanks)\W{1,3}(?:there\W{1,2})?)?
            (?:(?:that's|that is|this is|what) (?:such |really |actually |truly |indeed )?(?:an? )?
            (?:really |very |truly |absolutely |such |quite |genuinely )?|(?:a )?(?:really |very |truly )?)
            (?:great|good|excellent|fantastic|wonderful|amazing|brilliant|fascinating|interesting|insightful|thoughtful|awesome|superb|terrific|
            important|profound|perfect|lovely|outstanding|astute|clever|smart|deep|intriguing|thought-provoking)
            (?:,? (?:and|but) \w{3,14})?
            (?: and \w{3,14})? (?:question|idea|thought|point|observation|insight|choice|topic|request|query)s?\b(?! (?:of|for which|in which|is|are|was|has|can|about which)\b)
            |^\W{0,3}(?:you're|you are) (?:absolutely|completely|totally|so|quite|100% )\s?right\b
            |^\W{0,3}i (?:really |absolutely )?love (?:this|your|that) (?:question|idea|thought|enthusiasm|curiosity|passion)\b
            |^\W{0,3}(?:i'm|i am) (?:so |really |very )?(?:glad|happy|delighted) (?:that )?you (?:asked|brought)\b""",
        ),
        "de": phrase(
            "frage|idee|recht|punkt",
            r"""^\W{0,3}(?:das ist (?:wirklich )?eine? |was für eine? )?(?:wirklich |sehr |ganz |besonders )?
            (?:gute|tolle|ausgezeichnete|großartige|super|spannende|interessante|hervorragende|wunderbare|kluge)[rs]? (?:frage|idee|punkt|gedanke)\b
            |^\W{0,3}(?:sie haben|du hast) (?:absolut|völlig|vollkommen) recht\b""",
        ),
        "fr": phrase(
            "question|idée|raison|remarque",
            r"""^\W{0,3}(?:c'est |voilà |quelle )?(?:vraiment )?(?:une )?(?:très |vraiment )?
            (?:excellente?|bonne|superbe|belle|intéressante|formidable|magnifique) (?:question|idée|remarque)\b
            |^\W{0,3}(?:c'est |voilà )?une? (?:question|idée|remarque) (?:très |vraiment )?(?:intéressante|pertinente|excellente|importante)\b
            |^\W{0,3}vous avez (?:tout à fait|absolument|parfaitement) raison\b""",
        ),
        "es": phrase(
            "pregunta|idea|razón|punto",
            r"""^\W{0,3}(?:¡|es |qué )?(?:es |qué )?(?:una )?(?:muy )?(?:excelente|buena|gran|magnífica|interesante|fantástica|estupenda) (?:pregunta|idea)\b
            |^\W{0,3}(?:esa |esta )?(?:es )?(?:una )?(?:pregunta|idea) (?:muy |realmente )?(?:interesante|buena|excelente)\b
            |^\W{0,3}tienes? (?:toda la|absolutamente) razón\b""",
        ),
        "pt": phrase(
            "pergunta|ideia|razão",
            r"""^\W{0,3}(?:essa é |esta é |que )?(?:uma )?(?:muito )?(?:excelente|boa|ótima|grande|maravilhosa|interessante) (?:pergunta|ideia)\b
            |^\W{0,3}(?:essa é |esta é )?uma pergunta (?:muito )?(?:interessante|boa|excelente)\b|^\W{0,3}você tem (?:toda )?razão\b""",
        ),
        "it": phrase(
            "domanda|idea|ragione",
            r"""^\W{0,3}(?:questa è |è |che )?(?:un'|una )?(?:davvero )?(?:ottima|bella|eccellente|splendida|buona|interessante) (?:domanda|idea)\b
            |^\W{0,3}hai (?:assolutamente|perfettamente) ragione\b""",
        ),
        "nl": phrase(
            "vraag|idee|gelijk",
            r"""^\W{0,3}(?:dat is |wat )?(?:een )?(?:heel |erg |echt )?(?:goede|geweldige|uitstekende|interessante|mooie) (?:vraag|idee)\b
            |^\W{0,3}(?:je hebt|u heeft) (?:helemaal|absoluut) gelijk\b""",
        ),
        "pl": phrase(
            "pytanie|racj",
            r"^\W{0,3}(?:to )?(?:bardzo )?(?:świetne|dobre|doskonałe|ciekawe|znakomite) pytanie\b|^\W{0,3}masz (?:absolutną|całkowitą) rację\b",
        ),
        "ru": phrase(
            "вопрос|идея|прав",
            r"""^\W{0,3}(?:это |какой )?(?:действительно |очень |и правда )?(?:отличный|хороший|прекрасный|замечательный|интересный|великолепный) вопрос\b
            |^\W{0,3}(?:отличная|прекрасная|замечательная) идея\b|^\W{0,3}вы (?:абсолютно|совершенно) правы\b""",
        ),
        "tr": phrase(
            "soru|haklı",
            r"^\W{0,3}(?:bu )?(?:gerçekten |çok )?(?:harika|güzel|iyi|mükemmel|ilginç) (?:bir )?soru\b|^\W{0,3}(?:kesinlikle|tamamen) haklısın",
        ),
        "id": phrase(
            "pertanyaan|ide ",
            r"^\W{0,3}(?:itu |ini )?(?:adalah )?pertanyaan (?:yang )?(?:sangat )?(?:bagus|baik|hebat|menarik)\b|^\W{0,3}ide (?:yang )?(?:bagus|hebat)\b",
        ),
        "vi": phrase(
            "câu hỏi|ý tưởng|bạn nói",
            r"""^\W{0,3}(?:đây |đó |thật )?(?:quả )?(?:là |quả là )?(?:một )?câu hỏi (?:rất |thật |quá |thực sự )?(?:hay|tuyệt|thú vị|xuất sắc|tốt)\b
            |^\W{0,3}(?:đây là |đó là )?(?:một )?ý tưởng (?:rất |thật )?(?:hay|tuyệt)|^\W{0,3}bạn (?:nói )?(?:hoàn toàn )?đúng rồi\b""",
        ),
        "zh": phrase(
            "问题|問題|想法|主意|您说得对|你说得对",
            r"""^\W{0,3}(?:哇|嗯|您好|你好)?\W{0,2}(?:这|這)?(?:真|确实|確實)?(?:是)?(?:一)?(?:个|個)?(?:非常|很|特别)?(?:好|棒|精彩|有趣|有意思|有深度|优秀|出色|重要)的?(?:问题|問題|想法|主意)(?=[!！。,，~～]|$)
            |^\W{0,3}[您你]说得(?:非常|完全|太|很)?对""",
        ),
        "ja": phrase(
            "質問|ご指摘|アイデア",
            r"^\W{0,3}(?:それは|とても|大変|非常に)?(?:良い|いい|よい|素晴らしい|すばらしい|素敵な|面白い|興味深い)(?:ご)?(?:質問|アイデア|ご指摘)(?:です|ですね|だ|をありがとう|！|。)",
        ),
        "ko": phrase(
            "질문|생각",
            r"^\W{0,3}(?:정말 |아주 |매우 )?(?:좋은|훌륭한|멋진|흥미로운) (?:질문|생각)(?:입니다|이에요|이네요|이군요|!|\.)",
        ),
        "ar": phrase(
            "سؤال|فكرة",
            r"^\W{0,3}(?:هذا |إنه )?(?:سؤال|فكرة) (?:رائعة?|ممتازة?|جيدة?|جميلة?|مهمة?)(?: جدا| للغاية)?(?=[!.،؛ ]|$)",
        ),
        "hi": phrase(
            "सवाल|प्रश्न|विचार",
            r"^\W{0,3}(?:यह |ये )?(?:एक )?(?:बहुत |वाकई )?(?:ही )?(?:अच्छा|बढ़िया|शानदार|दिलचस्प|उत्कृष्ट) (?:सवाल|प्रश्न|विचार)",
        ),
        "th": phrase("คำถาม|ความคิด", r"^\W{0,3}(?:นี่|นั่น)?(?:เป็น)?(?:คำถาม|ความคิด)ที่(?:ดี|ยอดเยี่ยม|น่าสนใจ|เยี่ยม)"),
    },
)
