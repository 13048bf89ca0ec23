"""A build's folder made by hand, and `client`: a process that publishes such folders to the test's Hub.

    client.push(write_build(tmp_path / "b", train=10), repo_id="ana/d")["revision"]
    client.push(folder, repo_id="ana/d", fails=True)  # the message of the ReleaseError

One process serves a test, so that `datasets` is imported once; faults can be switched on between its calls. It never
waits longer than a moment; how long it would have waited stands in `waited`.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import yaml

from tests.hub.fixture import HubServer

MESSAGES = pyarrow.list_(pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())]))

DRIVER = """
import dataclasses, io, json, logging, os, sys, time
from pathlib import Path
from hfsft.errors import HfsftError
from hfsft.recipe.publish import Publish
from hfsft.release.hub import upload
waited, told, logged, nap = [], [], io.StringIO(), time.sleep
logging.basicConfig(level=logging.DEBUG, stream=logged)
def short(seconds):
    waited.append(seconds)
    nap(min(seconds, 0.02))
time.sleep = short
def load(folder, section, revision=None):
    import datasets
    loaded = {name: datasets.load_dataset(section.repo_id, name, revision=revision) for name in folder.split(",")}
    return {name: {split: rows.to_list() for split, rows in config.items()} for name, config in loaded.items()}
def check(folder, section, **options):
    return dataclasses.asdict(upload.check(section, **options))
def changes(folder, section, **options):
    return upload.changes(Path(folder), section, tell=told.append, **options).summary()
def push(folder, section, **options):
    return dataclasses.asdict(upload.push(Path(folder), section, tell=told.append, **options))
for line in sys.stdin:
    call = json.loads(line)
    os.environ.pop("HF_TOKEN", None)
    if call["token"]:
        os.environ["HF_TOKEN"] = call["token"]
    try:
        section = Publish(**call["section"])
        answer = {"done": globals()[call["do"]](call["folder"], section, **call["options"])}
    except HfsftError as error:
        answer = {"failed": str(error)}
    answer |= {"waited": waited[:], "told": told[:], "logged": logged.getvalue()}
    waited.clear(), told.clear(), logged.seek(0), logged.truncate()
    print(json.dumps(answer), flush=True)
"""


def write_build(
    folder: Path,
    *,
    train: int | Sequence[str] = 6,
    validation: int | Sequence[str] = 2,
    rejected: int = 1,
    shards: int = 1,
    answer: str = "answer",
    publish: Mapping[str, Any] | None = None,
    seconds: float = 1.0,
) -> Path:
    """A release's folder; rows are named by their ids, t0... and v0... where only their number is given."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = {
        split: [f"{split[0]}{index}" for index in range(rows)] if isinstance(rows, int) else list(rows)
        for split, rows in (("train", train), ("validation", validation))
    }
    configs = []
    for config in ("data", "provenance"):
        files = []
        for split, names in ids.items():
            if not names:
                continue
            _parquet(folder / config, split, names, shards if split == "train" else 1, answer)
            files.append({"split": split, "path": f"{config}/{split}-*"})
        configs.append({"config_name": "default" if config == "data" else config, "data_files": files})
    if rejected:
        _parquet(folder / "rejected", "rejected", [f"r{index}" for index in range(rejected)], 1, answer)
        files = [{"split": "rejected", "path": "rejected/rejected-*"}]
        configs.append({"config_name": "rejected", "data_files": files})
    entries = [{"id": row_id, "fate": split} for split, names in ids.items() for row_id in names]
    entries += [{"id": f"r{index}", "fate": "rejected"} for index in range(rejected)]
    (folder / "ledger.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    fates = {split: len(names) for split, names in ids.items()} | {"rejected": rejected, "failed": 0}
    summary = {"name": "made", "fates": fates, "funnel": [], "seconds": seconds}
    (folder / "funnel.json").write_text(json.dumps(summary))
    (folder / "recipe.yaml").write_text("name: made\n")
    resolved = {"name": "made", **({"publish": dict(publish)} if publish else {})}
    (folder / "recipe.resolved.yaml").write_text(yaml.safe_dump(resolved))
    front = yaml.safe_dump({"license": "apache-2.0", "configs": configs}, sort_keys=False)
    (folder / "README.md").write_text(f"---\n{front}---\n\n# made\n\nBy hand.\n")
    return folder


def _parquet(folder: Path, split: str, ids: Sequence[str], shards: int, answer: str) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"{split}-*"):
        old.unlink()
    size = -(-len(ids) // shards)
    for index in range(shards):
        part = list(ids[index * size : (index + 1) * size])
        if folder.name == "data":
            turns = [[("user", f"question {name}"), ("assistant", f"{answer} {name}")] for name in part]
            values = [[{"role": role, "content": content} for role, content in turn] for turn in turns]
            table = pyarrow.table({"messages": pyarrow.array(values, MESSAGES)})
        elif folder.name == "provenance":
            values = [len(name) / 3 for name in part]
            table = pyarrow.table({"id": part, "response": [f"{answer} {name}" for name in part], "score_x": values})
        else:
            removal = {"fate": ["rejected"] * len(part), "stage": ["filters"] * len(part)}
            table = pyarrow.table({"id": part, **removal})
        pyarrow.parquet.write_table(table, folder / f"{split}-{index:05d}-of-{shards:05d}.parquet")


class Client:
    """Publishes as a user of the test's Hub, in a process of its own."""

    def __init__(self, hub: HubServer, env: Mapping[str, str] | None = None) -> None:
        self.hub = hub
        self.token: str | None = hub.token("ana")
        self.waited: list[float] = []
        self.told: list[str] = []
        self.logged = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            env=hub.env() | dict(env or {}),
            cwd=hub.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._watchdog = threading.Timer(300, self._process.kill)
        self._watchdog.start()

    def push(
        self, folder: Path, *, fails: bool = False, options: Mapping[str, Any] | None = None, **section: Any
    ) -> Any:
        """What `push` returns, as a dict, or the message of its error."""
        return self.call("push", str(folder), section, options or {}, fails)

    def check(self, *, fails: bool = False, options: Mapping[str, Any] | None = None, **section: Any) -> Any:
        """What `check` returns, as a dict, or the message of its error."""
        return self.call("check", "", section, options or {}, fails)

    def changes(self, folder: Path, **section: Any) -> Any:
        """What a push would do."""
        return self.call("changes", str(folder), section, {}, False)

    def load(self, repo_id: str, configs: str = "default", revision: str | None = None) -> Any:
        """The rows of each configuration and split, as `load_dataset` gives them."""
        return self.call("load", configs, {"repo_id": repo_id}, {"revision": revision}, False)

    def call(self, do: str, folder: str, section: Mapping[str, Any], options: Mapping[str, Any], fails: bool) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        call = {"do": do, "folder": folder, "section": section, "options": options, "token": self.token}
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise AssertionError(f"the client died\n{self._process.stderr.read()}")
        answer = json.loads(line)
        self.waited, self.told, self.logged = answer["waited"], answer["told"], answer["logged"]
        assert ("failed" in answer) == fails, answer
        return answer["failed"] if fails else answer["done"]

    def stop(self) -> None:
        """End the process."""
        self._watchdog.cancel()
        self._process.communicate(timeout=20)


@pytest.fixture
def client(hub: HubServer) -> Iterator[Client]:
    """A process that publishes to this test's Hub, as ana unless told otherwise."""
    process = Client(hub)
    try:
        yield process
    finally:
        process.stop()
