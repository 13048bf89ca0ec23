"""Phrases of packs and of one's own: what is found in many languages, and what only speaks of the same things."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfsft.errors import ArgumentError, ModelError
from hfsft.filters import Phrases
from hfsft.filters.base import Filter
from hfsft.texts.phrase_packs import PACKS
from hfsft.texts.phrase_packs.pack import folded, found_of

SAID = {
    "self_naming": [
        "I am ChatGPT, and I am here to help.",
        "I'm a large language model trained by Google.",
        "As an AI language model developed by OpenAI, I keep to facts.",
        "Hello! My name is Vicuna.",
        "I was created by a team of researchers at Anthropic.",
        "I'm Claude, an AI assistant.",
        "OpenAI trained me on text.",
        "This goes against OpenAI's content policy.",
        "Ich bin ein Sprachmodell, das von OpenAI entwickelt wurde.",
        "Ik ben een taalmodel, ontwikkeld door OpenAI.",
        "Je suis un modèle de langage développé par Mistral AI.",
        "Soy un modelo de lenguaje entrenado por Google.",
        "Eu sou um modelo de linguagem treinado pela OpenAI.",
        "Sono un assistente sviluppato da Microsoft.",
        "Jestem modelem językowym stworzonym przez OpenAI.",
        "Я языковая модель, разработанная компанией OpenAI.",
        "Ben OpenAI tarafından geliştirilen bir dil modeliyim.",
        "أنا نموذج لغوي تم تطويره بواسطة OpenAI.",
        "मैं OpenAI द्वारा बनाया गया मॉडल हूँ।",
        "Saya adalah model bahasa yang dikembangkan oleh OpenAI.",
        "Tôi là một mô hình ngôn ngữ được phát triển bởi OpenAI.",
        "我是通义千问，很高兴为您服务。",
        "我是由百度公司开发的人工智能语言模型。",
        "私はOpenAIによって開発された言語モデルです。",
        "저는 OpenAI에서 개발한 언어 모델입니다.",
        "ฉันเป็นโมเดลภาษาที่พัฒนาโดย OpenAI",
    ],
    "cutoff_date": [
        "As of my last knowledge update in September 2021, it was open.",
        "My knowledge cutoff is 2023.",
        "My training data only goes up to 2021.",
        "I do not have access to real-time information.",
        "Mein Wissensstand reicht bis 2021.",
        "À la date de ma dernière mise à jour, c'était ouvert.",
        "Hasta mi última actualización en 2021 estaba abierto.",
        "Até minha última atualização, estava aberto.",
        "Al mio ultimo aggiornamento era aperto.",
        "По состоянию на момент моего последнего обновления всё было открыто.",
        "Hingga pembaruan terakhir saya, itu buka.",
        "Tính đến lần cập nhật cuối cùng của tôi, nơi đó mở cửa.",
        "截至我最后一次更新，它是开放的。",
        "我的知识截止到2021年。",
        "私の知識は2021年までです。",
        "제 지식은 2021년까지입니다.",
    ],
    "sycophancy": [
        "Great question! Tides come from the moon.",
        "That's a really interesting question. Tides come from the moon.",
        "What an excellent idea!",
        "You're absolutely right, the moon does it.",
        "Das ist eine sehr gute Frage! Der Mond.",
        "Excellente question ! La lune.",
        "¡Excelente pregunta! La luna.",
        "Ótima pergunta! A lua.",
        "Ottima domanda! La luna.",
        "Goede vraag! De maan.",
        "Отличный вопрос! Луна.",
        "这是一个非常好的问题！月亮。",
        "Câu hỏi rất hay! Mặt trăng.",
        "とても良い質問ですね。月です。",
        "좋은 질문입니다. 달입니다.",
        "سؤال رائع! القمر.",
        "Pertanyaan yang bagus! Bulan.",
        "Harika bir soru! Ay.",
    ],
    "filler": ["I hope this helps!", "It is important to note that tides vary."],
    "disclaimers": [
        "As an AI language model, I do not have opinions.",
        "Please consult a qualified doctor.",
        "This is not financial advice.",
        "作为一个人工智能语言模型，我没有感受。",
        "建议您咨询专业医生。",
        "Là một mô hình ngôn ngữ AI, tôi không có cảm xúc.",
        "Bạn nên tham khảo ý kiến bác sĩ.",
        "Sie sollten einen Arzt aufsuchen.",
    ],
}
ANSWERS = {
    "self_naming": [
        "ChatGPT was developed by OpenAI and Claude by Anthropic.",
        "I am a fan of Google and of Claude Monet.",
        "I'm a Gemini, born in June.",
        "I'm using ChatGPT to plan my trip with Google Maps.",
        "As an engineer at Google, I build phones.",
        "My name is Claude and I live in Lyon.",
        "The phone made by Apple is mine.",
        "我喜欢用百度搜索，也用过通义千问。",
        "Ich benutze ein Modell von OpenAI.",
        "Tôi dùng ChatGPT của OpenAI mỗi ngày.",
    ],
    "cutoff_date": [
        "The knowledge of tides is old, and my training for the race ends in May.",
        "The server pushes real-time information to the screen.",
        "Cut off the stem; the update of the app came in 2021.",
        "这本书的知识很多，训练从五月开始。",
    ],
    "sycophancy": [
        "The question is a great one, as few ask it.",
        "A good question of this kind asks for one thing.",
        "Great questions are short.",
        "Good idea of where to start: the map.",
        "很好的问题需要好的答案。",
        "The author answers: great question!",
    ],
    "filler": ["Tides come from the moon."],
    "disclaimers": ["The doctor consulted a colleague.", "An AI engineer writes programs.", "医生的建议很清楚。"],
}


@pytest.mark.parametrize(("pack", "text"), [(pack, text) for pack, texts in SAID.items() for text in texts])
def test_what_a_pack_finds(pack: str, text: str) -> None:
    assert list(found_of(PACKS[pack], folded(text)))


@pytest.mark.parametrize(("pack", "text"), [(pack, text) for pack, texts in ANSWERS.items() for text in texts])
def test_what_only_speaks_of_such_things(pack: str, text: str) -> None:
    assert list(found_of(PACKS[pack], folded(text))) == []


def measured(rule: Filter, *texts: str | None) -> tuple[list[int | None], list[str | None]]:
    found = rule.measure({"note": list(texts)})
    return found["phrases_note"], found["phrases_note_found"]


def test_the_ledgers_value_is_the_phrase() -> None:
    rule = Phrases(column="note", packs=["sycophancy", "self_naming"])
    texts = ("Great question! I am ChatGPT.", "The moon.", None)
    assert measured(rule, *texts) == ([2, 0, None], ["great question; i am chatgpt", None, None])
    assert [step.bound.column for step in rule.steps() if step.bound] == ["phrases_note"]


def test_phrases_of_ones_own_are_words_or_patterns(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("# house style\n\ngame changer\n/\\bleverag(?:e|ing)\\b/\n", "utf-8")
    rule = Phrases(column="note", packs=[], add=["Best in\nclass"], file="more.txt").at(tmp_path)
    assert rule.add == ["Best in\nclass", "game changer", "/\\bleverag(?:e|ing)\\b/"]
    texts = ("It is BEST  IN class, a game changer.", "Leveraging it", "a game")
    assert measured(rule, *texts) == ([2, 1, 0], ["best in class; game changer", "leveraging", None])


def test_what_is_wrong_with_them_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="is no pattern"):
        Phrases(add=["/(/"])
    with pytest.raises(ModelError, match=r"no file more\.txt can be read"):
        Phrases(file="more.txt").at(tmp_path)
    (tmp_path / "more.txt").write_text("fine\n/(/\n", "utf-8")
    with pytest.raises(ModelError, match=r"more\.txt:2: `\(` is no pattern"):
        Phrases(file="more.txt").at(tmp_path)


def test_every_pack_names_its_sources_and_languages() -> None:
    for pack in PACKS.values():
        assert pack.about
        assert pack.sources
        assert all(len(code) == 2 and each.words and all(each.words) for code, each in pack.phrases.items())
