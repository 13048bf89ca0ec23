"""What is asked of `hfsft submit`: a build on so many machines, and how a command of theirs begins."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from hfsft.errors import UserError
from hfsft.recipe.recipe import Recipe

PORT = 6379  # of Ray's head, where nobody else is on the machine
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "DAFT_ANALYTICS_ENABLED": "0"}  # neither calls home
AUTH, TOKEN = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"  # whoever may talk to a cluster may run anything on it
_TIME = re.compile(r"(\d{1,9})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Submission:
    """A build on other machines. `work` is a folder that all of them see."""

    recipe: Recipe
    work: str
    nodes: int = 1
    askers: int | None = None
    time: str = "24h"
    overrides: tuple[str, ...] = ()
    more: tuple[str, ...] = ()  # options of the build

    @property
    def file(self) -> str:
        """The name of the recipe's file. Raises `UserError` where it has none."""
        if self.recipe.source.path is None:
            raise UserError("a recipe of other machines has to be a file: write it down, and name that")
        return self.recipe.source.path.name

    @property
    def seconds(self) -> int:
        """How long the machines are kept at most."""
        found = _TIME.fullmatch(self.time)
        if found is None or not int(found[1]):
            raise UserError(f"--time {self.time}: is no time (such as 90m, 24h or 3d)")
        return int(found[1]) * _SECONDS[found[2]]

    @property
    def extra(self) -> str:
        """What of hfsft has to be installed there."""
        return "hfsft[cluster]" if self.nodes > 1 else "hfsft[scale]"

    @property
    def secrets(self) -> list[str]:
        """The variables that hold the keys of its models, by name: nobody is told what is in them."""
        models = self.recipe.models.values()
        held = [value.env for model in models for value in model.headers.values() if not isinstance(value, str)]
        return sorted({*(model.api_key_env for model in models if model.api_key_env), *held})

    def build(self, recipe: str, work: str, out: str, head: str) -> str:
        """The command that builds, in the words of a shell; `head` may name variables of that."""
        said = ["hfsft", "build", recipe, *(f"--set={each}" for each in self.overrides), *self.more]
        quoted = f"{shlex.join(said)} --out {out}"
        if self.nodes == 1:
            return f"{quoted} --engine daft"
        askers = f" --askers {self.askers}" if self.askers else ""
        return f'{quoted} --engine "ray://{head}" --work {work}{askers}'


def script(lines: Sequence[str]) -> str:
    """Lines of a shell script that ends where one of them fails."""
    return "\n".join(["set -euo pipefail", *lines])
