"""What an instruction asks for, as far as that makes a form of answer right that is a defect elsewhere.

    Write a template for a rejection letter.        its answer has places to fill in
    Write a dialogue between a user and a bot.      its answer has lines of speakers
    Translate: Good morning.                        its answer may be the text that was given

Each question is one expression over casefolded text, in the languages of `phrases`; it errs on the side of yes, so that
what the user wanted is never taken for a defect.
"""

from __future__ import annotations

from hfsft.letters.late_patterns import at_first_use

_FORM = at_first_use(
    r"\b(?:e-?mails?|letters?|templates?|forms?|memos?|scripts?|contracts?|agreements?|speech(?:es)?|invitations?|invites?|"
    r"(?:greeting|birthday|thank[- ]you|business|christmas|get[- ]well\S*|sympathy) ?cards?|cards? (?:for|to)|notes?|messages?|repl(?:y|ies)|respon[ds]\w*|invoices?|receipts?|"
    r"resumes?|résumés?|cvs?|press releases?|announcements?|toasts?|advert\w*|ads?|slogans?|campaigns?|newsletters?|"
    r"certificates?|proposals?|pitch\w*|placeholders?|fill in|bios?|biograph\w*|introduc\w*|sms|texts? (?:to|for)|text messages?|tweets?|"
    r"testimonials?|complaints?|statement of purpose|voicemails?|obituar\w*|eulog\w*|vows?|dear|sincerely|mad libs?|brackets?|"
    r"notices?|disclaimers?|apolog\w*|sales calls?|chatbots?|tools)\b"
    r"|信|邮件|電郵|电邮|郵件|模板|范本|範本|模版|合同|协议|協議|演讲|演講|邀请|邀請|贺卡|賀卡|便条|公告|简历|簡歷|履历|脚本|腳本|留言|短信|"
    r"广告|廣告|新闻稿|表单|发票|發票|收据|回复|回覆|致辞|祝辞|声明|文案|推文|占位|标语|话术|自我介绍"
    r"|\b(?:(?:lá |bức |viết )thư|thư (?:xin|mời|cảm|ngỏ|gửi|cho|từ)|e-?mail|bản mẫu|mẫu (?:thư|đơn|email|câu)|biểu mẫu|hợp đồng|diễn văn|bài phát biểu|lời mời|thiệp|thông báo|kịch bản|tin nhắn|"
    r"(?:lá |viết )đơn|đơn (?:xin|từ)|hóa đơn|sơ yếu lý lịch|quảng cáo|lời chào|lời chúc|cartas?|correos?|plantillas?|formularios?|mensajes?|"
    r"contratos?|discursos?|invitaci\w+|anuncios?|brief\w*|vorlagen?|formulare?|einladung\w*|nachricht\w*|vertr[aä]g\w*|rede|"
    r"lettres?|courriels?|modèles?|formulaires?|discours|contrats?|lettera|lettere|modulo|"
    r"messagg[io]+|contratto|discorso|invito|modelo|formulário|mensagem|contrato|convite|brieven|sjabloon|formulier|bericht|"
    r"pism\w*|szablon\w*|wiadomoś\w*|umow\w*|mektup\w*|şablon\w*|e-posta\w*|mesaj\w*|sözleşme\w*|surat\w*|templat\w*|pesan\w*|"
    r"formulir\w*|undangan\w*|письм\w*|шаблон\w*|сообщени\w*|договор\w*|речь|приглашени\w*|анкет\w*|объявлени\w*)\b"
    r"|手紙|メール|テンプレ|書式|契約|挨拶|スピーチ|招待|メッセージ|文面|案内|편지|이메일|메일|양식|템플릿|메시지|계약|초대|연설"
    r"|رسالة|بريد|نموذج|قالب|عقد|دعوة|خطاب|पत्र|ईमेल|टेम्पलेट|फॉर्म|संदेश|จดหมาย|อีเมล|แบบฟอร์ม|เทมเพลต|ข้อความ"
)
_CODE = at_first_use(
    r"\b(?:code\w*|coding|programs?|programming|functions?|python|javascript|java|typescript|react|vue|angular|django|flask|jinja\w*|"
    r"handlebars|mustache|html|css|xml|json|yaml|sql|quer(?:y|ies)|bash|shell|commands?|scripts?|regex\w*|regular expressions?|"
    r"strings?|variables?|placeholders?|templates?|latex|ruby|php|perl|golang|rust|swift|kotlin|matlab|algorithms?|"
    r"api|endpoints?|github|docker\w*|kubernetes|ansible|terraform|helm|excel|spreadsheets?|formulas?|debug\w*|errors?|printf?|"
    r"compil\w+|class(?:es)?|methods?|loops?|arrays?|databases?|config\w*|cli|terminal|software|app|website|prompts?|"
    r"lập trình|mã nguồn|(?:viết|khai báo|gọi) hàm|hàm số|biến số|tên biến|programa|código|funci[oó]n|programm|funktion|fonction|программ\w*|функци\w*)\b"
    r"|代码|程序|编程|函数|脚本|算法|变量|字符串|模板|网页|正则|查询|命令|数据库|コード|プログラム|関数|코드|프로그램|함수|c\+\+|c#"
)
_DIALOGUE = at_first_use(
    r"\b(?:dialog\w*|conversations?|chat\w*|scripts?|role-?play\w*|act as|interviews?|transcripts?|skits?|debate|screenplay|convers\w+|q ?& ?a|q and a|faqs?|prompts?|bots?|assistants?|simulat\w+|"
    r"diálogos?|conversaci\w+|gespräch\w*|dialogu?e?s?|conversazion\w*|dialog[oi]|conversa|gesprek\w*|rozmow\w*|диалог\w*|"
    r"разговор\w*|hội thoại|đối thoại|trò chuyện|phỏng vấn|percakapan|konuşma\w*)\b"
    r"|对话|對話|聊天|剧本|劇本|采访|採訪|访谈|脚本|会话|客服|助手|机器人|対話|会話|インタビュー|대화|인터뷰|حوار|محادثة|संवाद|बातचीत|บทสนทนา"
)
_QUESTIONS = at_first_use(
    r"\b(?:questions?|quiz\w*|exercises?|problems?|tasks?|prompts?|instructions?|exams?|tests?|interviews?|faqs?|surveys?|riddles?|"
    r"puzzles?|q ?& ?a|q and a|worksheets?|homework|multiple[- ]choice|trivia|"
    r"preguntas?|ejercicios?|fragen?|aufgaben?|übung\w*|exercices?|domand[ae]|eserciz\w*|perguntas?|exercícios?|vragen|pyta\w+|"
    r"вопрос\w*|задач\w*|задани\w*|упражнени\w*|câu hỏi|bài tập|nhiệm vụ|đề thi|câu đố|pertanyaan|soal|sorular?|soru\w*)\b"
    r"|问题|問題|练习|題目|题目|考题|试题|测验|测试|任务|指令|面试|问答|提问|谜语|作业|質問|クイズ|課題|질문|문제|퀴즈|과제|أسئلة|سؤال|प्रश्न|सवाल|คำถาม|แบบฝึกหัด"
)
_ACTIVITIES = at_first_use(
    r"\b(?:lessons?|assignments?|activit\w+|challenges?|examples?|steps?|outlines?|plans?|how to|checklists?|curricul\w+|syllabus|"
    r"guide\w*|tips|instructions?|advice|strateg\w+|routines?|recipes?|advert\w*|blog|posts?|pasos|consejos|schritte|tipps|étapes|conseils|"
    r"hướng dẫn|các bước|lời khuyên|kế hoạch|mẹo)\b|步骤|例子|示例|指南|方法|建议|计划|教程|攻略|手順|方法|방법"
)
_RESTATE = at_first_use(
    r"\b(?:translat\w*|grammar\w*|grammatical\w*|fix\w*|correct\w*|rewrit\w*|rewrote|re-?write|reword\w*|rephras\w*|paraphras\w*|"
    r"repeat\w*|copy|copied|echo|edit\w*|proofread\w*|punctuat\w*|capital\w*|format\w*|reformat\w*|convert\w*|transform\w*|turn|"
    r"chang\w+|replac\w+|insert\w*|add|remov\w+|delet\w+|revers\w+|reorder\w*|re-?arrang\w+|order|sort\w*|arrange\w*|organi[sz]e\w*|"
    r"alphabeti\w+|extract\w*|find|identif\w+|locat\w+|highlight\w*|underlin\w+|select\w*|choos\w+|pick|quot\w+|recit\w+|"
    r"complet\w+|continu\w+|finish\w*|fill\w*|extend\w*|expand\w*|improv\w+|simplif\w+|shorten\w*|summar\w+|condens\w+|trim\w*|"
    r"cut|reduc\w+|separat\w+|split\w*|join\w*|combin\w+|merg\w+|concatenat\w+|classif\w+|categori\w+|label\w*|tag\w*|group\w*|list\w*|"
    r"code|program|function|transcrib\w*|type|write down|say|spell\w*|restat\w*|revis\w*|modif\w*|updat\w*|adapt\w*|mak\w+|"
    r"style|tone|voice|tense|passive|active|plural|singular|synonyms?|antonyms?|words?|sentences?|phrases?|lyrics|poem|verbatim|"
    r"parse|clean\w*|normali[sz]e\w*|markdown|html|json|csv|table|xml|yaml|latex|sql|article|comma\w*|error\w*|mistake\w*|typo\w*|"
    r"traduci\w*|traduz\w*|tradui\w*|übersetz\w*|korrigier\w*|wiederhol\w*|verbesser\w*|vertaal\w*|herhaal\w*|corrig\w+|corrij\w+|"
    r"repite|repetir|répét\w+|repeti\w*|ripeti\w*|riscriv\w+|reescrib\w+|reescrev\w+|переведи\w*|перевод\w*|исправь\w*|повтори\w*|"
    r"перепиши\w*|dịch|sửa|viết lại|lặp lại|chép|chỉnh|sắp xếp|trích|tìm|chọn|hoàn thành|tiếp tục|rút gọn|tóm tắt|chuyển|"
    r"çevir\w*|düzelt\w*|tekrar\w*|terjemah\w*|perbaik\w*|ulang\w*|przetłumacz\w*|popraw\w*|powtórz\w*)\b"
    r"|翻译|翻譯|译|改写|改寫|改正|纠正|修改|修正|改错|重写|重复|重複|复述|抄|润色|编辑|校对|语法|标点|大写|小写|格式|转换|变成|替换|插入|添加|删除|"
    r"排序|排列|整理|提取|找出|识别|选择|挑选|引用|背诵|补全|续写|完成|填|扩展|改进|简化|缩短|总结|概括|摘要|拆分|合并|分类|标注|列出|代码|句子|词|语气|时态|"
    r"訳|直し|繰り返|書き換え|修正|要約|번역|고쳐|반복|다시 써|요약|수정|ترجم|صحح|كرر|أعد|अनुवाद|दोहरा|सुधार|แปล|แก้ไข|ทวน|เขียนใหม่"
)
_PROMPTS = at_first_use(
    r"\b(?:prompts?|instructions?|tasks?|few-?shot|fine-?tun\w+|language models?|llms?|gpt\w*|alpaca|training (?:data|examples?)|"
    r"assignments?|exercises?|worksheets?|anweisung\w*|instruccion\w*|инструкци\w*|chỉ dẫn|hướng dẫn)\b|指令|提示词|任务|语言模型|指示|프롬프트|プロンプト"
)
_VERSE = at_first_use(
    r"\b(?:poe(?:m|try|tic)\w*|songs?|lyrics?|sonnets?|raps?|haikus?|verses?|limericks?|rhym\w+|ballads?|odes?|jokes?|riddles?|stor(?:y|ies)|"
    r"acrostics?|couplets?|quatrains?|stanzas?|hymns?|carols?|poema|canci[oó]n|gedicht\w*|lied|poème|chanson|poesia|canzone|canção|стих\w*|песн\w*|thơ|bài hát|puisi|lagu|şiir|şarkı|wiersz\w*)\b"
    r"|诗|詩|歌|词|押韵|笑话|谜|故事|俳句|詞|시를|노래|قصيدة|कविता|กลอน|บทกวี"
)


