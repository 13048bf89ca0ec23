"""The recipes after pipelines of published datasets: each is short, valid, and builds what its pipeline promises.

The models are one server on loopback that writes, answers, calls tools, labels and judges by what it is asked.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from datasets import Dataset

from hfsft.pipeline import run
from hfsft.recipe.recipe import load_recipe
from tests.models.loopback import Loopback

RECIPES = Path(__file__).parent.parent / "recipes"
EVERY = {path.stem: path for path in sorted((RECIPES / "published").glob("*.yaml"))}
CLEANING = (
    *("hermes_calls", "lima_bounds", "nemotron_filters", "no_robots_bounds", "smoltalk2_mixture", "tulu3_mixture"),
    *("tulutalk", "ultrachat_cleaning"),
)
"""Those of rows that exist already, which tests/test_cleaning_recipes.py builds."""
PUBLISHED = {name: path for name, path in EVERY.items() if name not in CLEANING}
LONGEST = 75  # lines
Body = dict[str, Any]
Row = dict[str, Any]
Says = Callable[[Body, int], str]
MATTERS = ("garden", "harbour", "violin", "bakery", "glacier", "printer", "orchard", "tram", "kettle", "museum")

FRAMES = (
    "How would you explain {0} to a neighbour?",
    "Write two lines for a postcard about {0}.",
    "Is {0} worth a detour, and for whom?",
    "List what could go wrong with {0}.",
    "Invent a riddle whose answer is {0}.",
    "Compare {0} with what your grandparents knew.",
)

every_recipe = pytest.mark.parametrize("path", EVERY.values(), ids=EVERY)


def worded(number: int) -> str:
    """A few words that few other numbers have."""
    return " ".join(MATTERS[int(digit)] for digit in str(number)[:6])


def filled(schema: Body, number: int) -> Any:
    """A value that follows a schema, one for each number."""
    if "enum" in schema:
        return schema["enum"][number % len(schema["enum"])]
    kind = schema.get("type")
    if kind == "object":
        inner = schema.get("properties", {})
        return {name: filled(part, number // (at + 1)) for at, (name, part) in enumerate(inner.items())}
    if kind in ("integer", "number"):
        least, most = int(schema.get("minimum", 1)), int(schema.get("maximum", 5))
        return least + number % (most - least + 1)
    return f"for {worded(number)}"


class Scripted(Loopback):
    """A server for all models of a recipe; `says` writes what is neither JSON nor a call."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.asked: Counter[str] = Counter()  # by the model's name

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/completions", self._go_on)

    async def _go_on(self, request: web.Request) -> web.Response:
        """What users say behind the beginning of their turn; every tenth says what another said."""
        body = await request.json()
        if "prompt" not in body:
            return web.json_response({"error": {"message": "prompt is missing"}}, status=400)
        self.asked[f"{body['model']} by {body['prompt']}"] += 1
        number = 7 if body["seed"] % 10 == 0 else body["seed"]
        text = FRAMES[number % len(FRAMES)].format(f"the {worded(number // 11)}")
        choice = {"index": 0, "text": text, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 9}
        return web.json_response({"model": body["model"], "choices": [choice], "usage": usage})

    async def _chat(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.asked[body["model"]] += 1
        number = int(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12], 16)
        message = self._message(body, number)
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish}
        usage = {"prompt_tokens": 30, "completion_tokens": 20}
        found = {"id": "c", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}
        return web.json_response(found)

    def _message(self, body: Body, number: int) -> Body:
        if shape := body.get("response_format"):
            return {"content": json.dumps(filled(shape["json_schema"]["schema"], number))}
        if body.get("tools") and body["messages"][-1]["role"] == "user":
            chosen = body["tools"][number % len(body["tools"])]["function"]
            called = {"name": chosen["name"], "arguments": json.dumps(filled(chosen["parameters"], number))}
            return {"tool_calls": [{"id": f"call_{number}", "type": "function", "function": called}]}
        thought = {"reasoning_content": f"First the {worded(number // 7)}."} if body["model"] == "teacher" else {}
        return {"content": self.says(body, number), **thought}


def said(body: Body) -> str:
    return str(body["messages"][-1]["content"])


