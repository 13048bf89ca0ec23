"""Askers on a cluster: what one process makes, whatever dies on the way."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cluster.nodes import Nodes
from tests.engine.cluster.test_askers import answer, outcome, put
from tests.fuzz.test_builds import alone
from tests.models.server import LLM

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def on_cluster(engine: str, askers: int, path: Path, folder: Path) -> Any:
    """What comes of a recipe whose models askers ask."""
    from hfsft.engine.cluster.askers import Askers
    from hfsft.engine.cluster.connection import connected
    from hfsft.engine.cluster.head_address import ClusterAddress
    from hfsft.engine.on_daft.daft_executor import OnDaft
    from hfsft.errors import UserError

    with pytest.MonkeyPatch.context() as patch:
        alone(patch, folder)
        cluster = connected(ClusterAddress.of(engine), askers)
        try:
            return outcome(path, partial(OnDaft, askers=Askers(cluster)))
        except UserError as error:
            return type(error).__name__, str(error), 0


def askers() -> list[int]:
    """The processes of this machine's askers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                said = (entry / "cmdline").read_bytes()
                if said.startswith(b"ray::_Holder.do") or b"ray::_Holder" in said[:40]:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_the_same_rows_calls_and_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Nodes, driver: ProcessPoolExecutor
) -> None:
    with LLM(reply=answer) as llm:
        alone(monkeypatch, tmp_path)
        path = put(tmp_path, llm, 30)
        rows, spent, usage = outcome(path)
        asked = Counter(llm.asked)
        llm.asked.clear()
        there = driver.submit(on_cluster, cluster.engine, 2, path, tmp_path / "there")
        found, spent_there, usage_there = there.result(200)
        assert found == rows
        assert Counter(llm.asked) == asked
        assert (spent_there, usage_there) == (spent, usage)
