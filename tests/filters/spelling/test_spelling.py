"""The filters of spelling over datasets: what they count, what they leave, what the ledger is told."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset

from hfsft.filters import FILTERS, Filter
from hfsft.filters.spelling.language import Language

ASKED = "When does the museum open, and how much do tickets cost?"
GOOD = "The museum opens at nine. Tickets cost five euros, and children do not pay."
FRENCH = "Le musée ouvre à neuf heures. Les billets coûtent cinq euros et les enfants ne paient pas."


def fate(rule: Filter, response: str, **more: Any) -> tuple[bool, str | None]:
    """Whether the row stays, and what was found in it."""
    row = {"instruction": ASKED, "response": response, **more}
    kept, rejected = rule.apply(Dataset.from_list([row]))
    (found,) = (name for name in kept.column_names if name.endswith("_found"))
    return bool(len(kept)), (kept if len(kept) else rejected)[0][found]


@pytest.mark.parametrize("name", ["encoding", "html", "invisible", "language", "links"])
def test_a_good_answer_stays_with_nothing_found(name: str) -> None:
    assert fate(FILTERS[name](), GOOD) == (True, None)


@pytest.mark.parametrize(
    ("name", "response", "found"),
    [
        ("encoding", "The cafÃ© opens.", "misread cafÃ© for café"),
        ("html", "<p>It opens at nine.</p>", "<p>, </p>"),
        ("invisible", "It op\u200bens at\u00ad nine.", "1 zero-width space, 1 soft hyphen"),
        ("language", FRENCH, "fr, not en"),
        ("links", "See a.example.com/x b@example.org www.c.example www.d.example", "3 links, 1 e-mail address"),
    ],
)
def test_a_bad_one_falls_and_the_ledger_is_told_why(name: str, response: str, found: str) -> None:
    assert fate(FILTERS[name](), response) == (False, found)


@pytest.mark.parametrize("name", ["encoding", "html", "invisible"])
def test_answers_within_a_conversation_are_looked_at_and_tools_are_not(name: str) -> None:
    bad = {"encoding": "The cafÃ© opens.", "html": "<p>It opens.</p>", "invisible": "It op\u200bens."}[name]

    def messages(said: str, given: str) -> list[dict[str, Any]]:
        call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        blank = {"name": None, "tool_calls": None, "tool_call_id": None}
        return [
            {"role": "user", "content": "Hello, when does the museum open?", **blank},
            {"role": "assistant", "content": said, **blank},
            {"role": "user", "content": "And today?", **blank},
            {**blank, "role": "assistant", "content": None, "tool_calls": [call]},
            {**blank, "role": "tool", "content": given, "tool_call_id": "1"},
            {"role": "assistant", "content": "At nine.", **blank},
        ]

    rule = FILTERS[name]()
    assert not fate(rule, "At nine.", messages=messages(bad, "ok"))[0]
    assert fate(rule, "At nine.", messages=messages("At nine.", bad))[0]


def test_a_context_is_looked_at_only_where_it_is_named() -> None:
    context = {"context": "30 Â°C"}
    assert fate(FILTERS["encoding"](), "Thirty degrees.", **context) == (True, None)
    assert not fate(FILTERS["encoding"](column="context"), "Thirty degrees.", **context)[0]


def test_who_asks_for_markup_gets_it() -> None:
    assert fate(FILTERS["html"](), "<p>Hello</p>", instruction="Write a paragraph in HTML.")[0]
    assert fate(FILTERS["html"](), "It says <b>nine</b>.", context="<p>nine</p>")[0]


class TestLanguage:
    @pytest.mark.parametrize(
        ("instruction", "response", "stays"),
        [
            (ASKED, FRENCH, False),
            ("Translate it into French.", FRENCH, True),
            ("À quelle heure ouvre le musée, et combien coûtent les billets ?", FRENCH, True),
            ("À quelle heure ouvre le musée, et combien coûtent les billets ?", GOOD, False),
            ("博物馆什么时候开门？", GOOD, False),
            ("用“opens”造一个句子。", GOOD, True),
            ("博物馆什么时候开门？", "博物馆九点开门，门票五欧元，儿童免费。", True),
            ("What is it?", "博物馆九点开门，门票五欧元，儿童免费。", False),
            ("Hamburger?", GOOD, True),
            (ASKED, "def opening(day):\n    return 9 if day else None\n", True),
            (ASKED, "9", True),
            ("Viết một câu về bảo tàng ở thành phố của bạn.", "Bảo tàng mở cửa lúc chín giờ và vé giá năm euro.", True),
        ],
    )
    def test_an_answer_is_in_the_language_of_the_question(self, instruction: str, response: str, stays: bool) -> None:
        assert fate(Language(), response, instruction=instruction)[0] is stays

    def test_or_in_one_of_the_recipe(self) -> None:
        assert fate(Language().speaking(["fr"]), FRENCH)[0]
        assert fate(Language().speaking(["fr"]), GOOD)[0]  # as was asked
        assert not fate(Language().speaking(["vi"]), FRENCH)[0]
        assert Language().speaking([]) == Language()

    def test_named_ones_are_the_only_ones(self) -> None:
        assert not fate(Language(languages=["fr"]), GOOD)[0]
        assert fate(Language(languages=["fr"], of_instruction=True), GOOD)[0]
        assert Language(languages=["fr"]).speaking(["en"]) == Language(languages=["fr"])

    def test_of_a_mixed_answer_the_share_counts(self) -> None:
        mixed = f"{GOOD}\n\n{GOOD}\n\n{FRENCH}"
        assert fate(Language(), mixed)[0]
        assert not fate(Language(at_least=0.8), mixed)[0]

    def test_questions_have_no_question_to_go_by(self) -> None:
        assert fate(Language(column="instruction"), GOOD) == (True, None)
        assert not fate(Language(column="instruction", languages=["fr"]), GOOD)[0]

    def test_it_says_which_languages_it_cannot_tell(self) -> None:
        assert Language().warnings(["en", "vi", "zh-TW", "fil"]) == []
        (said,) = Language().warnings(["en", "qu"])
        assert "qu" in said
