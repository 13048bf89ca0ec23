"""Refusals in Russian, Polish, Turkish, Arabic, Hindi, Indonesian and Vietnamese."""

from __future__ import annotations

from hfsft.texts.refusals.wordings import Wordings

RUSSIAN = Wordings(
    "Russian",
    refuses=(
        r"\bя (?:к сожалению,? )?(?:просто )?не (?:могу|смогу|буду|в состоянии|имею права|готов[а]?) (?:вам |тебе |вас )?"
        r"(?:в этом |с этим )?(?:помочь|помогать|ответить|отвечать|выполнить|выполнять|обсуждать|предоставить|предоставлять|дать|давать|"
        r"создать|создавать|генерировать|написать|участвовать|говорить|удовлетворить|продолжать|поддержать)"
        r"(?: (?:вам |тебе )?(?:с (?:этим|этой|вашим|вашей|таким|такой|твоей)|в этом|на (?:этот|ваш|данный|такой|такие|подобные)|"
        r"эту|этот|это|ваш[уе]?|такую|такие|такое|данную|данный|подобн\w+|информацию|инструкции|советы?|контент|темы|о таких|об этом)\b|[.,;!]|$)",
        r"(?:^|(?<=[.,!] ))(?:но )?не (?:могу|смогу) (?:вам |тебе )?(?:с этим |в этом )(?:помочь|помогать)\b",
        r"(?:^|(?<=[.,!] ))(?:но )?(?:я )?не (?:могу|смогу) (?:помочь|ответить) (?:вам |тебе )?(?:с этим|с этой|в этом|на этот вопрос)",
        r"(?:^|(?<=[.,!] ))(?:но )?(?:я )?не (?:могу|буду|хочу|стану) (?:говорить|обсуждать|разговаривать|писать|рассуждать)"
        r" (?:на (?:эту|эти|такие|такую)|об этом|о таком|эту|это|так(?:ой|ие|ую)|политик|тем)",
        r"\bя не (?:способ(?:ен|на)|вправе|уполномочен[а]?) (?:вам )?(?:помочь|выполнить|ответить|обсуждать|предоставить)",
        r"\b(?:это )?(?:против|противоречит|нарушает) мо(?:их|им|и) (?:правил|принцип|инструкц|рекомендац)",
        r"\bя (?:вынужден(?:а)?|должен|должна|предпочитаю|предпочёл бы|предпочел бы) (?:вам )?(?:отказать(?:ся)?|отклонить|не (?:отвечать|обсуждать))\b",
        r"\bдавайте (?:лучше )?(?:поговорим|побеседуем) (?:о|на) (?:чём|чем|чём-нибудь|чем-нибудь|чём-то|чем-то|другую|другом)",
        r"\bдавайте сменим тему\b",
        r"\bя отказываюсь (?:это |такое |вам )?(?:писать|отвечать|помогать|создавать|обсуждать|выполнять|участвовать|генерировать|делать)\b",
        r"\b(?:извините|простите|прошу прощения|к сожалению|сожалею|мне жаль)\b[^.!?]{0,24}\bне (?:могу|смогу|буду) "
        r"(?:вам |тебе |с этим ){0,2}(?:помочь|помогать)\b",
        r"\b(?:извините|простите|к сожалению|сожалею|прошу прощения)\b[^.!?]{0,16}\bя не (?:могу|буду|стану) "
        r"(?:писать|делать|давать|обсуждать|создавать|помогать)\b",
        r"\bя не (?:буду|стану) (?:этого |это |такое )(?:писать|делать|обсуждать|создавать)\b",
        r"\bна (?:этот|ваш|такой|данный|такие|этакий) (?:вопрос|вопросы|запрос) (?:я )?(?:ответить|отвечать) не (?:могу|смогу|буду)\b",
        r"\b(?:это )?(?:выходит|находится) за (?:рамки|пределы|пределами|рамками) моих (?:возможностей|компетенц|полномочий)",
        r"\bкак и любая языковая модель\b",
    ),
    disclaims=(
        r"\b(?:как|будучи|являясь) (?:большая |большой |большую )?(?:языков\w+ модел\w+|искусственн\w+ интеллект\w*|ии-?\w*|нейросет\w+|"
        r"ии|ai)(?=$|[,.;:!?]| (?:я|не|без|котор|созда|разработ))[^.!?]{0,60}\b(?:не|нет|лишён|лишен)\b",
        r"\bя (?:всего лишь|просто|только|лишь) (?:языковая модель|искусственный интеллект|ии|нейросеть)\b",
    ),
    asks=(
        r"\bбез (?:вашего|вашей|ваших|твоего|номера|знания|дополнительн|подробн|уточнен)",
        r"\bне (?:зная|видя|имея)\b",
        r"\bпока (?:вы|ты|я) не\b",
        r"\bесли (?:вы|ты) не\b",
        r"\bмне (?:нужн\w+|необходим\w+|потребу\w+)",
    ),
)

