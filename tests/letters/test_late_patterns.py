"""Patterns that are compiled at their first use: as any other pattern, and compiled no sooner."""

from __future__ import annotations

import copy
import re
import subprocess
import sys

import pytest

from hfsft.letters.late_patterns import at_first_use

UNUSED = """
import gc, hfsft.pipeline.building
from hfsft.filters import FILTERS
from hfsft.recipe.recipe import with_filters
with_filters(FILTERS)  # imports every section and filter
from hfsft.letters.late_patterns import _Pattern
from hfsft.privacy import contacts
patterns = [each for each in gc.get_objects() if isinstance(each, _Pattern)]
compiled = [each for each in patterns if "_compiled" in vars(each)]
assert len(patterns) > 100, len(patterns)
assert len(compiled) < 5, compiled
assert list(contacts.emails("ask jane@example.com"))
"""


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_it_is_the_pattern(flags: int) -> None:
    late, early = at_first_use(r"(?P<word>b+)", flags), re.compile(r"(?P<word>b+)", flags)
    assert [found.span() for found in late.finditer("aBbab")] == [found.span() for found in early.finditer("aBbab")]
    assert late.sub("-", "aBbab") == early.sub("-", "aBbab")
    assert (late.pattern, late.flags, late.groups, late.groupindex) == (
        early.pattern,
        early.flags,
        early.groups,
        early.groupindex,
    )
    assert copy.deepcopy(late).search("ab") is not None


def test_what_is_wrong_with_it_is_told_at_its_first_use() -> None:
    late = at_first_use("(")
    with pytest.raises(re.error):
        late.search("a")


def test_a_command_compiles_only_what_it_uses() -> None:
    subprocess.run([sys.executable, "-c", UNUSED], check=True)
