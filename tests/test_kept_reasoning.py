"""What a thinking model thought, from its answer to the files that a trainer reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.pipeline import run
from tests.models.server import Body
from tests.models.thinker import Thinker

PROMPTS = ("How do I lace boots?", "Where do bees sleep?", "Who built the old mill?", "Why does rust spread?")
LONG = PROMPTS[3]
UNCHECKED = "stands in `reasoning_content`, which some chat templates leave out"


def says(body: Body) -> Body:
    if "response_format" in body:
        return {"content": json.dumps({"usefulness": {"reason": "It names a step.", "score": 4}})}
    asked = body["messages"][-1]["content"]
    answer = f"Here is what to know of it: {asked.lower()}"
    thought = f"They ask of {asked} " + ("And so on. " * 40 if asked == LONG else "One step.")
    if asked == PROMPTS[0]:
        return {"content": answer}
    return {"content": f"<think>\n{thought}\n</think>\n\n{answer}"} if asked == PROMPTS[1] else {
        "content": answer, "reasoning_content": thought,
    }  # fmt: skip


@pytest.fixture
def server() -> Iterator[Thinker]:
    with Thinker(says=says) as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "build"


def recipe(server: Thinker, generate: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    return {
        "name": "thoughts",
        "license": "cc0-1.0",
        "models": {"writer": {"model": "m", "base_url": server.url}},
        "seeds": [{"prompts": list(PROMPTS)}],
        "generate": {"max_tokens": 200, **(generate or {})},
        "split": {"validation": 0},
        **sections,
    }


def published(folder: Path) -> dict[str, dict[str, Any]]:
    from datasets import load_dataset

    return {row["messages"][0]["content"]: row["messages"][-1] for row in load_dataset(str(folder), split="train")}


def provenance(folder: Path) -> dict[str, dict[str, Any]]:
    from datasets import load_dataset

    return {row["instruction"]: row for row in load_dataset(str(folder), "provenance", split="train")}


def test_thoughts_that_were_paid_for_become_data_without_another_request(server: Thinker, out: Path) -> None:
    _, folder = run(recipe(server), out=out)
    assert len(server.requests) == len(PROMPTS)
    assert not any("reasoning_content" in turn for turn in published(folder).values())
    _, folder = run(recipe(server, {"reasoning": "keep"}), out=out)
    assert len(server.requests) == len(PROMPTS)
    kept = {asked: row["reasoning"] for asked, row in provenance(folder).items()}
    assert kept[PROMPTS[0]] is None
    assert kept[PROMPTS[1]] == f"They ask of {PROMPTS[1]} One step."
    assert kept[LONG].startswith(f"They ask of {LONG} And so on.")
    assert {asked: turn["reasoning_content"] for asked, turn in published(folder).items()} == kept
    assert UNCHECKED in (folder / "README.md").read_text()
    _, folder = run(recipe(server, {"reasoning": "keep"}, publish={"reasoning": "inline"}), out=out)
    assert len(server.requests) == len(PROMPTS)
    thought, answer = kept[PROMPTS[2]], f"Here is what to know of it: {PROMPTS[2].lower()}"
    assert UNCHECKED not in (folder / "README.md").read_text()
    assert published(folder)[PROMPTS[2]]["content"] == f"<think>\n{thought}\n</think>\n\n{answer}"


def test_filters_and_the_judge_see_what_they_are_told_to(server: Thinker, out: Path) -> None:
    sections: dict[str, Any] = {
        "judge": {"rubric": {"usefulness": "Does it help?"}},
        "filters": [{"tokens": {"column": "reasoning", "at_most": 30}}, {"repetition": {"column": "reasoning"}}],
    }
    built, _ = run(recipe(server, {"reasoning": "keep"}, **sections), out=out)
    assert built.ledger.counts()["rejected"] == 1
    judged = [body["messages"][-1]["content"] for body in server.requests if "response_format" in body]
    assert len(judged) == len(PROMPTS) - 1  # what falls by its thought is not judged
    assert not any("They ask of" in prompt for prompt in judged)
    sections["judge"]["reasoning"] = True
    run(recipe(server, {"reasoning": "keep"}, **sections), out=out)
    again = [body["messages"][-1]["content"] for body in server.requests if "response_format" in body][len(judged) :]
    assert sum("They ask of" in prompt for prompt in again) == len(PROMPTS) - 2


def test_rows_come_with_their_thoughts_or_must_be_given_one(server: Thinker, out: Path) -> None:
    rows = [
        {"instruction": "What floats?", "response": "Cork does.", "reasoning": "It is light."},
        {"instruction": "What sinks?", "response": "<think>\nIt is heavy.\n</think>\n\nIron does."},
        {"instruction": "What flies?", "response": "Wrens do."},
    ]
    filters = [{"tokens": {"column": "reasoning", "at_least": 1}}]
    required = {"reasoning": "require", "failed_at_most": 0.5}
    built, folder = run(recipe(server, required, examples=[{"rows": rows}], filters=filters), out=out)
    assert set(provenance(folder)) == {"What floats?", "What sinks?", *PROMPTS[1:]}
    assert provenance(folder)["What floats?"]["reasoning"] == "It is light."
    counts = built.ledger.counts()
    assert (counts["failed"], counts["rejected"]) == (1, 1)
    ledger = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    (error,) = [row["error"] for row in ledger if row["fate"] == "failed"]
    assert "thought nothing" in error
