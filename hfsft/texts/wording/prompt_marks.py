"""Marks by which prompts of training and of chat tell their parts, left in a text: `### Response:`, `Human:`, `USER:`.

They are those of Alpaca, Vicuna, ShareGPT, Dolly, Guanaco (OpenAssistant), Baize and Koala, and what Chinese,
Vietnamese and other translations make of them. Control tokens such as `<|im_start|>` are looked for elsewhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.wording.heads import LineHead, heads


def listed(words: str) -> frozenset[str]:
    """The words of a text that has | and line ends between them."""
    return frozenset(each.strip() for each in words.replace("\n", "|").split("|"))


INSTRUCTIONS = listed(
    """instruction|instructions|task instruction|user instruction|prompt|指令|指示|任务指令|chỉ dẫn|hướng dẫn|câu lệnh|yêu cầu|anweisung|instrucción
    instrucciones|instrução|instructie|istruzione|инструкция|задание|指示文|命令|지시|지시사항|تعليمات|निर्देश|instruksi|talimat|instrukcja|คำสั่ง"""
)
ANSWERS = listed(
    """response|model response|ai response|assistant response|expected response|gpt response|completion|回答|回复|回覆|响应|答复|回應|phản hồi|câu trả lời|trả lời
    antwort|réponse|respuesta|resposta|risposta|antwoord|ответ|応答|返答|답변|응답|استجابة|الرد|प्रतिक्रिया|उत्तर|respons|jawaban|yanıt|cevap|odpowiedź|คำตอบ"""
)
SPEAKERS = listed(
    """human|assistant|user|ai|ai assistant|chatgpt|gpt|gpt-3|gpt-4|gpt4|bot|system|chatbot|prompter|人类|用户|助手|助理|机器人|系统
    人工智能|人类用户|người dùng|trợ lý|trợ lý ai|con người|hệ thống|benutzer|mensch|assistent|utilisateur|usuario|humano|asistente|usuário|assistente|utente|umano
    gebruiker|użytkownik|asystent|пользователь|ассистент|человек|ユーザー|アシスタント|人間|사용자|어시스턴트|인간|المستخدم|المساعد|उपयोगकर्ता|सहायक|pengguna|asisten
    kullanıcı|asistan|ผู้ใช้|ผู้ช่วย"""
)
_SHOWN = 60  # characters of a sentence of a prompt
INPUTS = listed("input|输入|đầu vào|eingabe|entrée|entrada|ввод|入力|입력|masukan|girdi")
_PARTS = INSTRUCTIONS | ANSWERS | SPEAKERS
_ASKING = frozenset(each for each in INSTRUCTIONS if not each.endswith("s")) | listed(
    "question|问题|问|câu hỏi|frage|pregunta|pergunta|domanda|вопрос|質問|질문"
)
_OPENINGS = _ASKING | ANSWERS
_HEADING = at_first_use(r"^[ \t]{0,3}###+[ \t]*([^\n#:：]{2,24}?)[ \t]*$", re.MULTILINE)
_HEADINGS = frozenset(
    each for each in INSTRUCTIONS | {"human", "assistant", "人类", "助手"} if not each.endswith("s")
) - {"prompt"}
_SYSTEM = (
    *("you are a helpful assistant", "you are a helpful ai assistant", "you are an ai assistant", "you are chatgpt"),
    *("你是一个有用的助手", "你是一个乐于助人的助手", "你是一个人工智能助手", "你是一个ai助手", "bạn là một trợ lý"),
)
_DIALOGUE = 2  # lines of speakers, of which the first opens a dialogue
_SURE = frozenset({"human", "assistant", "user", "gpt", "chatgpt", "人类", "助手", "用户"})
_SENTENCES = (
    "below is an instruction that describes",
    "response that appropriately completes the request",
    "a chat between a curious user and an artificial intelligence assistant",
    "a chat between a curious human and an artificial intelligence assistant",
    "the conversation between human and ai assistant",
    "the following is a conversation with an ai assistant",
    "the following is a conversation between a human and an ai assistant",
    "下面是一个描述任务的指令",
    "下面是一条描述任务的指令",
    "以下是描述任务的指令",
    "以下是一个描述任务的指令",
    "下面是描述一项任务的指令",
    "写一个适当完成请求的",
    "适当完成该请求的",
    "适当完成请求的",
    "dưới đây là một hướng dẫn mô tả",
    "dưới đây là một chỉ dẫn mô tả",
    "dưới đây là một câu lệnh mô tả",
    "dưới đây là một lệnh mô tả",
)


class PromptMark(NamedTuple):
    """A mark, and whether it may also be the name of one who speaks in a dialogue, or the head of a question."""

    text: str
    spoken: bool = False
    asks: bool = False


def prompt_mark(text: str) -> PromptMark | None:
    """The first mark in an answer, of the surest kind that it holds; None for none."""
    if found := _sentence(text):
        return PromptMark(found)
    if "##" in text and (found := _heading(text)):
        return PromptMark(found)
    if (opened := text[:_SHOWN].lstrip().casefold()).startswith(_SYSTEM):
        return PromptMark(text.strip()[: len(next(each for each in _SYSTEM if opened.startswith(each)))], asks=True)
    spoken, speakers = None, 0
    for head in heads(text) if ":" in text or "：" in text else ():
        starts = not text[: head.start].strip()
        if head.marked and (head.words in _PARTS or (starts and head.words in INPUTS)):
            return PromptMark(_shown(text, head))
        speaks = head.words in SPEAKERS and not head.numbered
        speakers += speaks
        if spoken is None and (speaks or (starts and head.words in _OPENINGS)):
            spoken = head
    if spoken is None:
        return None
    starts = not text[: spoken.start].strip()
    alone = speakers < _DIALOGUE and spoken.words in SPEAKERS and starts
    asks = starts and spoken.words in _ASKING
    return PromptMark(_shown(text, spoken), spoken=not (alone or asks), asks=asks)


def prompt_mark_of_user(text: str) -> str | None:
    """The first mark in what a user says: what no user writes, and the name of one who alone speaks, at the start."""
    if found := _sentence(text):
        return found
    found_heads = list(heads(text)) if ":" in text or "：" in text else []
    sure = (
        each
        for each in found_heads
        if each.marked and (each.words in INSTRUCTIONS or each.words in ANSWERS or each.words in _SURE)
    )
    if head := next(sure, None):
        return _shown(text, head)
    spoken = [each for each in found_heads if each.words in _SURE]
    if len(spoken) == 1 and not text[: spoken[0].start].strip():
        return _shown(text, spoken[0])
    return None


def _sentence(text: str) -> str | None:
    if not (
        "nstruction" in text or "equest" in text or "AI assistant" in text or "curious" in text or not text.isascii()
    ):
        return None
    small = text.casefold()
    at = next((at for each in _SENTENCES if (at := small.find(each)) >= 0), None)
    return None if at is None else text[at : at + _SHOWN].partition(".")[0]


def _heading(text: str) -> str | None:
    """A heading of one word by which prompts tell their parts: of the answer where the text begins with it."""
    for found in _HEADING.finditer(text):
        words = found[1].casefold()
        if words in _HEADINGS or (words in ANSWERS and not text[: found.start()].strip()):
            return found[0].strip()
    return None


def _shown(text: str, head: LineHead) -> str:
    return text[head.start : head.end].strip()
