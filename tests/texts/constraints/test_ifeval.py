"""Each of IFEval's 25 kinds: a text that keeps to it, and one that does not, with what is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.texts.constraints.ifeval import KINDS, loosened, of_row

ENGLISH = "the weather is fine today and we all went out for a long walk by the river"
LEAST, LESS = {"relation": "at least"}, {"relation": "less than"}
CASES: dict[str, list[tuple[dict[str, Any], str, str, str]]] = {
    "keywords:existence": [({"keywords": ["mom", "tea"]}, "Mom makes TEAS.", "A motion.", "it lacks `mom`, `tea`")],
    "keywords:frequency": [
        ({"keyword": "war", "frequency": 2, **LEAST}, "War and wars", "war", "`war` 1, at_least 2"),
        ({"keyword": "战争", "frequency": 2, **LESS}, "战争", "战争与战争", "`战争` 2, at_most 1"),
    ],
    "keywords:forbidden_words": [({"forbidden_words": ["rock"]}, "A rocket.", "Rock!", "it has `rock`")],
    "keywords:letter_frequency": [
        ({"letter": "q", "let_frequency": 2, "let_relation": "at least"}, "Quite quick", "quick", "`q` 1, at_least 2"),
        ({"letter": "#", "let_frequency": 1, "let_relation": "less than"}, "a", "a # b", "`#` 1, at_most 0"),
    ],
    "language:response_language": [
        ({"language": "vi"}, "Hôm nay trời đẹp và chúng tôi đi chơi.", ENGLISH, "it is in `en`, not in `vi`"),
        ({"language": "zh-cn"}, "今天天气很好，我们去公园散步吧。", ENGLISH, "it is in `en`, not in `zh-cn`"),
        ({"language": "de"}, "Ja.", "The river runs to the sea and back.", "it cannot be in `de`"),
        ({"language": "hi"}, "हाँ", "print(x)", "it cannot be in `hi`"),
        ({"language": "th"}, "วันนี้อากาศดีมากเราไปเที่ยวที่สวนสาธารณะกัน", ENGLISH, "it is in `en`, not in `th`"),
    ],
    "length_constraints:number_sentences": [
        ({"num_sentences": 2, **LEAST}, "One. Two.", "One, e.g. this.", "1, at_least 2"),
        ({"num_sentences": 2, **LESS}, "好。", "好。好。", "2, at_most 1"),
    ],
    "length_constraints:number_paragraphs": [
        ({"num_paragraphs": 2}, "a\n***\nb", "a\n\nb", "1, at_least 2"),
        ({"num_paragraphs": 2}, "***\na\n***\nb\n***", "a *** *** b", "a paragraph is empty"),
    ],
    "length_constraints:number_words": [
        ({"num_words": 3, **LEAST}, "one two three", "one two", "2, at_least 3"),
        ({"num_words": 3, **LESS}, "天气", "天气好", "3, at_most 2"),
    ],
    "length_constraints:nth_paragraph_first_word": [
        (
            {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "so"},
            'a\n\n"So, b',
            "a\n\nSome",
            "paragraph 2 begins",
        ),
        ({"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "so"}, "a\n\nso", "a\n\nso\n\nb", "3, at_most 2"),
    ],
    "detectable_content:postscript": [
        ({"postscript_marker": "P.S."}, "Bye.\n\nP. S. One more.", "Oops. Stop", "it has no `P.S.`"),
        ({"postscript_marker": "P.S."}, "P.S: more", "P.P.S more", "it has no `P.S.`"),
        ({"postscript_marker": "P.P.S"}, "P.P.S. more", "P.S. more", "it has no `P.P.S`"),
        ({"postscript_marker": "Tái bút"}, "tái bút: thêm", "Hết", "it has no `Tái bút`"),
    ],
    "detectable_content:number_placeholders": [({"num_placeholders": 2}, "[a] [b]", "[a] b", "1, at_least 2")],
    "detectable_format:number_bullet_lists": [({"num_bullets": 2}, "* a\n- b\n---", "* a\n* b\n* c", "3, at_most 2")],
    "detectable_format:constrained_response": [
        ({}, "Well: My answer is no.", "No.", "it has none of `My answer is yes.`")
    ],
    "detectable_format:number_highlighted_sections": [({"num_highlights": 2}, "*a* **b**", "*a* * b", "1, at_least 2")],
    "detectable_format:multiple_sections": [
        ({"section_spliter": "Section", "num_sections": 2}, "Section 1\na\nSection 2\nb", "Section 1", "1, at_least 2"),
        ({"section_spliter": "PART", "num_sections": 2}, "PART I a PART II b", "Part 1 Part 2", "0, at_least 2"),
    ],
    "detectable_format:json_format": [({}, '```json\n{"a": 1}\n```', "It is: {}", "JSONDecodeError line 1")],
    "detectable_format:title": [({}, "<<On joy>>\nJoy.", "<<  >> << a\n>>", "it has no <<title>>")],
    "combination:two_responses": [
        ({}, "a\n******\nb", "a\n***\nb", "1 answers between ******"),
        ({}, "******\na\n******\nb", "a ****** a", "its two answers are the same"),
    ],
    "combination:repeat_prompt": [
        ({"prompt_to_repeat": "Say it."}, " say it.\n\nIt.", "It.", "it does not begin with")
    ],
    "startend:end_checker": [
        ({"end_phrase": "Any more?"}, 'Yes. "any more?"\n', "Any more? No.", "it does not end with")
    ],
    "startend:quotation": [({}, '"All."', '"Some" of it', "it does not stand"), ({}, "“Tất cả.”", "”", "it does not")],
    "change_case:capital_word_frequency": [
        (
            {"capital_frequency": 2, "capital_relation": "at least"},
            "I SAY so",
            "I say",
            "1, at_least 2",
        )
    ],
    "change_case:english_capital": [
        ({}, ENGLISH.upper(), ENGLISH, "it has small letters"),
        ({}, "OK", "HÔM NAY TRỜI ĐẸP VÀ CHÚNG TÔI ĐI CHƠI Ở CÔNG VIÊN", "it is in `vi`, not in `en`"),
    ],
    "change_case:english_lowercase": [({}, ENGLISH, f"{ENGLISH} I", "it has capital letters")],
    "punctuation:no_comma": [
        ({}, "a; b", "a, b, c", "it has 2 commas"),
        ({}, "一、二", "一，二", "it has 1 commas"),
        ({}, "とても良い", "とても、良い", "it has 1 commas"),
        ({}, "نعم", "نعم، لا", "it has 1 commas"),
    ],
}


def test_all_kinds_are_here() -> None:
    assert CASES.keys() == KINDS.keys()
    assert len(KINDS) == 25


@pytest.mark.parametrize(
    ("kind", "given", "good", "bad", "said"), [(kind, *case) for kind, cases in CASES.items() for case in cases]
)
def test_what_keeps_and_what_breaks_it(kind: str, given: dict[str, Any], good: str, bad: str, said: str) -> None:
    nulls = {"language": None, "num_words": None, "keywords": None}  # as a table of all arguments has them
    (check,) = of_row([kind], [{**nulls, **given}]).values()
    assert check(good) is None
    assert str(check(bad)).startswith(said)
    (of_json,) = of_row(json.dumps([kind]), json.dumps([given])).values()
    assert of_json(bad) == check(bad)


@pytest.mark.parametrize(
    ("ids", "arguments", "said"),
    [
        (["count:words"], [{}], "no kind of IFEval's 25"),
        (["length_constraints:number_words"], [{"num_words": 3}], "its arguments lack `relation`"),
        (["length_constraints:number_words"], None, "its arguments lack `relation`"),
        (["length_constraints:number_words"], [{"num_words": "x", **LEAST}], "its arguments cannot be read"),
        (["length_constraints:number_words"], [{"num_words": 3, "relation": "about"}], "its arguments lack `about`"),
        ("punctuation:no_comma", "not json", None),
    ],
)
def test_what_cannot_be_checked_is_broken(ids: Any, arguments: Any, said: str | None) -> None:
    (check,) = of_row(ids, arguments).values()
    assert check("a b c") == said


def test_a_row_may_ask_for_nothing_or_for_the_same_twice() -> None:
    assert of_row(None, None) == of_row([], []) == of_row("[]", "") == {}
    assert list(of_row(["punctuation:no_comma"] * 2, [{}, {}])) == ["punctuation:no_comma", "punctuation:no_comma 2"]


def test_a_loose_look_leaves_out_ends_and_asterisks() -> None:
    assert loosened("Sure:\n**a** b\nBye") == [
        *("Sure:\n**a** b\nBye", "Sure:\na b\nBye", "**a** b\nBye", "a b\nBye"),
        *("Sure:\n**a** b", "Sure:\na b", "**a** b", "a b"),
    ]
    assert loosened("one") == ["one"]
