"""Shards of a release that other machines write into the folder which all of them see, and send to the Hub from there.

No row of them is ever in the memory of the process that builds. What a shard holds is told by its name, so that one
which was written before a build was killed is not written again; that it is as it was written is seen by its hash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hfsft.cache import PART, PARTS
from hfsft.errors import UserError
from hfsft.hashing import digest
from hfsft.release.hub.release_files import sha256_of

if TYPE_CHECKING:
    from hfsft.engine.executor import DataTask
    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.release.shards.row_shards import RowShard


@dataclass(frozen=True)
class SharedShard:
    """One shard as a task of any machine that sees the folder."""

    shard: RowShard
    folder: WorkFolder
    key: str

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return self.key + PART

    @property
    def note(self) -> str:
        """The file that says what was written, and is written last."""
        return self.key + PARTS

    @property
    def rows(self) -> int:
        """How many rows it is over."""
        return self.shard.rows

    def do(self, stops: Callable[[], bool] = lambda: False) -> Any:
        """Write the file, unless it is there and whole: the hash of what it holds."""
        try:
            noted = json.loads(self.folder.text(self.note) or "")["sha256"]
        except (ValueError, LookupError, TypeError):
            noted = None
        if noted is None or not self.folder.whole(self.file) or noted != self._hash():
            with self.folder.writing(self.file) as sink:
                self.shard.write(sink)
            noted = self._hash()
            self.folder.put(self.note, json.dumps({"sha256": noted}))
        return noted

    def _hash(self) -> str:
        with self.folder.here(self.file) as path:
            return sha256_of(path)


@dataclass
class SharedShards:
    """Those of one release; `files` are their names in the folder, by their paths in the release."""

    folder: WorkFolder
    each: Callable[[Sequence[DataTask]], list[Any]]
    files: dict[str, str] = field(default_factory=dict)

    def write(self, shards: Sequence[RowShard], of: str) -> None:
        """Have shards written, and lay them where the release is; `of` is a hash of all that they hang on.

        Raises `UserError` where one does not come as it was written.
        """
        # What is made of their first rows is in the memory of this process alone.
        paths = ["/".join(shard.path.parts[-2:]) for shard in shards]
        tasks = [
            SharedShard(replace(shard, first=None), self.folder, digest(["shard", of, path, len(shard.some)]))
            for shard, path in zip(shards, paths, strict=True)
        ]
        for task, path, sha256 in zip(tasks, paths, self.each(tasks), strict=True):
            self.folder.bring(task.file, task.shard.path)
            if sha256_of(task.shard.path) != sha256:
                raise UserError(f"{self.folder.url(task.file)}: is not as it was written (build again)")
            self.folder.used([task.file, task.note])
            self.files[path] = task.file
