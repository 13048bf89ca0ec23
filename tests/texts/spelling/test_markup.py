"""Remains of pages in prose, and angle brackets that are none."""

from __future__ import annotations

import pytest

from hfsft.texts.spelling.markup import about_markup, markup


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>We open at nine.</p>", ["<p>", "</p>"]),
        ('<div class="x">We open</div>', ['<div class="x">', "</div>"]),
        ("We open<br/>at nine", ["<br/>"]),
        ('See <a href="https://example.org">here</a>', ['<a href="https://example.org">', "</a>"]),
        ("Tea &amp; cake&nbsp;here &#39;s", ["&amp;", "&nbsp;", "&#39;"]),
        ("Done.<script>track()</script>", ["<script>", "</script>"]),
        ("Ouvert <b>tous</b> les jours", ["</b>"]),
        ("我们九点开门。</p>", ["</p>"]),
        ("<!-- ad --> We open", ["<!-- ad -->"]),
    ],
)
def test_tags_and_entities_are_found(text: str, found: list[str]) -> None:
    assert markup(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Dear <your name>, the <title> is open and <T> is a type: List<String>.",
        "If a < b and c > d, then a<b>c is nonsense; R&D; AT&T;",
        "Use `<p>` and `&nbsp;` for that.",
        "```html\n<p>We open</p>\n```",
        "H<sub>2</sub>O and E = mc<sup>2</sup>, press <kbd>Ctrl</kbd>.",
        "| when | what |\n| --- | --- |\n| nine | open<br>close |",
        "In HTML, <p> opens a paragraph.",
        "x <- 5; y -> 3; <3 <noinput>",
        "",
    ],
)
def test_what_is_no_page_is_not(text: str) -> None:
    assert markup(text) == []


def test_who_asks_about_pages_gets_them() -> None:
    assert about_markup("Write a web page with a button.")
    assert about_markup("What does <div> do?")
    assert about_markup("写一个网页")
    assert not about_markup("When do you open?")
