"""Of any recipe Daft builds the folder that this machine builds: rows, measures, fates, card, ledger and report."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hfsft.engine.on_daft import part_files
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.errors import UserError
from hfsft.pipeline.building import run
from hfsft.release.reader import Release
from hfsft.release.report import page
from hfsft.similarity.lexical import similar_pairs
from tests.engine.on_daft.same import differing, untimed
from tests.engine.on_daft.test_any_recipe import RUBRIC, written
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import FILTERS, alone, check_sum, row, scripted, usual
from tests.models.server import LLM, Body

if TYPE_CHECKING:
    from hfsft.engine.executor import Executors

pytestmark = pytest.mark.lasting
HELD_OUT = "held_out.jsonl"
SAID = (
    "Send it back by post.",
    "I'm sorry, but I can't help with that.",
    "Is a lamp sent back by post?",
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
    {"contamination": {"against": [HELD_OUT], "levels": ["exact", "ngrams", "near"], "words": 3}},
)
SPLITS = [
    {"validation": 0},
    {"validation": 0.4, "leak": {"at_most": 0.5}},
    {"validation": 0.3, "test": 0.3, "similarity": 0.5},
]
recipes = st.fixed_dictionaries(
    {
        "judge": st.just(RUBRIC),
        "generate": st.sampled_from([{}, {"samples": {"count": 2, "keep": "best"}}, {"samples": {"count": 3}}]),
        "filters": st.lists(st.sampled_from(WIDER), min_size=2, max_size=6),
        "split": st.sampled_from(SPLITS),
    },
    optional={
        "evolve": st.sampled_from([{"rounds": 1}, {"variants": 2}]),
        "pairs": st.just({"margin": 0.5}),
        "converse": st.just({"share": 0.5, "turns": {"at_least": 2, "at_most": 2}}),
        "contradictions": st.just({"do": "reject", "at_least": 0.7}),
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
)
texts = st.lists(st.sampled_from(SAID), min_size=1, max_size=4)


def of_use(said: list[str]) -> Any:
    """Answers that are of use: whatever follows the schema that was sent, or one of the texts."""
    texts, shapes = scripted(list(said)), scripted([None])

    def reply(body: Body) -> str:
        found: str = (shapes if body.get("response_format") else texts)(body)
        return found

    return reply


def built(path: Path, name: str, executor: Executors | None) -> tuple[Path, str]:
    """The folder that a build writes, or what it says where it can write none; nothing is left of builds before but
    answers.
    """
    for folder in ("datasets", "hfsft"):
        for each in (path.parent / "hf" / folder).glob("*"):
            if each.is_dir():
                shutil.rmtree(each)
    out = path.parent / name
    try:
        run(path, out=out, executor=executor)
    except UserError as error:
        return out / "any", str(error).replace(str(out), "OUT")
    return out / "any", ""


def shown(folder: Path) -> str:
    """The report of a folder, but for the seconds that steps took."""
    path = folder / "funnel.json"
    path.write_text(json.dumps(untimed(json.loads(path.read_text("utf-8")))), "utf-8")
    return page.report(Release("any", folder))


def same_folders(path: Path, executors: dict[str, Executors]) -> bool:
    """Whether a build wrote anything; all of these write the same."""
    built(path, "asked", None)  # the others find all answers in the store
    here, said = built(path, "local", None)
    for what, executor in executors.items():
        there, said_there = built(path, what, executor)
        assert said_there == said, what
        assert there.is_dir() == here.is_dir(), what
        if there.is_dir():
            assert differing(here, there) == [], what
            if not list((there / "data").glob("test-*")):
                check_sum(there)
            assert shown(here) == shown(there), what
    return here.is_dir()


@settings(tries(6), phases=[Phase.generate])
@given(st.lists(st.one_of(usual, row), min_size=3, max_size=14), st.lists(usual, max_size=3), recipes, texts)
def test_the_same_is_built(
    rows: list[dict[str, Any]], seeds: list[dict[str, Any]], sections: dict[str, Any], said: list[str]
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=of_use(said)) as llm:
        folder = Path(name)
        alone(patch, folder)
        patch.chdir(folder)
        patch.setattr(similar_pairs, "FEW", 3)  # of so few all are compared, and no sketches
        patch.setattr(part_files, "ROWS", 4)
        held = [{"instruction": "How do I return a lamp?", "response": "Send the lamp back."}, *rows[:1]]
        (folder / HELD_OUT).write_text("".join(json.dumps(each) + "\n" for each in held), "utf-8", "surrogatepass")
        recipe = written(folder, rows, seeds, sections, llm)
        same_folders(recipe, {"over Daft": OnDaft, "by rounds": partial(OnDaft, spread_from=0)})
