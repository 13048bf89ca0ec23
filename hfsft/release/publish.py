"""Publish a build: one commit on the Hub that replaces the release before it, or none where nothing differs.

The release owns `data/`, `provenance/`, `rejected/`, `preference/`, `assets/` and the files that a build writes beside
them; any other file on the Hub stays. The card is replaced too, see `changelog`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import ReleaseError
from hfsft.release import changelog
from hfsft.release.diff import diff
from hfsft.release.files import Build, is_news, listing, owned
from hfsft.release.hub import Account, Committed, Hub, Snapshot
from hfsft.release.loadback import differences
from hfsft.release.names import CARD, FUNNEL, RESOLVED
from hfsft.release.patience import TRIES, Tell, may_have_landed, pause
from hfsft.release.reader import Release

if TYPE_CHECKING:
    from hfsft.recipe.publish import Publish

NO_REPOSITORY = "no repository to publish to: set publish.repo_id in the recipe, or give --repo-id you/name"
COMPARED_BYTES = 300_000_000  # of the release before, whose rows are read to say what changed


@dataclass(frozen=True)
class Checked:
    """Where a release would go, once nothing stands against it."""

    repo_id: str  # with its namespace
    url: str
    exists: bool
    private: bool  # as it is, or as it would be created
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What a push would do to the repository as it is now."""

    snapshot: Snapshot | None
    add: tuple[str, ...]  # new files and those that differ
    delete: tuple[str, ...]
    size: int  # bytes of the files in `add`
    entry: str  # of the changelog
    card: str

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


