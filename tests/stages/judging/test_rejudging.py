"""What a build pays for once it was judged: nothing for a moved bound, the judge for a changed anchor, no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from hfsft.pipeline import run
from tests.models.server import LLM
from tests.stages.judging.scripted_judge import ScriptedJudge, answer, outside

FULL = ["Does it name a time?", "Does it name a person?"]
ANCHORS = [
    {"instruction": f"Anchor {worth}?", "response": answer(worth, 900 + worth), "scores": {"use": worth}}
    for worth in (1, 5)
]


def recipe(judge: ScriptedJudge, writer: LLM, **section: Any) -> dict[str, Any]:
    rows = [{"instruction": f"What of bicycle {n}?", "response": answer(1 + n % 5, n)} for n in range(6)]
    return {
        "name": "again",
        "license": "apache-2.0",
        "models": {
            "writer": {"model": "w", "base_url": writer.url, "identity": "w"},
            "judge": {"model": "j", "base_url": judge.url, "identity": "j"},
        },
        "seeds": [{"prompts": ["Where is the pump?", "Where is the bell?"]}],
        "examples": [{"rows": rows}],
        "judge": {"rubric": {"use": "Does it help?"}, "anchors": ANCHORS, "exam": False, **section},
        "filters": [{"score": {"use": {"at_least": 2}}}],
        "split": {"validation": 0},
    }


def built(judge: ScriptedJudge, writer: LLM, data: dict[str, Any]) -> tuple[int, list[str], int]:
    """How often the writer is asked in a build, what the judge is asked outside of quotes, and how many rows stay."""
    wrote, before = len(writer.requests), len(judge.requests)
    kept = len(run(data)[0].rows)
    asked = [outside(str(body["messages"][0]["content"])) for body in judge.requests[before:]]
    return len(writer.requests) - wrote, asked, kept


def test_each_change_pays_for_what_it_changes(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with ScriptedJudge() as judge, LLM() as writer:
        data = recipe(judge, writer, per="criterion")
        wrote, judged, kept = built(judge, writer, data)
        assert (wrote, len(judged)) == (2, 8)

        data["filters"] = [{"score": {"use": {"at_least": 4}}}]
        wrote, judged, fewer = built(judge, writer, data)
        assert (wrote, judged) == (0, [])
        assert fewer < kept

        data["judge"]["rubric"] = {"use": "Does it help?", "tone": "Is it kind?"}
        data["judge"]["anchors"] = [
            {**each, "scores": {**each["scores"], "tone": each["scores"]["use"]}} for each in ANCHORS
        ]
        wrote, judged, _ = built(judge, writer, data)
        assert (wrote, len(judged)) == (0, 8)
        assert all("Is it kind?" in text and "Does it help?" not in text for text in judged)

        data["judge"]["rubric"]["tone"] = {"question": "Is it kind?", "weight": 3}
        assert built(judge, writer, data)[:2] == (0, [])

        data["judge"]["anchors"][0]["why"] = "It names nothing."
        wrote, judged, _ = built(judge, writer, data)
        assert (wrote, len(judged)) == (0, 16)


def test_a_question_more_in_a_checklist_pays_for_itself_alone(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ScriptedJudge(questions=(*FULL, "Is it short?")) as judge, LLM() as writer:
        data = recipe(judge, writer, per="question", anchors=[], rubric={"full": {"checklist": FULL}}, score="expected")
        data["filters"] = []
        assert len(built(judge, writer, data)[1]) == 16
        data["judge"]["rubric"] = {"full": {"checklist": [*FULL, "Is it short?"]}}
        _, judged, _ = built(judge, writer, data)
        assert len(judged) == 8
        assert all("Question: Is it short?" in text for text in judged)


def test_a_row_of_a_file_that_asks_what_an_anchor_asks_stops_the_build_before_anything_is_asked(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"instruction": "Why?", "response": "So."}, {"instruction": "anchor 5 ?", "response": "What?"}]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    with ScriptedJudge() as judge, LLM() as writer:
        data = recipe(judge, writer)
        data["examples"] = [{"path": "rows.jsonl"}]
        with pytest.raises(SourceError, match=r"this anchor asks what the row at rows.jsonl:2 asks"):
            run(data)
        assert judge.requests == []
        data["judge"]["anchors"] = []
        assert len(built(judge, writer, data)[1]) == 4
