"""A repository: snapshots of files, commits over them, and the names that point at commits. Knows no HTTP.

A commit holds the whole mapping of path to blob, so a revision is read without walking its ancestors.
Not covered: merges, author e-mail addresses, symlinks, file modes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property

from tests.hub.answers import HubError

Files = Mapping[str, "Blob"]

# What a new repository of the real Hub starts with, shortened.
GIT_ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n*.arrow filter=lfs diff=lfs merge=lfs -text\n"


def git_sha1(kind: str, data: bytes) -> str:
    """The name git gives to an object of this kind."""
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


@dataclass(frozen=True)
class Blob:
    """A file's bytes; `large` ones stand in git as a pointer to the large-file store."""

    data: bytes = field(repr=False)
    large: bool = False

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n".encode()

    @cached_property
    def oid(self) -> str:
        """The git object's name: of the pointer, if the file is large."""
        return git_sha1("blob", self.pointer if self.large else self.data)

    @property
    def etag(self) -> str:
        """What a download's ETag is, and what `preupload` compares to find a file unchanged."""
        return self.sha256 if self.large else self.oid


@dataclass(frozen=True)
class Commit:
    """One commit: all files after it, and who said what when."""

    oid: str
    parent: Commit | None = field(repr=False)
    files: Files = field(repr=False)
    title: str
    message: str
    author: str
    date: str

    def ancestry(self) -> Iterator[Commit]:
        """This commit and those before it, newest first."""
        commit: Commit | None = self
        while commit is not None:
            yield commit
            commit = commit.parent

    def last_change(self, path: str) -> Commit:
        """The commit that gave the file or folder at `path` what it holds here."""
        here = fingerprint(self.files, path)
        last = self
        for commit in self.ancestry():
            if fingerprint(commit.files, path) != here:
                break
            last = commit
        return last


@dataclass
class Repo:
    """One repository of the Hub; tests read it through `files`, `text` and `history`."""

    kind: str
    id: str
    private: bool = False
    gated: bool = False
    created: str = field(default_factory=lambda: _now())
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, str] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)  # of a model: who serves it, and for which task

    def __post_init__(self) -> None:
        self.branches["main"] = self._add(None, {".gitattributes": Blob(GIT_ATTRIBUTES)}, "initial commit", "", "").oid

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    @property
    def path(self) -> str:
        """The path of the repository's page; only models stand at the root."""
        return f"/{self.id}" if self.kind == "model" else f"/{self.kind}s/{self.id}"

    def at(self, revision: str = "main") -> Commit:
        """The commit that a branch, tag, pull request (`refs/pr/1`) or full commit hash names."""
        for names in (self.branches, self.tags, self.pulls):
            if revision in names:
                return self.commits[names[revision]]
        if revision in self.commits:
            return self.commits[revision]
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Every file at a revision, large ones in full; without the `.gitattributes` that the Hub itself adds."""
        return {path: blob.data for path, blob in self.at(revision).files.items() if path != ".gitattributes"}

    def text(self, path: str, revision: str = "main") -> str:
        """One file at a revision, decoded."""
        return self.files(revision)[path].decode()

    def history(self, revision: str = "main") -> list[Commit]:
        """The commits up to a revision, newest first; the last is the Hub's own `initial commit`."""
        return list(self.at(revision).ancestry())

    def commit(self, revision: str, files: Files, title: str, message: str, author: str) -> Commit:
        """Moves a branch or a pull request to a new commit with these files."""
        names = self.pulls if revision in self.pulls else self.branches
        if revision not in names:
            raise HubError(400, f"Cannot commit to {revision}: not a branch")
        commit = self._add(self.at(revision), files, title, message, author)
        names[revision] = commit.oid
        return commit

    def open_pull(self, revision: str) -> str:
        """A new pull request that starts at `revision`; its name is `refs/pr/N`."""
        name = f"refs/pr/{len(self.pulls) + 1}"
        self.pulls[name] = self.at(revision).oid
        return name

    def _add(self, parent: Commit | None, files: Files, title: str, message: str, author: str) -> Commit:
        # The serial number keeps two equal commits apart, as the clock does in git.
        story = [self.kind, self.id, str(len(self.commits)), title, *(f"{p}\0{files[p].oid}" for p in sorted(files))]
        oid = git_sha1("commit", "\n".join(story).encode())
        self.commits[oid] = Commit(oid, parent, dict(files), title, message, author, _now())
        return self.commits[oid]


def below(files: Files, folder: str) -> dict[str, Blob]:
    """The files in a folder and its folders; all of them for the root, which is ''."""
    prefix = f"{folder}/" if folder else ""
    return {path: blob for path, blob in files.items() if path.startswith(prefix)}


def fingerprint(files: Files, path: str) -> str | None:
    """A name for what stands at `path`, the same as long as it does not change; None where nothing does."""
    if path in files:
        return files[path].oid
    inside = below(files, path)
    return git_sha1("tree", "\n".join(f"{p}\0{inside[p].oid}" for p in sorted(inside)).encode()) if inside else None


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
