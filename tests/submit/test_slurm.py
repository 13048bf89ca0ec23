"""`hfsft submit --on slurm`: the script is parsed by a real shell, and run over stubs of SLURM's and Ray's commands."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from hfsft.cli import main

CANARY = "sk-canary-Slurm/1+0123456789abcdef"
# What a machine does with `srun OPTIONS COMMAND`: the command, said in a log before.
SRUN = """\
#!/bin/bash
while [[ "${1:-}" == --* ]]; do options+=("$1"); shift; done
echo "srun ${options[*]:-} | $*" >> "$LOG"
exec "$@"
"""
SCONTROL = """\
#!/bin/bash
echo "scontrol $*" >> "$LOG"
[ "$1" = show ] || exit 0
echo 127.0.0.1
for number in {1..20000}; do echo "other$number" || exit 1; done
"""
# The head listens, as Ray's does; a node stays while it does.
RAY = """\
#!/bin/bash
[ "$1" = --version ] && exit 0
[ -n "$RAY_AUTH_TOKEN" ] || exit 9
[ -z "${NO_HEAD:-}" ] || exit 8
for word in "$@"; do case $word in --port=*) exec python3 -c "
import socket, sys, time
held = socket.create_server(('127.0.0.1', int(sys.argv[1].split('=')[1])))
time.sleep(60)" "$word";; esac; done
exec sleep 60
"""
HFSFT = """\
#!/bin/bash
# The other machines are told beside it, and a build that has ended ends all.
case "$*" in *ray://*) until grep -q -- --address= "$LOG"; do sleep 0.1; done;; esac
echo "key ${#WRITER_KEY}" >> "$LOG"
[ -z "${SLOW:-}" ] || exec sleep 60
"""
SBATCH = """\
#!/bin/bash
echo "sbatch $*" >> "$LOG"
echo "Submitted batch job 7"
"""


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe whose model has a key, and a PATH with the stubs."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, text in {"srun": SRUN, "scontrol": SCONTROL, "ray": RAY, "hfsft": HFSFT, "sbatch": SBATCH}.items():
        (bin_ / name).write_text(text)
        (bin_ / name).chmod((bin_ / name).stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("WRITER_KEY", CANARY)
    monkeypatch.setattr("hfsft.submit.slurm.LOCAL", ("/dev/shm",))
    (tmp_path / "own").mkdir()
    recipe = {
        "name": "notes",
        "models": {"writer": {"model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "WRITER_KEY"}},
        "seeds": [{"prompts": ["How are you?"]}],
        "generate": {},
    }
    (tmp_path / "own" / "my notes.yaml").write_text(yaml.safe_dump(recipe))
    return tmp_path


def submitted(folder: Path, *more: str) -> int:
    command = ["submit", str(folder / "own" / "my notes.yaml"), "--on", "slurm", "--work", str(folder / "work")]
    return main([*command, *more])


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def free_port() -> int:
    """One of those that jobs take."""
    for port in range(20_000 + os.getpid() % 9000, 30_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("none is free")


def run(folder: Path, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SLURM_JOB_ID": str(free_port() - 20_000), "SLURM_JOB_NODELIST": "n[1-2]"}
    return subprocess.Popen(
        ["bash", str(folder / "work" / "notes.sbatch")],
        env={**environment, **more},
        text=True,
        start_new_session=True,
        stderr=subprocess.PIPE,
    )


def end(process: subprocess.Popen[str]) -> None:
    """End what the script left behind, as SLURM does when a job ends."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_dry_run_prints_the_script_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submitted(folder, "--nodes", "3", "--dry-run") == 0
    said = capsys.readouterr().out
    assert not (folder / "work").exists()
    assert not (folder / "log").exists()
    assert CANARY not in said
    script = said[said.index("#!/bin/bash") : said.index("\nsbatch --export")]
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "#SBATCH --nodes=3\n" in script
    assert f"sbatch --export=ALL {folder}/work/notes.sbatch" in said
    assert submitted(folder, "--nodes", "3") == 0
    assert (folder / "work" / "notes.sbatch").read_text() == script.rstrip() + "\n"
    assert log(folder) == [f"sbatch --export=ALL {folder}/work/notes.sbatch"]