def general(body: Body, number: int) -> str:
    """A new instruction where one is to be written, else an answer."""
    if re.search("Write only|[Rr]ewrite", str(body["messages"])):
        return f"Which {worded(number)} would you choose, and what would you do with it before the {number % 28}th?"
    return f"Take the {worded(number)} first; it lasts {number % 90} days and needs no care beyond that."


def sorry(body: Body, number: int) -> str:
    """As `general`, but every fourth answer is an apology."""
    text = general(body, number)
    return text if text.startswith("Which") or number % 4 else f"Take the {worded(number)}, though I am sorry for it."


def inventive(body: Body, number: int) -> str:
    """New instructions that have little in common, every tenth of them a copy; inputs; answers."""
    asked = said(body)
    if asked.startswith("Write an input"):
        return f"Notes of a day at the {worded(number)}."
    if "Write one more message" in asked:
        number = 7 if number % 10 == 0 else number
        return FRAMES[number % len(FRAMES)].format(f"the {worded(number // 11)}")
    return general(body, number)


KEPT_BY = {
    "Use no commas.": "We meet at the {0} and then we go home.",
    "Answer in lower case only.": "we meet at the {0}, then we go home.",
    "Answer in capital letters only.": "WE MEET AT THE STATION, THEN WE GO HOME.",
    "Write fewer than 60 words.": "We meet at the {0}.",
    "Write at least 120 words.": "We meet at the {0}, " * 40,
    "Write exactly three bullet points": "Bring this:\n- the {0}\n- a coat\n- a map",
    "Separate two parts": "We meet at the {0}.\n******\nThen we go home.",
    "Give the answer as a JSON object": '{{"place": "the {0}"}}',
    "End with the sentence": "We meet at the {0}. Is there anything else?",
}
"""An answer that keeps each condition, by how the condition begins."""


def conditioned(body: Body, number: int) -> str:
    """Prompts of which every sixth lacks its condition; answers of which every third keeps none."""
    asked, mark = said(body), "as its last sentence: "
    if mark in asked:
        condition = asked.partition(mark)[2].splitlines()[0]
        matter = (
            f"I want to write about the {worded(number)}. It is for my aunt, who turns {number % 70 + 20} this year."
        )
        return matter if number % 6 == 0 else f"{matter} {condition}"
    answer = next(text for condition, text in KEPT_BY.items() if condition in asked)
    return "We, who never listen, Answer As We Like." * 10 if number % 3 == 0 else answer.format(worded(number))


@dataclass(frozen=True)
class Built:
    """A build: its rows, how many fell by each rule, how often each model was asked, and its pairs."""

    rows: list[Row]
    fallen: Counter[str]
    asked: Counter[str]
    pairs: list[Row] = field(default_factory=list)

    def count(self, column: str) -> Counter[Any]:
        return Counter(row[column] for row in self.rows)


def evolved(got: Built) -> None:
    """Each seed is rewritten in every round by one of six moves; every row is answered; short apologies fall."""
    rounds = got.count("round")
    assert got.fallen.keys() == {"expr"}
    assert got.asked["writer"] == 8 * 2 + len(got.rows) + got.fallen["expr"] == 8 * 2 + 8 * 3
    assert all(0 < rounds[number] <= 8 for number in (0, 1, 2))
    moves = got.count("template").keys() - {None}
    assert moves <= {"constrain", "deepen", "concretize", "reason", "complicate_input", "broaden"}
    assert len(moves) > 2
    assert not any("sorry" in row["response"] for row in got.rows)


def four_answers(got: Built) -> None:
    """Four models answer each prompt once, under the principle of its topic, with four scores each."""
    assert not got.fallen
    assert set(got.count("prompt_id").values()) == {4}
    assert got.count("written_with") == dict.fromkeys(("large", "medium", "small", "other"), 8)
    assert len({(row["prompt_id"], row["written_with"]) for row in got.rows}) == 32
    assert len(got.count("system")) == 3
    assert all(
        1 <= row[f"score_{each}"] <= 5 for row in got.rows for each in ("honesty", "helpfulness", "truthfulness")
    )


def best_answers(got: Built) -> None:
    """Of the same candidates the one with the best mean score stays."""
    assert set(got.count("prompt_id").values()) == {1}
    assert got.fallen.total() == 24
    assert got.asked["judge"] == 32


