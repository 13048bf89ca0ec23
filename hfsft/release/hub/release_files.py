"""Files: what a build's folder holds, hashed as the Hub hashes it, and which files of a repository a release owns."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hfsft.errors import ReleaseError
from hfsft.recipe.checks.path_bounds import leads_outside
from hfsft.release.folder.file_names import (
    CALIBRATION,
    CARD,
    FUNNEL,
    GUIDELINES,
    LEDGER,
    LOCK,
    REPORT,
    RESOLVED,
    SIDES,
    TRAINER,
    VERDICTS,
    WRITTEN,
)

FOLDERS = ("data", "provenance", "rejected", "preference", "random", "sources", "assets")
NAMES = {
    *(CARD, FUNNEL, RESOLVED, LOCK, LEDGER, SIDES, TRAINER, WRITTEN, REPORT, VERDICTS, GUIDELINES),
    CALIBRATION,
}
DERIVED = {CARD, FUNNEL, REPORT}  # and assets/: they say how a build ran, so no two builds have the same
BLOCK = 1 << 20
_MADE = re.compile(
    r"(data|provenance|rejected|preference|random)/[a-z]+-\d{5}-of-\d{5}\.parquet|assets/(funnel|scores|lengths)\.(png|svg)"
    r"|sources/(seeds|examples)-\d+\.[a-z]+"
)


def owned(path: str) -> bool:
    """Whether a path in a repository is one that a release writes to."""
    top, _, below = path.partition("/")
    return top in FOLDERS if below else path in NAMES


def stale(path: str) -> bool:
    """Whether a path in a repository goes when the release has it no more; what a user laid beside ours stays."""
    return made(path) if path.partition("/")[0] in ("assets", "sources") else owned(path)


def made(path: str) -> bool:
    """Whether a build writes a file of that path; any other in its folder is somebody's own, and goes nowhere."""
    return path in NAMES or _MADE.fullmatch(path) is not None


@dataclass(frozen=True)
class File:
    """One file: its content, as the Hub would name it in git or in its store of large files."""

    content: Path | bytes = field(repr=False)
    size: int
    git: str
    sha256: str

    @classmethod
    def of(cls, content: Path | bytes) -> File:
        """The file with its hashes."""
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        git, large = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False), hashlib.sha256()
        for block in _blocks(content):
            git.update(block)
            large.update(block)
        return cls(content, size, git.hexdigest(), large.hexdigest())

    def matches(self, remote: str | None) -> bool:
        """Whether the file on the Hub with this hash, of either kind, is the same."""
        return remote in (self.git, self.sha256)


@dataclass(frozen=True)
class Build:
    """A build's folder as it is to be published: every file that the build wrote, and no other."""

    folder: Path
    files: dict[str, File]
    card: str
    summary: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Build:
        """The build in `folder`; `ReleaseError` where there is none."""
        try:
            paths = sorted(path for path in folder.rglob("*") if path.is_file())
            names = {path: path.relative_to(folder).as_posix() for path in paths}
            shown = {name: path for path, name in names.items() if made(name)}
            if linked := [name for name in shown if leads_outside(name, folder)]:
                raise ReleaseError(f"{folder}: {linked[0]} is a link to a file elsewhere, and no part of a build")
            if LOCK in shown and not any(name.startswith("data/") for name in shown):
                raise ReleaseError(f"{folder}: no row was left in this build, so there is nothing to publish")
            if CARD not in shown or not any(name.startswith("data/") for name in shown):
                raise ReleaseError(f"{folder} holds no build: it has no {CARD} or no data (hfsft build makes one)")
            if links := [path for path in shown.values() if path.is_symlink()]:
                raise ReleaseError(f"{links[0]}: is a link, and a release holds none (put the file itself there)")
            card = shown[CARD].read_text(encoding="utf-8")
            summary = json.loads(shown[FUNNEL].read_text(encoding="utf-8")) if FUNNEL in shown else {}
            return cls(folder, {name: File.of(path) for name, path in shown.items()}, card, summary)
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{folder}: cannot be read: {error}") from None

    @property
    def name(self) -> str:
        """The name of the dataset."""
        return str(self.summary.get("name", self.folder.name))

    def with_card(self, text: str) -> dict[str, File]:
        """The files, with another card."""
        return {**self.files, CARD: File.of(text.encode())} if text != self.card else self.files


def size(count: int) -> str:
    """Bytes as people read them: 0.3 kB, 12.0 kB, 1,234.5 MB."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def is_news(paths: Iterable[str]) -> bool:
    """Whether any of these is more than what a build says of its own run: rows, their fates, the recipe."""
    return any(path not in DERIVED and not path.startswith("assets/") for path in paths)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file alone, which takes half the time of both hashes."""
    found = hashlib.sha256()
    for block in _blocks(path):
        found.update(block)
    return found.hexdigest()


def _blocks(content: Path | bytes) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
