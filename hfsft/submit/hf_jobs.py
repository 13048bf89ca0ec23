"""A build as jobs on the Hub: commands of `hf`, as whoever reads them could type them.

A bucket holds the recipe with its files, the rows that steps made, the answers of models and what is built. It is
mounted by every job, so that the same jobs go on where others ended.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hfsft.errors import UserError, nearest
from hfsft.hashing import digest
from hfsft.recipe.recipe import Recipe
from hfsft.release.hub.retries import refusal
from hfsft.submit.inputs import inputs
from hfsft.submit.submission import AUTH, PORT, QUIET, TOKEN, Submission, script

BUCKET = re.compile(r"hf://buckets/([\w.\-]+/[\w.\-]+)((?:/[\w.\-]+)*)/?")
MOUNT = "/work"
IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"  # that `hf jobs uv run` takes
PATIENCE = 360, 60  # looks for the head, 5 seconds apart: until it is there first, and once it is gone
HEAD = "${HF_NETWORK_GROUP_PREFIX}head"


def commands(wanted: Submission, flavor: str, package: str) -> list[list[str]]:
    """The commands in their order: the bucket, the files in it, then a job for each machine.

    Raises `UserError` where the work folder is no bucket, and where a file lies where no job sees it.
    """
    found = BUCKET.fullmatch(wanted.work)
    if found is None:
        raise UserError(
            f"--work {wanted.work}: no job sees it; a bucket does, as hf://buckets/you/name (it is made where there is "
            "none)"
        )
    bucket, folder = found[1], wanted.work.rstrip("/")
    chosen = [f"--include={path}" for path in inputs(wanted.recipe)]
    first = ["hf", "buckets", "create", bucket, "--private", "--exist-ok"]
    sync = ["hf", "buckets", "sync", str(wanted.recipe.base.resolve()), f"{folder}/recipe", *chosen]
    return [first, sync, *_jobs(wanted, folder, flavor, package)]


def _jobs(wanted: Submission, folder: str, flavor: str, package: str) -> list[list[str]]:
    name = f"hfsft-{re.sub('[^a-z0-9]+', '-', wanted.recipe.name.lower()).strip('-')[:24]}"
    build = wanted.build(wanted.file, f"{MOUNT}/rows", f"{MOUNT}/build", f"{HEAD}:{PORT}")
    secrets = [*wanted.secrets, *(["HF_TOKEN"] if _asks_hub(wanted.recipe) else [])]
    if wanted.nodes == 1:
        return [_job(name, folder, flavor, package, wanted, [f"cd {MOUNT}/recipe", build], secrets=secrets)]
    group = ["--network-group", f"{name}-{digest([folder, wanted.recipe.name], 8)}"]
    head = [f"ray start --head --port={PORT}", f"cd {MOUNT}/recipe", build]
    jobs = [_job(name, folder, flavor, package, wanted, head, [*group, "--network-alias", "head"], [*secrets, TOKEN])]
    joins = _job(f"{name}-node", folder, flavor, package, wanted, _joining(), group, [*secrets, TOKEN])
    return jobs + [joins] * (wanted.nodes - 1)


def _job(
    name: str,
    folder: str,
    flavor: str,
    package: str,
    wanted: Submission,
    lines: Sequence[str],
    more: Sequence[str] = (),
    secrets: Sequence[str] = (),
) -> list[str]:
    variables: Mapping[str, str] = {"HF_HOME": f"{MOUNT}/home", **QUIET, **({AUTH: "token"} if more else {})}
    return [
        *("hf", "jobs", "run", "--detach", "--name", name, "--flavor", flavor, "--timeout", wanted.time),
        *("--volume", f"{folder}:{MOUNT}"),
        *more,
        *(f"--env={variable}={value}" for variable, value in variables.items()),
        *(f"--secrets={secret}" for secret in secrets),
        *(IMAGE, "uv", "run", "--with", package, "bash", "-c", script(lines)),
    ]


def _joining() -> list[str]:
    """A machine that joins the head, once more where that is started again, and ends when it stays away."""
    first, then = PATIENCE
    return [
        f"left={first}",
        'while [ "$left" -gt 0 ]; do',
        f'  if (exec 3<>"/dev/tcp/{HEAD}/{PORT}") 2>/dev/null; then',
        f'    ray start --address="{HEAD}:{PORT}" --block || true',
        f"    left={then}",
        "  fi",
        "  left=$((left - 1))",
        "  sleep 5",
        "done",
    ]


def _asks_hub(recipe: Recipe) -> bool:
    """Whether the login of the Hub is needed: models behind its router, and publishing."""
    return bool(recipe.publish.repo_id) or any(model.provider for model in recipe.models.values())


def price(flavor: str) -> tuple[float, str]:
    """What a machine of that flavor costs in USD, and the word for how long, as the Hub tells it.

    Raises `UserError` where there is no such flavor, and where the Hub cannot be asked.
    """
    from huggingface_hub import list_jobs_hardware

    try:
        machines = {each.name: each for each in list_jobs_hardware()}
    except Exception as error:
        raise refusal(error, "the Hub does not tell its machines") from None
    if flavor not in machines:
        raise UserError(f"there is no flavor `{flavor}` ({nearest(flavor, list(machines))})")
    return machines[flavor].unit_cost_usd, machines[flavor].unit_label
