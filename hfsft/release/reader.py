"""What was built once, read again: a build's folder, or a release on the Hub.

`build/refund-support`, `hf://datasets/you/refund-support` (the current release) or `hf://datasets/you/name@v1.0` (a
tag, a branch or a commit).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import yaml

from hfsft.errors import ReleaseError
from hfsft.release.folder import lock
from hfsft.release.folder.file_names import CALIBRATION, FUNNEL, GUIDELINES, LOCK, PREFERENCE, RESOLVED, SIDES, VERDICTS
from hfsft.release.hub.retries import Tell, patiently
from hfsft.release.recipe_download import WEB, fetch
from hfsft.release.result import SPLITS
from hfsft.rows.columns import Column, column

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.report.split_rows import SplitRows

HUB_SCHEME = "hf://"
HUB_DATASET = re.compile(r"hf://datasets/(?P<repo>[^/@]+(?:/[^/@]+)?)(?:@(?P<revision>.+))?/?$")
HUB_PAGE = re.compile(r"https://(?:huggingface\.co|hf\.co)/datasets/(?P<repo>[\w.\-]+/[\w.\-]+)")
RECIPE_FILES = [RESOLVED, LOCK, SIDES, VERDICTS, GUIDELINES, CALIBRATION, "sources/*"]


@dataclass(frozen=True)
class Release:
    """One build, wherever it is kept; `folder` holds its files."""

    where: str
    folder: Path

    @property
    def name(self) -> str:
        """The name of the dataset."""
        return str(self.summary()["name"])

    def splits(self) -> tuple[str, ...]:
        """The splits that have rows."""
        return tuple(split for split in SPLITS if self._files("provenance", split))

    def rows(self, split: str) -> Dataset:
        """A split's rows: lineage, texts, measures, scores. Raises `ReleaseError` where there is no such split."""
        found = self._read("provenance", split)
        if found is None:
            raise ReleaseError(f"{self.where}: has no split {split} (it has {', '.join(self.splits()) or 'none'})")
        return found

    def all_rows(self) -> Dataset:
        """The rows of all splits."""
        from datasets import concatenate_datasets

        return concatenate_datasets([self.rows(split) for split in self.splits()])

    def rejected(self) -> Dataset | None:
        """The rows that fell, with fate, stage and rule; None where none did."""
        return self._read("rejected", "rejected")

    def pairs(self, split: str) -> Dataset | None:
        """The preference pairs of a split; None where it has none."""
        return self._read(PREFERENCE, split)

    def streamed_pairs(self, split: str) -> SplitRows:
        """The same, some at a time."""
        from hfsft.release.report.split_rows import SplitRows

        return SplitRows(split, self._files(PREFERENCE, split))

    def columns(self) -> tuple[str, ...]:
        """The columns that a trainer reads."""
        files = [path for split in SPLITS for path in self._files("data", split)]
        return tuple(_names(files[0])) if files else ()

    def summary(self) -> dict[str, Any]:
        """Counts and funnel."""
        try:
            loaded = json.loads((self.folder / FUNNEL).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{self.where}: {FUNNEL} cannot be read: {error}") from None
        assert isinstance(loaded, dict)
        return loaded

    def registry(self) -> dict[str, Column]:
        """Every column of its rows by its name, as the build wrote it; by the name alone where an older version did."""
        told = {str(each["name"]): Column(**each) for each in self.summary().get("columns", ())}
        files = [*sorted((self.folder / "provenance").glob("*.parquet")), *self._files("rejected", "rejected")]
        return told | {
            name: column(name) for path in files[:1] + files[-1:] for name in _names(path) if name not in told
        }

    def recipe(self) -> dict[str, Any]:
        """The resolved recipe; empty where there is none that can be read."""
        return self._recipe

    @cached_property
    def _recipe(self) -> dict[str, Any]:
        try:
            text = (self.folder / RESOLVED).read_text(encoding="utf-8")
            found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        except (OSError, ValueError, yaml.YAMLError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def shows_samples(self) -> bool:
        """Whether pages about it may show its rows, as its recipe says."""
        publish = self.recipe().get("publish")
        return not isinstance(publish, dict) or publish.get("samples", True) is not False

    def _files(self, config: str, split: str) -> list[Path]:
        return sorted((self.folder / config).glob(f"{split}-*.parquet"))

    def _read(self, config: str, split: str) -> Dataset | None:
        from datasets import Dataset, concatenate_datasets
        from datasets.table import InMemoryTable
        from pyarrow.parquet import read_table

        # Not `load_dataset`, which would leave a copy of each build in its cache.
        shards = [Dataset(InMemoryTable(read_table(path))) for path in self._files(config, split)]
        return concatenate_datasets(shards) if shards else None


def _names(path: Path) -> list[str]:
    """The columns of a Parquet file."""
    from pyarrow.parquet import read_schema

    found: list[str] = read_schema(path).names
    return found


def open_release(where: str, tell: Tell = lambda _: None) -> Release:
    """The build in a folder, or the release at an `hf://datasets/...` address; `tell` hears of tries that failed.

    Raises `ReleaseError` where there is none, it cannot be read, or hfsft did not build it.
    """
    folder = _download(where, tell) if where.startswith(HUB_SCHEME) else Path(where)
    if not folder.is_dir():
        raise ReleaseError(
            f"{where}: no such folder (name a build, such as build/name, or {HUB_SCHEME}datasets/you/name)"
        )
    release = Release(where, folder)
    if not release.splits() and not (folder / LOCK).is_file():
        raise ReleaseError(f"{where}: holds no build of hfsft: it has no provenance rows")
    return release


def fetch_recipe(where: str, tell: Tell = lambda _: None) -> Path:
    """The recipe that an `hf://datasets/...` release was built from, with its local sources beside it; or at an https
    address, alone.

    Raises `ReleaseError` where there is none, or where it reads files that were not published; `tell` hears of tries
    that failed.
    """
    if page := HUB_PAGE.match(where):
        raise ReleaseError(f"{where}: is the page of a dataset (write {HUB_SCHEME}datasets/{page['repo']})")
    if where.lower().startswith(WEB):
        return fetch(where)
    if not where.startswith(HUB_SCHEME):
        raise ReleaseError(
            f"{where}: is no recipe (name a file, {HUB_SCHEME}datasets/you/name, or an https:// address)"
        )
    folder = _download(where, tell, RECIPE_FILES)
    if not (folder / RESOLVED).is_file():
        raise ReleaseError(f"{where}: holds no {RESOLVED}: hfsft did not publish it")
    if missing := lock.read(folder).get("unpublished"):
        raise ReleaseError(
            f"{where}: cannot be built from here, since its recipe reads {', '.join(map(str, missing))}, which was not "
            f"published: lay that beside a copy of its {RESOLVED} and build the copy, or ask whoever published it for "
            "a release with `publish: {sources: true}`"
        )
    return folder / RESOLVED


def _download(where: str, tell: Tell, files: list[str] | None = None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    parts = HUB_DATASET.match(where)
    if parts is None:
        raise ReleaseError(f"{where}: not the address of a dataset ({HUB_SCHEME}datasets/you/name, or with @revision)")
    repo, revision = parts["repo"], unquote(parts["revision"]) if parts["revision"] else None

    def download() -> str:
        return snapshot_download(repo, repo_type="dataset", revision=revision, allow_patterns=files)

    try:
        return Path(patiently(download, f"reading {where}", tell))
    except RepositoryNotFoundError:
        raise ReleaseError(f"{where}: no such dataset, or a private one of others (hf auth login)") from None
    except RevisionNotFoundError:
        raise ReleaseError(f"{where}: the dataset has no revision {revision}") from None
