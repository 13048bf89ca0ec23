"""A build as one job of SLURM: a script for `sbatch`, that starts Ray on its machines and builds on the first.

SLURM starts the job again where a machine fails or another job takes its place, and it puts itself back into the queue
two minutes before its time is over: the same command goes on then.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from hfsft.errors import UserError
from hfsft.submit.submission import QUIET, Submission

LOCAL = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108, folders that each machine has for itself
AGAIN = 120  # seconds before its end, when it asks to be started again
ALONE = "srun {build} &"
# Whoever may talk to a cluster may run anything on it: a token, made anew each time, is told to its machines alone.
CLUSTER = """\
fails() {{ echo "$1" >&2; exit 1; }}
srun test -e {script} || fails "a machine does not see the work folder: name a --work of a shared disk"
srun ray --version >/dev/null || fails "a machine has no Ray: install 'hfsft[cluster]' where all see it"
read -r head < <(scontrol show hostnames "$SLURM_JOB_NODELIST")  # no pipe: whoever writes on into it would fail
port=$((20000 + SLURM_JOB_ID % 10000))  # another job may have a cluster of its own on that machine
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \\n')
first="--nodes=1 --ntasks=1 --nodelist=$head"
srun --overlap $first ray start --head --port="$port" --block &
ray=$!
until (exec 3<>"/dev/tcp/$head/$port") 2>/dev/null; do
  kill -0 "$ray" 2>/dev/null || fails "Ray's head has not started: see above"
  sleep 2
done
srun --overlap --nodes={others} --ntasks={others} --exclude="$head" ray start --address="$head:$port" --block &
srun --overlap $first {build} &"""
SCRIPT = """\
set -euo pipefail
{exports}
cd {folder}

build=
again() {{
  [ -z "$build" ] || kill -TERM "$build" 2>/dev/null || true
  scontrol requeue "$SLURM_JOB_ID"
}}
trap again USR1

{steps}
build=$!
wait "$build"
"""


def place(wanted: Submission) -> Path:
    """Where the script stands: in the work folder, so that a machine that sees it sees that.

    Raises `UserError` for a folder that no other machine sees.
    """
    if "://" in wanted.work:
        raise UserError(f"--work {wanted.work}: SLURM needs a folder of a shared disk, which all machines see")
    folder = Path(wanted.work).expanduser().absolute()
    if wanted.nodes > 1 and any(folder.is_relative_to(each) for each in LOCAL):
        raise UserError(f"--work {wanted.work}: every machine has its own; name a folder of a shared disk")
    return folder / f"{wanted.recipe.name}.sbatch"


def text(wanted: Submission, options: Sequence[str] = ()) -> str:
    """The script; `options` are those of `sbatch`, as of a partition."""
    where, work = place(wanted), shlex.quote(str(place(wanted).parent))
    asked = [
        f"--job-name=hfsft-{wanted.recipe.name}",
        f"--nodes={wanted.nodes}",
        "--ntasks-per-node=1",
        f"--time={wanted.seconds // 3600}:{wanted.seconds % 3600 // 60:02d}:00",
        "--requeue",
        "--open-mode=append",
        f"--signal=B:USR1@{AGAIN}",
        f"--output={shlex.quote(str(where.with_suffix('.log')))}",  # sbatch, too, ends a word at a space
        *options,
    ]
    build = wanted.build(wanted.file, f"{work}/rows", f"{work}/build", "$head:$port")
    steps = ALONE if wanted.nodes == 1 else CLUSTER
    script = SCRIPT.format(
        exports="export " + " ".join(f"{name}={value}" for name, value in QUIET.items()),
        folder=shlex.quote(str(wanted.recipe.base.resolve())),
        steps=steps.format(build=build, script=shlex.quote(str(where)), others=wanted.nodes - 1),
    )
    return "\n".join(["#!/bin/bash", *(f"#SBATCH {each}" for each in asked), script])
