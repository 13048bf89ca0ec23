"""A recipe with every section, and the files that it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hfsft.rows.columns import COLUMNS
from tests.recipe import filter_fields, written_sources
from tests.recipe.written_sources import USES_ALL
from tests.verdicts.helpers import said

TOOLS = [{"name": "find"}, {"name": "count"}, {"name": "weigh"}]


def write_files(folder: Path) -> None:
    """The files that the recipe names."""
    texts = {"instruction": "a", "prompt": "a", "output": "b", "response": "b"}
    for name in ("rows", "others"):
        row = {**texts, **{f"{key}x": name for key in COLUMNS}, "x": name, "xx": name}
        (folder / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    texts = [{"text": " ".join(f"{name}{word}" for word in range(400)), "x": name} for name in ("x", "y")]
    (folder / "texts.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in texts))
    for name, tools in (("tools", TOOLS), ("others", TOOLS[:2])):
        (folder / f"{name}.json").write_text(json.dumps(tools))
    for name, result in (("results", 1), ("other_results", 2)):
        (folder / f"{name}.jsonl").write_text(json.dumps({"name": "find", "result": result}))
    (folder / "other.schema.json").write_text('{"type": "array"}')
    (folder / "others.review.jsonl").write_text(said(verdict="reject").to_line())
    written_sources.write_files(folder)
    (folder / "rows.csv").write_text("prompt,response\na,b\n")


def recipe() -> dict[str, Any]:
    """The recipe, whose files stand in its folder."""
    at = {"base_url": "http://localhost:8000/v1", "headers": {"x-key": {"env": "KEY"}}}
    return {
        "name": "toy",
        "description": "Toys.",
        "models": {
            "writer": {"model": "default", "price": {"input": 1, "output": 2}, "batch": {}, **at},
            "judge": {"model": "org/judge", **at},
            "other": {"model": "org/other", **at},
            "embedder": {"model": "org/embedder", "task": "embed", **at},
        },
        "budget": {"usd": 1.0, "calls": 5, "tokens": 100_000},
        "documents": [{"path": "texts.jsonl", "chunk": {}}],
        "attributes": written_sources.ATTRIBUTES,
        "seeds": [
            {"prompts": ["What is a top?"]},
            {"path": "rows.jsonl", "prompt": "prompt"},
            *({"count": 3, **source} for source in written_sources.SEEDS.values()),
        ],
        "examples": [{"rows": [{"instruction": "A?", "response": "B."}]}, {"path": "rows.jsonl"}],
        "evolve": {
            "templates": [f"{USES_ALL}: {{{{ instruction }}}}", {"Weighed: {{ instruction }}": {"weight": 2}}],
        },
        "write": [
            {"column": "case", "template": f"{USES_ALL}: {{{{ instruction }}}}", "schema": {}, "when": "not context"}
        ],
        "generate": {
            "system": USES_ALL,
            "template": "{{ instruction }}!",
            "samples": {"count": 2},
            "demonstrations": {},
            "context": {},
            "tools": {"path": "tools.json", "results": "results.jsonl", "unknown": "simulate"},
        },
        "converse": {"turns": {"at_least": 2, "at_most": 4}, "personas": ["a baker"]},
        "label": {"template": f"{USES_ALL}: {{{{ conversation }}}}", "quality": {"choices": ["a", "b"]}},
        "judge": {
            "rubric": {"usefulness": {"question": "Does it help?"}, "tone": {"checklist": ["Is it kind?"]}},
            "anchors": written_sources.ANCHORS,
            "exam": {"on_fail": "stop"},
            "control": {"share": 0.1},
        },
        "refine": {"template": f"{USES_ALL}: {{{{ response }}}}", "when": {"usefulness": {"at_most": 3}}},
        "pairs": {"verdict": True},
        "filters": filter_fields.FILTERS,
        "contradictions": {},
        "review": {},
        "balance": [{"column": "response", "rows": {"at_most": 90}}],
        "size": {"rows": 100},
        "guards": {"people": {"at_least": 0.1}},
        "split": {"validation": 0.2, "leak": {"at_most": 0.5, "do": "reject"}},
        "publish": {"format": "messages"},
    }


def save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    folder.mkdir()
    Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
