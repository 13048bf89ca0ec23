"""Recipes that are drawn with all that they are made of: rows, trees of messages, seeds, answers, what people say.

Kinds of steps that compare rows, choose among them, or work on several of them meet in one recipe.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from hfsft.rows.views import content
from hfsft.verdicts import Verdict, VerdictFile, file_beside
from tests.fuzz.test_builds import FILTERS, put, row, scripted, usual, words
from tests.models.server import LLM, Body

RUBRIC = {"rubric": {"use": "Does it help?", "truth": "Is it true?"}}
HELD_OUT = "held_out.jsonl"
SEVERAL = {"samples": {"count": 3}}
SAID = (
    "Send it back by post.",
    "I'm sorry, but I can't help with that.",
    "Is a lamp sent back by post?",
    "How would I send a lamp back, and by when?",
    "ja ja ja ja ja",
)
WIDER = (
    *FILTERS,
    {"exact_duplicate": {"column": "response", "keep": "longest", "at_most": 1}},
    {"exact_duplicate": {"against": [HELD_OUT]}},
    {"near_duplicate": {"column": ["instruction", "response"], "keep": "people"}},
    {"near_duplicate": {"against": [HELD_OUT], "at_most": 0.6}},
    {"semantic_duplicate": {"at_most": 0.9, "floor": 0.5}},
    {"semantic_duplicate": {"column": "response", "keep": "longest", "floor": 0.5}},
    {"contamination": {"against": [HELD_OUT], "levels": ["exact", "ngrams", "near"], "words": 5}},
)


def _fit(drawn: dict[str, Any]) -> dict[str, Any]:
    """The sections, and what they ask for, but for those that may not stand beside them."""
    apart = set()
    if "size" in drawn:
        apart.add("select")
        drawn = {"evolve": {"rounds": 1}, **drawn}
    if drawn["generate"] != SEVERAL:
        apart.add("pairs")
    return {name: section for name, section in drawn.items() if name not in apart}


sections = st.fixed_dictionaries(
    {
        "judge": st.just(RUBRIC),
        "generate": st.sampled_from([{}, {"samples": {"count": 2, "keep": "best"}}, SEVERAL]),
        "split": st.sampled_from(
            [
                {"validation": 0},
                {"validation": 0.4, "leak": {"at_most": 0.5}},
                {"validation": 0.3, "test": 0.3, "similarity": 0.5},
            ]
        ),
    },
    optional={
        "evolve": st.sampled_from([{"rounds": 1}, {"templates": ["Ask again: {{ instruction }}"]}, {"variants": 2}]),
        "size": st.sampled_from([3, 6, {"rows": 15, "accepted_at_least": 0.5}]),
        "converse": st.fixed_dictionaries(
            {"share": st.just(0.6), "turns": st.just({"at_least": 2, "at_most": 3}), "examples": st.booleans()}
        ),
        "refine": st.just({"when": {"use": {"at_most": 3}}}),
        "filters": st.lists(st.sampled_from(WIDER), max_size=5),
        "pairs": st.just({"margin": 0.5}),
        "contradictions": st.just({"do": "reject", "at_least": 0.7}),
        "review": st.sampled_from([{"on_fail": "warn"}, {"error": {"at_most": 0.9}, "on_fail": "warn"}]),
        "guards": st.just({"people": {"at_least": 0.3}}),
        "balance": st.sampled_from(
            [
                [{"column": "response", "opening": 2, "share": {"at_most": 0.5}}],
                [{"column": "instruction", "bands": [20, 60], "share": {"at_most": 0.6}, "rows": {"at_least": 1}}],
            ]
        ),
        "select": st.sampled_from(
            [
                {"rows": 4, "diverse": {"at_most": 0.9, "by": "words"}},
                {"rows": 4, "diverse": {"at_most": 0.95}},
                {"rows": 5, "by": "score_mean"},
            ]
        ),
    },
).map(_fit)

plain = st.builds(
    lambda verb, thing, end, way: {
        "instruction": f"How do I {verb} the {thing} that I have bought{end}?",
        "response": f"First {verb} the {thing} {way}, then write to us.",
    },
    st.sampled_from(["return", "clean", "mend", "sell", "hang"]),
    st.sampled_from(["lamp", "chair", "table", "mirror"]),
    st.sampled_from(["", " last week", " from you", " in May"]),
    st.sampled_from(["by post", "by hand", "with soap and some water"]),
)
messages = st.tuples(st.integers(0, 5), st.one_of(st.sampled_from([*SAID, "Where is my parcel?", "By post?"]), words))
"""One of a tree: by which number from the last one on it finds the message that it replies to, and what it says."""


@dataclass(frozen=True)
class Drawn:
    """A recipe; `verdicts` are what people say of the rows that are kept, in the order of their ids."""

    rows: list[dict[str, Any]]
    seeds: list[dict[str, Any]]
    trees: list[list[tuple[int, str]]]
    sections: dict[str, Any]
    said: list[str]
    verdicts: list[Any]

    def put(self, folder: Path, llm: LLM) -> Path:
        """The recipe in a folder; its models are those of the server."""
        held = [{"instruction": "How do I return a lamp?", "response": "Send the lamp back."}, *self.rows[:1]]
        put(self.rows, "jsonl", folder / "rows.jsonl", "surrogates")
        put(held, "jsonl", folder / HELD_OUT, "surrogates")
        put(self.seeds, "jsonl", folder / "seeds.jsonl", "utf-8")
        grown = [one for number, each in enumerate(self.trees) for one in _tree(number, each)]
        put(grown, "jsonl", folder / "trees.jsonl", "surrogates")
        recipe = {
            "name": "any",
            "license": "mit",
            "examples": [{"path": "rows.jsonl"}, {"path": "trees.jsonl", "format": "oasst"}][: 1 + bool(grown)],
            "seeds": [{"prompts": ["Where is my parcel?"]}, {"path": "seeds.jsonl"}][: 1 + bool(self.seeds)],
            **self.sections,
            "models": {each: {"model": f"{each}-1", "base_url": llm.url} for each in ("writer", "judge")},
        }
        path = folder / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe), "utf-8")
        return path

    def reviewed(self, recipe: Path, kept: Iterable[dict[str, Any]]) -> bool:
        """What people say of rows that are kept is put beside the recipe; whether they say anything."""
        if "review" not in self.sections:
            return False
        file = VerdictFile(recipe.with_name(file_beside(recipe.stem)))
        said = False
        for found, verdict in zip(sorted(kept, key=lambda each: str(each["id"])), self.verdicts, strict=False):
            if verdict is not None and (text := content(found)) is not None:
                file.append(replace(Verdict(found["id"], text, "ann", "2026-11-26T12:00:00Z", "accept"), **verdict))
                said = True
        return said

    def reply(self) -> Any:
        """Answers of use: whatever follows the schema that was sent, or one of the texts."""
        texts, shapes = scripted(list(self.said)), scripted([None])

        def reply(body: Body) -> str:
            found: str = (shapes if body.get("response_format") else texts)(body)
            return found

        return reply


def _tree(number: int, nodes: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """The rows of one tree: users and assistants in turn, and a reply to nothing that is there."""
    rows: list[dict[str, Any]] = []
    depth: list[int] = []
    for at, (back, text) in enumerate(nodes):
        to = at - 1 - back
        parent = f"{number}.{max(to, 0)}" if at and to >= -2 else None if not at else f"{number}.lost"
        depth.append(depth[max(to, 0)] + 1 if at else 0)
        role = ("prompter", "assistant")[depth[at] % 2]
        ids = {"message_id": f"{number}.{at}", "parent_id": parent, "message_tree_id": f"{number}.0"}
        rows.append({**ids, "text": text, "role": role})
    return rows


drawn = st.builds(
    Drawn,
    rows=st.builds(
        lambda most, others: [*most, *others],
        st.lists(st.one_of(plain, plain, usual), min_size=5, max_size=12),
        st.lists(row, max_size=3),
    ),
    seeds=st.lists(st.one_of(plain, usual), max_size=3),
    trees=st.lists(st.lists(messages, min_size=3, max_size=7), max_size=3),
    sections=sections,
    said=st.lists(st.sampled_from(SAID), min_size=1, max_size=4),
    verdicts=st.lists(
        st.sampled_from(
            [
                None,
                {},
                {"verdict": "reject", "reason": "wrong_answer", "note": "no: not so"},
                {"verdict": "skip"},
                {"edit": {"response": "Send it back by post, within 30 days."}},
                {"edit": {"response": "ja ja ja ja ja ja ja ja"}},
                {"edit": {"instruction": "How do I return a lamp?"}},
            ]
        ),
        min_size=3,
        max_size=12,
    ),
)
