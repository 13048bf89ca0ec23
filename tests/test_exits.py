"""Text of rows, files and recipes on every way out: it is shown, and does nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from hfsft.cli import main
from hfsft.plain import harmless, plain, unarmed
from hfsft.release.card.changelog import HEADING, MARK, merge
from hfsft.release.card.markdown import cell, named, prose

ATTACKS = {
    "colour": "\x1b[31mred\x1b[0m",
    "cursor": "\x1b[2J\x1b[1;1Howned",
    "title": "\x1b]0;owned\x07after",
    "link of the terminal": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "device control": "\x1bP1;1|owned\x1b\\after",
    "program command": "\x1b_owned\x1b\\ \x1b^owned\x1b\\ \x1bXowned\x1b\\",
    "C1": "\x9b31mred \x9d0;owned\x9c \x90owned\x9c",
    "other controls": "a\x00b\x07c\x08d\x0be\x0cf\x7fg",
    "carriage return": "harmless\rowned",
    "right to left": "\u202eowned\u202c \u2066x\u2069 \u061c",
    "no width": "a\u200bb\u2060c\ufeffd\u00ade\u180ef",
    "tags": "a" + "".join(chr(0xE0000 + ord(letter)) for letter in "owned"),
    "HTML": "<b>bold</b><img src=x onerror=alert(1)><!-- <script>alert(1)</script>",
    "end of a script": "</script><script>alert(1)</script>",
    "link": "[click](http://evil.example) ![x](http://evil.example/x.png) <http://evil.example>",
    "bare link": "see https://evil.example/a and www.evil.example or @everyone",
    "reference": "[click]: http://evil.example",
    "table": "a | b | c",
    "fence": "```\n# owned\n```",
    "backticks": "`a` ``b`` ```",
    "heading": "# owned",
    "item": "- owned",
    "number": "1. owned",
    "rule": "---",
    "front matter": "---\nlicense: other\n---",
    "mark": MARK,
    "mark on its line": f"\n{MARK}\n{HEADING}\n\nowned\n",
    "Jinja": "{{ 7 * 7 }} {% raw %} {# x",
    "rich": "[red]a[/red] [link=http://evil.example]b[/link] :bomb:",
    "formula": '=HYPERLINK("http://evil.example")',
    "lines": "one\ntwo\u2028three\u2029four\x85five",
}
PAGES = {"card": "README.md", "page": "report.html"}
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\u00ad\ufeff\U000e0000-\U000e007f]")
MARKUP = re.compile(
    r"<(?!br\b|!-- hfsft: releases)[a-z!/]|(?<!\\)\]\(http|(?<![`\w&;.])https?://evil|^# owned|^\s*- owned|^1\. owned|"
    r"(?<!\\)!\[x\]",
    re.MULTILINE,
)


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_what_is_shown_of_it_steers_nothing(text: str) -> None:
    assert not STEERS.search(plain(text))
    assert not STEERS.search(harmless(text))
    assert not STEERS.search(unarmed(text, drawn=False).replace("\r", ""))
    assert "\n" not in plain(text)
    for line in (prose(plain(text)), cell(prose(plain(text))), named(text)):
        outside = re.sub(r"`[^`]*`", "", line)
        assert not MARKUP.search(outside), outside
        assert "\n" not in line
    assert "|" not in cell(prose(plain(text))).replace("\\|", "")
    assert named(text).count("`") == 2


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_a_printed_json_value_stays_the_same_value(text: str) -> None:
    printed = unarmed(json.dumps({"text": text}, ensure_ascii=False), drawn=False)
    assert json.loads(printed) == {"text": text}
    assert not STEERS.search(printed)


def test_our_own_colours_are_drawn_on_a_terminal_alone() -> None:
    assert unarmed("\x1b[31mred\x1b[0m\x1b[2K\r\x1b[?25l", drawn=True) == "\x1b[31mred\x1b[0m\x1b[2K\r\x1b[?25l"
    assert unarmed("\x1b[31mred", drawn=False) == "\\u001b[31mred"
    assert unarmed("\x1b]0;owned\x07\x1b[5;5H\x1b[2J\x1bc", drawn=True).count("\x1b") == 0


def test_text_that_people_write_stays_as_it_is() -> None:
    text = "Zoë, 你好 — مرحبا می\u200cخواهم क्\u200dष 👩\u200d💻 ✓ «so» 1.5 % a_b\n\tnext"
    assert harmless(text) == text
    assert unarmed(text, drawn=False) == text
    assert prose("It took 3 rows, 2.5 % - of 10 (a_b).") == "It took 3 rows, 2.5 % - of 10 (a_b)."


@pytest.fixture(scope="module")
def exits(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a build of rows and a recipe that hold every attack says, by the way out."""
    folder = tmp_path_factory.mktemp("exits")
    name = "a\x1b[31m`|<b>\u202e.jsonl"
    said: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HF_HOME", str(folder / "hf"))
        rows = [
            {
                "instruction": f"{attack} How do I return lamp number {number * 7919}? {attack}",
                "response": f"{attack} Send lamp {number * 104729} back within {number} days. {attack}",
                "topic": attack,
                f"column {attack}": attack,
            }
            for number, attack in enumerate(ATTACKS.values())
        ]
        rows += [{"instruction": attack, "response": "", "topic": attack} for attack in ATTACKS.values()]
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        described = "\n".join(attack for attack in ATTACKS.values() if STEERS.search(attack) or MARK in attack)
        recipe = {
            "name": "exits",
            "description": re.sub("[\ud800-\udfff]", "", described),
            "license": "mit",
            "written_by": "people",
            "examples": [{"path": name, "topic": "topic"}],
            "filters": [],
            "split": {"validation": 0},
        }
        Path("recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
        commands = {
            "validate": ["validate", "recipe.yaml"],
            "plan": ["plan", "recipe.yaml"],
            "build": ["build", "recipe.yaml"],
            "rows": ["rows", "build/exits", "--limit", "90"],
            "rows as JSON": ["rows", "build/exits", "--json"],
            "preview": ["preview", "recipe.yaml"],
            "error": ["validate", "no\x1b]0;owned\x07\u202e.yaml"],
            "diff": ["diff", "build/exits", "build/exits"],
            "export": ["export", "build/exits", "--out", "-"],
        }
        said |= ways_out(commands, Path("build/exits"), patch)
    return said


def ways_out(commands: Mapping[str, list[str]], build: Path, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each command prints, and what a build's card and page hold once they have run."""
    said = {way: printed(command, patch) for way, command in commands.items()}
    return {**said, **{way: (build / name).read_text("utf-8") for way, name in PAGES.items()}}


def printed(command: list[str], patch: pytest.MonkeyPatch) -> str:
    import io
    import sys

    out = io.StringIO()
    with patch.context() as streams:
        streams.setattr(sys, "stdout", out)
        streams.setattr(sys, "stderr", out)
        code = main(command)
    assert code in (0, 1), out.getvalue()
    return out.getvalue()


@pytest.mark.parametrize(
    "way", ["validate", "plan", "build", "rows", "rows as JSON", "preview", "error", "diff", "export", "card"]
)
def test_nothing_that_comes_out_steers_a_terminal(exits: Mapping[str, str], way: str) -> None:
    assert exits[way]
    assert sorted({repr(found) for found in STEERS.findall(exits[way])}) == []


def test_the_card_holds_no_markup_of_rows(exits: Mapping[str, str]) -> None:
    body = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", exits["card"], flags=re.MULTILINE | re.DOTALL)
    body = body.partition("\n---\n")[2].partition("rows for supervised")[2]  # the description is the author's own
    shown = re.sub(r"`[^`\n]*`", "", body)
    assert [line for line in shown.split("\n") if MARKUP.search(line)] == []


def test_a_mark_in_a_row_or_a_recipe_is_never_taken_for_ours(exits: Mapping[str, str]) -> None:
    assert not re.search(f"^{re.escape(MARK)}$", exits["card"], re.MULTILINE)
    first = merge(exits["card"], None, "### one")
    second = merge(exits["card"], first, "### two")
    third = merge(exits["card"], second, "### three")
    assert len(second) - len(first) < 20
    assert len(third) - len(second) < 20


def test_no_row_ends_a_script_of_the_page(exits: Mapping[str, str]) -> None:
    assert "<script>alert" not in exits["page"]
    assert "<img src=x" not in exits["page"]
    assert "<b>bold" not in exits["page"]
