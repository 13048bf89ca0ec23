"""A second task that an answer goes on with, by the marks of tasks or as a line that asks for something else.

    The highest peak is Kilimanjaro.
    6. Instruction: Draft a thank-you note.        marks of a task, as Self-Instruct writes them
    6. Output: Dear ...

    Impressionists paint landscapes.

    Sort these words by length: pear, fig.         a line that asks, of nothing that was spoken of before
    fig, pear

Models that were trained on tasks one below the other (Wang et al. 2022, "Self-Instruct", arXiv 2212.10560, section 3)
do not stop after the first. Its data in Alpaca has such rows (github.com/gururise/AlpacaDataCleaned, "merged
instructions").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.wording.heads import LineHead, heads
from hfsft.texts.wording.prompt_marks import ANSWERS, INPUTS, INSTRUCTIONS, listed
from hfsft.texts.wording.prose import is_code, prose
from hfsft.texts.wording.wanted_forms import (
    wants_activities,
    wants_code,
    wants_dialogue,
    wants_prompts,
    wants_questions,
    wants_verse,
)

_TASKS = listed(
    """question|q|task|exercise|query|user|human|new task|next task|next question|问题|问|题目|任务|练习|用户|人类|câu hỏi|nhiệm vụ|bài tập
    hỏi|người dùng|frage|aufgabe|tâche|pregunta|tarea|pergunta|tarefa|domanda|compito|vraag|taak|вопрос|задача|質問|問題|課題|タスク|질문|문제|과제
    سؤال|مهمة|प्रश्न|कार्य|pertanyaan|tugas|soru|görev|pytanie|zadanie|คำถาม|งาน"""
)
_REPLIES = ANSWERS | listed(
    """answer|a|output|solution|assistant|ai|答案|答|输出|助手|解答|đáp án|đáp|đầu ra|kết quả|trợ lý|ausgabe|sortie|salida|saída|uscita|uitvoer|вывод|回答|出力|答え|출력|답
    الإجابة|المخرج|आउटपुट|keluaran|çıktı|wyjście|ผลลัพธ์"""
)
_CALLS = at_first_use(
    r"(?:please |can you |could you |now |next,? )?(?:write|generate|create|describe|explain|given|rewrite|classify|identify|list|"
    r"summari[sz]e|translate|find|name|what|how|why|convert|edit|construct|compose|"
    r"design|provide|suggest|calculate|compute|determine|come up|make|propose|tell|give|outline|discuss|compare|develop|predict|"
    r"analy[sz]e|categori[sz]e|arrange|rearrange|sort|choose|select|combine|replace|change|output|suppose|implement|evaluate|"
    r"formulate|brainstorm|research|extract|detect|paraphrase|rank|reword|format|complete|fill|correct|recommend|draft|build|"
    r"assign|match|simplify|reduce|produce|invent|pick|solve|label|delete|insert|answer|"
    r"from the (?:passage|text|list|following)|based on the|using the|in the (?:given|following)|for the (?:given|following)|read the|"
    r"schreibe?|beschreibe?|erkläre?|nenne?|übersetze?|was|wie|warum|welche[rs]?|écri(?:s|vez)|décri(?:s|vez)|expliqu\w+|"
    r"escrib[ae]|describ[ae]|explic[aá]|escrev[ae]|descrev[ae]|expli(?:que|ca)|scriv\w+|descriv\w+|spieg\w+|"
    r"напиши\w*|опиши\w*|объясни\w*|назови\w*|переведи\w*|tulis\w*|jelaskan|sebutkan|yaz\w*|açıkla\w*|"
    r"hãy|(?:vui lòng )?(?:viết|mô tả|giải thích|tạo|liệt kê|tóm tắt|dịch|so sánh|phân tích|tại sao|vì sao|làm thế nào|trình bày|nêu|đề xuất|"
    r"thiết kế|phân loại|xác định|tính|kể|đưa ra|cho biết|giới thiệu))\b",
    re.IGNORECASE,
)
_CALLS_UNSPACED = at_first_use(
    r"(?:请|請|给定|給定|给出|給出|写|寫|描述|解释|解釋|生成|列出|列举|创建|创作|什么|如何|为什么|怎么|怎样|分析|总结|概括|翻译|将(?:以下|下面|下列|给定|这)|把(?:以下|下面|下列|给定|这)|"
    r"根据(?:以下|下面|给定|上述)|找出|提供|设计|分类|比较|说明|编写|使用(?:以下|下面|给定)|用(?:以下|下面)|识别|计算|确定|构建|创造|想象|制定|建议|讨论|重写|改写|编辑|提出|判断|排序|选择|回答|推荐|介绍|"
    r"次の|以下の|다음|อธิบาย|เขียน|จง|บอก)"
)
_QUESTION = ("?", "？", "؟")
_GOES_ON = (",", ";", "，", "；", "、")
_HEADING = at_first_use(r"[^.:：]{2,60}[:：]\**\s+[A-Z]")
_GIVEN = at_first_use(
    r"[^.:：]{0,40}\b(?:this|these|(?:the )?following|diese[nsmr]?|cette|este|esta|questa|sau)\b[^.:：]{0,40}:",
    re.IGNORECASE,
)
_CODE_SIGNS = frozenset("{};=<>()[]$_|\\")
_ENDS = (".", "?", ":", "。", "？", "：")
_TASK_HEAD = at_first_use(
    r"(?:new |next )?(?:task|question|instruction|problem|prompt|q|任务|问题|指令|题目|câu hỏi|nhiệm vụ|yêu cầu) ?\d{0,3} ?[:：.)] ?",
    re.IGNORECASE,
)
_UNSPACED = signs(chars.KANA, chars.HAN_BLOCK, chars.UNSPACED_ALPHABETS)
_ANY_UNSPACED = at_first_use(f"[{_UNSPACED}]")
_WORD = at_first_use(rf"[^\W\d_{_UNSPACED}]{{3,}}|[{_UNSPACED}]+")
_LINE = at_first_use(r"[^\n]*\S[^\n]*")
_ITEM = at_first_use(r"[ \t]{0,20}(?:[-*+•>|#]|\(?\d{1,3}[.):、）]|[a-zA-Z][.)])[ \t]{0,3}\S")
_COMMON = frozenset(
    """the and for with that this from your have what will which would there their about into some each them then than been
    does were when where also only more most other such many make made following given write generate create describe explain
    using these those they provide please list name how who why are was can you not but all any one two three has its his her
    của và các cho những trong với một được này khi không có người theo nào thế gì đâu sao bao nhiêu hãy""".split()  # noqa: SIM905
)
_STEM = 6  # letters by which two forms of a word are one
_SHORTEST, _LONGEST = 6, 250  # characters of a line that asks
_SHARED = 0.2  # of the terms of a line that asks, at most so many were spoken of before
_TERMS = 2
_TERMS_UNSPACED = 3


def second_task(text: str, asked: Callable[[], str]) -> str | None:
    """The beginning of a second task in an answer, None for none; `asked` gives what the answer replies to."""
    if (":" in text or "：" in text) and (found := _by_marks(text)) and found.text in prose(text):
        prompt = asked()
        told = (
            wants_prompts(prompt)
            if found.sure
            else wants_dialogue(prompt) or wants_questions(prompt) or wants_verse(prompt)
        )
        if found.text not in prompt and (not told or _strays(text, found, prompt)):
            return found.text
    if "\n" not in text.strip():
        return None
    lines = list(_asking(text))
    if not lines:
        return None
    prompt = asked()
    if wants_dialogue(prompt) or wants_questions(prompt) or wants_activities(prompt) or wants_verse(prompt):
        return None
    if wants_code(prompt) or is_code(text):
        lines = [each for each in lines if _in_prose(text, *each[:2])]
    return next((line for line, start, end in lines if _apart(line, prompt, text[:start], text[end:])), None)


def _in_prose(text: str, line: str, start: int) -> bool:
    """Whether a line between lines of code is a sentence, a paragraph of its own."""
    if not (text[:start].endswith("\n\n") and line.endswith(_ENDS) and _CODE_SIGNS.isdisjoint(line)):
        return False
    spoken = _ANY_UNSPACED.match(line) is not None or (
        line[0].isupper() and line[1].islower() and line.count(" ") > _TERMS
    )
    return spoken and line in prose(text)


class _Found(NamedTuple):
    text: str
    sure: bool  # whether only tasks for a model are marked so
    start: int
    end: int


def _by_marks(text: str) -> _Found | None:
    """The first mark of a task behind the first words of a text; but for instructions, with one of its answer behind."""
    found = [each for each in heads(text) if text[: each.start].strip(" \n\t#*-=_")]
    for place, head in enumerate(found):
        instructs = head.words in INSTRUCTIONS
        sure = instructs and (head.numbered or head.marked)
        replied = any(each.words in _REPLIES for each in found[place + 1 : place + 4])
        if sure or (instructs and (replied or not head.words.endswith("s"))):
            return _Found(_shown(text, head), sure or replied, head.start, head.end)
        if replied and (head.words in _TASKS or (head.marked and head.words in INPUTS)):
            return _Found(_shown(text, head), head.marked, head.start, head.end)
    return None


def _strays(text: str, found: _Found, prompt: str) -> bool:
    """Whether a task that is marked as those that were wanted are speaks of something else than these."""
    line = _LINE.search(text, found.end)
    alone = sum(head.words in _TASKS or head.words in INSTRUCTIONS for head in heads(text)) == 1
    return alone and line is not None and _apart(line[0].strip(), prompt, text[: found.start], text[line.end() :])


def _shown(text: str, head: LineHead) -> str:
    return text[head.start : head.end].strip()


def _asking(text: str) -> Iterator[tuple[str, int, int]]:
    """The lines between the first and the last that begin as a question or a call to do something, with their places."""
    lines = list(_LINE.finditer(text))
    for found in lines[1:-1]:
        line = found[0].strip()
        if not _SHORTEST <= len(line) <= _LONGEST or _ITEM.match(line):
            continue
        head = _TASK_HEAD.match(line)
        line = line[head.end() :] if head else line
        numbered = head is not None and any(map(str.isdigit, head[0]))
        if (
            numbered
            or line.endswith(_QUESTION)
            or (
                (_CALLS.match(line) or _CALLS_UNSPACED.match(line))
                and not line.endswith(_GOES_ON)
                and (not _HEADING.match(line) or _GIVEN.match(line))
            )
        ):
            yield line, found.start(), found.end()


def _apart(line: str, prompt: str, before: str, behind: str) -> bool:
    """Whether a line speaks of what was not spoken of before, and what comes behind it of what it says."""
    terms = _terms(line)
    if len(terms) < (_TERMS_UNSPACED if _ANY_UNSPACED.search(line) else _TERMS):
        return False
    known = _terms(prompt) | _terms(before)
    return len(terms & known) <= _SHARED * len(terms) and bool(terms & _terms(behind))


def _terms(text: str) -> set[str]:
    """What a text speaks of: the stems of its words, of scripts without spaces each two characters in a row."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if _ANY_UNSPACED.match(word):
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        elif word not in _COMMON:
            found.add(word[:_STEM])
    return found
