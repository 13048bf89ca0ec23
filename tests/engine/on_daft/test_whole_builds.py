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

from hfsft.engine.on_daft import part_files
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.errors import UserError
from hfsft.pipeline.building import run
from hfsft.release.reader import Release
from hfsft.release.report import page
from hfsft.similarity.lexical import similar_pairs
from tests.engine.on_daft.drawn import Drawn, drawn
from tests.engine.on_daft.same import differing, untimed
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import alone, check_sum
from tests.models.server import LLM

if TYPE_CHECKING:
    from hfsft.engine.executor import Executors

pytestmark = pytest.mark.lasting


def built(
    path: Path, name: str, executor: Executors | None, *, anew: bool = False
) -> tuple[Path, str, list[dict[str, Any]]]:
    """The folder that a build writes, what it says where it can write none, and the rows that it keeps; nothing is left
    of builds before but answers, and not these if all is asked `anew`.
    """
    home, out = path.parent / "hf", path.parent / name
    for each in [home] if anew else [*home.glob("datasets/*/"), *home.glob("hfsft/*/")]:
        shutil.rmtree(each, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    try:
        made, folder = run(path, out=out, executor=executor)
    except UserError as error:
        return out / "any", str(error).replace(str(out), "OUT"), []
    return folder, "", made.rows.to_list()


def shown(folder: Path) -> str:
    """The report of a folder, but for the seconds that steps took."""
    path = folder / "funnel.json"
    path.write_text(json.dumps(untimed(json.loads(path.read_text("utf-8")))), "utf-8")
    return page.report(Release("any", folder))


def same_folders(path: Path, drawn: Drawn, executors: dict[str, Executors]) -> bool:
    """Whether a build wrote anything; all of these write the same."""
    here, _, kept = built(path, "asked", None)  # the others find all answers in the store
    if drawn.reviewed(path, kept):
        built(path, "asked", None)
    here, said, _ = built(path, "local", None)
    for what, executor in executors.items():
        there, said_there, _ = built(path, what, executor)
        assert said_there == said, what
        assert there.is_dir() == here.is_dir(), what
        if there.is_dir():
            assert differing(here, there) == [], what
            check_sum(there)
            assert shown(here) == shown(there), what
    return here.is_dir()


@settings(tries(6), phases=[Phase.generate])
@given(drawn)
def test_the_same_is_built(drawn: Drawn) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=drawn.reply()) as llm:
        alone(patch, Path(name))
        patch.setattr(similar_pairs, "FEW", 3)  # of so few all are compared, and no sketches
        patch.setattr(part_files, "ROWS", 4)
        recipe = drawn.put(Path(name), llm)
        same_folders(recipe, drawn, {"over Daft": OnDaft, "by rounds": partial(OnDaft, spread_from=0)})
