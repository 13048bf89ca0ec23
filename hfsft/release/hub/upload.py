"""Publish a build: one commit on the Hub that replaces the release before it, or none where nothing differs.

The release owns `data/`, `provenance/`, `rejected/`, `preference/`, `assets/` and the files that a build writes beside
them; any other file on the Hub stays. The card is replaced too, see `changelog`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import ReleaseError
from hfsft.release.card import changelog
from hfsft.release.card.metadata import CONFIGS
from hfsft.release.comparison import diff
from hfsft.release.folder.file_names import CARD, FUNNEL, RESOLVED
from hfsft.release.folder.process_lock import one_at_a_time
from hfsft.release.hub import leaks
from hfsft.release.hub.hub import Committed, Hub, Snapshot
from hfsft.release.hub.listing import listing
from hfsft.release.hub.loadback import differences
from hfsft.release.hub.permissions import NO_REPOSITORY, Destination, look, require_free_tag
from hfsft.release.hub.release_files import Build, is_news, size, stale
from hfsft.release.hub.retries import TRIES, Tell, may_have_landed, pause
from hfsft.release.hub.sampled_loadback import counted, is_large, sample_differs
from hfsft.release.hub.shard_upload import uploaded
from hfsft.release.reader import Release

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import CommitOperationAdd

    from hfsft.recipe.publish import Publish
    from hfsft.release.shards.shared_shards import SharedShards

    Confirm = Callable[[str], bool]

COMPARED_BYTES = 300_000_000  # of the release before, whose rows are read to say what changed


@dataclass(frozen=True)
class Changes:
    """What a push would do to the repository as it is now."""

    snapshot: Snapshot | None
    add: tuple[str, ...]  # new files and those that differ
    delete: tuple[str, ...]
    size: int  # bytes of the files in `add`
    entry: str  # of the changelog
    card: str
    private: bool = True  # the repository, as it is or would be created

    def __bool__(self) -> bool:
        return bool(self.add or self.delete)

    def summary(self) -> dict[str, Any]:
        """What would be written and deleted, as JSON."""
        return {"add": list(self.add), "delete": list(self.delete), "bytes": self.size, "entry": self.entry}


@dataclass(frozen=True)
class Published:
    """What a push came to."""

    repo_id: str
    url: str
    revision: str
    private: bool
    changed: bool  # False: the Hub had it all, and no commit was made
    pull_request: str | None
    tag: str | None
    files: tuple[str, ...]  # that the release holds
    rows: dict[str, dict[str, int]]  # configuration -> split -> rows loaded back from the Hub
    notes: tuple[str, ...]


def section_of(folder: Path, given: Mapping[str, Any], not_secret: Sequence[str] = ()) -> Publish:
    """The `publish` section of the recipe that a build was made from, with what is given in its place.

    `not_secret` are fingerprints beside those of the recipe.
    """
    from pydantic import ValidationError

    from hfsft.recipe.publish import Publish

    try:
        recipe = yaml.safe_load((folder / RESOLVED).read_text(encoding="utf-8"))
        written = recipe.get("publish") or {}
        allowed = [*(written.get("not_secret") or ()), *not_secret]
        return Publish.model_validate({**written, "not_secret": allowed, **given})
    except ValidationError as error:
        raise ReleaseError("\n".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise ReleaseError(f"{folder} holds no build that can be published: {RESOLVED}: {error}") from None


def check(publish: Publish, *, create_pr: bool = False, tell: Tell = lambda _: None) -> Destination:
    """Whether a push could succeed, asked of the Hub without writing anything.

    Raises `ReleaseError` where it could not: not logged in, no right to write, a name that is taken or not allowed, a
    public repository for a release that is to be private, a tag that is on an older commit.
    """
    return look(Hub(tell), publish, create_pr)[0]


def changes(folder: Path, publish: Publish, *, create_pr: bool = False, tell: Tell = lambda _: None) -> Changes:
    """What `push` would do, without writing anything. Raises `ReleaseError` as `check` does.

    Without a repository or a login, what a new dataset would get.
    """
    hub, build = Hub(tell), _read(folder, publish)
    if publish.repo_id is None or not hub.logged_in:
        new = Destination(publish.repo_id or build.name, "", False, publish.private, ())
        return _Push(hub, build, publish, new, create_pr).changes(None)
    checked, snapshot = look(hub, publish, create_pr)
    return _Push(hub, build, publish, checked, create_pr).changes(snapshot)


def push(
    folder: Path,
    publish: Publish,
    *,
    create_pr: bool = False,
    message: str | None = None,
    news_only: bool = False,
    tell: Tell = lambda _: None,
    confirm: Confirm = lambda _: True,
    shared: SharedShards | None = None,
) -> Published:
    """Make the Hub hold what `folder` holds: one commit, then load it back and compare, then the tag.

    Safe to repeat: files that the Hub has are not sent again, and without a difference there is no commit. With
    `news_only` there is none either where only the card, the report or the counts of the run differ, and what has been
    there before is not loaded back again. `folder` is left as it is. Where everybody will see it, `confirm` is asked
    before the first byte is sent, and nothing is where it says no. Where other machines wrote the shards (`shared`) and
    these are large, they send them, before the one commit. Raises `ReleaseError`, whose message says how to go
    on.
    """
    with one_at_a_time(folder, tell):  # what is sent is one build
        build = _read(folder, publish)
        hub = Hub(tell)
        if publish.repo_id is None:
            raise ReleaseError(f"{NO_REPOSITORY}\nto go on: hfsft publish {folder} --repo-id you/{build.name}")
        try:
            checked, snapshot = look(hub, publish, create_pr)
            pushing = _Push(hub, build, publish, checked, create_pr, shared)
            if not checked.private and pushing.news(pushing.left(snapshot), news_only):
                _ask(checked, build, confirm)
            elif checked.private:
                tell("\n".join(["this goes to the Hub:", *listing(build)]))
            return pushing.run(message, news_only, tell)
        except ReleaseError as error:
            raise ReleaseError(f"{error}\nthe build is untouched; to go on: hfsft publish {folder}") from None


def _read(folder: Path, publish: Publish) -> Build:
    """The build, once no secret was found in any file of it."""
    build = Build.read(folder)
    try:
        leaks.refuse(folder, {path: folder / path for path in build.files}, publish.not_secret)
    except (OSError, ValueError) as error:  # such as a file that is no Parquet
        raise ReleaseError(f"{folder}: cannot be read: {error}") from None
    return build


def _ask(checked: Destination, build: Build, confirm: Confirm) -> None:
    """Show what everybody will see, and ask."""
    lines = ["this goes to the Hub, for everybody to see:", *listing(build)]
    if not confirm("\n".join([*lines, f"{checked.seen}, and what was there once stays in its history. Publish it?"])):
        raise ReleaseError("nothing was published, as nobody said yes to making it public (--private keeps it to you)")


@dataclass(frozen=True)
class _Push:
    """One push on its way."""

    hub: Hub
    build: Build
    publish: Publish
    checked: Destination
    create_pr: bool
    shared: SharedShards | None = None
    sent: dict[str, CommitOperationAdd] = field(default_factory=dict)  # by other machines, by path: once for all tries

    def run(self, message: str | None, news_only: bool, tell: Tell) -> Published:
        repo_id, created = self.checked.repo_id, not self.checked.exists
        if created:
            tell(f"creating {repo_id}")
            self.hub.create(repo_id, self.publish.private)
        try:
            made, changed = self._commit(message, news_only, tell)
        except ReleaseError as error:
            if not created:
                raise
            raise ReleaseError(f"{error}\n{repo_id} was created and is empty; the next push uses it") from None
        rows: dict[str, dict[str, int]] = {}
        tag = None if self.create_pr else self.publish.tag
        try:
            if changed or not news_only:
                tell("loading it back")
                rows = self._load_back(made.revision)
            if tag:
                self.hub.tag(repo_id, tag, made.revision)
        except ReleaseError as error:
            raise ReleaseError(f"{repo_id} holds the build as {made.revision}, but: {error}") from None
        return Published(
            repo_id=repo_id,
            url=self.checked.url,
            revision=made.revision,
            private=self.checked.private,
            changed=changed,
            pull_request=made.pull_request,
            tag=tag,
            files=tuple(sorted(self.build.files)),
            rows=rows,
            notes=self.checked.notes,
        )

    @staticmethod
    def news(found: Changes, news_only: bool) -> bool:
        """Whether there is something to send."""
        return bool(found) and not (news_only and not is_news(found.add + found.delete))

    def changes(self, snapshot: Snapshot | None) -> Changes:
        """What differs between the build and the repository at `snapshot`."""
        there = self._card_at(snapshot)
        found = self._differing(snapshot, changelog.merge(self.build.card, there, None))
        if not found:
            return found
        entry = self._entry(found, there)
        return replace(self._differing(snapshot, changelog.merge(self.build.card, there, entry)), entry=entry)

    def _differing(self, snapshot: Snapshot | None, card: str) -> Changes:
        remote = snapshot.files if snapshot else {}
        local = self.build.with_card(card)
        add = tuple(path for path, file in sorted(local.items()) if not file.matches(remote.get(path)))
        delete = tuple(path for path in sorted(remote) if path not in local and stale(path))
        return Changes(snapshot, add, delete, sum(local[path].size for path in add), "", card, self.checked.private)

    def _card_at(self, snapshot: Snapshot | None) -> str | None:
        if snapshot is None or CARD not in snapshot.files:
            return None
        return self.hub.text(self.checked.repo_id, CARD, snapshot.revision)

    def left(self, snapshot: Snapshot | None) -> Changes:
        """What a commit does not hold of the build, whichever releases its card lists."""
        return self._differing(snapshot, changelog.merge(self.build.card, self._card_at(snapshot), None))

    def _commit(self, message: str | None, news_only: bool, tell: Tell) -> tuple[Committed, bool]:
        """The commit that holds the release, and whether this push made it.

        Each try reads the repository again, so one loop serves for a commit of somebody else in between, for a try that
        failed, and for one that succeeded while its answer was lost. The parent that a commit names keeps it from being
        made twice.
        """
        doing = f"publishing to {self.checked.repo_id}"
        for tried in range(1, TRIES + 1):
            snapshot = self._now()
            found = self.changes(snapshot)
            if not self.news(found, news_only and tried == 1):
                return Committed(snapshot.revision, None), tried > 1
            if self.create_pr and (proposed := self._proposed()):
                return proposed, tried > 1
            if self.publish.tag and not self.create_pr:
                tags = self.hub.tags(self.checked.repo_id)
                require_free_tag(tags, self.publish.tag, snapshot, self.checked.repo_id, differs=True)
            tell(f"sending {len(found.add)} of {len(self.build.files)} files, {size(found.size)}")
            try:
                return self._send(found, snapshot, message), True
            except Exception as error:
                if may_have_landed(error) and (landed := self._landed()):
                    return landed, True
                pause(error, doing, tried, tell, conflicts=True)
        raise AssertionError("the last try returns or raises")

    def _now(self) -> Snapshot:
        snapshot = self.hub.snapshot(self.checked.repo_id)
        if snapshot is None:
            raise ReleaseError(f"{self.checked.repo_id} is gone from the Hub")
        if self.checked.private and not snapshot.private:
            why = "the release is to be private" if self.publish.private else "was private when this began"
            raise ReleaseError(f"{self.checked.repo_id} is public by now, but {why}")
        return snapshot

    def _send(self, found: Changes, snapshot: Snapshot, message: str | None) -> Committed:
        local = self.build.with_card(found.card)
        if self.shared:
            missing = {path: local[path] for path in found.add if path not in self.sent}
            repo_id = self.checked.repo_id
            self.sent.update(uploaded(self.shared, missing, self.hub, repo_id, create_pr=self.create_pr))
        return self.hub.commit(
            self.checked.repo_id,
            {path: self.sent.get(path) or local[path].content for path in found.add},
            found.delete,
            parent=snapshot.revision,
            title=message or f"Publish {self.build.name} {self.publish.tag or ''}".strip(),
            description=found.entry.partition("\n\n")[2],
            create_pr=self.create_pr,
        )

    def _landed(self) -> Committed | None:
        if self.create_pr:
            return self._proposed()
        snapshot = self._now()
        return None if self.left(snapshot) else Committed(snapshot.revision, None)

    def _proposed(self) -> Committed | None:
        """The pull request that proposes this very release."""
        repo_id = self.checked.repo_id
        for proposal in self.hub.proposals(repo_id):
            snapshot = self.hub.snapshot(repo_id, proposal.revision)
            if snapshot and not self.left(snapshot):
                url = self.hub.url(repo_id, f"discussions/{proposal.ref.rpartition('/')[2]}")
                return Committed(proposal.revision, url)
        return None

    def _entry(self, found: Changes, there: str | None) -> str:
        """The release's entry in the changelog, with what became of the rows on the Hub."""
        snapshot, new = found.snapshot, self.build.summary
        if snapshot is None or FUNNEL not in snapshot.files:
            return changelog.describe(self.publish.tag, there, new, None, {}, None)
        repo_id = self.checked.repo_id
        names = [tag for tag, commit in self.hub.tags(repo_id).items() if commit == snapshot.revision]
        shown, revision = (names[0], names[0]) if names else (snapshot.revision[:12], snapshot.revision)
        before = f"[{shown}]({self.hub.url(repo_id, f'tree/{revision}')})"
        readable = snapshot.bytes_of("provenance") <= COMPARED_BYTES
        patterns = [FUNNEL, *(["provenance/*"] if readable else [])]
        folder = self.hub.download(repo_id, snapshot.revision, patterns)
        old = Release(repo_id, folder)
        try:
            became = diff(old, Release(self.build.name, self.build.folder)) if readable else None
            return changelog.describe(self.publish.tag, there, new, before, old.summary(), became)
        except (ReleaseError, KeyError, ValueError):  # written by another version, or by hand
            return changelog.describe(self.publish.tag, there, new, before, {}, None)

    def _load_back(self, revision: str) -> dict[str, dict[str, int]]:
        """Rows of each split of each configuration, as loaded from the Hub; `ReleaseError` where they differ."""
        repo_id = self.checked.repo_id
        snapshot = self.hub.snapshot(repo_id, revision)
        left = self.left(snapshot) if snapshot else None
        wrong = [f"{path} is not as sent" for path in left.add] if left else []
        rows: dict[str, dict[str, int]] = {}
        configs = changelog.configs(self.build.card)
        if is_large(self.build.files):
            rows, differing = self._sample(revision, configs)
            wrong, configs = wrong + differing, []
        for config in configs:
            with (
                self.hub.load(str(self.build.folder), config) as here,
                self.hub.load(repo_id, config, revision) as there,
            ):
                wrong += differences(config, here, there)
                rows[config] = {split: len(there[split]) for split in there}
        if wrong:
            raise ReleaseError(f"it does not load as built: {'; '.join(wrong)}")
        return rows

    def _sample(self, revision: str, configs: Sequence[str]) -> tuple[dict[str, dict[str, int]], list[str]]:
        """The same of a large release: what each configuration has by the footers of its files, and what differs."""
        repo_id, files = self.checked.repo_id, self.build.files
        wrong = []
        for config in configs:
            here, there = (
                self.hub.streamed(*which) for which in ((str(self.build.folder), config), (repo_id, config, revision))
            )
            if here != there:
                wrong.append(f"{config}: its splits, columns or first rows are others on the Hub than here")

        def opened(path: str) -> Any:
            return self.hub.opened(repo_id, path, revision)

        rows, differing = counted(files, opened)
        wrong += [*differing, *(sample_differs(files, opened) if not differing else [])]
        return {config: rows[CONFIGS.get(config, config)] for config in configs}, wrong
