"""With which letters the phrases of each language begin.

Made from the phrases by `python -m tests.texts.openings --write`; a test compares them.
"""

from __future__ import annotations

OPENINGS: dict[str, tuple[str, str]] = {
    "en": (
        "'s bey|'s out|afraid|agains|and am|and ca|and, a|and, c|apolog|are be|are ou|but i |but i'|can't |ca"
        "nnot|falls |goes a|goes b|goes o|hence |hence,|i abso|i also|i am c|i am g|i am n|i am r|i am s|i am"
        " u|i apol|i can |i can'|i cann|i coul|i decl|i do n|i don'|i have|i just|i must|i poli|i pref|i real"
        "|i refu|i regr|i resp|i simp|i stil|i ther|i unfo|i will|i won'|i woul|i'd be|i'd li|i'd no|i'd pr|i"
        "'d ra|i'll b|i'll d|i'll h|i'll k|i'll n|i'll p|i'll r|i'll t|i'm cu|i'm go|i'm no|i'm re|i'm si|i'm"
        " so|i'm un|is aga|is bey|is out|it is |it isn|it not|it sim|it som|it wou|it's i|it's n|it's s|let's"
        " |lies b|lies o|my gui|my pol|my pri|my pro|my saf|no but|no i a|no i c|no i j|no i r|no i s|no i t|"
        "no i u|no i w|no i'd|no i'l|no i'm|no, bu|no, i |no, i'|regret|so am |so can|so, am|so, ca|someth|so"
        "rry|that i|that n|that s|that's|theref|this i|this n|this s|this's|unable|unfort|violat|we are|we ca"
        "n",
        "as a |as an |i am a|i am j|i am m|i am o|i am u|i can'|i cann|i do n|i don'|i'm a |i'm an|i'm ju|i'm"
        " me|i'm no|i'm on|i'm un",
    ),
    "de": (
        "darf i|das be|das da|das er|das ka|das ma|das sc|das tu|das we|dergle|dies d|dies k|dies w|ich bi|ic"
        "h da|ich ka|ich kö|ich le|ich mu|ich mö|ich we|kann i|lass u|lassen|lasst |liegt |möchte|so etw|sowa"
        "s |verstö|werde |überst",
        "als ei|als gr|als ki|als kü|als sp|ich bi",
    ),
    "nl": (
        "dat ka|dat ma|dit ka|dit ma|ik ben|ik ga |ik kan|ik mag|ik moe|ik wei|ik wil|ik zal|kan ik|laten |li"
        "gt b|mag ik|valt b|zal ik",
        "als ai|als ee|als gr|als ku|als ta|ik ben",
    ),
    "fr": (
        "c'est |cela d|cela e|cela s|cela v|il m'e|il ne |je doi|je me |je n'a|je ne |je peu|je pou|je pré|je"
        " pui|je ref|je sau|je sui|je vai|n'est |parlon|ça dép|ça en |ça sor|ça va ",
        "en tan|je ne |je sui",
    ),
    "es": (
        "debo d|debo n|debo r|discul|está f|hablem|lament|lo lam|lo sie|me nie|me tem|no des|no est|no me |no"
        " pie|no pod|no pue|no se |no soy|no ten|no voy|perdón|prefie|queda |tengo ",
        "como a|como g|como i|como m|como u|simple|solo s|sólo s",
    ),
    "pt": (
        "descul|devo d|devo n|devo r|está a|está f|fica a|fica f|infeli|lament|me rec|não co|não es|não me|nã"
        "o po|não so|não vo|não é |peço d|precis|prefir|recuso|sinto |tenho |vamos ",
        "como a|como g|como i|como m|como u|eu sou|sou ap",
    ),
    "it": (
        "devo d|devo n|devo r|esula |mi dis|mi rif|mi scu|non fa|non in|non mi|non po|non ri|non sc|non so|no"
        "n vo|parlia|prefer|purtro|sono c|spiace|va olt|è al d",
        "come a|come g|come i|come m|come u|essend|in qua|sono s",
    ),
    "ru": (
        "выходи|давайт|извини|к сожа|как и |мне жа|на ваш|на дан|на так|на эта|на это|наруша|находи|не буд|не"
        " мог|не смо|не ста|не хоч|но не |но я н|прости|против|прошу |сожале|это вы|это на|это пр|я выну|я до"
        "лж|я к со|я не б|я не в|я не г|я не и|я не м|я не с|я не у|я не х|я отка|я пред|я прос",
        "будучи|как ai|как бо|как ии|как ис|как не|как яз|я всег|я лишь|я прос|я толь|являяс",
    ),
    "pl": (
        "jest p|muszę |nie bę|nie je|nie ma|nie mo|nie na|nie pr|nie st|nie wo|nie wy|nie zr|nieste|odmawi|po"
        "rozm|przepr|przykr|wolę g|wolę n|wolę o|wybacz|wykrac|zmieńm",
        "jako a|jako d|jako m|jako s|jako w|jestem",
    ),
    "tr": (
        "ama si|ama ya|ancak |başka |bilgi |bilgil|bu |buna |böyle |destek|fakat |istedi|isteği|içerik|kapsam"
        "|kusura|maales|ne yaz|redded|reddet|size b|size y|sorunu|söz ko|talebi|talima|tavsiy|yardim|yetene|y"
        "etki |öneri |öneril|özür d|üzgünü",
        "ben sa|ben ya|bir bü|bir di|bir ya",
    ),
    "ar": (
        "آسف|أرفض إ|أرفض ا|أرفض ت|أرفض ك|أرفض م|أعتذر|أفضل أ|أنا أر|أنا غي|خارج ع|خارج ن|دعنا ع|دعنا ف|دعنا ن"
        "|دعونا |عذرا|عذرًا|غير قا|فلنتحد|لا أست|لا أقد|لا است|لا يسع|لا يمك|لست قا|للأسف|لن أتم|لن أست|لن يم"
        "ك|لنتحدث|ليس بإ|ليس بو|مضطر إ|مضطر ل|مضطرة |معذرة|يجب أن|يجب عل",
        "أنا فق|أنا مج|باعتبا|بصفتي |كذكاء |كمساعد|كنموذج",
    ),
    "hi": (
        "आइए|चलिए|चलो|मुझे |मेर क्|मेर दा|मेरे क|मेरे द|मैं ",
        "ai के |ai भाष|ai मॉड|ai सहा|ai होन|एआई के|एआई भा|एआई मॉ|एआई सह|एआई हो|एक ai |एक एआई|एक कृत|एक भाष|कृ"
        "त्रि|भाषा म|मैं के|मैं बस|मैं मा|मैं सि",
    ),
    "id": (
        "aku be|aku me|aku sa|aku ta|aku ti|ayo bi|ayo ki|ayo me|bagaim|di lua|maaf|mari b|mari k|mari m|moho"
        "n |saya b|saya h|saya l|saya m|saya s|saya t|sayang",
        "saya h|sebaga",
    ),
    "vi": (
        "chúng |em hiệ|em khô|em rất|em thự|em xin|hãy bà|hãy ch|hãy nó|hãy tr|mình h|mình k|mình p|mình r|mì"
        "nh t|mình x|ngoài |nằm ng|rất ti|thật t|tôi hi|tôi kh|tôi ph|tôi rấ|tôi th|tôi từ|tôi xi|vượt q|xin "
        "lỗ|đáng t",
        "là một|tôi ch|vì là |với tư",
    ),
    "zh": (
        "不在|不好|不如|不符|你可|你的|咱们|对不|对于|尚未|尚没|很遗|您可|您提|您的|我不|我也|我们|我只|我可|我实|我尚|我帮|我并|我必|我拒|我无|我是|我暂|我有|我没|我现|我目|我"
        "真|我谢|我还|我难|我需|抱歉|此事|此内|此忙|此类|此要|此话|此请|此问|要不|让我|该内|该要|该话|该请|该问|超出|超过|还未|还没|这个|这事|这忙|这我|这样|这种|这类|这要|这请"
        "|这问|违反|违背|遗憾|那种",
        "作为|我不|我仅|我只|身为",
    ),
    "ja": (
        "お力|お問|お応|お手|お断|お答|こち|この|これ|ごめ|ご依|ご希|ご期|ご要|ご質|すみ|そう|その|それ|ほか|わた|アド|コン|リク|他の|依頼|具体|内容|別の|助言|回答|恐れ|恐縮|情"
        "報|手順|方法|残念|申し|私の|要望|要求|質問|辞退",
        "ai|人工|私は|言語",
    ),
    "ko": (
        "그 |그러|그런|내용|다른|답 |답드|답변|답을|답제|답주|답하|답해|대답|도와|도움|딴 |방법|부탁|설명|안내|요구|요청|응답|응할|응해|이 |이러|이런|정보|정중|제 |조언|지"
        "침|콘텐|해당",
        "ai|언어|인공|저는",
    ),
    "th": (
        "ขอ|คุ|จํ|ฉั|ดิ|ต้|นอ|ผม|พู|มา|ลอ|อย|เก|เร|เส",
        "ฉั|ดิ|ด้|ผม|เน|ใน",
    ),
}
"""ISO 639-1 code -> the openings of what refuses and of what disclaims, with | between them."""
