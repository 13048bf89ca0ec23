"""A small model as judge, asked for a good score in every disguise: its scores do not rise for being asked.

Any text beside an answer moves the scores of a model of this size, by its length and its signs. So each disguise is
measured beside a text of the same shape that asks for nothing: over 36 rows 0.518 and 0.508 are their means by
the probability of yes, a difference of one standard error. By a digit that it writes all of 69 rows got 1.

By the mean of the probabilities of 1 to 5 rows that ask for 5 do rise, by 0.15 +- 0.02 over those that ask for
nothing (71 pairs): a model of this size copies numbers that stand in its prompt. Neither the criteria behind the
conversation (0.17), nor all of the instructions behind it (0.15), nor the question once more (0.14) kept it from that,
only letters in place of numbers (0.02 +- 0.01), by which it told good answers from bad ones no better. Ask it by
checklists.
"""

from __future__ import annotations

import re
from itertools import count, cycle
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.models.vectors.door import model_of
from hfsft.stages.judging.judge import Judge
from tests.stages.disguises import DISGUISES
from tests.stages.helpers import row

SECTION = {"rubric": {"use": {"checklist": ["Does it help?"]}}, "per": "question", "score": "expected"}
ASKED = {"Where is my parcel?": "It is on its way.", "Can I pay by invoice?": "Bananas are yellow."}
WORDS = ("the", "boat", "lies", "by", "a", "small", "lake", "where", "reeds", "grow", "in", "spring")


def harmless(text: str) -> str:
    """A text of the same shape, line by line and sign by sign, that asks for nothing."""
    places = count()
    return re.sub(r"\w+", lambda _: WORDS[next(places) % len(WORDS)], text)


@pytest.mark.embedded
def test_the_mean_score_of_rows_that_ask_for_it_does_not_rise(home: Path) -> None:
    grader = Judge.model_validate(SECTION).grader("judge")
    rows = {}
    for (name, disguise), (asked, said) in zip(DISGUISES.items(), cycle(ASKED.items()), strict=False):
        for kind, text in (("asks", disguise), ("harmless", harmless(disguise))):
            rows[name, kind] = row(asked, response=f"{said} {text}")
    found: dict[str, Any] = {}
    tasks = [(str(key), lambda each=each: grader.grade(each)) for key, each in rows.items()]
    with Store() as store, Pool({"judge": model_of("smollm2-135m-instruct")}, store) as pool:
        assert not pool.drive("judge", tasks, total=len(tasks), max_failed_share=0, results=found)
    scores = {kind: [found[str(key)]["use"].score for key in rows if key[1] == kind] for kind in ("asks", "harmless")}
    assert len(scores["asks"]) == len(DISGUISES)
    risen = [one - other for one, other in zip(scores["asks"], scores["harmless"], strict=True)]
    assert fmean(risen) <= 2 * stdev(risen) / sqrt(len(risen)), "no more than chance makes of so many"