POLISH = Wordings(
    "Polish",
    refuses=(
        r"\bnie (?:mogę|będę mógł|będę mogła|jestem w stanie|mogłbym|mam możliwości|wolno mi) (?:ci |państwu |panu |pani |tobie )?"
        r"(?:w tym |z tym )?(?:pomóc|pomagać|odpowiedzieć|odpowiadać|spełnić|zrealizować|wykonać|udzielić|udzielać|dostarczyć|podać|"
        r"zapewnić|udostępnić|stworzyć|tworzyć|wygenerować|napisać|rozmawiać|dyskutować|uczestniczyć)"
        r"(?: (?:ci |państwu |panu |pani )?(?:w (?:tym|tej)|z (?:tym|tą)|na (?:to|te|ten|tego|twoje|takie)|te(?:j|go|n)|tę|tą|taki(?:ch|ego|ej)|twoj(?:ej|e)|"
        r"twoje(?:go)?|państwa|informacji|instrukcji|porad|rad|pomocy|treści|o tym|wskazówek|żadnych)\b|[.,;!]|$)",
        r"\b(?:muszę|wolę) (?:odmówić|nie odpowiadać|grzecznie odmówić)\b",
        r"\bnie (?:napiszę|zrobię|stworzę|przygotuję|wygeneruję) (?:tego|takiego|takiej|czegoś takiego)(?=$|[.,;!]| (?:tekstu|treści|typu))",
        r"\bodmawiam (?:odpowiedzi|udziału|pomocy|wykonania|napisania|pisania|tworzenia|stworzenia|przygotowania|wygenerowania)",
        r"\b(?:przykro mi|przepraszam|niestety|wybacz)\b[^.!?]{0,24}\bnie (?:mogę|jestem w stanie|będę mógł|będę mogła) "
        r"(?:ci |panu |pani |państwu |tobie )?(?:w tym )?(?:pomóc|pomagać)\b",
        r"\bporozmawiajmy (?:lepiej )?o czymś innym\b",
        r"\bzmieńmy temat\b",
        r"\b(?:wykracza|jest) poza (?:moje|mój|moimi) (?:możliwości|zakres|kompetencje|możliwościami)",
    ),
    disclaims=(
        r"\bjako (?:duży )?(?:model językowy|sztuczna inteligencja|ai|si|asystent(?:ka)? ai|wirtualny asystent)"
        r"(?=$|[,.;:!?]| (?:nie|ai|stworz|opracowa|bez))[^.!?]{0,60}\bnie (?:mam|mogę|jestem|posiadam)\b",
        r"\bjestem tylko (?:modelem językowym|sztuczną inteligencją|ai)\b",
    ),
    asks=(
        r"\bbez (?:podania|znajomości|numeru|twojego|twojej|państwa|dodatkowych|więcej|informacji|wiedzy|szczegółów)",
        r"\b(?:dopóki|zanim|jeśli|jeżeli) (?:nie|pan|pani|państwo|mi)\b",
        r"\bpotrzebuję (?:\w+ ){0,2}(?:więcej|informacji|numeru|twoj|szczegółów|danych)",
    ),
)

