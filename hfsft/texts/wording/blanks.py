"""Places in a text that somebody was to fill in: `[Your Name]`, `<insert date here>`, `【公司名称】`, `[Tên của bạn]`.

A place is told from other brackets by what stands in it: a command (insert, enter, điền, 填写), somebody whose it is
(your, Ihr, 您的), or a noun that forms ask for (name, date, company). Citations, links, indices of arrays, stage
directions and tags of markup have none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hfsft.letters.late_patterns import at_first_use

_TOLD = r"(?i:insert|enter|fill in|your|请|請|此处|插入|填|您的|你的|điền|nhập|chèn)[^()（）\n]{1,60}"
# Each begins with a bracket of its own, by which the places where it may stand are found at once.
_BRACKETS = at_first_use(
    r"\[(?<![A-Za-z0-9_\]\)}$\\]\[)([^\[\]\n]{2,80})\](?![(\[:\w])|<([^<>\n=/]{3,80})>|【([^【】\n]{1,40})】|［([^［］\n]{1,40})］"
    r"|\{(?<![A-Za-z0-9_}$\\^{]\{)([^{}\n=:;()]{2,80})\}(?!\})"
    rf"|\(({_TOLD})\)|（({_TOLD})）"
)
_NOUN = (
    r"(?:(?:first|last|full|middle|company|business|brand|product|project|event|school|university|customer|client|employee|"
    r"manager|recipient|sender|user|city|street|email|e-mail|phone|job|contact|current|start|end|due|order|account|invoice|"
    r"tracking|mailing|home|website|organi[sz]ation|institution|department|hiring|team|friend|speaker|salesperson|position|"
    r"doctor|teacher|professor|supervisor|boss|landlord|tenant|seller|buyer|author|candidate|charity|store|app|service)(?:[’']?s)? )*"
    r"(?:names?|surname|dates?|time|date (?:and|&) time|address|e-?mail|phone|telephone|number|phone number|company|city|state|"
    r"zip(?: code)?|country|title|position|recipient|sender|signature|location|venue|amount|price|topic|subject|employer|"
    r"organi[sz]ation|department|university|school|website|link|url|product|brand|customer|client|job title|designation|occupation|"
    r"hiring manager|role|duration|deadline|answer|response|explanation|user ?name|placeholder|blank|details|contact (?:info(?:rmation)?|details)|reason|relationship)"
)
_INSIDE = at_first_use(
    # a command
    r"^(?:please )?(?:insert|enter|fill(?: in)?|put|type|paste|replace|specify|placeholder)\b"
    r"|^(?:add|include|provide|write|describe|list|state|mention|choose|select|attach|name|explain|give) (?:an? |the |your |any |some |\w+ )"
    r"|\b(?:goes|here)$|^(?:tbd|todo|tba|xxx+|placeholder|blank|fill me in)\b"
    # whose it is
    r"|^(?:e\.g\.,? )?(?:your|my|his|her|their|our|recipient[’']?s?|sender[’']?s?) \w"
    # a noun of forms
    rf"|^(?:the |an? )?{_NOUN}(?:(?: ?/ ?| or | and |, ){_NOUN})?(?: here)?$"
    # the same in other languages
    r"|^(?:请|請|此处|此處|在此|这里|這裡)?(?:填|输入|輸入|插入|替换|填写|补充|写上|粘贴)|^(?:您|你|贵|我|对方|客户|收件人|发件人|公司|产品|学校|品牌|活动|姓名|名字|用户|日期|时间|地址|电话|职位|职务|单位|邮箱|城市)"
    r"[^，。？！]{0,12}$"
    r"|^(?:điền|nhập|chèn|ghi|thêm) |^(?:họ (?:và )?)?tên(?: (?:của|công ty|bạn|người|khách|sản phẩm|trường|đầy đủ)[\w ]*)?$"
    r"|^(?:địa chỉ|ngày(?:,? tháng)?(?:,? năm)?(?: sinh)?|nghề nghiệp|quốc gia|thành phố|số điện thoại|chức vụ|công ty|tên công ty|email|thời gian|địa điểm)(?: của [\w ]+| bạn)?$"
    r"|^(?:ihr|dein|mein|euer)e?[rnms]? \w|^(?:name|datum|ort|anschrift|adresse|firma|unternehmen|telefonnummer)(?: (?:des|der|ihres) [\w ]+)?$|\beinfügen$|\beintragen$"
    r"|^(?:votre|ton|ta|nom|prénom|insérez|insérer|adresse|entreprise)\b[\w’' ]*$|^(?:su|tu|nombre|inserte|insertar|dirección|empresa|fecha|escriba) ?[\w’' ]*$"
    r"|^(?:seu|sua|teu|nome|insira|inserir|endereço|empresa|data|inserisci|inserire|il tuo|la tua|indirizzo|azienda|cognome)\b[\w’' ]*$"
    r"|^(?:uw|jouw|naam|bedrijf|twoje|imię|nazwa|nazwisko|wstaw|wpisz|adınız|isim|isminiz|şirket|nama(?: anda)?|alamat|perusahaan|masukkan)\b[\w’' ]*$"
    r"|^(?:ваше|ваш|ваша|ваши|имя|фамилия|вставьте|введите|укажите|название|дата|адрес|компания)\b[\w ]*$"
    r"|^(?:お?名前|氏名|会社名|日付|住所|あなたの|御社|貴社|ここに|電話番号)|^(?:이름|성함|회사|날짜|주소|귀하|당신|연락처)|(?:입력|삽입)$"
    r"|^(?:اسم|تاريخ|عنوان|أدخل|ادخل|شركة|رقم)|^(?:आपका|आपकी|नाम|कंपनी|तारीख|पता|यहाँ)|^(?:ชื่อ|วันที่|ที่อยู่|บริษัท|ใส่|กรอก)"
)
# Elements of markup in small letters and addresses; variables, which `remains` looks after; values that were redacted.
_TAG = at_first_use(r"(?!insert|your_|your-|placeholder)(?:[a-z][a-z0-9_-]*$|[A-Za-z0-9._+-]{1,64}@)")
_NAME = at_first_use(r"[A-Za-z][A-Za-z0-9_.-]*$")
_REDACTED = at_first_use(r"\d$")
_UNWRITTEN = at_first_use(
    r"^(?:TODO|FIXME)(?:\b:?|(?=\s*$))|\b(?:TODO|FIXME)(?=:|\s*\Z)|\b[Ll]orem ipsum\b", re.MULTILINE
)


def blanks(text: str) -> Iterator[str]:
    """The places that somebody was to fill in, as they stand in the text."""
    for found in _BRACKETS.finditer(text):
        inside = next(group for group in found.groups() if group is not None).strip()
        angled, curly = found[2] is not None, found[5] is not None
        if (angled and _TAG.match(inside)) or (curly and _NAME.match(inside)) or _REDACTED.search(inside):
            continue
        if _INSIDE.search(inside.replace("_", " ").casefold()):
            yield found[0]
    if "TODO" in text or "FIXME" in text or "orem ipsum" in text:
        yield from (found[0] for found in _UNWRITTEN.finditer(text))
