"""Every call to the Hub that publishing makes, each tried again where that may help; no other file makes one."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hfsft.errors import ReleaseError
from hfsft.release.hub.retries import Tell, is_answer, patiently, refusal
from hfsft.without_datasets import quiet

if TYPE_CHECKING:
    from datasets import DatasetDict
    from huggingface_hub import CommitOperationAdd, HfApi

T = TypeVar("T")

KIND = "dataset"
BLOCK = 1 << 16  # bytes of a file that are asked for at once where it is not read as a whole
LATEST_PULLS = 10  # pull requests that are looked through for the same proposal


@dataclass(frozen=True)
class Account:
    """Who is logged in, and what the token may do."""

    name: str
    orgs: dict[str, str]  # organisation -> the user's role there, "" where the Hub does not say
    role: str  # of the token: read, write, fineGrained, or "" where the Hub does not say
    writes: frozenset[str]  # namespaces and repositories that a fine-grained token may write

    def may_write(self, namespace: str, repo_id: str) -> bool:
        """Whether a commit there can succeed, as far as can be told beforehand."""
        if self.role == "fineGrained":  # and may not be allowed to list the user's organisations
            return not self.writes.isdisjoint({namespace, repo_id})
        return self.role != "read" and (namespace == self.name or self.orgs.get(namespace, "read") != "read")


@dataclass(frozen=True)
class Snapshot:
    """A repository as it is at one commit."""

    revision: str
    private: bool
    files: dict[str, str]  # path -> sha256 of a large file, git's name of a small one
    sizes: dict[str, int]

    def bytes_of(self, folder: str) -> int:
        """Size of the files in a folder."""
        return sum(size for path, size in self.sizes.items() if path.startswith(f"{folder}/"))


@dataclass(frozen=True)
class Proposal:
    """An open or closed pull request: its reference, such as refs/pr/3, and its last commit."""

    ref: str
    revision: str


@dataclass(frozen=True)
class Committed:
    """What a commit came to."""

    revision: str
    pull_request: str | None


class Hub:
    """The Hub as publishing uses it; `tell` hears of tries that failed. Raises `ReleaseError` where it refuses."""

    def __init__(self, tell: Tell = lambda _: None, endpoint: str | None = None, token: str | None = None) -> None:
        self._tell, self._endpoint, self._token = tell, endpoint, token

    @property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(self._endpoint, token=self._token, library_name="hfsft")

    @property
    def endpoint(self) -> str:
        """Its address."""
        return self._api.endpoint

    def url(self, repo_id: str, below: str = "") -> str:
        """The address of a dataset's page, or of one below it."""
        return f"{self._api.endpoint}/datasets/{repo_id}" + (f"/{below}" if below else "")

    @property
    def logged_in(self) -> bool:
        """Whether there is a token to ask with."""
        from huggingface_hub import get_token

        return bool(get_token())

    def account(self) -> Account:
        """Who is logged in."""
        if not self.logged_in:
            raise ReleaseError(
                "not logged in to the Hub: run `hf auth login`, or set HF_TOKEN to a token that may write"
            )
        who = self._call("asking the Hub who is logged in", lambda: self._api.whoami())
        access = who.get("auth", {}).get("accessToken") or {}
        scoped = access.get("fineGrained", {}).get("scoped", [])
        writes = {scope["entity"].get("name", "") for scope in scoped if "repo.write" in scope["permissions"]}
        orgs = {org["name"]: org.get("roleInOrg", "") for org in who.get("orgs", [])}
        return Account(who["name"], orgs, access.get("role", ""), frozenset(writes))

    def snapshot(self, repo_id: str, revision: str | None = None) -> Snapshot | None:
        """The repository at its newest commit or another one; None where there is none that the user may see."""
        from huggingface_hub.hf_api import RepoFile

        def read() -> Snapshot:
            info = self._api.dataset_info(repo_id, revision=revision)
            assert info.sha is not None
            tree = self._api.list_repo_tree(repo_id, recursive=True, revision=info.sha, repo_type=KIND)
            files = [entry for entry in tree if isinstance(entry, RepoFile)]
            hashes = {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files}
            return Snapshot(info.sha, bool(info.private), hashes, {file.path: file.size for file in files})

        return self._if_there(f"reading {repo_id}", read)

    def tags(self, repo_id: str) -> dict[str, str]:
        """The commit of each tag."""
        refs = self._call(f"reading the tags of {repo_id}", lambda: self._api.list_repo_refs(repo_id, repo_type=KIND))
        return {tag.name: tag.target_commit for tag in refs.tags}

    def proposals(self, repo_id: str) -> list[Proposal]:
        """The latest pull requests, newest first."""

        def read() -> list[Proposal]:
            refs = self._api.list_repo_refs(repo_id, repo_type=KIND, include_pull_requests=True)
            return [Proposal(pull.ref, pull.target_commit) for pull in refs.pull_requests or []]

        found = self._call(f"reading the pull requests of {repo_id}", read)
        return sorted(found, key=lambda pull: int(pull.ref.rpartition("/")[2]), reverse=True)[:LATEST_PULLS]

    def text(self, repo_id: str, path: str, revision: str) -> str | None:
        """A file's text at a revision; None where it is not there."""

        def read() -> str:
            found = self._api.hf_hub_download(repo_id, path, repo_type=KIND, revision=revision)
            return Path(found).read_text(encoding="utf-8", errors="replace")

        return self._if_there(f"reading {path} of {repo_id}", read)

    def download(self, repo_id: str, revision: str, patterns: Sequence[str]) -> Path:
        """A folder that holds the files of a revision that match."""
        return Path(
            self._call(
                f"reading the release on {repo_id}",
                lambda: self._api.snapshot_download(
                    repo_id, repo_type=KIND, revision=revision, allow_patterns=list(patterns)
                ),
            )
        )

    def create(self, repo_id: str, private: bool) -> None:
        """Create an empty dataset; one that is there already is left as it is."""
        self._call(
            f"creating {repo_id}",
            lambda: self._api.create_repo(repo_id, repo_type=KIND, private=private, exist_ok=True),
        )

    def send(self, repo_id: str, path: str, place: Path, *, create_pr: bool) -> CommitOperationAdd | None:
        """Send a large file, which nobody sees before a commit names it: what that commit is given. A file that the Hub
        has already is not sent again. None of a small one, which comes with the commit itself.
        """
        from huggingface_hub import CommitOperationAdd

        added = CommitOperationAdd(path, place)

        def send() -> None:
            self._api.preupload_lfs_files(repo_id, [added], repo_type=KIND, create_pr=create_pr)

        self._call(f"sending {path} to {repo_id}", send)
        return added if added.path_or_fileobj == b"" else None

    def commit(
        self,
        repo_id: str,
        add: Mapping[str, Path | bytes | CommitOperationAdd],
        delete: Sequence[str],
        *,
        parent: str,
        title: str,
        description: str,
        create_pr: bool,
    ) -> Committed:
        """One commit over `parent`. Tried once: after a failure, the caller must look whether it landed."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        made = self._api.create_commit(
            repo_id,
            [
                *(
                    content if isinstance(content, CommitOperationAdd) else CommitOperationAdd(path, content)
                    for path, content in add.items()
                ),
                *(CommitOperationDelete(path) for path in delete),
            ],
            commit_message=title,
            commit_description=description,
            repo_type=KIND,
            parent_commit=parent,
            create_pr=create_pr,
        )
        return Committed(made.oid, made.pr_url)

    def tag(self, repo_id: str, tag: str, revision: str) -> None:
        """Tag a commit, unless it has that tag already."""
        if self.tags(repo_id).get(tag) == revision:
            return

        def create() -> None:
            self._api.create_tag(repo_id, tag=tag, revision=revision, repo_type=KIND, exist_ok=True)

        self._call(f"tagging {repo_id}", create)
        if self.tags(repo_id).get(tag) != revision:
            raise ReleaseError(f"tagging {repo_id}: the tag {tag} is on another commit by now; choose another tag")

    @contextlib.contextmanager
    def load(self, source: str, config: str, revision: str | None = None) -> Iterator[DatasetDict]:
        """One configuration as `load_dataset` gives it to anyone, from the Hub or a folder, past every older cache."""
        # Windows cannot delete files that Arrow still maps; leftovers in the temporary folder harm nobody.
        with tempfile.TemporaryDirectory(prefix="hfsft-", ignore_cleanup_errors=True) as cache:
            yield self._call(f"loading {source} back", lambda: _load(source, config, revision, cache))

    def streamed(self, source: str, config: str, revision: str | None = None) -> dict[str, Any]:
        """The columns of each split of a configuration, and its first row, as `load_dataset` streams them to anyone."""
        return self._call(f"loading {source} back", lambda: _streamed(source, config, revision))

    def opened(self, repo_id: str, path: str, revision: str) -> Any:
        """A file at a revision, to be read from any place: what is not asked for is not sent."""
        from huggingface_hub import HfFileSystem

        files = HfFileSystem(endpoint=self._api.endpoint)
        return self._call(
            f"reading {path} of {repo_id}",
            lambda: files.open(f"datasets/{repo_id}/{path}", revision=revision, block_size=BLOCK),
        )

    def _call(self, doing: str, call: Callable[[], T]) -> T:
        try:
            return patiently(call, doing, self._tell)
        except ReleaseError:
            raise
        except Exception as missing:
            raise refusal(missing, doing) from None

    def _if_there(self, doing: str, call: Callable[[], T]) -> T | None:
        try:
            return patiently(call, doing, self._tell)
        except Exception as missing:
            if not is_answer(missing):
                raise
            return None


def _streamed(source: str, config: str, revision: str | None) -> dict[str, Any]:
    import datasets

    loaded = datasets.load_dataset(source, config, revision=revision, streaming=True)
    found = {}
    for split, rows in loaded.items():
        first = next(iter(rows), None)
        found[split] = (sorted(first) if first else [], first)
    return found


def _load(source: str, config: str, revision: str | None, cache: str) -> DatasetDict:
    import datasets

    with quiet():
        loaded = datasets.load_dataset(source, config, revision=revision, cache_dir=cache)
    assert isinstance(loaded, datasets.DatasetDict)
    return loaded