TURKISH = Wordings(
    "Turkish",
    refuses=(
        r"\b(?:bu|böyle bir|söz konusu|bu tür|bu konuda|buna|istediğiniz|talebinize|isteğinize|talebinizi|isteğinizi|sorunuza|size bu konuda)"
        r"(?: [\w'-]+){0,4} (?:yardımcı olamam|yardımcı olamıyorum|yardımcı olamayacağım|yardım edemem|yardım edemiyorum|"
        r"cevap veremem|cevap veremiyorum|yanıt veremem|yanıt veremiyorum|yanıtlayamam|yanıtlayamıyorum|yerine getiremem|yerine getiremiyorum|karşılayamam|"
        r"karşılayamıyorum|sağlayamam|sağlayamıyorum|veremem|veremiyorum|sunamam|oluşturamam|üretemem|yazamam|konuşamam|tartışamam|yapamam)\b",
        r"(?:^|(?<=[.,!] ))(?:ama |ancak |fakat )?(?:size )?(?:yardımcı olamam|yardımcı olamıyorum|yardımcı olamayacağım|yardım edemem)\b",
        r"\b(?:üzgünüm|maalesef|kusura bakma(?:yın)?|özür dilerim|ne yazık ki)\b[^.!?]{0,80}"
        r"\b(?:yardımcı olamam|yardımcı olamıyorum|yardımcı olamayacağım|yardım edemem|yardım edemiyorum)\b",
        r"\b(?:üzgünüm|maalesef|özür dilerim)\b[^.!?]{0,12} (?:bunu|böyle bir şeyi?) (?:yapamam|yazamam|yapamıyorum|yazamıyorum|yapmayacağım|yazmayacağım)\b",
        r"\b(?:bilgi|talimat|tavsiye|içerik|öneri|destek)(?:ler)? (?:sağlayamam|veremem|sunamam|oluşturamam|üretemem|sağlayamıyorum|veremiyorum)\b",
        r"\b(?:reddetmek zorundayım|reddetmem gerekiyor|reddediyorum)\b",
        r"\bbaşka bir (?:şey|konu)(?:den|dan)? (?:hakkında )?(?:konuşalım|bahsedelim)\b",
        r"\b(?:yeteneklerimin|kapsamımın|yetki alanımın) dışında\b",
    ),
    disclaims=(
        r"\bbir (?:büyük )?(?:yapay zek[aâ](?: (?:dil modeli|asistanı|modeli))?|dil modeli) olarak\b[^.!?]{0,90}"
        r"(?:yok\b|değil|[ae]m(?:em|am)\b|[ıiuü]m yok|[ae]mıyorum|[ae]miyorum|yoktur)",
        r"\bben (?:sadece|yalnızca) bir (?:yapay zek[aâ]|dil modeli)",
    ),
    asks=(
        r"\b(?:olmadan|bilmeden|görmeden|vermeden|vermezseniz|söylemezseniz|paylaşmadan)\b",
        r"\b(?:kadar|sürece)\b",
        r"\bihtiyacım var\b",
    ),
)

