"""The normal form: what two people type differently is the same, what they mean differently is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.similarity import normalise


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("Where is  my\nrefund?", "where is my refund", "case, white space and the mark at the end are typing"),
        ("“Hello”, she said…", "hello she said", "quotation marks and sentence marks are typing"),
        ("don’t", "dont", "so are apostrophes"),
        ("ﬁle №1 ＡＢＣ", "file no1 abc", "NFKC unites widths and ligatures"),
        ("退款，多久？", "退款多久", "marks and spaces of scripts without spaces are typing"),
        ("zero\u200bwidth", "zerowidth", "invisible characters are dropped"),
        ("Ti\u00ea\u0301ng", "ti\u1ebfng", "accents are composed, not dropped"),
        ("What is 6*7?", "what is 6*7", "signs have a meaning"),
        ("x² + 3.5", "x^2 + 3.5", "a power is no digit, a decimal point no full stop"),
        ("???", "???", "what is nothing but marks stays"),
        (" \n ", "", "only a blank text is empty"),
        ("", "", "only a blank text is empty"),
    ],
)
def test_the_form(text: str, expected: str, reason: str) -> None:
    assert normalise(text) == expected, reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("用Git管理代码的3个步骤是什么？", "用 Git 管理代码的 3 个步骤是什么?"),
        ("请把iPad2寄回工厂", "请把 iPad 2 寄回工厂"),
        ("谢谢,请问几点开门", "谢谢，请问几点开门。"),
        ("工厂（旧址）在哪里", "工厂 (旧址) 在哪里"),
        ("「猫」は、どこですか", "猫はどこですか？"),
        ("ﾒｰﾙを送る", "メールを送る"),
        ("Đoá hoa thuỷ tiên khoẻ mạnh", "Đóa hoa thủy tiên khỏe mạnh"),
        ("Quý khách", "Quy\u0301 khách"),
        ("น้ำแข็งหมดแล้ว", "นํ้าแข็งหมดแล้ว"),
        ("ที่นี่ดีมาก", "ท\u0e48\u0e35น\u0e48\u0e35ดีมาก"),
        ("ร้านปิดกี่โมง ครับ", "ร้านปิดกี่โมงครับ"),
        ("ນ້ຳ ເຢັນ", "ນໍ້າເຢັນ"),
        ("តើ ហាង បើក ម៉ោងណា", "តើហាងបើកម៉ោងណា។"),
        ("ဆိုင် ဘယ်အချိန် ဖွင့်လဲ", "ဆိုင်ဘယ်အချိန်ဖွင့်လဲ။"),
        ("أين المفـــتاح؟", "أين المفتاح"),
        ("كَتَبَ الطَّالِبُ", "كتب الطالب"),
        ("ﻻ أعلم", "لا أعلم"),
        ("او می\u200cرود", "او میرود"),
        ("کلید یکی است", "كليد يكي است"),
        ("שָׁלוֹם עוֹלָם", "שלום עולם"),
        ("दुकान कब खुलती है।", "दुकान कब खुलती है"),
        ("열쇠가 어디 있나요?", "열쇠가 어디 있나요"),
        ("Où est la clé ?", "Où est la clé?"),
        ("«Где ключ?»", "где ключ"),
        ("A well\u2011known, long\u2010term plan", "a well-known long-term plan"),
        ("pages 3\u20135", "pages 3-5"),
        ("wait \u2014 what", "wait - what"),
        ("It is \u22125 degrees", "It is -5 degrees"),
        ("Straße", "STRASSE"),
        ("soft\u00adhyphen", "softhyphen"),
        ("ভাষা ১২", "ভাষা 12"),
        ("తెలుగు ౧౨", "తెలుగు 12"),
        ("ਪੰਜਾਬੀ ੧", "ਪੰਜਾਬੀ 1"),
        ("ગુજરાતી ૧", "ગુજરાતી 1"),
        ("ಕನ್ನಡ ೧", "ಕನ್ನಡ 1"),
        ("മലയാളം ൧", "മലയാളം 1"),
        ("ไทย ๑๒", "ไทย 12"),
        ("ລາວ ໑", "ລາວ 1"),
        ("မြန်မာ ၁", "မြန်မာ 1"),
        ("ខ្មែរ ១", "ខ្មែរ 1"),
        ("Դու Երևանո՞ւմ ես։", "Դու Երևանում ես"),
        ("ሰላም፡ነው።", "ሰላም ነው"),
        ("İstanbul'da hava nasıl?", "istanbul'da hava nasıl"),
        ("Τι είναι αυτό;", "τι είναι αυτό"),
    ],
)
def test_the_same_typed_in_two_ways(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Compute 10!", "Compute 10"),
        ("What is n!?", "What is n?"),
        ("What is 6*7?", "What is 6/7?"),
        ("Is it -5 degrees?", "Is it 5 degrees?"),
        ("Is it \u22125 degrees?", "Is it 5 degrees?"),
        ("a nice rest", "an ice rest"),
        ("every day", "everyday"),
        ("아버지가 방에", "아버지 가방에"),
        ("кон тракт", "контракт"),
        ("hoa quả", "hoà quả"),
        ("bán nhà", "bạn nhà"),
        ("hoc sinh", "ho csinh"),
        ("ข้าว", "ขาว"),
        ("如何买票", "如何卖票"),
        ("第3.5节", "第35节"),
        ("はし", "ばし"),
        ("قلب", "كلب"),
        ("שלום רב", "שלוםרב"),
        ("3.5", "35"),
        ("x² + 1", "x2 + 1"),
        ("C", "C++"),
        ("Find f'(3)", "Find f(3)"),
        ("10% off", "10 off"),
        ("ভাষা ১২", "ভাষা ১৩"),
        ("ไทย ๑๒", "ไทย ๑๓"),
        ("καφές", "καφέ"),
        ("año", "ano"),
        ("schon", "schön"),
        ("கா", "க"),
        ("가", "까"),
        ("2^10", "210"),
        ("a<b", "a>b"),
    ],
)
def test_what_is_not_the_same(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(max_size=60))
def test_only_blank_texts_normalise_to_nothing(text: str) -> None:
    assert bool(normalise(text)) == bool(text.strip())


@pytest.mark.parametrize(
    "mark", [*".!?',-\"", "。", "…", " ", "\n", " .", ".,", "'(", "中.", "5!", "\u0e4d", "\u0301", "—"]
)
@pytest.mark.parametrize("around", [("", "x"), ("é", "x"), ("中", "x"), ("5", "中")])
def test_long_rows_of_marks_take_no_quadratic_time(mark: str, around: tuple[str, str]) -> None:
    before, behind = around
    started = time.process_time()
    normalise(before + mark * 20_000 + behind)
    assert time.process_time() - started < 0.5  # a quadratic pattern takes 2 to 10 seconds
