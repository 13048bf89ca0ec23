"""Of any recipe a cluster builds the folder that this machine builds, whether it does one, two or four tasks at once.

Each step that sees all rows is worked out by rounds there, however few they are. Askers ask for all of it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings

from hfsft.engine.cluster.askers import Askers
from hfsft.engine.on_daft import part_files
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.pipeline.engines import Engine
from hfsft.similarity.lexical import similar_pairs
from tests.engine.cluster.nodes import Nodes
from tests.engine.cluster.threads import Threads
from tests.engine.on_daft.drawn import Drawn, drawn
from tests.engine.on_daft.same import differing
from tests.engine.on_daft.test_whole_builds import built, shown
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import alone, check_sum
from tests.models.server import LLM

pytestmark = pytest.mark.lasting
FEW, ROWS = 3, 4  # texts that are all compared; rows of a part


def on_cluster(recipe: Path, engine: str, askers: int) -> tuple[Path, str]:
    """What the cluster builds of a recipe, in a process that takes part in it."""
    with pytest.MonkeyPatch.context() as patch:
        _small(patch, recipe.parent)
        executor = Engine(engine, work=str(recipe.parent / "work"), askers=askers).executor()
        assert executor
        folder, said, _ = built(recipe, "there", partial(executor, spread_from=0), anew=True)  # type: ignore[call-arg]
        return folder, said


def _small(patch: pytest.MonkeyPatch, folder: Path) -> None:
    alone(patch, folder)
    patch.setattr(similar_pairs, "FEW", FEW)
    patch.setattr(part_files, "ROWS", ROWS)


def compared(built_there: Callable[[Path], tuple[Path, str]]) -> None:
    """The first of the drawn recipes that has many sections is built here and there."""
    done: list[Path] = []

    @settings(tries(400), phases=[Phase.generate])  # of a build that takes half a minute nothing smaller is looked for
    @given(drawn)
    def same(drawn: Drawn) -> None:
        if done or len(drawn.sections) < 7 or "review" not in drawn.sections:
            return
        with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=drawn.reply()) as llm:
            _small(patch, Path(name))
            recipe = drawn.put(Path(name), llm)
            _, _, kept = built(recipe, "here", None)
            if not drawn.reviewed(recipe, kept):
                return
            llm.asked.clear()
            here, said, _ = built(recipe, "here", None, anew=True)
            asked = Counter(llm.asked)
            llm.asked.clear()
            there, said_there = built_there(recipe)
            assert said_there == said
            assert differing(here, there) == []
            assert shown(here) == shown(there)
            assert Counter(llm.asked) == asked
            check_sum(there)
            done.append(recipe)

    same()
    assert done


@pytest.mark.parametrize("askers", [1, 2, 4])
def test_askers_make_the_same(askers: int) -> None:
    def there(recipe: Path) -> tuple[Path, str]:
        executor = partial(OnDaft, work=str(recipe.parent / "work"), askers=Askers(Threads(askers)))
        folder, said, _ = built(recipe, "there", executor, anew=True)
        return folder, said

    compared(there)


@pytest.mark.cluster
@pytest.mark.xdist_group("cluster")
def test_the_same_is_built(cluster: Nodes, driver: ProcessPoolExecutor) -> None:
    def there(recipe: Path, askers: int) -> tuple[Path, str]:
        return driver.submit(on_cluster, recipe, cluster.engine, askers).result(300)

    compared(partial(there, askers=2))  # two nodes
    larger = cluster.add(cpus=2)
    compared(partial(there, askers=4))
    cluster.kill(larger)
    cluster.kill(cluster.workers[0])
    compared(partial(there, askers=1))
    cluster.add()
