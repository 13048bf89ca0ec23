"""What a build imports before its first request: that is time in which no model works."""

from __future__ import annotations

import json
import subprocess
import sys

from hfsft.recipe import sections
from hfsft.section.later import later_in

CODE = """
import json, sys
from hfsft.cli import main, parser
parser("build")
import hfsft.cli.commands.build
import hfsft.pipeline.building as b
models = {name: {"model": "canned", "base_url": "http://127.0.0.1:9/v1"} for name in ("writer", "judge")}
told = {"name": "toy", "models": models, "seeds": [{"prompts": ["Where is it?"]}], "generate": {}, "judge": {},
        "filters": ["refusal"]}
loaded = b.load(told, [])
b.compile_recipe(loaded)
import hfsft.preflight.build as p
p.slips(loaded)
import hfsft.engine.live
print(json.dumps(sorted(sys.modules)))
"""
NAMED = {"Generate", "Guards", "Judge", "AnyExample", "AnyWritten"}  # by the recipe, by the seeds, by the anchors
NOT_YET = (
    "hfsft.agreement",
    "hfsft.engine.ledger",
    "hfsft.filters.checks.fault",
    "hfsft.filters.privacy.rewriting",
    "hfsft.models.endings",
    "hfsft.models.probabilities",
    "hfsft.release.folder.lock",
    "hfsft.release.trainer.formats",
    "hfsft.rows.choice.chosen",
    "hfsft.rows.reading.table_reader",
    "hfsft.rows.tables.table",
    "hfsft.storage",
    "hfsft.models.batches.rounds",
    "hfsft.stages.judging.judge_report",
    "hfsft.stages.writing.base",
    "hfsft.pipeline.more_rows",
    "hfsft.stages.tools.toolbox",
    "hfsft.documents.ranking",
    "hfsft.similarity.lexical_index",
    "hfsft.sandbox.environment",
    "datasets",
    "filelock",
    "jinja2",
    "numpy",
)
MOST = 290  # modules of ours


def test_a_build_imports_the_sections_of_its_recipe_and_what_the_first_request_needs() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True, text=True)
    imported = set(json.loads(done.stdout))
    homes = {name: home for name, kind in vars(sections).items() if (home := later_in(kind))}
    others = {home.module for name, home in homes.items() if name not in NAMED}
    assert len(others) == len(homes) - len(NAMED)
    assert not others & imported
    assert not [name for name in NOT_YET if name in imported]
    commands = {name for name in imported if name.startswith("hfsft.cli.commands.")}
    assert commands <= {"hfsft.cli.commands.build", "hfsft.cli.commands.publish"}, "of commands the one that was given"
    ours = [name for name in imported if name.startswith("hfsft.")]
    assert len(ours) < MOST, "each costs half a millisecond before the first request"