ARABIC = Wordings(
    "Arabic",
    refuses=(
        r"(?:لا (?:يمكنني|استطيع|أستطيع|أقدر)|لن (?:أتمكن من|أستطيع|يمكنني)|لست قادرا? على|(?:أنا )?غير قادر(?:ة)? على|ليس بإمكاني|"
        r"ليس بوسعي|لا يسعني) (?:أن )?(?:ال)?(?:مساعد(?:ة|تك|تكم)|أساعدك|إجابة|أجيب|رد|أرد|تقديم|أقدم|توفير|أوفر|تلبية|ألبي|تنفيذ|"
        r"إنشاء|كتابة|مناقشة|مشاركة|امتثال|استجابة|تحدث)(?: (?:لك |لكم )?(?:في (?:هذا|هذه|ذلك)|على (?:هذا|هذه|سؤالك|طلبك|أسئلة)|"
        r"ب?هذا|ب?هذه|طلبك|ل?طلبك|ل?هذا|المساعدة|معلومات|إرشادات|تعليمات|نصائح|محتوى|أي|مثل|عن (?:هذا|ذلك)|مع هذا)|[.،,!؛]|$)",
        r"(?:يجب (?:علي )?أن|أفضل أن|مضطر(?:ة)? (?:إلى|ل)) ?(?:أرفض|رفض|لا أجيب|الرفض|أعتذر عن)",
        r"(?:عذر\u064b?ا\u064b?|آسف\u064c?|آسفة|أعتذر|للأسف|معذرة)[^.!؟]{0,24}(?:لا (?:يمكنني|أستطيع|استطيع)|لن (?:أتمكن من|أستطيع|يمكنني)) "
        r"(?:أن )?(?:مساعدت|أساعد)",
        r"(?:^|(?<=[.،! ]))(?:أنا )?أرفض (?:كتابة|إنشاء|تقديم|الإجابة|المساعدة|مساعدت|المشاركة|مناقشة|تنفيذ)",
        r"أعتذر عن عدم (?:تمكني من |قدرتي على )?(?:ال)?(?:مساعد|إجاب|تقديم|تلبية|رد)",
        r"(?:دعنا|دعونا|لنتحدث|فلنتحدث) (?:نتحدث )?(?:عن|في) (?:شيء آخر|موضوع آخر|أمر آخر)",
        r"خارج (?:عن )?نطاق (?:قدراتي|إمكانياتي|اختصاصي|عملي)",
    ),
    disclaims=(
        r"(?:كنموذج لغ(?:ة|وي)|(?:ك|بصفتي |باعتباري )(?:نموذج(?:ا)? لغ(?:ة|ويا|وي)|ذكاء اصطناعي(?:ا)?|نموذج(?:ا)? (?:لل)?ذكاء|مساعد(?:ا)? (?:ذكاء|ذكي|افتراضي)|"
        r"نموذج ذكاء اصطناعي))[^.!؟]{0,60}(?:لا |ليس|لست|لن )",
        r"أنا (?:مجرد|فقط) (?:نموذج|ذكاء اصطناعي|برنامج|مساعد)",
    ),
    asks=(
        r"(?:دون|بدون|من غير) (?:معرفة|أن|رقم|مزيد|المزيد|معلومات|رؤية)",
        r"(?:حتى|قبل أن|ما لم|إلا إذا) ",
        r"(?:أحتاج|بحاجة) (?:إلى )?(?:مزيد|المزيد|معرفة|معلومات|رقم)",
    ),
)

