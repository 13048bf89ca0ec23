"""What each stage sends and writes, pinned: change it, and the step's version must rise with it.

A step's answers are found again by what is sent, and its rows by the step's version. So a change of behaviour under an
old version would serve rows of the code before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from hfsft.engine.step import Step
from hfsft.hashing import digest
from hfsft.models.model import Request
from hfsft.rows.columns import COLUMNS
from hfsft.rows.row import new_row
from hfsft.stages.answers.generate import Generate
from hfsft.stages.evolving.evolve import GROWN_FROM, Evolve
from hfsft.stages.judging.judge import Judge
from hfsft.stages.split import Split
from hfsft.stages.split.row_families import keys_of
from tests.stages.helpers import CONTEXT, converse, row

VERDICT = {"relevance": {"reason": "yes", "score": 5}, "usefulness": {"reason": "vague", "score": 2}}
ANCHOR = {"instruction": "Hi?", "response": "Wait.", "scores": {"relevance": 3, "usefulness": 1}, "why": "no time"}
LATER_COLUMNS = ("dialect", "reasoning", "tools", "reference")  # empty of rows such as these
ROW = row(context="Parcel 7", topic="delivery")
CHILD = {**ROW, "id": "c", "parent_id": ROW["id"], "origin": "evolved", "round": 1, "template": "deepen"}
CHECKED = [
    (text, "Where is my parcel?")
    for text in (
        "Where is my parcel, and who signed for it?",
        "Where is my parcel",
        "Your parcel arrives tomorrow.",
        "I can't help with that.",
        "1. Where is it?\n2. Who has it?",
        "Add a second question to this message: where?",
        "我的包裹在哪里？",
        "...",
    )
]
RUBRIC = {"relevance": "Does it answer?", "usefulness": "Does it help?"}


# Fields of requests that few have: they stand in no key where they say nothing, those of `NEVER` in none at all.
LATER_FIELDS = ("texts", "tools", "tool_choice", "logprobs", "prompt")
NEVER = ("chosen", "mends", "at_once")


def keyed(request: Request) -> dict[str, Any]:
    given = asdict(request)
    for name in NEVER:
        given.pop(name, None)
    return {name: value for name, value in given.items() if name not in LATER_FIELDS or value not in (None, (), "")}


def asked(step: Step, given: dict[str, Any], *answers: str) -> str:
    requests, columns = converse(step.function(given), answers)
    return digest([[keyed(request) for request in requests], columns])


def steps() -> Iterator[tuple[str, int, str]]:
    """Each step's name and version, and a hash of what it does with fixed rows."""
    branch, evolve, check, _ = Evolve(templates=["deepen"]).steps(CONTEXT)
    grown = branch.function({name: [value] for name, value in ROW.items()})
    grown = {name: cells for name, cells in grown.items() if name not in LATER_COLUMNS or any(cells)}
    yield "branch", branch.version, digest(grown)
    yield "evolve", evolve.version, asked(evolve, CHILD, 'New message: "What if it is late?"')
    faults = [
        check.function({"instruction": [text], "context": [None], "template": ["deepen"], GROWN_FROM: [parent]})
        for text, parent in CHECKED
    ]
    yield "check", check.version, digest(faults)
    (generate,) = Generate(system="You work for {{ description }}").steps(CONTEXT)
    yield "generate", generate.version, asked(generate, ROW, " Tomorrow. ")
    judge = Judge.model_validate({"rubric": RUBRIC, "anchors": [ANCHOR]}).steps(CONTEXT)[0]
    yield "judge", judge.version, asked(judge, {**ROW, "response": "Tomorrow."}, json.dumps(VERDICT))
    mended = asked(judge, {**ROW, "response": "Tomorrow."}, "It is fine.", json.dumps(VERDICT))
    yield "judge, asked twice", judge.version, mended
    family, split = (each for each in Split(validation=0.5).steps(CONTEXT) if each.name in ("split.family", "split"))
    rows = [
        row(f"How do I change the {word} of my account {word * 3}?") for word in ("name", "colour", "email", "plan")
    ]
    batch = {name: [each[name] for each in rows] for name in COLUMNS}
    yield "split.family", family.version, digest(families := family.function(batch))
    yield "split", split.version, digest(split.function(batch | families))
    example = new_row("example", {"instruction": "How do I\u00a0change it?", "context": "A NAME\nand e\u0301"})
    yield "keys of sides on disk", 1, digest(keys_of({name: [value] for name, value in example.items()}))


GOLDEN: dict[str, tuple[int, str]] = {
    "branch": (1, "dda00a06e319db81f392801bceb153b9"),
    "evolve": (5, "f32dd4be1b4a1bbcf0bf47e3402ab4eb"),
    "check": (4, "0daa5e7cd8dabc7e45435a45c7bbaef4"),
    "generate": (1, "d46830b6f5d2e2ce5b655be13c2bf7a6"),
    "judge": (3, "63a716bef64038e9591a694106ad2dab"),
    "judge, asked twice": (3, "173c27a874700652e57b3159b20c993c"),
    "split.family": (4, "483be60590a8f0865ff68cb06c06657d"),
    "split": (2, "eea2653c417b573ec9619b1956df6e81"),
    "keys of sides on disk": (1, "72fe5cea3d871beabec97feffb07cacf"),
}


@pytest.mark.parametrize(("name", "version", "found"), list(steps()), ids=[name for name, _, _ in steps()])
def test_behaviour_and_version_change_together(name: str, version: int, found: str) -> None:
    assert (version, found) == GOLDEN[name], "raise the step's version with what it does, then pin both here"
