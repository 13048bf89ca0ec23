"""Shards sent to the Hub by the machines that wrote them, each as a task: nobody sees them before one commit names all.

A push that broke off goes on from there: the Hub is asked for each file by its hash, and what it has is not sent again.
"""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hfsft.release.hub.hub import Hub

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd

    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.release.hub.release_files import File
    from hfsft.release.shards.shared_shards import SharedShards

LEAST = 100_000_000  # bytes of shards, from which on other machines send them


@dataclass(frozen=True)
class UploadTask:
    """Sends one file to a repository. The token goes with it, as the keys of models go with the work of asking."""

    folder: WorkFolder
    file: str
    repo_id: str
    path: str
    create_pr: bool
    endpoint: str
    token: str | None = field(repr=False)

    @property
    def rows(self) -> None:
        """It is told by its bytes."""
        return

    def do(self, stops: Callable[[], bool] = lambda: False) -> Any:
        """Send it: what the commit is given, as text; None of a small file, which comes with the commit."""
        hub = Hub(endpoint=self.endpoint, token=self.token)
        with self.folder.here(self.file) as place:
            added = hub.send(self.repo_id, self.path, place, create_pr=self.create_pr)
        return None if added is None else base64.b64encode(pickle.dumps(added)).decode()


def uploaded(
    shards: SharedShards, wanted: Mapping[str, File], hub: Hub, repo_id: str, *, create_pr: bool
) -> dict[str, CommitOperationAdd]:
    """What a commit is given of those of these files, by their paths, that other machines have sent.

    Left out are files that they do not have as they are here. Raises `ReleaseError` where the Hub refuses one.
    """
    from huggingface_hub import get_token

    theirs = [path for path in wanted if path in shards.files]
    if sum(wanted[path].size for path in theirs) < LEAST:
        return {}
    tasks = [
        UploadTask(shards.folder, shards.files[path], repo_id, path, create_pr, hub.endpoint, get_token())
        for path in theirs
    ]
    found = {}
    for path, came in zip(theirs, shards.each(tasks), strict=True):
        if came is None:
            continue
        added: CommitOperationAdd = pickle.loads(base64.b64decode(came))  # noqa: S301, of a task of ours
        if added.upload_info.sha256.hex() == wanted[path].sha256:
            found[path] = added
    return found
