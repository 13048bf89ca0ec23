"""`hfsft submit --on hf-jobs`: the Hub's own command starts the jobs at a loopback Hub, which keeps what it is sent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

CANARY, LOGIN = "sk-canary-Jobs/1+0123456789abcdef", "hf_canaryLogin0123456789"
MACHINE = {"name": "cpu-xl", "prettyName": "XL", "cpu": "16 vCPU", "ram": "124 GB", "unitLabel": "minute"}
PRICED = {**MACHINE, "unitCostMicroUSD": 16_700, "unitCostUSD": 0.0167}
OWNER = {"id": "1", "name": "ana", "type": "user"}
JOB = {"id": "job1", "owner": OWNER, "status": {"stage": "RUNNING", "message": None}, "createdAt": None}
# What is done with buckets is only said; jobs are started by the Hub's own command.
HF = """\
#!/bin/bash
[ "$1" = buckets ] && {{ echo "hf $*" >> "$LOG"; exit 0; }}
exec {hf} "$@"
"""


class Hub(BaseHTTPRequestHandler):
    """Knows who asks, its machines, and takes jobs."""

    def do_GET(self) -> None:
        self._answer([PRICED] if self.path.endswith("/hardware") else {**OWNER, "auth": {}, "orgs": []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.jobs.append(body)  # type: ignore[attr-defined]
        self._answer({**JOB, "labels": body.get("labels", {})})

    def _answer(self, answer: Any) -> None:
        said = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class Place:
    """A folder with a recipe, and a loopback Hub."""

    def __init__(self, folder: Path, server: ThreadingHTTPServer) -> None:
        self.folder, self.jobs = folder, server.jobs  # type: ignore[attr-defined]
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "HF_HOME": str(folder / "home"),
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_TOKEN": LOGIN,
            "NO_PROXY": "*",
            "WRITER_KEY": CANARY,
            "LOG": str(folder / "log"),
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
        }

    def submit(self, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hfsft", "submit", "own/notes.yaml", "--on", "hf-jobs"]
        command += ["--work", "hf://buckets/ana/work/first", "--flavor", "cpu-xl", *more]
        return subprocess.run(command, env=self.env, cwd=self.folder, text=True, capture_output=True, timeout=120)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "bin").mkdir()
    hf = shutil.which("hf", path=str(Path(sys.executable).parent))
    (tmp_path / "bin" / "hf").write_text(HF.format(hf=hf))
    (tmp_path / "bin" / "hf").chmod(0o755)
    own = tmp_path / "own"
    (own / "shards").mkdir(parents=True)
    (own / "shards" / "a.jsonl").write_text('{"prompt": "How?", "completion": "So."}\n')
    (own / "ask.jinja").write_text("Say it: {{ instruction }}")
    (own / ".env").write_text(f"WRITER_KEY={CANARY}")
    recipe = {
        "name": "My_Notes.1",
        "models": {"writer": {"model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "WRITER_KEY"}},
        "seeds": [{"prompts": ["How are you?"]}],
        "examples": [{"path": "shards/*.jsonl"}],
        "evolve": {"templates": ["ask.jinja"]},
        "generate": {},
    }
    (own / "notes.yaml").write_text(yaml.safe_dump(recipe))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.jobs = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Place(tmp_path, server)
    server.shutdown()
    server.server_close()


def test_jobs_as_a_dry_run_shows_them(place: Place) -> None:
    dry = place.submit("--nodes", "3", "--askers", "4", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert place.jobs == []
    assert not (place.folder / "log").exists()
    assert "\ncost: 3 x $0.0167 a minute, for 24h at most\n" in dry.stdout
    create, sync = dry.stdout.splitlines()[:2]
    assert create == "hf buckets create ana/work --private --exist-ok"
    files = "--include=ask.jinja --include=notes.yaml --include=shards/a.jsonl"
    assert sync == f"hf buckets sync {place.folder}/own hf://buckets/ana/work/first/recipe {files}"

    done = place.submit("--nodes", "3", "--askers", "4")
    assert done.returncode == 0, done.stderr
    assert (place.folder / "log").read_text().splitlines() == [create, sync]
    head, *others = place.jobs
    group = head["network"]["group"]
    assert head["network"] == {"group": group, "aliases": ["head"]}
    assert [each["network"] for each in others] == [{"group": group}] * 2
    for job in place.jobs:
        assert (job["flavor"], job["timeoutSeconds"]) == ("cpu-xl", 86_400)
        (volume,) = job["volumes"]
        assert (volume["type"], volume["source"], volume["mountPath"]) == ("bucket", "ana/work", "/work")
        assert volume["path"] == "first"
        assert job["environment"]["HF_HOME"] == "/work/home"
        assert job["secrets"] == head["secrets"]
        assert "CANARY" not in json.dumps({**job, "secrets": {}}).upper()
        subprocess.run(["bash", "-n"], input=job["command"][-1], text=True, check=True)
    assert head["secrets"]["WRITER_KEY"] == CANARY
    assert len(head["secrets"]["RAY_AUTH_TOKEN"]) == 64
    address = "${HF_NETWORK_GROUP_PREFIX}head:6379"
    assert head["command"][-1].splitlines()[1:] == [
        "ray start --head --port=6379",
        "cd /work/recipe",
        f'hfsft build notes.yaml --out /work/build --engine "ray://{address}" --work /work/rows --askers 4',
    ]
    assert f'ray start --address="{address}" --block' in others[0]["command"][-1]
    for said in (dry, done):
        assert "canary" not in (said.stdout + said.stderr).lower()


def test_one_machine_is_one_job_without_ray(place: Place) -> None:
    assert place.submit("--time", "90m").returncode == 0
    (job,) = place.jobs
    assert "network" not in job
    assert job["timeoutSeconds"] == 5400
    assert job["command"][:4] == ["uv", "run", "--with", "hfsft[scale]==0.1.0"]
    assert job["command"][-1].splitlines()[1:] == [
        "cd /work/recipe",
        "hfsft build notes.yaml --out /work/build --engine daft",
    ]
    assert job["secrets"] == {"WRITER_KEY": CANARY}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--work", "/shared"], "no job sees it; a bucket does, as hf://buckets/you/name"),
        (["--flavor", "cpu-xll"], "there is no flavor `cpu-xll` (did you mean `cpu-xl`?"),
        (["--askers", "4"], "--askers is for several --nodes"),
        (["--set", "examples=[{path: ../elsewhere.jsonl}]"], "outside the recipe's folder, which alone is taken along"),
    ],
)
def test_what_cannot_be(place: Place, more: list[str], said: str) -> None:
    (place.folder / "elsewhere.jsonl").write_text('{"prompt": "How?", "completion": "So."}\n')
    ended = place.submit(*more)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert place.jobs == []


def test_a_hub_that_cannot_be_reached(place: Place) -> None:
    place.env["HF_ENDPOINT"] = "http://127.0.0.1:9"
    dry = place.submit("--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "\ncost: not known\nwarning: the Hub does not tell its machines: the connection failed" in dry.stdout
    ended = place.submit()
    assert ended.returncode == 1
    assert "the Hub does not tell its machines: the connection failed" in ended.stderr


def test_nobody_is_logged_in(place: Place) -> None:
    del place.env["HF_TOKEN"]
    ended = place.submit()
    assert ended.returncode == 1
    assert "run `hf auth login`, or set HF_TOKEN" in ended.stderr
    assert place.submit("--dry-run").returncode == 0
