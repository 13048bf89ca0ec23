"""A release on a cluster: its nodes write the shards and send them to the Hub, and one commit makes them visible."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pyarrow.parquet as pq
import pytest
import yaml

from tests.engine.cluster.nodes import Nodes
from tests.hub.fixture import HubServer

pytestmark = [pytest.mark.cluster, pytest.mark.lasting, pytest.mark.xdist_group("cluster")]
ROOT = Path(__file__).parents[3]
BUILD = """
import json, sys
root, engine, recipe, out, work = sys.argv[1:]
sys.path.insert(0, root)
from hfsft.pipeline import publish, run
from hfsft.release.hub import shard_upload
shard_upload.LEAST = 0
sent = []
wanted = shard_upload.uploaded
def uploaded(*given, **more):
    found = wanted(*given, **more)
    sent.extend(sorted(found))
    return found
from hfsft.release.hub import upload
upload.uploaded = uploaded
built, folder = run(recipe, out=out, executor=engine, work=work)
made = publish(built.recipe, folder, shared=built.shared)
print(json.dumps({"sent": sent, "rows": made.rows}))
"""


def test_nodes_write_and_send_the_shards(cluster: Nodes, hub: HubServer, tmp_path: Path) -> None:
    rows = [{"instruction": f"Where is parcel {n * 7919}?", "response": f"It is at depot {n} now."} for n in range(300)]
    recipe = {
        "name": "parcels",
        "license": "mit",
        "examples": [{"rows": rows}],
        "split": {"validation": 0.2},
        "publish": {"repo_id": "ana/parcels"},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    (tmp_path / "build.py").write_text(dedent(BUILD))
    command = [sys.executable, tmp_path / "build.py", ROOT, cluster.engine, tmp_path / "recipe.yaml"]
    said = hub.run([*command, tmp_path / "out", tmp_path / "work"], token=hub.token("ana"), timeout=500).json()
    shards = {
        path.relative_to(tmp_path / "out" / "parcels").as_posix(): path
        for name in ("data", "provenance")
        for path in (tmp_path / "out" / "parcels" / name).iterdir()
    }
    assert said["sent"] == sorted(shards)
    there = hub.repo("ana/parcels").files()
    assert {path: there[path] for path in shards} == {path: file.read_bytes() for path, file in shards.items()}
    assert hub.count("POST", "/commit/main") == 1
    counted = {name: len(pq.read_table(path)) for name, path in shards.items() if name.startswith("data/")}
    assert sum(said["rows"]["default"].values()) == sum(counted.values()) > 200
    names = {path.stat().st_ino for path in (tmp_path / "work").rglob("*.parquet")}
    assert {path.stat().st_ino for path in shards.values()} <= names, "one file under two names"
    alone = [
        sys.executable,
        "-m",
        "hfsft",
        "build",
        tmp_path / "recipe.yaml",
        "--no-publish",
        "--out",
        tmp_path / "alone",
    ]
    hub.run(alone, token=hub.token("ana"), home=hub.new_home(), timeout=500)
    for path, file in shards.items():
        assert (tmp_path / "alone" / "parcels" / path).read_bytes() == file.read_bytes()
