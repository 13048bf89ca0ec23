"""What a model says of whose it is: `I am ChatGPT`, `a language model trained by OpenAI`, `我是通义千问`.

Who trains a model of their own on such answers gets one that calls itself another's. Names of companies count only
where the speaker says that it was made by one, names that people have too (Claude, Gemini) only beside a word for a
machine.
"""

from __future__ import annotations

from hfsft.texts.phrase_packs.pack import Pack, phrase

COMPANIES = (
    "openai|open ai|anthropic|google|deepmind|google deepmind|microsoft|meta|meta ai|facebook|mistral ai|mistral|alibaba|alibaba cloud|"
    "alibaba group|baidu|tencent|bytedance|huawei|deepseek|zhipu(?: ai)?|moonshot(?: ai)?|minimax|01\\.ai|xai|x\\.ai|amazon|nvidia|apple|ibm|"
    "cohere|databricks|stability ai|hugging ?face|eleutherai|lmsys|laion|open-assistant|nous research|teknium|inflection(?: ai)?|"
    "ai21(?: labs)?|technology innovation institute|tii|upstage|naver|kakao|lg ai research|sber|yandex|sakana ai|vinai|viettel|fpt|zalo|"
    "large model systems organization|allen institute for ai|ai2|stanford|perplexity|snowflake|reka|character\\.ai|"
    "阿里巴巴|阿里云|阿里|达摩院|百度|腾讯|字节跳动|华为|智谱|深度求索|月之暗面|科大讯飞|讯飞|商汤|百川智能|零一万物|清华大学|谷歌|微软|复旦大学|"
    "オープンai|グーグル|マイクロソフト|오픈ai|구글|네이버|카카오|эппл|гугл|яндекс|сбер"
)
MODELS = (
    "chatgpt|chat-gpt|chat gpt|gpt-?[2345](?:\\.\\d|o)?(?:[ -]?(?:turbo|mini|nano))?|instructgpt|text-davinci-\\d+|bing chat|google bard|"
    "vicuna|chatglm\\d?|glm-?\\d(?:\\.\\d)?|qwen[\\d.]*|tongyi qianwen|deepseek(?:[- ]?(?:v\\d|r\\d|chat|coder))?|mixtral|wizardlm|"
    "llama[ -]?[23](?:\\.\\d)?|codellama|internlm|baichuan|ernie bot|palm ?2|lamda|openassistant|open assistant|open-assistant|stablelm|"
    "hyperclova|yandexgpt|gigachat|phogpt|vistral|seallm|claude[ -]?(?:[1234](?:\\.\\d)?|instant|sonnet|opus|haiku)|gemini (?:pro|ultra|flash|nano)|"
    "microsoft copilot|github copilot|command[ -]r\\+?|smollm\\d?|olmo|tülu|tulu|zephyr-7b|"
    "通义千问|千问|文心一言|讯飞星火|星火认知|混元|豆包|盘古|智谱清言|书生|百川大模型|悟道"
)
# People, signs of the zodiac and animals are called so too.
SHARED = "claude|gemini|bard|llama|alpaca|falcon|koala|dolly|phi|grok|kimi|moss|copilot|sydney|mistral|gemma|zephyr|pi|alexa|siri|cortana|ernie"
_MADE = (
    "trained|developed|created|made|built|designed|fine-?tuned|produced|powered|programmed|provided|launched|released"
)
_W = (
    "(?:(?:an?|the|ai|artificial|intelligence|intelligent|large|small|language|model|assistant|chatbot|chat|bot|virtual|computer|program|"
    "machine|learning|system|named|called|known|as|just|only|simply|merely|actually|version|variant|of|based|on|helpful|harmless|honest|digital|conversational|"
    "generative|pre-?trained|transformer|neural|network|text-based|powerful|advanced|friendly|open-source|llm|that|which|was|were|has|been|and|"
    f"who|from|by|one|{_MADE}|{MODELS}|{SHARED})[ ,-]{{1,2}}){{0,16}}"
)
_MACHINE = r"(?:ai|a\.i\.|language model|large language|chatbot|assistant|llm|bot)"
# Words of which a text that names one has one, and names in scripts without spaces.
_NEEDS = (
    "openai open anthropic google deepmind microsoft meta facebook mistral mixtral alibaba baidu tencent bytedance huawei deepseek zhipu moonshot "
    "minimax nvidia cohere databricks stability hugging huggingface eleutherai lmsys systems innovation laion openassistant nous teknium inflection upstage naver "
    "kakao yandex sakana vinai viettel perplexity snowflake xai apple ibm amazon fpt zalo sber stanford reka character "
    "gpt chatgpt instructgpt davinci bing bard vicuna chatglm glm qwen tongyi wizardlm llama codellama internlm baichuan ernie palm lamda stablelm "
    "hyperclova yandexgpt gigachat phogpt vistral seallm claude gemini copilot smollm olmo tulu tülu zephyr grok kimi gemma falcon alpaca koala "
    "dolly siri alexa cortana sydney moss гугл яндекс сбер эппл"
)
_NEEDS_EASTERN = (
    "openai|chatgpt|gpt|anthropic|google|microsoft|meta|claude|gemini|llama|qwen|deepseek|glm|"
    "阿里|达摩院|百度|腾讯|字节|华为|智谱|深度求索|月之暗面|讯飞|商汤|百川|零一万物|清华|谷歌|微软|复旦|千问|文心|星火|混元|豆包|盘古|书生|悟道|"
    "オープンai|グーグル|マイクロソフト|오픈ai|구글|네이버|카카오"
)
_COMPANY = f"(?:{COMPANIES})(?![\\w])"
_NAME = f"(?:{MODELS})(?![\\w])"
PACK = Pack(
    "a model that names itself or whose it is",
    "the lists by which Vicuna, WizardLM-unfiltered, UltraChat-200k and Tulu 3 (arXiv 2411.15124, section 3) clean theirs; "
    "answers of ChatGPT, Claude, Gemini, Llama, Qwen, DeepSeek and ERNIE to `who are you` in public sets",
    {
        "en": phrase(
            "i am|i'm|my name|call me|i go by|i was|i've been|i have been|as a|as openai|as google|as meta|as microsoft|as anthropic|as gpt|as chatgpt|as claude|as vicuna|as llama|as open|being a| me|my cr|my dev|my ma|my tr|my pr|my owner|my comp|my emp|our owner|our comp|openai'|openai p|openais p|this is",
            rf"""\b(?:i am|i'm|my name is|call me|known as|this is|i go by)(?: actually| currently| just| indeed)? {_W}{_NAME}
            |\b(?:i am|i'm|as|being|i was|i've been|i have been|me)(?: also| originally| first| actually)?,? {_W}(?:{_MADE}) (?:and \w{{4,12}} )?by (?:(?:the|an?|our|its|team|of|researchers?|engineers?|scientists?|experts?|people|folks|company|developers?|group|ai|at|from|called|tech) ){{0,8}}{_COMPANY}
            |\b(?:i am|i'm|my name is|call me)(?: actually| just)? (?:{SHARED})\b(?=[^.!?\n]{{0,60}}\b{_MACHINE}\b)
            |\b(?:i am|i'm|as) {_W}{_MACHINE}\b[^.!?\n]{{0,20}}\b(?:named|called|known as) (?:{SHARED}|{MODELS})\b
            |\bas {_W}{_NAME}(?=,| i\b|\.)|\bas (?:an? )?(?:openai|anthropic|google|meta|microsoft)(?:'s)? (?:ai|language model|assistant|llm)\b
            |\b(?:openai|anthropic|google|meta ai|microsoft|deepseek|alibaba cloud) (?:has |have )?(?:trained|created|developed|made|built|designed) me\b
            |\bmy (?:creators?|developers?|makers?|trainers?|programmers?)(?:,? (?:is|are|at|from))?,? {_COMPANY}
            |\bopenai'?s? (?:use[- ]case |usage |content |safety )?polic(?:y|ies)|\b(?:my|our) (?:owner|company|employer),? {_COMPANY}""",
        ),
        "de": phrase(
            "ich |als ",
            rf"\bich (?:bin|heiße|wurde)\b[^.!?\n]{{0,60}}\b(?:{MODELS})(?!\w)|\b(?:ich bin|ich wurde|als)\b[^.!?\n]{{0,60}}\bvon {_COMPANY}(?=[^.!?\n]{{0,24}}\b(?:entwickelt|trainiert|erstellt|geschaffen|programmiert))|\b(?:ich bin|als)\b[^.!?\n]{{0,40}}\b(?:entwickelt|trainiert|erstellt)\w* von {_COMPANY}",
        ),
        "nl": phrase(
            "ik |als |mijn naam",
            rf"\b(?:ik ben|ik heet|mijn naam is)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:ik ben|als)\b[^.!?\n]{{0,60}}\b(?:ontwikkeld|getraind|gemaakt|gecreëerd) door {_COMPANY}|\bik ben\b[^.!?\n]{{0,40}}\bdoor {_COMPANY} (?:ontwikkeld|getraind|gemaakt)",
        ),
        "fr": phrase(
            "je |tant que|j'ai",
            rf"\b(?:je suis|je m'appelle|en tant que)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:je suis|en tant que|j'ai été)\b[^.!?\n]{{0,60}}\b(?:développée?|créée?|entraînée?|conçue?|formée?|mise? au point) par {_COMPANY}",
        ),
        "es": phrase(
            "soy|llamo|mi nombre|como |fui ",
            rf"\b(?:soy|me llamo|mi nombre es)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:soy|como|fui)\b[^.!?\n]{{0,60}}\b(?:desarrollad|cread|entrenad|diseñad)[oa] por {_COMPANY}",
        ),
        "pt": phrase(
            "sou |chamo|meu nome|como |fui ",
            rf"\b(?:sou|me chamo|meu nome é)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:sou|como|fui)\b[^.!?\n]{{0,60}}\b(?:desenvolvid|criad|treinad|projetad)[oa] (?:pela?|por) {_COMPANY}",
        ),
        "it": phrase(
            "sono |chiamo|come ",
            rf"\b(?:sono|mi chiamo)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:sono|come)\b[^.!?\n]{{0,60}}\b(?:sviluppat|creat|addestrat|progettat)[oa] da {_COMPANY}",
        ),
        "pl": phrase(
            "jestem|nazywam|jako|zosta",
            rf"\b(?:jestem|nazywam się)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:jestem|jako|został[ea]m)\b[^.!?\n]{{0,60}}\b(?:stworzon|opracowan|wytrenowan|wyszkolon)\w{{1,4}} przez (?:firmę )?{_COMPANY}",
        ),
        "ru": phrase(
            "я |меня зовут|как ",
            rf"\b(?:я|меня зовут)\b[^.!?\n]{{0,30}}\b{_NAME}(?! и\b)(?=[.,!\s]|$)(?<!использую)|\b(?:я|как)\b[^.!?\n]{{0,70}}\b(?:разработан|создан|обучен)\w{{0,4}} (?:компанией |командой )?{_COMPANY}",
        ),
        "tr": phrase(
            "ben |adım|bir ",
            rf"\b(?:ben|adım)\b[^.!?\n]{{0,30}}\b{_NAME}|\b(?:ben|bir)\b[^.!?\n]{{0,60}}\b{_COMPANY} tarafından (?:geliştirilen|geliştirildim|eğitilen|eğitildim|oluşturul\w+|tasarlan\w+)",
        ),
        "ar": phrase(
            "أنا",
            rf"أنا [^.!؟\n]{{0,40}}(?:{MODELS})|أنا [^.!؟\n]{{0,60}}(?:طورته|طورتني|من تطوير|تم تطوير\w{{0,3}}|تم تدريب\w{{0,3}}|دربته|أنشأته)[^.!؟\n]{{0,20}}(?:{COMPANIES})",
        ),
        "hi": phrase("मैं", rf"मैं [^.!?।\n]{{0,60}}(?:{COMPANIES}) (?:द्वारा|ने|का|की)|मैं (?:एक )?(?:{MODELS})"),
        "id": phrase(
            "saya|sebagai",
            rf"\b(?:saya (?:adalah )?|nama saya (?:adalah )?)(?:sebuah )?{_NAME}|\b(?:saya|sebagai)\b[^.!?\n]{{0,60}}\b(?:dikembangkan|dibuat|dilatih|diciptakan) oleh {_COMPANY}",
        ),
        "vi": phrase(
            "tôi|mình|em là",
            rf"\b(?:tôi là|tên (?:của )?tôi là|mình là|em là)\b[^.!?\n]{{0,40}}\b{_NAME}|\b(?:tôi|mình|là)\b[^.!?\n]{{0,70}}\b(?:phát triển|tạo ra|huấn luyện|đào tạo|xây dựng|thiết kế) bởi (?:công ty |đội ngũ )?{_COMPANY}|\b(?:tôi|mình) (?:là|được)\b[^.!?\n]{{0,60}}\b(?:của|do) {_COMPANY}(?= (?:phát triển|tạo|huấn luyện|đào tạo|xây dựng))",
        ),
        "zh": phrase(
            "我",
            rf"""(?:我是|我叫|我的名字是|我的名字叫)[^。！？!?\n]{{0,30}}(?:{MODELS})|(?:我是|作为|我由|我被)[^。！？!?\n]{{0,30}}(?:由|被)?(?:{COMPANIES})[^。！？!?\n]{{0,12}}(?:开发|訓練|训练|研发|创建|打造|推出|設計|设计|開發|提供|独立研发|自主研发)
            |(?:{COMPANIES})(?:公司)?(?:训练|开发|创造|创建)(?:了|出)?的?我""",
        ),
        "ja": phrase(
            "私|わたし|僕",
            rf"(?:私|わたし|僕)(?:は|の名前は)[^。！？!?\n]{{0,30}}(?:{MODELS})|(?:私|わたし)は[^。！？!?\n]{{0,30}}(?:{COMPANIES})(?:社)?(?:によって|に|が|の)(?:開発|訓練|作|トレーニング|学習)",
        ),
        "ko": phrase(
            "저는|나는|제 이름",
            rf"(?:저는|나는|제 이름은)[^.!?\n]{{0,30}}(?:{MODELS})|(?:저는|나는)[^.!?\n]{{0,30}}(?:{COMPANIES})(?:가|에서|에 의해|이|사가)? ?(?:개발|훈련|만든|학습|제작)",
        ),
        "th": phrase(
            "ฉัน|ผม",
            rf"(?:ฉัน|ผม|ดิฉัน|เรา)(?:คือ|เป็น|ชื่อ)[^.!?\n]{{0,40}}(?:{MODELS})|(?:ฉัน|ผม|ดิฉัน)(?:คือ|เป็น|ถูก|ได้รับ)[^.!?\n]{{0,60}}(?:พัฒนา|สร้าง|ฝึก)\w{{0,8}}โดย ?(?:{COMPANIES})",
        ),
    },
    needs=frozenset(_NEEDS.split()),
    needs_within=tuple(_NEEDS_EASTERN.split("|")),
)