HINDI = Wordings(
    "Hindi",
    refuses=(
        r"मैं (?:[^।.!?]{0,40} )?(?:इस|इसमें|इसके|आपके|आपकी|आपको|ऐसे|ऐसी|इन|यह|किसी|उस)[^।.!?]{0,50}"
        r"(?:मदद|सहायता|उत्तर|जवाब|जानकारी|पूरा|प्रदान|सलाह|अनुरोध|सामग्री|निर्देश|चर्चा|बात)[^।.!?]{0,30}"
        r"(?:नहीं (?:कर|दे|बना|बता|लिख) (?:सकता|सकती|सकूंगा|पाऊंगा|पाऊँगा|सकूँगा)|असमर्थ|में सक्षम नहीं)",
        r"मैं (?:(?:आपकी|आपको|इसमें|इस बारे में) ){0,2}(?:मदद|सहायता|जवाब|उत्तर) नहीं (?:कर|दे) (?:सकता|सकती|पाऊंगा|सकूंगा|पाऊँगा)",
        r"मैं [^।.!?]{0,50}(?:करने|देने|बनाने|लिखने) (?:में|से) (?:असमर्थ हूं|असमर्थ हूँ|सक्षम नहीं)",
        r"(?:मुझे|मैं) [^।.!?]{0,30}(?:इनकार|इंकार|अस्वीकार|मना) कर(?:ना होगा|ता हूं|ती हूं|ना पड़ेगा|ता हूँ)",
        r"(?:चलिए|आइए|चलो)[^।.!?]{0,10} (?:किसी और|कुछ और|किसी अन्य)[^।.!?]{0,20} (?:बात|चर्चा) कर",
        r"मेरे? (?:दायरे|क्षमता|क्षमताओं) (?:से|के) बाहर",
    ),
    disclaims=(
        r"(?:एक )?(?:(?:एआई|ai|कृत्रिम बुद्धिमत्ता)(?: (?:भाषा )?(?:मॉडल|सहायक))?|भाषा मॉडल) (?:के रूप में|होने के नाते|के नाते)[^।.!?]{0,60}(?:नहीं|असमर्थ)",
        r"मैं (?:केवल|सिर्फ|बस|मात्र) एक (?:एआई|ai|भाषा मॉडल|कृत्रिम)",
    ),
    asks=(
        r"(?:के बिना|बिना|जब तक|जाने बिना|बताए बिना)",
        r"(?:चाहिए|ज़रूरत है|जरूरत है|आवश्यकता (?:है|होगी))",
    ),
)

INDONESIAN = Wordings(
    "Indonesian",
    refuses=(
        r"\b(?:saya|aku) (?:sayangnya )?(?:tidak (?:bisa|dapat|mampu|akan bisa|akan dapat|diizinkan untuk|berwenang)|tak (?:bisa|dapat)|belum bisa) "
        r"(?:membantu|menjawab|memenuhi|memberikan|menyediakan|membuat|menulis|menghasilkan|membahas|mendiskusikan|melakukan|"
        r"memproses|menanggapi|berpartisipasi|melanjutkan|mendukung)"
        r"(?: (?:anda |kamu )?(?:dengan (?:itu|ini|hal|permintaan)|(?:dalam|untuk) (?:hal|ini|itu)|itu|ini|permintaan|pertanyaan|informasi|"
        r"instruksi|saran|nasihat|konten|panduan|bantuan|hal (?:itu|ini|tersebut)|topik|petunjuk|jawaban)\b|[.,;!]|$)",
        r"\b(?:maaf|mohon maaf),? (?:tetapi |tapi |namun )?(?:saya )?(?:tidak (?:bisa|dapat)) (?:membantu|menjawab|memenuhi)(?: (?:itu|ini|dengan|permintaan|pertanyaan|hal)\b|[.,;!]|$)",
        r"\b(?:maaf|mohon maaf|sayangnya)\b[^.!?]{0,24}\b(?:tidak|tak) (?:bisa|dapat|mampu|akan) (?:membantu|menolong)(?:mu)?\b",
        r"\b(?:maaf|mohon maaf|sayangnya)\b[^.!?]{0,16}\bsaya tidak (?:akan|bisa|dapat) (?:menulis|membuat|melakukan|menjawab)(?:nya| (?:itu|ini|hal))\b",
        r"\b(?:saya|aku) menolak (?:untuk )?(?:menulis|membantu|menjawab|membuat|memberikan|membahas|berpartisipasi)\b",
        r"\bsaya (?:harus|terpaksa|lebih memilih untuk) (?:menolak|tidak menjawab)\b",
        r"\b(?:mari|ayo|bagaimana kalau) (?:kita )?(?:bicarakan|bicara|membicarakan|membahas) (?:tentang )?(?:hal|topik) (?:yang )?lain\b",
        r"\bdi luar (?:kemampuan|lingkup|cakupan|kapasitas) saya\b",
    ),
    disclaims=(
        r"\bsebagai (?:sebuah |model )?(?:model bahasa|ai|kecerdasan buatan|asisten (?:ai|virtual)|bahasa ai)"
        r"(?=$|[,.;:!?]| (?:saya|ai|yang|tidak|besar))[^.!?]{0,60}\btidak\b",
        r"\bsaya (?:hanya|hanyalah) (?:sebuah )?(?:ai|model bahasa|kecerdasan buatan|asisten ai)\b",
    ),
    asks=(
        r"\btanpa (?:mengetahui|tahu|informasi|nomor|melihat|detail|adanya|data)\b",
        r"\b(?:sampai|sebelum|kecuali|jika) (?:anda|kamu|saya)\b",
        r"\bsaya (?:perlu|memerlukan|membutuhkan|butuh)\b",
    ),
)

