"""What the form of an answer is: bullets, Markdown, hedges, fillers, each counted once and nothing else."""

from __future__ import annotations

import time

import pytest

from hfsft.texts.style import Style, fillers_in, style_of


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("", Style()),
        ("Send it back within four weeks.", Style()),
        ("- one\n* two\n+ three\n• four\n1. five\n2) six\n(3) seven", Style(bullets=7)),
        ("  - nested\n\t- deeper", Style(bullets=2)),
        ("It is -5 degrees - not 4.5 - and 1.5 kg", Style()),
        ("-not a list\n1.5 kg\n2024 was dry", Style()),
        ("# Title\n\n## Part\n\ntext", Style(markdown=2)),
        ("**bold** and *italic* and __bold__ and `code` and [a](http://b.c)", Style(markdown=5)),
        ("2*3*4 = 24, a_b__c, #5, > 3", Style()),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", Style(markdown=3)),
        ("> quoted\n\n---\n\n***", Style(markdown=3)),
        ("- **Bold** item", Style(bullets=1, markdown=1)),
        # what stands in code is code
        ("```python\n# might be a comment\n- a\n*b*\n```\nDone.", Style(markdown=1)),
        ("```\n- never closed\n", Style(markdown=1)),
        ("It might help, perhaps; it could also fail.", Style(hedges=3)),
        ("In May 2024. May I ask? Could you wait? You may.", Style(hedges=1)),
        ("I think it seems to work in most cases, more or less.", Style(hedges=4)),
        ("Das könnte eventuell helfen.", Style(hedges=2)),
        ("Il pourrait peut-être venir.", Style(hedges=2)),
        ("Tal vez podría llegar.", Style(hedges=2)),
        ("这可能会下雨。", Style(hedges=1)),
        ("明日は雨かもしれません。", Style(hedges=1)),
        ("Great question! It's important to note that it rains. I hope this helps!", Style(fillers=3)),
        ("Certainly! Here is a brief overview.", Style(fillers=2)),
        ("You are certainly right, and that is great.", Style()),
        ("Gute Frage! Zögern Sie nicht, zu fragen.", Style(fillers=2)),
        ("Bien sûr ! N’hésitez pas à écrire.", Style(fillers=2)),
        ("¡Claro que sí! Espero que esto ayude.", Style(fillers=2)),
        ("需要注意的是，雨。希望这对你有帮助！", Style(fillers=2)),
    ],
)
def test_each_thing_is_counted_where_it_stands(text: str, style: Style) -> None:
    assert style_of(text) == style


def test_filler_phrases_are_told_as_they_stand_there() -> None:
    assert fillers_in("Sure! As you may know,\nfeel  free to ask.\n\nOverall, I hope this helps!") == [
        "sure",
        "as you may know",
        "overall",
        "i hope this helps",
    ]


@pytest.mark.parametrize("piece", ["[a", "**a", "`a", "* a *", "- ", "|", "in today's ", "```x\n", "a](", "_ _ a\n"])
def test_a_long_text_of_signs_takes_no_longer_than_its_length_lets_expect(piece: str) -> None:
    begun = time.process_time()
    style_of(piece * 20_000)
    assert time.process_time() - begun < 2
