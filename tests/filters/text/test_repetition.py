"""repetition: loops as broken sampling writes them fall by default, forms that repeat by right stay."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.filters import Repetition
from hfsft.texts.loops import repeated_share

BOUND = Repetition().at_most or 0

PIECES = {
    "one sign": "!",
    "a digit": "0",
    "a letter": "a",
    "emoji": "🙏",
    "emoji of two code points": "👍🏽",
    "a syllable": "ha",
    "two syllables": "lalo",
    "dashes apart": "- ",
    "equals signs": "=",
    "stars apart": "* ",
    "dots apart": ". ",
    "numbers": "1, ",
    "numbers without spaces": "7,8,",
    "decimals": "0.0 ",
    "an escape": "\\n",
    "an entity": "&nbsp;",
    "a tag": "<br>",
    "a replacement character": "\ufffd",
    "a path": "../",
    "brackets": "[]",
    "braces in lines": "{\n}\n",
    "a pipe table that goes on": "| ",
    "a word": "very ",
    "two words": "thank you, ",
    "a short sentence": "I'm sorry. ",
    "a sentence with changing marks": "Please wait! Please wait. Please wait, ",
    "a sentence": "Your refund is being processed and will reach you soon. ",
    "a line": "Contact the support team and ask for help\n",
    "a list item": "- Check the cable and restart the router\n",
    "a quoted line": "> I will be with you in a moment\n",
    "a heading": "## Conclusion\n\n",
    "dialogue": "User: Where is it?\nAssistant: On its way.\n",
    "a line of code": "x = x + 1\n",
    "an import": "from library import books\n",
    "a call": 'print("hello")\n',
    "markup": '<div class="cell"></div>\n',
    "a JSON object": '{"name": "lamp", "price": 3},\n',
    "a line of a table": "| Basic | 4 euros | by email |\n",
    "a line of a CSV": "2024-01-01,Berlin,sunny,no wind\n",
    "Chinese": "对不起，我不明白。",
    "Chinese without marks": "谢谢",
    "one Chinese character": "好",
    "Japanese": "申し訳ございません。",
    "Thai": "ขอโทษครับ",
    "Korean": "감사합니다. ",
    "Vietnamese": "Xin lỗi quý khách. ",
    "Hindi": "मुझे खेद है। ",
    "Arabic": "أنا آسف. ",
    "Russian": "Извините, пожалуйста. ",
    "German": "Bitte haben Sie etwas Geduld. ",
    "Turkish": "Lütfen bekleyin. ",
    "Greek": "Παρακαλώ περιμένετε. ",
    "Hebrew": "אנא המתן. ",
    "Burmese": "ကျေးဇူးတင်ပါတယ်",
}
OPENINGS = ["", "Thank you for your question about the lamp that you bought. ", "Here is what I found:\n\n"]
PARAGRAPH = (
    "To return the lamp, open the page of your order and choose the item. We send you a label by email, which you "
    "print and put on the parcel. Bring it to any shop of the carrier within two weeks, and keep the receipt.\n\n"
)


@pytest.mark.parametrize("opening", OPENINGS, ids=["alone", "behind a sentence", "behind a line"])
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_a_piece_that_goes_on_and_on_is_near_one(piece: str, opening: str) -> None:
    assert repeated_share(opening + piece * (900 // len(piece))) > 0.85
    assert repeated_share(opening + piece * (450 // len(piece))) > BOUND


def counted(first: str, last: str = "", times: int = 12) -> str:
    return "".join(f"{first.format(number)}{last}" for number in range(1, times + 1))


@pytest.mark.parametrize(
    ("text", "least", "reason"),
    [
        (PARAGRAPH * 2, BOUND, "a long paragraph, twice"),
        (PARAGRAPH * 3, 0.6, "three times"),
        ("We will look into it and come back to you soon.\n\n" * 3, 0.6, "a sentence, three times"),
        ("I'm sorry. " * 5, BOUND, "a short sentence, five times"),
        (counted("{}. I can ", times=30), 0.85, "a loop that counts, in one line"),
        (counted("{}. Contact the support team and ask for help.\n"), 0.85, "a numbered list of one item"),
        (counted("{}) Restart the router\n"), 0.85, "with brackets"),
        (counted("**{}.** Restart the router\n"), 0.8, "in bold"),
        (counted("Step {}: Open the app and log in.\n"), 0.85, "steps"),
        (counted("Question {}: What is the capital?\nAnswer: It is the largest city.\n"), 0.85, "questions"),
        (
            "\n".join(random.Random(1).choices(["I do not know that.", "Please ask me again later."], k=40)),
            0.7,
            "mixed",
        ),
        ("The lamp is " + "very, " * 60 + "bright.", 0.85, "inside a sentence"),
        ("a" * 400 + " " + "b" * 400, 0.9, "two runs"),
        ("ok" + "\n" * 900 + "ok", 0.9, "white space"),
        (("no " * 9 + "yes. ") * 12, 0.8, "a loop within a loop"),
        ("111a11a" * 40, 0.9, "a piece that repeats parts of itself"),
        ("abcabcab dabcab " * 30, 0.9, "of words"),
        (
            PARAGRAPH + "".join(f"Shelf {n} holds lamps of {n * 7} watts. " for n in range(60)) + "very " * 60,
            0.4,
            "late",
        ),
        ("int main() { return 0; " + "} " * 30, 0.4, "brackets that end a program"),
    ],
)
def test_loops_of_other_kinds(text: str, least: float, reason: str) -> None:
    assert repeated_share(text) > least, reason


def lines(form: str, *cells: str) -> str:
    """The form, once for each cell; a cell's parts stand apart by `/` and fill the empty braces in their order."""
    for number in range(form.count("{}")):
        form = form.replace("{}", f"{{{number}}}", 1)
    return "\n".join(form.format(*cell.split("/")) for cell in cells)


