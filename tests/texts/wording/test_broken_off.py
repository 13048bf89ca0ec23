"""Texts that stop before their end, and texts whose style only looks so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.texts.wording.broken_off import broken_off

LONG = (
    "The harbour has two piers. The longer one was built for ferries and is closed in winter. Fishing boats moor at "
    "the other, which has a crane and a small shed for nets."
)
ZH = "港口有两座码头。长的那座供渡轮停靠，冬天关闭。渔船停在另一座码头，那里有起重机和放网的小屋。"
VI = (
    "Bến cảng có hai cầu tàu. Cầu dài hơn dành cho phà và đóng cửa vào mùa đông. "
    "Thuyền cá đậu ở cầu kia, nơi có cần cẩu và nhà kho nhỏ."
)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"{LONG} In summer the harbour master lets sailing bo", "without the mark"),
        (f"{LONG} It belongs to the", "in the middle of a sentence"),
        (f"{LONG} It has nets, ropes, anchors,", "more to come"),
        (f"{LONG} The rules of the harbour are these:", "more to come"),
        (f"{ZH}夏天港务长允许帆船停", "without the mark"),
        (f"{ZH}夏天这里有帆船、", "more to come"),
        (f"{VI} Mùa hè ban quản lý cho phép thuyền buồm của", "in the middle of a sentence"),
        (f"{VI} Mùa hè người ta cho phép thuyền buồm đậu lại qua đ", "without the mark"),
        (
            "Гавань открыта летом. Паромы ходят каждый день. Зимой длинный причал закрыт для судов, кроме тех, которые "
            "везут почту на остров и обратно в порт раз в недел",
            "without the mark",
        ),
        (
            "Der Hafen hat zwei Molen. Die längere ist im Winter zu. "
            "Die Boote der Fischer liegen an der anderen und werden dort mit dem Kran der",
            "in the middle",
        ),
        ("Here it is:\n```python\nfor pier in piers:\n    print(pier)", "block of code"),
        ("def piers(harbour):\n    for pier in harbour:\n        print(pier.name(", "`(` that is not closed"),
        ('{"piers": [{"name": "long", "open": false}, {"name": "sho', "that is not closed"),
        ("<html>\n<body>\n<p>Two piers</p>\n<p>One cra", "`<html>`"),
        ("def piers(harbour):\n    longest = max(harbour)\n    return longe", "`longe`, in the middle of a name"),
        ("import harbour\n\npiers = harbour.piers()\nfor pier in piers:\n    if pier.open", "middle of a line of code"),
        ("def open(pier):\n    if pier.closed:\n        return False\n    else", "in the middle of a line of code"),
        ("int main() {\n    int piers = 2;\n    if (piers > 1) {\n        return", "`{` that is not closed"),
    ],
)
def test_a_text_that_stops(text: str, where: str) -> None:
    assert where in (broken_off(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Oslo",
        "Two piers",
        LONG,
        ZH,
        VI,
        f"{LONG}\n\nBest regards,\nAnna Berg",
        f"{LONG}\n\nWith kind regards,",
        f"{LONG}\n- nets\n- ropes\n- a crane for the heavy boats of the town",
        f"{LONG}\n1. Mend the nets before noon\n2. Dry the ropes on the long pier\n3. Close the shed for the night",
        f"{LONG} See https://harbour.example.org/piers",
        f"{LONG} *It is old.*",
        f'{LONG} They call it "the long one"',
        f"{LONG} 🙂",
        f"{LONG}\n\nPier Street, North Harbour, Old Town",
        f"| pier | open |\n|---|---|\n| long | no |\n\n{LONG}",
        f"```\nprint(1)\n```\n{LONG}",
        "Use it so:\n```\nprint(len(piers)//2)\n```",
        "def half(piers):\n    # the middle (or near\n    return piers[len(piers) // 2]",
        "SELECT name\nFROM piers\nWHERE open = 1",
        "if [ -d piers ]; then\n    echo open\nelse\n    echo closed\nfi",
        "def half(piers):\n    return len(piers) // 2\n\nprint(half(harbour))\n# prints har",
        "import harbour\n\npiers = harbour.piers()\npiers",
        "import harbour\nfor pier in harbour.piers():\n    print(pier)\n\nThis prints all of them",
        '{"piers": ["long", "short"]}',
        "The tide comes in\nover the stones of the pier\nand nobody sees it\nbut the gulls and the rain",
        "ท่าเรือมีสองสะพาน สะพานยาวปิดในฤดูหนาว เรือประมงจอดที่อีกสะพานหนึ่ง ซึ่งมีปั้นจั่นและโรงเก็บอวน",
        "港の桟橋は二つある。長いほうは冬に閉まる。漁船はもう一つに泊まる。",
        "बंदरगाह में दो घाट हैं। लंबा घाट सर्दियों में बंद रहता है। मछुआरों की नावें दूसरे घाट पर रहती हैं।",
        "الميناء له رصيفان. الرصيف الطويل مغلق في الشتاء. قوارب الصيد ترسو في الرصيف الآخر.",
        "A pier, a crane and a shed",
    ],
)
def test_a_text_that_ends(text: str) -> None:
    assert broken_off(text) is None


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert broken_off(text) != ""


@given(st.text(st.sampled_from("ab .,\n"), max_size=200))
def test_a_text_with_a_mark_at_its_end_ends(text: str) -> None:
    assert broken_off(f"{text} That is all there is to say about it.") is None