def test_the_log_may_lie_where_a_name_has_spaces(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submitted(folder, "--work", "/my disk/w", "--nodes", "2", "--dry-run") == 0
    assert "\n#SBATCH --output='/my disk/w/notes.log'\n" in capsys.readouterr().out


def test_the_machines_are_looked_at_then_the_head_then_the_others_then_the_build(folder: Path) -> None:
    assert submitted(folder, "--nodes", "3", "--askers", "4", "--set", "generate.temperature=0.5", "--no-publish") == 0
    process = run(folder)
    try:
        assert process.wait(30) == 0, process.stderr and process.stderr.read()
    finally:
        end(process)
    looked, ray, asked, *started = log(folder)[1:]
    assert looked == f"srun  | test -e {folder}/work/notes.sbatch"
    assert ray == "srun  | ray --version"
    assert asked.startswith("scontrol show hostnames")
    port = next(line for line in started if "--head" in line).split("--port=")[1].split()[0]
    only = "--overlap --nodes=1 --ntasks=1 --nodelist=127.0.0.1"
    assert started[0] == f"srun {only} | ray start --head --port={port} --block"
    assert (
        f"srun --overlap --nodes=2 --ntasks=2 --exclude=127.0.0.1 | ray start --address=127.0.0.1:{port} --block"
        in (started)
    )
    build = f"hfsft build my notes.yaml --set=generate.temperature=0.5 --no-publish --out {folder}/work/build"
    assert f"srun {only} | {build} --engine ray://127.0.0.1:{port} --work {folder}/work/rows --askers 4" in started
    assert f"key {len(CANARY)}" in started  # which came with the environment
    assert CANARY not in (folder / "work" / "notes.sbatch").read_text()


def test_one_machine_needs_no_ray(folder: Path) -> None:
    assert submitted(folder) == 0
    process = run(folder)
    assert process.communicate(timeout=30) == (None, "")
    assert process.returncode == 0
    assert log(folder)[1:-1] == [f"srun  | hfsft build my notes.yaml --out {folder}/work/build --engine daft"]


def test_before_its_time_is_over_it_is_queued_again(folder: Path) -> None:
    assert submitted(folder, "--nodes", "2") == 0
    process = run(folder, SLOW="1")
    try:
        until = time.monotonic() + 30
        while not any("key " in line for line in log(folder)):
            assert time.monotonic() < until
            time.sleep(0.1)
        process.send_signal(signal.SIGUSR1)
        assert process.wait(30)
    finally:
        end(process)
    assert log(folder)[-1].startswith("scontrol requeue ")


def test_a_machine_that_does_not_see_the_work_folder_is_told(folder: Path) -> None:
    assert submitted(folder, "--nodes", "2") == 0
    script = folder / "work" / "notes.sbatch"
    script.write_text(script.read_text().replace("srun test -e ", "srun test -e /elsewhere"))
    process = run(folder)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "does not see the work folder: name a --work of a shared disk" in said


def test_a_head_that_does_not_start_ends_the_job(folder: Path) -> None:
    assert submitted(folder, "--nodes", "2") == 0
    process = run(folder, NO_HEAD="1")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Ray's head has not started" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--work", "/dev/shm/x", "--nodes", "2"], "every machine has its own"),
        (["--work", "hf://buckets/a/b"], "SLURM needs a folder of a shared disk"),
        (["--time", "soon"], "is no time (such as 90m, 24h or 3d)"),
        (["--nodes", "0"], "numbers from 1"),
    ],
)
def test_what_cannot_be(folder: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert submitted(folder, *more) == 1
    assert said in capsys.readouterr().err


def test_what_is_lacking_is_told_before_anything_is_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WRITER_KEY")
    (folder / "bin" / "sbatch").unlink()
    assert submitted(folder) == 1
    said = capsys.readouterr().err
    assert "WRITER_KEY is not set" in said
    assert "no command `sbatch`" in said
    assert not (folder / "work").exists()
    assert submitted(folder, "--dry-run") == 0
    assert "WRITER_KEY is not set" in capsys.readouterr().out
