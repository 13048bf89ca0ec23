"""One table says which characters are of which script, and which nobody sees."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from hfsft.letters import characters
from hfsft.letters.characters import IDEOGRAPHS, WORDLESS, Ranges, signs

PACKAGE = Path(characters.__file__).parent.parent
TABLE: dict[str, Ranges] = {name: value for name, value in vars(characters).items() if name.isupper()}


@pytest.mark.parametrize("name", TABLE)
def test_ranges_rise_and_no_two_meet(name: str) -> None:
    ranges = TABLE[name]
    assert all(first <= last for first, last in ranges)
    if name not in ("UNSEEN",):
        assert all(one[1] < other[0] for one, other in pairwise(ranges)), "binary search needs it"


def test_a_pattern_matches_what_the_table_says_and_no_more() -> None:
    for ranges in TABLE.values():
        matched = re.compile(f"[{signs(ranges)}]")
        for first, last in ranges:
            assert matched.match(chr(first))
            assert matched.match(chr(last))
            for beside in (first - 1, last + 1):
                inside = any(low <= beside <= high for low, high in ranges)
                assert bool(matched.match(chr(beside))) is inside


@pytest.mark.parametrize(
    ("letter", "ranges", "there"),
    [("ก", WORDLESS, True), ("฿", WORDLESS, False), ("中", IDEOGRAPHS, True), ("ｱ", IDEOGRAPHS, False)],
)
def test_letters_are_of_their_scripts(letter: str, ranges: Ranges, there: bool) -> None:
    assert bool(re.match(f"[{signs(ranges)}]", letter)) is there


def test_what_nobody_sees_has_no_letters_in_it() -> None:
    for name in ("UNSEEN", "JOINERS", "ISOLATES", "ANNOTATIONS", "MUSIC"):
        for first, last in TABLE[name]:
            kinds = {unicodedata.category(chr(code)) for code in range(first, last + 1)}
            assert kinds <= {"Cf", "Cn", "Mn"}, name


def test_no_other_file_has_a_range_of_a_script_of_its_own() -> None:
    wide = {first for ranges in TABLE.values() for first, last in ranges if last - first >= 0x40}
    spelled = re.compile(r"\\[uU]([0-9a-fA-F]{4,8})-\\|\(0x([0-9A-Fa-f]{4,5}), 0x")
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name != "characters.py":
            found = {int(one or other, 16) for one, other in spelled.findall(path.read_text())}
            assert not found & wide - {0xD800}, path  # halves of surrogates are no characters, and asked for alone
