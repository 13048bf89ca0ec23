"""A copy of hfsft that somebody adds a file to, and what the command says there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


@dataclass
class Checkout:
    """The package and its templates in a folder of their own, beside which recipes stand."""

    folder: Path

    @classmethod
    def copied(cls, folder: Path) -> Checkout:
        for name in ("hfsft", "templates"):
            shutil.copytree(ROOT / name, folder / "checkout" / name)
        return cls(folder)

    def write(self, path: str, text: str) -> None:
        """Add a file."""
        target = self.folder / "checkout" / path
        assert not target.exists(), "a stranger adds a file"
        target.write_text(text)

    def register(self, path: str, before: str, *lines: str) -> None:
        """Add lines to a table, and the import that they need at its top."""
        target = self.folder / "checkout" / path
        text = target.read_text()
        assert text.count(before) == 1, f"{before!r} stands once in {path}"
        target.write_text(text.replace(before, "".join(f"{line}\n" for line in lines) + before))

    def recipe(self, **recipe: Any) -> Path:
        path = self.folder / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe, sort_keys=False))
        return path

    def run(self, *arguments: str, path: Path | None = None, code: int = 0) -> str:
        """What the command prints, on both streams; `path` is a folder of other packages."""
        result = command(*arguments, cwd=self.folder, paths=[self.folder / "checkout", *([path] if path else [])])
        assert result.returncode == code, result.stdout + result.stderr
        return result.stdout + result.stderr


def command(*arguments: str, cwd: Path, paths: list[Path]) -> subprocess.CompletedProcess[str]:
    """`hfsft` in a folder, with these folders before all others that Python imports from."""
    environment: Mapping[str, str] = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "HF_HOME": str(cwd / "hf"),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    called = [sys.executable, "-m", "hfsft", *arguments]
    return subprocess.run(called, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)
