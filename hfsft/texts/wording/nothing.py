"""Words that stand where a text was to be and was not: `noinput`, `N/A`, `None`, `TODO`, `...`.

Stanford's Alpaca marks instructions without an input by such words, and its cleaned version lists them as a defect
(github.com/gururise/AlpacaDataCleaned); `nan`, `None` and `null` are what tables make of an empty cell.
"""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use

LONGEST = 60  # characters of a text that may say nothing
_AROUND = " \t\r\n<>[](){}\"'`*_.,;:!-–—#“”«»「」『』【】（）《》〈〉。，：；！/\\|"
# Words for a text that is missing, without spaces, hyphens and underscores.
_MISSING = frozenset(
    """noinput nooutput noinputs nooutputs noinputneeded noinputrequired noinputprovided noinputgiven noinputnecessary
    noresponse noanswer noresponseprovided noanswerprovided nocontent nocontext noinstruction notext inputnotrequired
    nooutputrequired nooutputprovided nooutputgenerated notapplicable na n/a n.a n\\a tbd tba tbc todo fixme placeholder
    placeholdertext loremipsum emptystring yourresponsehere youranswerhere inserttexthere insertanswerhere
    insertresponsehere responsehere answerhere outputhere inputhere texthere texttobeadded tobeadded tobefilled
    tobefilledin tobecompleted tobedetermined comingsoon answertk #n/a #ref! #value! #name? [objectobject] objectobject
    无输入 無輸入 无输出 無輸出 无内容 無內容 无回答 无回复 没有输入 没有输出 不适用 不適用 待补充 待填写 待定 待完善 占位符 暂无 暂无内容 暂无数据 此处填写 此处填写答案 请填写 略
    khôngcóđầuvào khôngcóđầura khôngcódữliệu khôngcóinput khôngápdụng chưacóđầuvào chưacónộidung đangcậpnhật
    keineeingabe keineausgabe keineangabe keineangaben keineantwort entfällt pasdentrée aucuneentrée sansréponse sansobjet nonapplicable
    sinentrada sinsalida sinrespuesta noaplica noaplicable sementrada semsaída semresposta nãoseaplica nessuninput nessunoutput nonapplicabile
    geeninvoer geenuitvoer nietvantoepassing brakdanych brakodpowiedzi niedotyczy нетввода нетданных нетответа неприменимо
    入力なし 出力なし 回答なし 該当なし 未入力 입력없음 출력없음 해당없음 답변없음 لايوجد غيرمتوفر لايوجدمدخل लागूनहीं कोईइनपुटनहीं ไม่มีข้อมูล ไม่มีอินพุต tidakadainput tidakadaoutput tidakberlaku
    girdiyok çıktıyok uygulanamaz""".split()  # noqa: SIM905
)
# What an empty cell of a table becomes, and single words for it, which a question may be answered with.
_EMPTY_CELL = frozenset(
    [
        "nan",
        "none",
        "null",
        "nil",
        "undefined",
        "void",
        "empty",
        "nothing",
        "无",
        "無",
        "空",
        "trống",
        "không",
        "khôngcó",
        "没有",
        "沒有",
        "keine",
        "blank",
        "input",
    ]
)
_MARK = at_first_use(
    r"[<\[({] ?no[ _-]?(?:in|out)put(?: (?:required|needed|provided|given))? ?[>\])}]|<(?:none|null|empty|nan|n/?a)>"
    r"|^[ \t]*no(?:in|out)put[.,]?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# An instruction that calls for more than one word.
_WANTS_PROSE = at_first_use(
    r"^\W{0,3}(?:please |can you |could you )?(?:describe|explain|discuss|write|compose|summari[sz]e|create|generate|tell|suggest|"
    r"compare|how (?:do|can|to|does|would|should|did)|why|give (?:me )?(?:an?|some|three|two|five|\d)|design|draft|elaborate|outline|"
    r"provide|recommend|analy[sz]e|rewrite|translate|develop|come up|brainstorm|propose|construct|make|paraphrase|list \w+ (?:ways|tips|reasons))"
    r"|^(?:请|請|帮我|幫我)?(?:描述|解释|解釋|说明|說明|写|寫|创作|生成|总结|總結|概括|介绍|介紹|讨论|分析|比较|设计|制定|提供|给出|列出|推荐|翻译|编写|撰写|为什么|如何|怎么|怎样)"
    r"|^(?:hãy )?(?:mô tả|giải thích|viết|tóm tắt|tạo|trình bày|phân tích|so sánh|giới thiệu|liệt kê|tại sao|vì sao|làm thế nào|đề xuất|thiết kế|dịch)",
    re.IGNORECASE,
)


def nothing(text: str, asked: str | None = None) -> str | None:
    """What stands in the place of a whole text that says nothing; None for a text that says something.

    `asked` is the instruction that the text answers: `None` or `null` answers a question, but no call for a
    description. Left out, the text is an instruction or what belongs to it, in whose place `None` says nothing either.
    """
    if len(text) > LONGEST:
        return None
    bare = text.strip(_AROUND)
    word = bare.casefold().replace(" ", "").replace("-", "").replace("_", "").replace("'", "")
    if not word:  # signs alone: dots and dashes stand for a text, others may be what was asked for
        signs = text.strip()
        return signs if signs and not signs.strip(".…。-–—_ ") else None
    if word in _MISSING:
        return text.strip()
    if word in _EMPTY_CELL and (asked is None or _WANTS_PROSE.search(asked)):
        return text.strip()
    return None


def missing_mark(text: str) -> str | None:
    """A mark such as `<noinput>` within a text, None for none."""
    if "put" not in text and "PUT" not in text and "Put" not in text and "<" not in text:
        return None
    found = _MARK.search(text)
    return found[0].strip() if found else None
