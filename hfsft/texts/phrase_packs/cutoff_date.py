"""What a model says of the day up to which it was trained: `as of my last update in September 2021`."""

from __future__ import annotations

from hfsft.texts.phrase_packs.pack import Pack, phrase

PACK = Pack(
    "the day up to which a model knows",
    "answers of ChatGPT, Claude and Llama in public sets; the keyword filters of Tulu 3 (arXiv 2411.15124, section 3) and of OpenHermes 2.5",
    {
        "en": phrase(
            "cutoff|cut-off|cut off|update|training|trained|real-time|realtime|real time|knowledge|up-to-date|browse",
            r"""\b(?:my |the model's )(?:current |own )?(?:knowledge|training|training data|data|information)(?:'s)? (?:cut-? ?off|only (?:goes|extends|covers|includes)|(?:is |was )?(?:current|limited|last updated|only up|up) (?:to|until|as of|in|through)|ends|ended|stops|goes up|extends|only reaches|is based on)
            |\b(?:as of|up to|until|since|before|after|beyond|at the time of) my (?:last |latest |most recent |knowledge |training |current )+(?:knowledge )?(?:data )?(?:update|cut-? ?off|training|data|knowledge|information)
            |\b(?:knowledge|training(?: data)?|data) cut-? ?off (?:date|point)?\s?(?:of|is|was|in|:)?
            |\bmy (?:last|latest|most recent) (?:knowledge |training |data )?update\b
            |\bi (?:was|am|have been) (?:last |only )?(?:trained|updated) (?:on data )?(?:only )?(?:up )?(?:to|until|through|in) (?:\w+ )?20[12]\d
            |\bi (?:do not|don't|cannot|can't) (?:have )?(?:direct |any )?(?:access (?:to )?)?(?:real-? ?time|up-to-date|current|live) (?:information|data|access|news|events|updates|internet)
            |\bi (?:do not|don't|cannot|can't) (?:have the ability to )?(?:browse|access|search) the (?:internet|web)\b""",
        ),
        "de": phrase(
            "wissensstand|trainingsdaten|letzten aktualisierung|letztes update|echtzeit",
            r"\b(?:meine?m?r?|mein) (?:wissensstand|trainingsdaten|wissen|letzten? (?:aktualisierung|update|wissensstand))\b[^.!?\n]{0,20}(?:reich\w+|end\w+|bis|geh\w+|stamm\w+|ist|von|im|20\d\d)|\b(?:seit|nach|bis zu) meine[rnm] letzten (?:aktualisierung|update|wissensstand|training)\w*|\bich habe keinen zugriff auf (?:echtzeit|aktuelle )",
        ),
        "fr": phrase(
            "mise à jour|connaissances|données d'entraînement|temps réel",
            r"\b(?:ma|de ma|depuis ma|à la date de ma) dernière mise à jour\b|\bmes (?:connaissances|données d'entraînement) (?:s'arrêtent|vont|sont limitées|datent|s'étendent|ne vont)|\bje n'ai pas accès (?:à des|aux) (?:données|informations) (?:en temps réel|actuelles)",
        ),
        "es": phrase(
            "actualización|conocimiento|entrenamiento|tiempo real",
            r"\b(?:hasta|desde|a partir de|según) mi (?:última|más reciente) actualización\b|\bmi (?:última actualización|conocimiento|entrenamiento) (?:llega|se extiende|termina|está limitad|es de|fue|abarca|solo)|\bno tengo acceso a (?:información|datos) (?:en tiempo real|actualizad)",
        ),
        "pt": phrase(
            "atualização|conhecimento|treinamento|tempo real",
            r"\b(?:até|desde|a partir d[ae]|segundo) (?:a )?minha última atualização\b|\bmeu (?:conhecimento|treinamento) (?:vai|se estende|termina|é limitad|foi|só)|\bnão tenho acesso a (?:informações|dados) (?:em tempo real|atualizad)",
        ),
        "it": phrase(
            "aggiornamento|conoscenze|conoscenza|addestramento|tempo reale",
            r"\b(?:al|dal|fino al|del) mio ultimo aggiornamento\b|\bl[ae] mi[ae] conoscenz[ae] (?:arriva|si ferma|è limitat|risale|sono|si estend)|\bnon ho accesso a (?:informazioni|dati) (?:in tempo reale|aggiornat)",
        ),
        "nl": phrase(
            "update|kennis|training|realtime",
            r"\b(?:sinds|tot|bij|vanaf) mijn laatste (?:update|training|kennisupdate)\b|\bmijn (?:kennis|trainingsdata) (?:reikt|gaat|loopt|is bijgewerkt|eindigt)|\bik heb geen toegang tot (?:realtime|actuele)",
        ),
        "pl": phrase(
            "aktualizacj|wiedza|czasie rzeczywistym",
            r"\bmoj(?:a wiedza|ej ostatniej aktualizacji|ej wiedzy) (?:sięga|kończy|obejmuje|jest ograniczona|w)|\bmojej ostatniej aktualizacji\b|\bnie mam dostępu do (?:informacji|danych) w czasie rzeczywistym",
        ),
        "ru": phrase(
            "обновлени|знани|обучени|реальном времени",
            r"\b(?:моего|моём|моем|моей) последне\w{1,3} (?:обновлени|обучени)\w+|\bмо[ий] (?:знания|данные|база знаний) (?:ограничен|заканчива|обновл|актуальн|доход)\w+|\bу меня нет доступа к (?:информации|данным) в реальном времени",
        ),
        "tr": phrase(
            "güncelleme|bilgi|gerçek zamanlı",
            r"\bson (?:bilgi )?güncelleme(?:m|mden|me|min|tarihim)\b|\bbilgi(?:m|lerim|lerimin)? (?:kesim|son) tarihi|\bgerçek zamanlı (?:bilgi|veri)\w* erişi",
        ),
        "ar": phrase(
            "تحديث|معرفتي|تدريبي|الوقت الفعلي",
            r"(?:حتى|منذ|اعتبارا من|وفقا ل) ?(?:آخر|اخر) تحديث (?:لي|لمعرفتي|لبياناتي|لمعلوماتي)|معرفتي (?:تقتصر|محدودة|تتوقف|تمتد)|تاريخ (?:قطع|انتهاء) (?:معرفتي|تدريبي)|ليس لدي (?:إمكانية )?(?:وصول|الوصول) إلى (?:معلومات|بيانات) (?:في الوقت|حديثة|فورية)",
        ),
        "hi": phrase(
            "अपडेट|जानकारी|प्रशिक्षण|रीयल",
            r"मेर[ेी] (?:अंतिम|आखिरी|पिछले) (?:ज्ञान )?अपडेट|मेर[ेी] (?:जानकारी|ज्ञान|प्रशिक्षण)[^.!?।\n]{0,20}(?:तक (?:ही )?(?:सीमित|है)|कटऑफ)|मेरे पास (?:रीयल-?टाइम|वास्तविक समय)",
        ),
        "id": phrase(
            "pembaruan|pengetahuan|pelatihan|real-time|waktu nyata",
            r"\b(?:sejak|hingga|sampai|per) pembaruan (?:pengetahuan )?terakhir (?:saya)?|\bpengetahuan saya (?:hanya|terbatas|sampai|hingga|terakhir|berakhir)|\bsaya tidak (?:memiliki|punya) akses ke (?:informasi|data) (?:real-?time|terkini|waktu nyata)",
        ),
        "vi": phrase(
            "cập nhật|kiến thức|dữ liệu|thời gian thực",
            r"(?:tính đến|kể từ|cho đến|theo|tại) (?:lần |thời điểm )?cập nhật (?:kiến thức )?(?:cuối cùng|gần nhất|cuối|mới nhất) của tôi|(?:kiến thức|dữ liệu huấn luyện|dữ liệu|thông tin) của tôi (?:chỉ |được |bị )*(?:cập nhật|giới hạn|đến|dừng|kết thúc|có đến|tính đến)|tôi không (?:có quyền truy cập|thể truy cập|có khả năng truy cập)[^.!?\n]{0,30}(?:thời gian thực|internet|hiện tại|mới nhất)",
        ),
        "zh": phrase(
            "截至|截止|训练数据|知识|实时|最后一次更新|更新于|訓練|即時",
            r"(?:截至|截止到?|直到|在)我(?:的)?(?:最后一次|上次|最近一次|最新|知识|训练)[^。！？，,\n]{0,8}(?:更新|训练|截止|数据)|我的(?:知识|训练数据|訓練數據|知識|数据|信息)(?:库)?(?:只|仅|僅)?(?:截至|截止|更新到|更新至|更新于|到20|停留在|只到)|我(?:无法|不能|没有办法|無法)(?:直接)?(?:访问|获取|查询|提供|存取)(?:最新的|实时|即時|实时的|互联网|网络)",
        ),
        "ja": phrase(
            "知識|学習データ|トレーニングデータ|最終更新|最後の更新|リアルタイム",
            r"(?:私の)(?:知識|学習データ|トレーニングデータ|情報)(?:は|の)[^。！？\n]{0,20}(?:まで|時点|カットオフ|更新)|(?:最終更新|最後の更新|最後の学習)(?:時点|以降)|リアルタイム(?:の)?(?:情報|データ)に(?:は)?アクセス(?:でき|する)",
        ),
        "ko": phrase(
            "지식|학습 데이터|업데이트|실시간",
            r"(?:제|저의|내) (?:지식|학습 데이터|마지막 업데이트|정보)(?:은|는|이|가)?[^.!?\n]{0,16}(?:까지|기준|업데이트|시점)|마지막 (?:업데이트|학습) (?:기준|시점|이후)|실시간 (?:정보|데이터)에 (?:접근|액세스)할 수 없",
        ),
        "th": phrase(
            "อัปเดต|ความรู้|ข้อมูล|เรียลไทม์",
            r"(?:การอัปเดต|อัปเดต)(?:ล่าสุด|ครั้งล่าสุด|ความรู้ล่าสุด)ของ(?:ฉัน|ผม|ดิฉัน)|(?:ความรู้|ข้อมูล)(?:การฝึก)?ของ(?:ฉัน|ผม|ดิฉัน)(?:มี|จำกัด|อัปเดต|สิ้นสุด|ถึง)|(?:ไม่สามารถ|ไม่มี)(?:การ)?เข้าถึง(?:ข้อมูล)?(?:แบบ)?เรียลไทม์",
        ),
    },
)