def called(got: Built) -> None:
    """Each row ends at a call that its tool's schema takes, and that the judge finds right."""
    assert got.fallen.keys() == {"calls"}
    assert len(got.rows) + got.fallen.total() == 12
    assert got.asked == {"writer": 24, "judge": 12}
    for row in got.rows:
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
        (call,) = row["messages"][1]["tool_calls"]
        tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in json.loads(row["tools"])}
        assert json.loads(call["arguments"]).keys() >= set(tools[call["name"]]["required"])
        assert row["score_calls"] >= 4


def reasoned(got: Built) -> None:
    """Questions that were labelled easy fall before an answer is paid; of the others all candidates have reasoning."""
    assert got.fallen == {"one_of": got.fallen["one_of"]}
    assert set(got.count("prompt_id").values()) == {4}
    assert len(got.rows) == 4 * (10 - got.fallen["one_of"]) == got.asked["teacher"]
    assert "easy" not in got.count("difficulty")
    assert all(row["reasoning"].startswith("First the") for row in got.rows)


def checked(got: Built) -> None:
    """As many rows as wanted, each with its condition in the prompt, kept by an answer that may be a second try."""
    assert len(got.rows) == 20
    assert got.fallen["expr"] > 0
    assert len(got.count("condition")) == 9
    assert max(got.count("tries")) > 1
    assert all(row["condition"] in row["instruction"] for row in got.rows)
    assert not any("Answer As We Like" in row["response"] for row in got.rows)


def bootstrapped(got: Built) -> None:
    """People's tasks stay; each new one was shown eight, six of them people's, and is unlike all before it."""
    assert got.fallen.keys() == {"novelty"}
    assert got.count("origin") == {"seed": 10, "written": 60 - got.fallen["novelty"]}
    people = {row["id"] for row in got.rows if row["origin"] == "seed"}
    written = [row for row in got.rows if row["origin"] == "written"]
    assert {len(row["demonstrations"]) for row in written} == {8}
    assert Counter(len(people & set(row["demonstrations"])) for row in written).keys() == {6, 8}  # 8 in the first round
    assert all(row["novelty"] < 0.7 for row in written)
    assert all((row["context"] is not None) == (row["input"] != "none") for row in written)
    assert len({row["input"] for row in written}) == 2


def from_nothing(got: Built) -> None:
    """As many rows as wanted, written behind the beginning of a user's turn, labelled and judged, none poor."""
    assert len(got.rows) == 16
    assert got.count("origin") == {"written": 16}
    (raw,) = (name for name in got.asked if " by " in name)
    assert raw.endswith("<|start_header_id|>user<|end_header_id|>\n\n")
    assert got.count("input_quality").keys() <= {"average", "good", "excellent"}
    assert got.fallen["one_of"] > 0
    assert all(row["difficulty"] and row["category"] and row["score_helpfulness"] for row in got.rows)


def accurate(got: Built) -> None:
    """The judge is examined on its anchors, and only rows that it scores high enough stay."""
    assert got.fallen.keys() == {"accuracy"}
    assert len(got.rows) + got.fallen.total() == 8
    assert got.asked["judge"] > 8 + 3
    assert all(row["score_accuracy"] >= 2.5 for row in got.rows)


def paired(got: Built) -> None:
    """Of four answers the one with the best mean is chosen, and any lower one is rejected, by the margin at least."""
    assert got.fallen.keys() == {"not_chosen"}
    assert len(got.rows) + got.fallen.total() == 4 * len(got.rows) == 32
    chosen = [row for row in got.rows if row["pair"] == "chosen"]
    assert len(chosen) > 3
    assert len(got.pairs) == len(chosen)
    for pair in got.pairs:
        assert pair["score_chosen"] - pair["score_rejected"] == pair["margin"] >= 0.5
        assert [turn["role"] for turn in pair["chosen"]] == [turn["role"] for turn in pair["rejected"]] == ["assistant"]


