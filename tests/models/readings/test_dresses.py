"""What a person reads without hesitation is read, in whatever dress; what needs a guess is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.models.structured import parse
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.verdict import schema_of

SCHEMA = schema_of(Judge(rubric={"tone": "Is it calm?", "use": "Would it help?"}).grader("judge").rubric, before=False)
PARTS = {"tone": {"reason": "calm", "score": 4}, "use": {"reason": "a step", "score": 5}}
UNQUOTED = (
    '{"tone": {"reason": "it says "by Friday, at noon" twice", "score": 4}, "use": {"reason": "a step", "score": 5}}'
)

PLAIN = {
    "out of the most": json.dumps({name: {**part, "score": f"{part['score']}/5"} for name, part in PARTS.items()}),
    "out of, in words": json.dumps({"tone": "4 out of 5", "use": "5 of 5"}),
    "bold": json.dumps({"tone": "**4**", "use": "`5`"}),
    "full-width digits": json.dumps({"tone": "\uff14", "use": "\uff15\uff0f\uff15"}),
    "numbers alone": '{"tone": 4, "use": 5}',
    "one reason for all": '{"tone": 4, "use": 5, "reason": "calm"}',
    "without reasons": '{"tone": {"score": 4}, "use": {"score": 5}}',
    "a list of one": json.dumps([PARTS]),
    "a wrapper": json.dumps({"scores": PARTS}),
    "two wrappers": json.dumps({"result": {"model": "j", "verdict": PARTS}}),
    "JSON in JSON": json.dumps({"answer": json.dumps(PARTS)}),
    "a list of criteria": json.dumps([{"criterion": name, **part} for name, part in PARTS.items()]),
    "a wrapped list": json.dumps({"criteria": [{"name": name.title(), **part} for name, part in PARTS.items()]}),
    "a list of parts": json.dumps([{name: part} for name, part in PARTS.items()]),
    "a line of JSON each": "\n".join(json.dumps({name: part}) for name, part in PARTS.items()),
    "flat names": '{"tone_score": 4, "tone_reason": "calm", "use_score": 5}',
    "other words": '{"tone": {"rating": 4, "explanation": "calm"}, "use": {"grade": 5}}',
    "names in bold": '{"**Tone**": 4, "2. Use": 5}',
    "quotes within": UNQUOTED,
    "quotes within, fenced": f"Here you are:\n```json\n{UNQUOTED}\n```",
    "names without quotes": "{tone: {reason: calm, score: 4}, use: {reason: a step, score: 5}}",
    "said twice the same": '{"tone": 4, "tone": 4, "use": 5}',
    "lines": "tone: 4\nuse: 5",
    "one line": "Tone: 4, use: 5",
    "YAML": "tone:\n  reason: calm\n  score: 4\nuse:\n  reason: a step\n  score: 5",
    "headings": "### Tone\nReason: calm\nScore: 4\n\n### Use\nReason: a step\n**Score:** 5/5",
    "bold lines": "**Tone:** **4** - calm\n**Use**: 5 out of 5 (a step)",
    "numbered lines": "1. Tone - 4\n2. Use - 5",
    "the scale beside each name": "- Tone (1-5): 4\n- **Use** (1\u20135): 5",
    "the scale in words": "Tone (on a scale from 1 to 5): 4\nUse [out of 5] - 5",
    "a table": "| criterion | score | why |\n|---|---|---|\n| Tone | 4 | to the point |\n| Use | 5 | 3 steps |",
    "a table across": "| tone | use |\n|:--|--:|\n| 4 | 5 |",
    "tags": "<tone>4</tone>\n<use>5</use>",
    "tags within tags": "<tone><reason>calm</reason><score>4</score></tone><use><score>5</score></use>",
}
UNSURE = {
    "out of another number": '{"tone": "4/10", "use": 5}',
    "between two": '{"tone": 4.5, "use": 5}',
    "between two, in words": "tone: 4.5\nuse: 5",
    "another scale beside a name": "Tone (1-10): 4\nUse (1-10): 5",
    "a word": '{"tone": "four", "use": 5}',
    "a word in a line": "tone: four\nuse: 5",
    "one of two": '{"tone": "4 or 5", "use": 5}',
    "one of two, in brackets": "tone: 4 (or 5)\nuse: 5",
    "a range": "tone: 3-4\nuse: 5",
    "a percentage": "tone: 80%\nuse: 5",
    "a half": "tone: 4\u00bd\nuse: 5",
    "at least": "tone: 4+\nuse: 5",
    "more than": "tone: >4\nuse: 5",
    "of a sentence": "tone: 4 would be too much\nuse: 5",
    "prose": "I would give the tone a 4 and the use a 5.",
    "two values": '{"tone": 4, "tone": 3, "use": 5}',
    "two values, two spellings": '{"tone": 4, "Tone": 3, "use": 5}',
    "two values in lines": "tone: 4\ntone: 3\nuse: 5",
    "two values in a list": json.dumps(
        [{"criterion": n, "score": s} for n, s in (("tone", 4), ("tone", 3), ("use", 5))]
    ),
    "two objects": json.dumps([PARTS, {"tone": 1, "use": 1}]),
    "one without and one within": json.dumps({"tone": 2, "scores": PARTS}),
    "numbers without names": "[4, 5]",
    "one criterion": '{"tone": 4}',
    "broken off": '{"tone": {"reason": "calm", "score": 4}, "use": {"reason": "a step", "score": 5',
    "broken off in a line of its own": '{\n"tone": 4,\n"use": 5',
    "off the scale": '{"tone": 4, "use": "6/5"}',
    "a number in two": '{"tone": {"reason": "is "quoted"", "score": 1 0}, "use": 5}',
    "true": '{"tone": true, "use": 5}',
}


def scores(text: str, rounding: Any = "refuse") -> dict[str, int]:
    return {name: part["score"] for name, part in parse(text, SCHEMA, rounding).items()}


@pytest.mark.parametrize("dress", PLAIN)
def test_a_plain_verdict_is_read_in_any_dress(dress: str) -> None:
    assert scores(PLAIN[dress]) == {"tone": 4, "use": 5}


@pytest.mark.parametrize("dress", UNSURE)
def test_a_verdict_that_must_be_guessed_is_not_read(dress: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(UNSURE[dress], SCHEMA)


def test_reasons_come_along() -> None:
    assert parse(UNQUOTED, SCHEMA)["tone"]["reason"] == 'it says "by Friday, at noon" twice'
    for dress in ("a list of criteria", "YAML", "headings", "bold lines"):
        assert {name: part["reason"] for name, part in parse(PLAIN[dress], SCHEMA).items()} == {
            "tone": "calm",
            "use": "a step",
        }


@pytest.mark.parametrize(
    ("rounding", "read"), [("refuse", None), ("nearest", (4, 5)), ("down", (3, 4)), ("up", (4, 5))]
)  # fmt: skip
def test_halves_are_rounded_where_the_recipe_says_so(rounding: str, read: tuple[int, int] | None) -> None:
    for text in ('{"tone": 3.5, "use": "4.5/5"}', "tone: 3.5\nuse: 4.5 out of 5"):
        if read is None:
            with pytest.raises(ValueError, match="whole number"):
                scores(text, rounding)
        else:
            assert tuple(scores(text, rounding).values()) == read
    with pytest.raises(ValueError, match="must lie between 1 and 5"):
        scores('{"tone": 5.4, "use": 5}', "down")