def wants_form(asked: str) -> bool:
    """Whether it asks for a text that others fill in or send: a letter, a template, a contract, a speech."""
    return _FORM.search(asked.casefold()) is not None


def wants_code(asked: str) -> bool:
    """Whether it is about programs, markup or formulas, in which signs stand that mark a place elsewhere."""
    return _CODE.search(asked.casefold()) is not None


def wants_dialogue(asked: str) -> bool:
    """Whether it asks for what several people say."""
    return _DIALOGUE.search(asked.casefold()) is not None


def wants_questions(asked: str) -> bool:
    """Whether it asks for questions, exercises or things to do."""
    return _QUESTIONS.search(asked.casefold()) is not None


def wants_activities(asked: str) -> bool:
    """Whether it asks what to do, so that the answer calls for this and that."""
    return _ACTIVITIES.search(asked.casefold()) is not None


def wants_it_again(asked: str) -> bool:
    """Whether the right answer may hold much of what was given: translated, corrected, put in order, gone on with."""
    return _RESTATE.search(asked.casefold()) is not None


def wants_verse(asked: str) -> bool:
    """Whether it asks for a poem, a song, a story or a joke, which may ask and call as they like."""
    return _VERSE.search(asked.casefold()) is not None


def wants_prompts(asked: str) -> bool:
    """Whether it is about instructions or prompts for a model."""
    return _PROMPTS.search(asked.casefold()) is not None