def complex_and_good(got: Built) -> None:
    """Rows are scored by one request for each criterion; near copies fall, and those below a product of both scores."""
    assert got.fallen.keys() == {"near_duplicate", "expr"}
    assert got.fallen["near_duplicate"] == 1
    assert got.asked["judge"] in (14, 16)
    assert all(row["score_complexity"] * row["score_quality"] >= 9 for row in got.rows)


def five_judges(got: Built) -> None:
    """Each answer is scored for each attribute by a request of its own, and the weighted sum decides."""
    assert got.fallen.keys() == {"expr"}
    assert len(got.rows) + got.fallen.total() == 18
    assert got.asked == {"writer": 18, "judge": 18 * 5}
    weights = {"helpfulness": 0.3, "correctness": 0.74, "coherence": 0.46, "complexity": 0.47, "verbosity": -0.33}
    for row in got.rows:
        assert sum(weight * row[f"score_{name}"] for name, weight in weights.items()) >= 3 - 1e-9


def in_their_names(got: Built) -> None:
    """As many rows as wanted, of all personas and topics by their shares, each under the system prompt of its topic."""
    assert not got.fallen
    assert len(got.rows) == 20
    (source,) = yaml.safe_load(PUBLISHED["tulu3_personas"].read_text("utf-8"))["seeds"]
    assert got.count("persona").keys() == set(source["personas"])
    topics = got.count("topic")
    assert topics["mathematics"] > topics["grade school mathematics"] > topics["algebra"] > 0
    systems = {row["topic"]: row["system"] for row in got.rows}
    assert systems.pop("python") not in systems.values()
    assert len(set(systems.values())) == 1


Promise = tuple[str, Says, Callable[[Built], None], tuple[str, ...]]
PROMISES: list[Promise] = [
    ("alpagasus", general, accurate, ("filters[0].score={accuracy: {at_least: 2.5}}",)),
    ("deita_scorers", general, complex_and_good, ()),
    ("nemotron_judges", general, five_judges, ()),
    ("ultrafeedback_pairs", general, paired, ()),
    ("evol_instruct", sorry, evolved, ()),
    ("ultrafeedback_answers", general, four_answers, ()),
    ("ultrafeedback_answers", general, best_answers, ("generate.samples.keep=best",)),
    ("xlam_calls", general, called, ("seeds[0].count=12",)),
    ("openthoughts_samples", general, reasoned, ()),
    ("magpie_pro", general, from_nothing, ("size=16",)),
    ("self_instruct", inventive, bootstrapped, ()),
    ("tulu3_personas", general, in_their_names, ("size=20",)),
    ("verifiable_constraints", conditioned, checked, ("size=20",)),
]


def test_every_recipe_promises_something() -> None:
    assert {name for name, *_ in PROMISES} == PUBLISHED.keys()


@pytest.mark.parametrize(("name", "says", "holds", "overrides"), PROMISES, ids=[each[2].__name__ for each in PROMISES])
def test_a_recipe_keeps_what_its_pipeline_promises(
    name: str, says: Says, holds: Callable[[Built], None], overrides: tuple[str, ...], tmp_path: Path, home: Path
) -> None:
    path = shutil.copytree(RECIPES, tmp_path / "recipes") / "published" / f"{name}.yaml"  # a build writes beside it
    with Scripted(says) as server:
        models = yaml.safe_load(path.read_text("utf-8"))["models"]
        here = [f"models.{each}={{model: {each}, base_url: {server.url}}}" for each in models]
        built, folder = run(path, overrides=[*here, *overrides], out=tmp_path / "build")
    fates = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    fallen = Counter(fate["rule"] for fate in fates if fate["fate"] not in ("train", "validation"))
    files = sorted((folder / "preference").rglob("*.parquet"))
    pairs = [row for file in files for row in Dataset.from_parquet(str(file), cache_dir=str(tmp_path / "cache"))]
    holds(Built(list(built.rows), fallen, server.asked, pairs))


@every_recipe
def test_a_recipe_is_short_names_its_paper_and_asks_within_a_budget(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert re.search(r"arXiv \d{4}\.\d{5}", text)
    recipe = load_recipe(path)
    asked = "models" in yaml.safe_load(text)
    assert recipe.budget or not asked, "a recipe that somebody tries must not spend without a bound"
    assert all(model.provider or model.base_url for model in recipe.models.values()) or not asked
