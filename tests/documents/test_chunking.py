"""Documents in chunks: how long they are, where they end, what they are called; of every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hfsft.documents.chunking import Chunking, cut
from hfsft.documents.headings import layout_of

SENTENCE = "Seven words make up this one sentence. "
CODE = "```sh\n# no heading\nrun it\n\nrun it again\n```\n"


def chunks(text: str, words: int = 20, overlap: int = 0, title: str = "file") -> list[tuple[str, str]]:
    return [(piece.title, piece.text) for piece in cut(text, title, Chunking(words=words, overlap=overlap))]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Hours\n\nOpen from eight.", "Hours"),
        ("# Hours\n\n## Monday\n\nOpen from eight.", "Hours > Monday"),
        ("Hours\n=====\n\nMonday\n------\n\nOpen from eight.", "Hours > Monday"),
        ("---\ntitle: 'Our hours'\ndraft: false\n---\n\n## Monday\n\nOpen from eight.", "Our hours > Monday"),
        ("## Monday\n\nOpen from eight.", "file > Monday"),
        ("Open from eight.", "file"),
        ("# Hours #\n\nOpen from eight.", "Hours"),
        ("# 营业时间\n\n## 周一\n\n八点开门。", "营业时间 > 周一"),
    ],
)
def test_the_path_of_headings_is_the_title(text: str, title: str) -> None:
    ((found, said),) = chunks(text)
    assert found == title
    assert "#" not in said
    assert "title" not in said


@pytest.mark.parametrize("text", [CODE, "a table | of two\n--------- | ---\n", "- one\n---\n", "Word\n\n---\n\nWord\n"])
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    assert layout_of(text).headings == []


def test_a_chunk_ends_at_a_heading_then_a_paragraph_then_a_sentence() -> None:
    heading = f"## A\n\n{SENTENCE}\n\n## B\n\n{SENTENCE}{SENTENCE}"
    assert [said for _, said in chunks(heading)] == [SENTENCE.strip(), f"{SENTENCE}{SENTENCE}".strip()]
    paragraph = f"{SENTENCE}{SENTENCE}\n\n{SENTENCE}"
    assert [said for _, said in chunks(paragraph)] == [f"{SENTENCE}{SENTENCE}".strip(), SENTENCE.strip()]
    assert [said for _, said in chunks(SENTENCE * 3)] == [(SENTENCE * 2).strip(), SENTENCE.strip()]
    assert [len(said.split()) for _, said in chunks("word " * 50)] == [20, 20, 10]


def test_short_sections_share_a_chunk_under_the_title_above_them() -> None:
    ((title, said),) = chunks("# Hours\n\n## Monday\n\nFrom eight.\n\n## Tuesday\n\nFrom nine.\n", words=60)
    assert title == "Hours"
    assert said.startswith("## Monday")
    assert "## Tuesday" in said


def test_an_overlap_begins_at_a_sentence_and_crosses_no_heading() -> None:
    first, second = chunks(SENTENCE * 3, overlap=8)
    assert (first[1], second[1]) == ((SENTENCE * 2).strip(), (SENTENCE * 2).strip())
    one, other = chunks(f"## A\n\n{SENTENCE * 2}\n## B\n\n{SENTENCE}", overlap=8)
    assert other == ("file > B", SENTENCE.strip())
    assert one[0] == "file > A"


@pytest.mark.parametrize(
    ("sign", "signs"), [("好", 40), ("あ", 40), ("ก", 80), ("ກ", 80), ("က", 80)], ids=["zh", "ja", "th", "lo", "my"]
)
def test_scripts_without_spaces_are_cut_by_signs(sign: str, signs: int) -> None:
    assert [len(said) for _, said in chunks(sign * signs * 2)] == [signs, signs]


def test_code_between_fences_stays_in_one_piece_where_it_can() -> None:
    (_, first), (_, second) = chunks(f"{SENTENCE * 2}\n\n{CODE}\n{SENTENCE}", words=20)
    assert first == (SENTENCE * 2).strip()
    assert second.startswith(CODE.strip())


def test_each_chunk_says_on_which_line_it_begins() -> None:
    text = f"---\ntitle: T\n---\n# A\n\n{SENTENCE * 2}\n\n# B\n\n{SENTENCE}\n"
    lines = text.split("\n")
    for piece in cut(text, "", Chunking(words=20, overlap=0)):
        assert lines[piece.line - 1].startswith(SENTENCE.strip())


@given(st.lists(st.sampled_from(["word", "Ende.", "\n\n", "# T\n", "好好", "ไทย", "```\n", " "]), max_size=80))
def test_every_word_stands_in_a_chunk_and_none_is_too_long(parts: list[str]) -> None:
    text = " ".join(parts)
    found = list(cut(text, "", Chunking(words=20, overlap=5)))
    for word in ("word", "Ende.", "好好", "ไทย"):
        assert (word in parts) == any(word in f"{piece.title} {piece.text}" for piece in found)
    assert all(layout_of(piece.text).weights[-1] <= 80 for piece in found)


@pytest.mark.parametrize("text", ["", " \n\n ", "# Only a title\n", "---\ntitle: T\n---\n"])
def test_a_text_that_says_nothing_has_no_chunk(text: str) -> None:
    assert chunks(text) == []


def test_an_overlap_of_more_than_half_is_refused() -> None:
    with pytest.raises(ValidationError, match="more than half"):
        Chunking(words=50, overlap=26)
