"""The recipes after mixtures, cleanings and bounds of published datasets, over small rows that look like theirs."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.hashing import digest
from hfsft.pipeline import run
from tests.test_published_recipes import CLEANING, MATTERS, RECIPES, Scripted, general

Row = dict[str, Any]
Made = Callable[[str, int], Row]


def asks(*parts: Any) -> str:
    words = [MATTERS[int(digit, 16) % 10] for digit in digest([*parts], 8)]
    return (
        f"What should I know of the {words[0]} and the {words[1]}, case {digest(['n', *parts], 6)}, before {words[2]}?"
    )


def says(*parts: Any) -> str:
    case = digest(["a", *parts], 9)
    return f"The {MATTERS[len(str(parts)) % 10]} comes first; after that look at case {case} once more."


def chat(*said: str) -> list[Row]:
    return [{"role": ("user", "assistant")[at % 2], "content": each} for at, each in enumerate(said)]


def of_messages(name: str, number: int) -> Row:
    return {"messages": chat(asks(name, number), says(name, number)), "category": f"kind {number % 3}"}


def thinking(name: str, number: int) -> Row:
    answer = f"<think>\nFirst the {MATTERS[number % 10]}.\n</think>\n{says(name, number)}"
    return {"messages": chat(asks(name, number), answer), "source": name}


def dialogue(name: str, number: int) -> Row:
    answer = {0: "I do not have emotions, but it is a fine day.", 1: "As of my last update in 2021, it stands."}.get(
        number % 10, says(name, number, "on")
    )
    return {"messages": chat(asks(name, number), says(name, number), asks(name, number, "on"), answer)}


def by_people(name: str, number: int) -> Row:
    answer = "I am ChatGPT, a model by OpenAI, and say yes." if number == 7 else says(name, number)
    return {"messages": chat(asks(name, number), answer), "category": f"kind {number % 3}"}


def of_experts(name: str, number: int) -> Row:
    answer = " ".join(says(name, number, part) for part in range(20))
    others = {0: answer[:300], 1: f"I think that {answer}", 2: f"{answer} See https://example.org/a."}
    answer = others.get(number % 10, answer)
    of = {"exchange": f"exchange {number % 12}", "field": ("sciences", "others")[number % 2]}
    return {"title": asks(name, number), "answer": answer, "score": number % 30, **of}


def reasoner(name: str, number: int) -> Row:
    thought = f"<think>\nWe look at {asks(name, number)}\n</think>\n" if number % 4 else ""
    answer = "C'est une r\u00e9ponse en fran\u00e7ais, \u00e9crite pour que personne ne la prenne pour de l'anglais."
    output = f"{thought}{answer if number == 5 else says(name, number)}"
    used = ["Ultra"] if number % 10 == 9 else ["Ultra", "Nano"]
    turns = [{"role": "user", "content": asks(name, number)}]
    reasoning = "on" if number % 4 else "off"
    return {"input": turns, "output": output, "category": name, "reasoning": reasoning, "used_in_training": used}


WHAT = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}
TOOL = {"name": "find", "parameters": WHAT}


def calling(name: str, number: int) -> Row:
    arguments = {"where": "here"} if number % 5 == 0 else {"what": MATTERS[number % 10]}
    call = json.dumps({"name": "find", "arguments": arguments})
    system = f"You call functions. <tools>\n{json.dumps({'type': 'function', 'function': TOOL})}\n</tools>"
    said = [("system", system), ("human", asks(name, number)), ("gpt", f"<tool_call>\n{call}\n</tool_call>")]
    said += [("tool", '<tool_response>\n{"found": 1}\n</tool_response>'), ("gpt", says(name, number))]
    turns = [{"from": who, "value": text} for who, text in said]
    return {"conversations": turns, "tools": json.dumps([{"type": "function", "function": TOOL}]), "category": name}


@dataclass(frozen=True)
class Built:
    """A build: its rows and how many fell at each step."""

    rows: list[Row]
    fallen: Counter[str]

    def shares(self, column: str) -> dict[str, float]:
        return {each: count / len(self.rows) for each, count in Counter(row[column] for row in self.rows).items()}


def in_shares(got: Built) -> None:
    """Each set has its share of the mixture, as the release has; what an evaluation asks falls."""
    wanted = {"coconot": 0.0295, "flan": 0.2415, "grade_school": 0.1342, "python": 0.0939, "algebra": 0.0537}
    found = got.shares("from_source")
    assert all(abs(found[name] - share) < 0.02 for name, share in wanted.items())
    assert found["math"] > 0.35
    assert 1 <= got.fallen["filters[contamination]"] < 10


def thought_through(got: Built) -> None:
    """Every row has thoughts before its answer, and no source has more than its share."""
    assert all("First the" in str(row["messages"] or row["response"]) for row in got.rows)
    assert max(got.shares("from_source").values()) <= 0.4 + 1e-9
    assert got.fallen["balance[0]"] > 0


def to_the_matter(got: Built) -> None:
    """Dialogues fall in which the assistant speaks of itself."""
    assert got.fallen["filters[phrases]"] == 20
    assert len(got.rows) == 80
    assert not any("emotions" in str(row["messages"]) for row in got.rows)


def long_and_whole(got: Built) -> None:
    """Only answers of a good score, of 1,200 to 4,096 characters, not in the first person, without links."""
    assert got.rows
    assert all(1200 <= len(row["response"]) <= 4096 and int(row["score"]) >= 10 for row in got.rows)
    assert not any(" I " in f" {row['response']}" or "http" in row["response"] for row in got.rows)
    assert min(got.fallen[step] for step in ("filters[expr]", "filters[matches]", "filters[links]")) > 0
    assert len(got.rows) <= 400


def written_by_people(got: Built) -> None:
    """What only a model says of itself falls; no category has more than half."""
    assert got.fallen["filters[phrases]"] == 1
    assert max(got.shares("topic").values()) <= 0.5


def small_reasoners(got: Built) -> None:
    """English rows for the Nano model, as many with thoughts as without."""
    assert all("Nano" in row["used_in_training"] for row in got.rows)
    assert got.fallen["filters[language]"] >= 1
    assert got.shares("source_reasoning") == {"on": 0.5, "off": 0.5}


def of_two_mixtures(got: Built) -> None:
    """Rows with a good question and a good answer, of both mixtures, no task more than its share."""
    assert {row["input_quality"] for row in got.rows} <= {"good", "excellent"}
    assert all(row["score_response_quality"] >= 4 for row in got.rows)
    assert got.shares("from_source").keys() == {"tulu", "smoltalk"}
    assert max(got.shares("task").values()) <= 0.4 + 1e-9 or got.fallen["balance[0]"] == 0


def right_calls(got: Built) -> None:
    """Each row calls a tool as its schema says, and no source is most of it."""
    assert got.fallen["filters[tool_calls]"] == 3 * 6
    assert all('"what"' in str(row["messages"]) and '"where"' not in str(row["messages"]) for row in got.rows)
    assert max(got.shares("from_source").values()) <= 0.6


PROMISES: dict[str, tuple[Made, int, Callable[[Built], None]]] = {
    "tulu3_mixture": (of_messages, 200, in_shares),
    "smoltalk2_mixture": (thinking, 40, thought_through),
    "ultrachat_cleaning": (dialogue, 100, to_the_matter),
    "lima_bounds": (of_experts, 120, long_and_whole),
    "no_robots_bounds": (by_people, 90, written_by_people),
    "nemotron_filters": (reasoner, 60, small_reasoners),
    "tulutalk": (of_messages, 30, of_two_mixtures),
    "hermes_calls": (calling, 30, right_calls),
}
LARGER = {"open_thoughts": 5}  # times as many rows


def local(recipe: dict[str, Any], made: Made, count: int, folder: Path) -> Iterator[str]:
    """Overrides by which the recipe reads files in place of datasets of the Hub."""
    for index, source in enumerate(recipe["examples"]):
        name = source.get("name", "rows")
        lines = [json.dumps(made(name, number)) for number in range(count * LARGER.get(name, 1))]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        others = {key: value for key, value in source.items() if key not in ("config", "split", "limit", "sample")}
        yield f"examples[{index}]={json.dumps({**others, 'path': str(folder / f'{name}.jsonl')})}"


def test_every_recipe_of_rows_that_exist_promises_something() -> None:
    assert set(PROMISES) == set(CLEANING)


@pytest.mark.parametrize("name", PROMISES)
def test_a_recipe_keeps_what_its_pipeline_promises(name: str, tmp_path: Path, home: Path) -> None:
    made, count, holds = PROMISES[name]
    path = shutil.copytree(RECIPES, tmp_path / "recipes") / "published" / f"{name}.yaml"
    recipe = yaml.safe_load(path.read_text("utf-8"))
    overrides = list(local(recipe, made, count, tmp_path))
    if name == "tulu3_mixture":
        asked = made("math", 3)["messages"][0]["content"]
        (tmp_path / "exam.jsonl").write_text(json.dumps({"question": asked}), encoding="utf-8")
        overrides.append(f"filters[1]={{contamination: {{against: ['{tmp_path / 'exam.jsonl'}']}}}}")
    with Scripted(general) as server:
        overrides += [f"models.{each}={{model: {each}, base_url: {server.url}}}" for each in recipe.get("models", {})]
        built, folder = run(path, overrides=overrides, out=tmp_path / "build")
    fates = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    holds(Built(list(built.rows), Counter(fate["stage"] for fate in fates if fate["stage"])))
