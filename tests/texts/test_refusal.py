"""refusal: what models say when they decline, in each language, and what only looks like it."""

from __future__ import annotations

import pytest

from hfsft.errors import ArgumentError
from hfsft.filters import Refusal
from hfsft.texts.refusal import LANGUAGES, refusal
from hfsft.texts.refusals import PHRASES
from tests.texts.refusals_east import EAST
from tests.texts.refusals_more import MORE
from tests.texts.refusals_open import OPEN
from tests.texts.refusals_west import WEST

SAID = {
    code: ([*refuses, *MORE[code], *OPEN[code][0]], [*answers, *OPEN[code][1]])
    for code, (refuses, answers) in {**WEST, **EAST}.items()
}


def texts(kind: int) -> list[tuple[str, str]]:
    return [(code, text) for code, said in SAID.items() for text in said[kind]]


@pytest.mark.parametrize(("code", "text"), texts(0))
def test_a_refusal_is_one(code: str, text: str) -> None:
    assert refusal(text) == 1
    assert refusal(text.upper()) == 1


@pytest.mark.parametrize(("code", "text"), texts(1))
def test_an_answer_that_looks_like_a_refusal_is_none(code: str, text: str) -> None:
    assert refusal(text) == 0


def test_every_language_is_tested_and_named() -> None:
    assert SAID.keys() == PHRASES.keys() == LANGUAGES
    assert all(phrases.name in (Refusal.__doc__ or "") for phrases in PHRASES.values())


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("I cannot fulfill your request. I am just an AI.", 1, "refusal before disclaimer"),
        ("I\u2019m unable to provide guidance on that.", 1, "curly apostrophe"),
        ("I do not feel it would be appropriate to guess.", 1, "declined on principle"),
        ("As an AI language model, I do not have opinions. However, blue is popular.", 0.5, "a disclaimer"),
        ("I'm just an AI, so take this with care: boil it for ten minutes.", 0.5, "a disclaimer"),
        ("Step by step. " * 30 + "Still, I cannot help with that.", 0.5, "refused further down"),
        ("I am an AI assistant named Vicuna, trained by LMSYS.", 0, "who it is, when asked"),
        ('```python\nprint("sorry")\n# as an AI, I cannot\n```', 0, "code"),
        ("Là một mô hình ngôn ngữ, tôi không có cảm xúc.", 0.5, "Vietnamese disclaimer"),
        ("Als KI-Sprachmodell habe ich keine Meinung.", 0.5, "German disclaimer"),
        ("En tant que modèle de langage, je n'ai pas d'opinion.", 0.5, "French disclaimer"),
        ("Como modelo de lenguaje, no tengo opiniones.", 0.5, "Spanish disclaimer"),
        ("Como modelo de linguagem, não tenho opiniões.", 0.5, "Portuguese disclaimer"),
        ("Come modello linguistico, non ho opinioni.", 0.5, "Italian disclaimer"),
        ("作为一个人工智能助手，我没有个人经历。", 0.5, "Chinese disclaimer"),
        ("AI言語モデルとして、私は個人的な意見を持ちません。", 0.5, "Japanese disclaimer"),
        ("저는 AI 언어 모델로서 개인적인 의견이 없습니다.", 0.5, "Korean disclaimer"),
        ("Как языковая модель, я не имею чувств.", 0.5, "Russian disclaimer"),
        ("Bir yapay zeka dil modeli olarak kişisel görüşlerim yok.", 0.5, "Turkish disclaimer"),
        ("كنموذج لغوي، ليس لدي آراء شخصية.", 0.5, "Arabic disclaimer"),
        ("Sebagai model bahasa AI, saya tidak memiliki pendapat.", 0.5, "Indonesian disclaimer"),
        ("", 0, "nothing"),
    ],
)
def test_refusal(text: str, expected: float, reason: str) -> None:
    assert refusal(text) == expected, reason


def test_a_phrase_that_ends_with_the_opening_only_is_no_refusal() -> None:
    words = "a " * 142  # so that the first 300 characters end behind `help you`
    assert refusal(f"{words}i can't help you") == 1
    assert refusal(f"{words}i can't help you find a better offer") == 0


def test_own_phrases_are_taken_to_the_letter_but_for_case_and_white_space() -> None:
    phrases = ["Computer says no", "(beep)", "できかねる", "  a.b  "]
    rule = Refusal(phrases=phrases)
    said = [
        "Sorry: computer  says NO.",
        "computer says none",
        "BEEP",
        "Well (beep)!",
        "それはできかねるので",
        "axb",
        "A.B",
    ]
    assert rule.measure({"response": said}) == {"refusal_response": [1, 0, 0, 1, 1, 0, 1]}
    assert refusal("x " * 200 + "computer says no", tuple(phrases)) == 0.5
    assert rule.steps()[0].fingerprint("") != Refusal().steps()[0].fingerprint("")
    with pytest.raises(ArgumentError, match=r"phrases\[0\]"):
        Refusal(phrases=[" "])


def test_a_language_that_it_does_not_know_is_told() -> None:
    assert Refusal().warnings(["en", "zh-Hans", "DE"]) == []
    (warning,) = Refusal().warnings(["en", "sw", "cs"])
    assert "knows no refusals in sw, cs" in warning
    assert "phrases" in warning
    assert Refusal(phrases=["Samahani, siwezi kusaidia"]).warnings(["sw"]) == []