def section_of(folder: Path, given: Mapping[str, Any]) -> Publish:
    """The `publish` section of the recipe that a build was made from, with what is given in its place."""
    from pydantic import ValidationError

    from hfsft.recipe.publish import Publish

    try:
        recipe = yaml.safe_load((folder / RESOLVED).read_text(encoding="utf-8"))
        return Publish.model_validate({**(recipe.get("publish") or {}), **given})
    except ValidationError as error:
        raise ReleaseError("\n".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise ReleaseError(f"{folder} holds no build that can be published: {RESOLVED}: {error}") from None


def check(publish: Publish, *, create_pr: bool = False, tell: Tell = lambda _: None) -> Checked:
    """Whether a push could succeed, asked of the Hub without writing anything.

    Raises `ReleaseError` where it could not: not logged in, no right to write, a name that is taken or not allowed, a
    public repository for a release that is to be private, a tag that is on an older commit.
    """
    return _check(Hub(tell), publish, create_pr)[0]


def changes(folder: Path, publish: Publish, *, create_pr: bool = False, tell: Tell = lambda _: None) -> Changes:
    """What `push` would do, without writing anything. Raises `ReleaseError` as `check` does.

    Without a repository or a login, what a new dataset would get.
    """
    hub, build = Hub(tell), Build.read(folder)
    if publish.repo_id is None or not hub.logged_in:
        new = Checked(publish.repo_id or build.name, "", False, publish.private, ())
        return _Push(hub, build, publish, new, create_pr).changes(None)
    checked, snapshot = _check(hub, publish, create_pr)
    return _Push(hub, build, publish, checked, create_pr).changes(snapshot)


def push(
    folder: Path,
    publish: Publish,
    *,
    create_pr: bool = False,
    message: str | None = None,
    news_only: bool = False,
    tell: Tell = lambda _: None,
) -> Published:
    """Make the Hub hold what `folder` holds: one commit, then load it back and compare, then the tag.

    Safe to repeat: files that the Hub has are not sent again, and without a difference there is no commit. With
    `news_only` there is none either where only the card, the report or the counts of the run differ, and what has been
    there before is not loaded back again. `folder` is left as it is. Raises `ReleaseError`, whose message says how to
    go on.
    """
    build = Build.read(folder)
    hub = Hub(tell)
    if publish.repo_id is None:
        raise ReleaseError(f"{NO_REPOSITORY}\nto go on: hfsft publish {folder} --repo-id you/{build.name}")
    tell("\n".join(["this goes to the Hub:", *listing(build)]))
    try:
        checked, _ = _check(hub, publish, create_pr)
        return _Push(hub, build, publish, checked, create_pr).run(message, news_only, tell)
    except ReleaseError as error:
        raise ReleaseError(f"{error}\nthe build is untouched; to go on: hfsft publish {folder}") from None


def _check(hub: Hub, publish: Publish, create_pr: bool) -> tuple[Checked, Snapshot | None]:
    if publish.repo_id is None:
        raise ReleaseError(NO_REPOSITORY)
    account = hub.account()
    repo_id = publish.repo_id if "/" in publish.repo_id else f"{account.name}/{publish.repo_id}"
    _require_rights(account, repo_id, create_pr)
    snapshot = hub.snapshot(repo_id)
    url = hub.url(repo_id)
    if snapshot is None:
        if create_pr:
            raise ReleaseError(f"{repo_id}: there is no such dataset to propose a release to, or you may not see it")
        return Checked(repo_id, url, False, publish.private, ()), None
    notes = []
    if publish.private and not snapshot.private:
        raise ReleaseError(
            f"{repo_id} is public, but the release is to be private: make the dataset private in its settings "
            f"({url}/settings), or say `private: false` (--public)"
        )
    if snapshot.private and not publish.private:
        notes.append(f"{repo_id} is private and stays so; its settings make it public: {url}/settings")
    foreign = [path for path in snapshot.files if owned(path) and "/" in path]
    if foreign and FUNNEL not in snapshot.files and not create_pr:
        raise ReleaseError(
            f"{repo_id} holds data that hfsft did not write, such as {foreign[0]}, and a release would replace it: "
            "choose another repo_id, or delete those files there first"
        )
    if publish.tag and create_pr:
        notes.append(f"the tag {publish.tag} is not set: a pull request has none")
    elif publish.tag:
        tags = hub.tags(repo_id)
        _require_free(tags, publish.tag, snapshot, repo_id)
        if publish.tag in tags:
            notes.append(f"the tag {publish.tag} is on the release there: one with other rows needs another tag")
    return Checked(repo_id, url, True, snapshot.private, tuple(notes)), snapshot


def _require_rights(account: Account, repo_id: str, create_pr: bool) -> None:
    namespace = repo_id.partition("/")[0]
    if account.role == "read":
        raise ReleaseError(
            f"the token of {account.name} may only read: log in with `hf auth login` and a token that may write"
        )
    if create_pr or account.may_write(namespace, repo_id):
        return
    if namespace == account.name or namespace in account.orgs:
        raise ReleaseError(
            f"{repo_id}: this token of {account.name} may not write there: log in with one that may write to "
            f"{namespace}, or propose the release with --create-pr"
        )
    theirs = ", ".join([account.name, *(org for org, role in account.orgs.items() if role != "read")])
    raise ReleaseError(
        f"{repo_id}: {account.name} may not write there (may write to: {theirs}); to propose the release: --create-pr"
    )


def _require_free(tags: dict[str, str], tag: str, snapshot: Snapshot, repo_id: str, differs: bool = False) -> None:
    if tag in tags and (differs or tags[tag] != snapshot.revision):
        raise ReleaseError(
            f"{repo_id}: the tag {tag} is on commit {tags[tag][:12]} already, another release: choose another tag"
        )


@dataclass(frozen=True)
class _Push:
    """One push on its way."""

    hub: Hub
    build: Build
    publish: Publish
    checked: Checked
    create_pr: bool

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
        delete = tuple(path for path in sorted(remote) if path not in local and owned(path))
        return Changes(snapshot, add, delete, sum(local[path].size for path in add), "", card)

    def _card_at(self, snapshot: Snapshot | None) -> str | None:
        if snapshot is None or CARD not in snapshot.files:
            return None
        return self.hub.text(self.checked.repo_id, CARD, snapshot.revision)

    def _left(self, snapshot: Snapshot) -> Changes:
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
            if not found or (news_only and tried == 1 and not is_news(found.add + found.delete)):
                return Committed(snapshot.revision, None), tried > 1
            if self.create_pr and (proposed := self._proposed()):
                return proposed, tried > 1
            if self.publish.tag and not self.create_pr:
                tags = self.hub.tags(self.checked.repo_id)
                _require_free(tags, self.publish.tag, snapshot, self.checked.repo_id, differs=True)
            tell(f"sending {len(found.add)} of {len(self.build.files)} files, {found.size / 1e6:,.1f} MB")
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
        if self.publish.private and not snapshot.private:
            raise ReleaseError(f"{self.checked.repo_id} is public by now, but the release is to be private")
        return snapshot

    def _send(self, found: Changes, snapshot: Snapshot, message: str | None) -> Committed:
        local = self.build.with_card(found.card)
        return self.hub.commit(
            self.checked.repo_id,
            {path: local[path].content for path in found.add},
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
        return None if self._left(snapshot) else Committed(snapshot.revision, None)

    def _proposed(self) -> Committed | None:
        """The pull request that proposes this very release."""
        repo_id = self.checked.repo_id
        for proposal in self.hub.proposals(repo_id):
            snapshot = self.hub.snapshot(repo_id, proposal.revision)
            if snapshot and not self._left(snapshot):
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
        left = self._left(snapshot) if snapshot else None
        wrong = [f"{path} is not as sent" for path in left.add] if left else []
        rows: dict[str, dict[str, int]] = {}
        for config in changelog.configs(self.build.card):
            with (
                self.hub.load(str(self.build.folder), config) as here,
                self.hub.load(repo_id, config, revision) as there,
            ):
                wrong += differences(config, here, there)
                rows[config] = {split: len(there[split]) for split in there}
        if wrong:
            raise ReleaseError(f"it does not load as built: {'; '.join(wrong)}")
        return rows