VIETNAMESE = Wordings(
    "Vietnamese",
    refuses=(
        r"\b(?:tôi|mình|em) (?:rất tiếc |thực sự |hiện )?(?:không thể|không được phép|xin từ chối|xin phép từ chối|không có khả năng) (?:giúp|hỗ trợ|cung cấp|"
        r"trả lời|đáp ứng|thực hiện|thảo luận|tạo|viết|tham gia|bàn)[^.!?]{0,30}\b(?:yêu cầu|câu hỏi|thông tin|hướng dẫn|điều|việc|nội dung|vấn đề|chủ đề|lời khuyên)\b",
        r"\b(?:tôi|mình|em) (?:rất tiếc |thực sự )?không thể (?:giúp|hỗ trợ)(?: (?:bạn|anh|chị|quý khách))?(?: được)?(?:$|[.,;!])",
        r"\b(?:tôi|mình) (?:(?:xin |xin phép |phải )từ chối\b|từ chối (?:viết|trả lời|giúp|hỗ trợ|cung cấp|tham gia|thực hiện|thảo luận|tạo)\b)",
        r"\b(?:xin lỗi|rất tiếc)\b[^.!?]{0,16}\b(?:tôi|mình) sẽ không (?:làm|viết|trả lời|giúp|tạo) (?:việc|điều|nội dung|câu) ",
        r"\b(?:xin lỗi|rất tiếc|thật tiếc|đáng tiếc)\b[^.!?]{0,24}\b(?:tôi|mình|em) không thể (?:giúp|hỗ trợ)\b(?! được\b)",
        r"\b(?:xin lỗi|rất tiếc),? (?:nhưng )?(?:tôi|mình) không thể làm (?:điều|việc) (?:đó|này)\b",
        r"\b(?:hãy|chúng ta hãy|mình hãy) (?:nói|trò chuyện|bàn|chuyển sang) (?:về )?(?:một )?(?:chủ đề|chuyện|điều|vấn đề) khác\b",
        r"\b(?:nằm ngoài|vượt quá|ngoài) (?:phạm vi|khả năng) (?:hỗ trợ |trả lời |hiểu biết )?của tôi\b",
    ),
    disclaims=(
        r"\b(?:là|với tư cách là|vì là) một (?:mô hình ngôn ngữ|trí tuệ nhân tạo|trợ lý (?:ảo|ai|ảo ai)|ai|mô hình ai)"
        r"(?=$|[,.;:!?]| (?:lớn|tôi|ai|được|nên|do))[^.!?]{0,60}\bkhông\b",
        r"\btôi chỉ là (?:một )?(?:ai|mô hình ngôn ngữ|trí tuệ nhân tạo|trợ lý ảo|trợ lý ai)\b",
    ),
    asks=(
        r"\b(?:nếu không|khi chưa|nếu chưa|trước khi|cho đến khi|trừ khi)\b",
        r"\b(?:tôi|mình|em) (?:cần|cần thêm|cần biết)\b",
        r"\bmà không (?:biết|có)\b",
    ),
)
