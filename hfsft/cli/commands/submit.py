"""`hfsft submit`: a build on other machines, as jobs of the Hub or of SLURM."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.consent import trust
from hfsft.cli.console import money, remark
from hfsft.errors import UserError

if TYPE_CHECKING:
    from hfsft.submit.submission import Submission

HUB, SLURM = "hf-jobs", "slurm"


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft submit recipe.yaml --on hf-jobs --work hf://buckets/you/work --nodes 4 --flavor cpu-xl --dry-run\n"
        "  hfsft submit recipe.yaml --on slurm --work /shared/work --nodes 8 --askers 16 --sbatch=--partition=cpu"
    )
    parser = command(commands, "submit", "build on other machines: jobs of the Hub, or of SLURM", run, examples)
    add_recipe(parser)
    parser.add_argument("--on", choices=(HUB, SLURM), required=True, help="whose machines")
    parser.add_argument(
        "--work", required=True, help="a folder that all machines see: hf://buckets/..., or a shared disk"
    )
    parser.add_argument("--nodes", type=int, default=1, help="machines (default: 1; of several Ray makes one cluster)")
    parser.add_argument("--askers", type=int, help="processes that ask models (default: as the build has it)")
    parser.add_argument("--flavor", default="cpu-upgrade", help="kind of machine on the Hub (default: cpu-upgrade)")
    parser.add_argument("--time", default="24h", help="how long at most, such as 90m or 3d (default: 24h)")
    parser.add_argument(
        "--sbatch", metavar="OPTION", action="append", default=[], help="option of sbatch; may be repeated"
    )
    parser.add_argument("--package", help="what jobs of the Hub install, as pip names it (default: this version)")
    parser.add_argument("--no-publish", action="store_true", help="do not push, even if the recipe names a repository")
    parser.add_argument("--dry-run", action="store_true", help="print what would be run, and run nothing")


def run(arguments: argparse.Namespace) -> None:
    """Print the commands; run them, but for a dry run."""
    from hfsft.loading import load
    from hfsft.submit.submission import Submission

    wanted = Submission(
        load(arguments.recipe, arguments.overrides, trust(arguments)),
        arguments.work,
        arguments.nodes,
        arguments.askers,
        arguments.time,
        tuple(arguments.overrides),
        ("--no-publish",) if arguments.no_publish else (),
    )
    if wanted.nodes < 1 or (wanted.askers is not None and wanted.askers < 1):
        raise UserError("--nodes and --askers are numbers from 1")
    if wanted.nodes == 1 and wanted.askers is not None:
        raise UserError("--askers is for several --nodes: on one machine the build itself asks models")
    lacking = [
        f"{name} is not set, which holds a key of a model" for name in wanted.secrets if not os.environ.get(name)
    ]
    wanted.seconds  # noqa: B018 - is one, before anything is begun
    if arguments.on == HUB:
        _on_the_hub(arguments, wanted, lacking)
    else:
        _on_slurm(arguments, wanted, lacking)


def _on_the_hub(arguments: argparse.Namespace, wanted: Submission, lacking: list[str]) -> None:
    from huggingface_hub import get_token

    from hfsft import __version__
    from hfsft.submit import hf_jobs

    package = arguments.package or f"{wanted.extra}=={__version__}"
    commands = hf_jobs.commands(wanted, arguments.flavor, package)
    if get_token() is None:
        lacking.append("the Hub takes jobs of those who are logged in: run `hf auth login`, or set HF_TOKEN")
    if shutil.which("hf") is None:
        lacking.append("there is no command `hf`, which huggingface_hub brings")
    try:
        usd, unit = hf_jobs.price(arguments.flavor)
        each = f"{wanted.nodes} x {money(usd)}" if wanted.nodes > 1 else money(usd)
        costs = f"{each} a {unit}, for {arguments.time} at most"
    except UserError as error:
        costs = "not known"
        lacking.append(str(error))
    _run(arguments, commands, lacking, f"cost: {costs}")


def _on_slurm(arguments: argparse.Namespace, wanted: Submission, lacking: list[str]) -> None:
    from hfsft.submit import slurm

    script, where = slurm.text(wanted, arguments.sbatch), slurm.place(wanted)
    if shutil.which("sbatch") is None:
        lacking.append("there is no command `sbatch` here: run this on a machine of the cluster that takes jobs")
    if arguments.dry_run:
        print(f"# {where}\n{script}")
    elif not lacking:
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(script, encoding="utf-8")
    # What the environment holds, keys among it, goes with the job: it is named nowhere.
    _run(arguments, [["sbatch", "--export=ALL", str(where)]], lacking)


def _run(arguments: argparse.Namespace, commands: Sequence[Sequence[str]], lacking: list[str], more: str = "") -> None:
    if arguments.dry_run:
        print("\n".join(map(shlex.join, commands)))
        print(*filter(None, [more, *(remark("warning", each) for each in lacking)]), sep="\n")
        return
    if lacking:
        raise UserError("\n".join(lacking))
    # Told by its name alone, which the jobs read it by: another for each cluster, and no file holds it.
    token = {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
    for each in commands:
        ended = subprocess.run(each, env={**os.environ, **token})  # noqa: S603, as printed by --dry-run
        if ended.returncode:
            raise UserError(f"`{shlex.join(each[:3])}` ended with {ended.returncode}; what came before it is done")
    if more:
        print(more)