SIZES = "|".join(["Basic/4/10", "Plus/8/50", "Team/12/200", "Pro/20/500", "Max/40/2000"]).split("|")
FIELDS = ["name/customer", "street/customer", "city/customer", "zip/address", "country/address", "phone/customer"]
BOARD = "+---+---+---+---+---+---+---+---+\n|   |   |   |   |   |   |   |   |\n"


def good_forms() -> Iterator[tuple[str, str]]:
    yield (
        "Markdown table",
        "| Plan | Price | Support | Storage |\n|---|---|---|---|\n"
        + lines("| {} | {} euros per month, billed once a year | by email on working days | {} GB |", *SIZES),
    )
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    yield "feature table", lines("| {} | Yes | Yes | Yes | Yes | No |", *days, "Holidays")
    yield "ticks", lines("| {} | ✓ | ✓ | ✓ | ✗ | ✓ |", *days)
    yield "CSV", "plan,price,support,storage\n" + lines("{},{} euros,by email on working days,{} GB", *SIZES)
    yield "TSV of numbers", "\n".join("\t".join(str(a * b % 7) for a in range(9)) for b in range(12))
    yield (
        "plan",
        lines("Day {}: walk for {} minutes and stretch for 5 minutes.", "1/20", "2/25", "3/30", "4/35", "5/40"),
    )
    yield "plan that adds one", "\n".join(f"Day {n}: do {n + 9} push-ups, {n + 19} squats." for n in range(1, 15))
    yield "timetable", lines("{}:00 - {}:45 Lesson in room 12 with Ms Lee", "8/8", "9/9", "10/10", "11/11", "13/13")
    yield (
        "JSON list",
        "[\n" + lines('  {{"name": "{}", "required": true, "description": "The {0} of the {}"}},', *FIELDS) + "\n]",
    )
    yield (
        "JSON in lines",
        "[\n"
        + lines('  {{\n    "name": "{}",\n    "type": "string",\n    "required": true,\n    "of": "{}"\n  }},', *FIELDS)
        + "\n]",
    )
    yield "YAML", lines("- name: {}\n  type: string\n  required: true\n  of: {}", *FIELDS)
    yield "INI", lines("[{}]\nenabled = true\ntimeout = 30\nretries = 3\nowner = {}", *FIELDS)
    yield "imports", lines("from library.{0} import {0}_of_{1}", *FIELDS)
    yield (
        "tests",
        "import unittest\n\n\nclass CartTest(unittest.TestCase):\n"
        + lines(
            "    def test_{0}(self):\n        cart = Cart(user='ana')\n        cart.add('{0}', {1})\n"
            "        self.assertEqual(cart.total(), {2})\n",
            *SIZES,
        ),
    )
    yield "asserts", lines("assert convert('{}') == {}", "I/1", "II/2", "III/3", "IV/4", "V/5", "X/10")
    yield "getters", lines("    public String get{}() {{\n        return this.{0};\n    }}", *days)
    yield (
        "switch",
        lines(
            '        case {}:\n            return "{}";\n            break;', *(f"{n}/{d}" for n, d in enumerate(days))
        ),
    )
    yield "SQL", lines("INSERT INTO plans (name, price, storage) VALUES ('{}', {}, {});", *SIZES)
    yield "HTML list", "<ul>\n" + "\n".join(f"  <li>Item {n}</li>" for n in range(1, 9)) + "\n</ul>"
    yield "HTML menu", lines('<li class="nav-item">\n  <a class="nav-link" href="#{0}">{0}</a>\n</li>', *days)
    yield "HTML grid", '<div class="grid">\n' + '  <div class="cell"></div>\n' * 9 + "</div>"
    yield "HTML table", "<table>\n" + lines("  <tr><td>{}</td><td></td><td></td><td></td></tr>", *days) + "\n</table>"
    yield "SVG", "\n".join(f'<circle cx="{n * 20}" cy="50" r="8" fill="none" stroke="black"/>' for n in range(1, 13))
    yield "CSS", lines(".{} {{\n  display: flex;\n  align-items: center;\n  margin: 0 auto;\n}}", *days)
    yield "LaTeX", lines(r"{} & {} euros & by email & {} GB \\ \hline", *SIZES)
    yield "turtle", "from turtle import *\n\n" + "forward(100)\nright(90)\n" * 4 + "\ndone()"
    yield "Makefile", lines(".PHONY: {0}\n{0}:\n\tuv run {0}\n", "lint", "types", "tests", "docs", "wheel")
    yield "regular expressions", r"^(\d{3})-(\d{3})-(\d{4})$ or ^\(\d{3}\) \d{3}-\d{4}$ or ^\d{3}\.\d{3}\.\d{4}$"
    yield (
        "song",
        "Round and round the wheel goes, round and round the wheel goes,\nall the way to town.\n"
        "Round and round the wheel goes, round and round the wheel goes,\nall the way to town.\n"
        "Up and down the seat goes, up and down the seat goes,\nall the way to town.",
    )
    yield (
        "song of many verses",
        lines(
            "The {} on the cart {}, {}, {},\n{}, {}, {}, {}, {}, {}.\n"
            "The {0} on the cart {1}, {2}, {3},\nall along the lane.\n",
            "bell/goes ding/goes ding/goes ding/ding/ding/ding/dong/dong/dong",
            "horse/goes clop/and clop/clop clop/clop/and/clop/over/and/over",
            "child/sings high/and low/and loud/high/and/low/as/we/go",
        ),
    )
    refrain = "\n\nO bring me home, O bring me home,\nbring me home before the night.\n\n"
    yield (
        "refrain",
        refrain.join(
            [
                "Over the hills the morning came\nand called each flower by its name",
                "Over the sea the evening fell\nand rang for every ship a bell",
                "Under the roof the candle burned\nand waited till the road returned",
                "Beside the well the swallows wait\nand count the travellers at the gate",
                "",
            ]
        ),
    )
    yield (
        "bottles",
        "\n\n".join(
            f"{n} green jars on the wall, {n} green jars.\n"
            f"Take one down and pass it round, {n - 1} green jars on the wall."
            for n in range(9, 1, -1)
        ),
    )
    yield "litany", lines("Let us give thanks for {}.", *days, "bread", "water", "the harvest", "the rain")
    yield "numbered list with one stem", lines("{}. How do I return {}?", *(f"{n}/{d}" for n, d in enumerate(days, 1)))
    yield "classes", lines("{}: string instrument", "Violin", "Cello", "Harp", "Lute", "Viola", "Banjo")
    yield "answers", lines("{}. {}: The statement is true.", *(f"{n}/{d}" for n, d in enumerate(days, 1)))
    yield "separators", f"\n{'-' * 80}\n".join(["The first part.", "The second part.", "The third part.", "The end."])
    yield "headings underlined", lines("{}\n=========\nOpen from nine to five.\n", *days)
    yield (
        "rows with one remark",
        lines("### {}\nThe museum is open from nine to five.\n", *days, "Holidays"),
    )
    yield "rules under headings", lines("{}\n---------\n\nNo meeting is planned for today.\n\n", *days)
    yield "contents", "\n".join(f"Chapter {n} {'.' * 60} {n * 9}" for n in range(1, 8))
    yield (
        "form",
        "Name: ____________________\nStreet: ____________________\nCity: ____________________\nDate: __________",
    )
    yield "empty board", BOARD * 8 + BOARD.splitlines()[0]
    yield "rectangle of stars", ("*" * 30 + "\n") * 10
    yield "triangle of stars", "\n".join("* " * n for n in range(1, 15))
    yield "multiplication table", "\n".join(f"{n} x 7 = {n * 7}" for n in range(1, 21))
    yield "table of one", "\n".join(f"{n} x 1 = {n}" for n in range(1, 21))
    yield "numbers to a hundred", ", ".join(map(str, range(1, 101)))
    yield "matrix", "[" + ",\n ".join(["[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"] * 10) + "]"
    yield "identity matrix", "\n".join(" ".join("1" if a == b else "0" for a in range(12)) for b in range(12))
    yield "binary", " ".join(f"{n:08b}" for n in range(0, 256, 5))
    draw = random.Random(7)
    yield (
        "hex dump",
        "\n".join(
            f"{n:08x}  " + " ".join(f"{draw.choice([0, 0, draw.randrange(256)]):02x}" for _ in range(16))
            for n in range(0, 320, 16)
        ),
    )
    yield "DNA", "\n".join("".join(draw.choices("ACGT", k=60)) for _ in range(12))
    yield "base64", "".join(draw.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=900))
    yield (
        "log",
        "\n".join(
            f"2024-01-01 12:00:{n:02} INFO server: request {n * 37 % 91} done in {n * 13 % 70} ms" for n in range(20)
        ),
    )
    yield "laughter", "Hahahaha, that is a good one! Tell me another."
    yield "stars of a review", "⭐⭐⭐⭐⭐ Five stars for the lamp."
    yield "emphasis", "No, no, no! Very, very good."
    yield "Chinese plan", lines("第{}天：步行{}分钟，然后拉伸5分钟。", "1/20", "2/25", "3/30", "4/35", "5/40")
    yield "Chinese verse", "床前看月光，疑是地上霜。举头望山月，低头想故乡。"
    yield "Thai list", lines("{}. ราคา {} บาท", "1/20", "2/25", "3/30", "4/35", "5/40")
    yield "Japanese list", lines("{}月は{}日まであります。", "1/31", "2/28", "3/31", "4/30", "5/31", "6/30")
    yield (
        "German list",
        lines("Am {} ist die Bibliothek von {} bis {} Uhr geöffnet.", "Montag/8/17", "Dienstag/9/18", "Freitag/8/12"),
    )


@pytest.mark.parametrize("text", [form for _, form in good_forms()], ids=[name for name, _ in good_forms()])
def test_what_repeats_because_lines_have_one_form_stays(text: str) -> None:
    assert repeated_share(text) <= BOUND


@pytest.mark.parametrize("text", ["", " ", "\n" * 900, "Paris", "New York, New York", "...", "?", "🙂"])
def test_short_texts_are_no_loops(text: str) -> None:
    assert repeated_share(text) == 0


@settings(deadline=None)
@given(st.text("ab. \n中1🙏", max_size=200))
def test_repetition_is_a_share_that_case_does_not_change(text: str) -> None:
    once = repeated_share(text)
    assert 0 <= once <= 1
    assert repeated_share(text.upper()) == once


@settings(deadline=None)
@given(st.text("ab. \n中1🙏x", min_size=1, max_size=60).filter(lambda text: any(map(str.isalpha, text))))
def test_any_text_said_forty_times_is_a_loop(text: str) -> None:
    assert repeated_share(text * 40) > 0.8
