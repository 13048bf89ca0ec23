"""Rights: whether a release may go to a repository, and who would see it, asked of the Hub beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfsft.errors import ReleaseError
from hfsft.release.folder.file_names import CARD, FUNNEL
from hfsft.release.hub.hub import Account, Hub, Snapshot
from hfsft.release.hub.release_files import owned

if TYPE_CHECKING:
    from hfsft.recipe.publish import Publish

NO_REPOSITORY = "no repository to publish to: set publish.repo_id in the recipe, or give --repo-id you/name"


@dataclass(frozen=True)
class Destination:
    """Where a release would go, once nothing stands against it."""

    repo_id: str  # with its namespace
    url: str
    exists: bool
    private: bool  # as it is, or as it would be created
    notes: tuple[str, ...]

    @property
    def seen(self) -> str:
        """Who sees what goes there, where that is everybody."""
        return f"{self.url} is public" if self.exists else f"{self.url} is created as a public dataset"

    def warning(self, publish: Publish) -> str:
        """What to know before a build whose release everybody will see."""
        texts = "the rows that fell, with their texts" if publish.rejected else "ids and numbers of the rows that fell"
        parts = ["every row that is kept", "columns that `keep` names", texts]
        parts += ["what was read of the sources"] if publish.sources else []
        parts += ["samples of the rows"] if publish.samples else []
        return (
            f"this build ends by publishing, and {self.seen}: everybody can read {', '.join(parts)} and the recipe. "
            "Build and publish it?"
        )


def look(hub: Hub, publish: Publish, create_pr: bool) -> tuple[Destination, Snapshot | None]:
    """What stands against a push, which raises `ReleaseError`, and the repository as it is; asked without writing."""
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
        return Destination(repo_id, url, False, publish.private, ()), None
    notes = []
    if publish.private and not snapshot.private:
        raise ReleaseError(
            f"{repo_id} is public, but the release is to be private: make the dataset private in its settings "
            f"({url}/settings), or say `private: false` (--public)"
        )
    if snapshot.private and not publish.private:
        notes.append(f"{repo_id} is private and stays so; its settings make it public: {url}/settings")
    foreign = [path for path in snapshot.files if owned(path) and path != CARD]
    if foreign and FUNNEL not in snapshot.files and not create_pr:
        raise ReleaseError(
            f"{repo_id} holds data that hfsft did not write, such as {foreign[0]}, and a release would replace it: "
            "choose another repo_id, or delete those files there first"
        )
    if publish.tag and create_pr:
        notes.append(f"the tag {publish.tag} is not set: a pull request has none")
    elif publish.tag:
        tags = hub.tags(repo_id)
        require_free_tag(tags, publish.tag, snapshot, repo_id)
        if publish.tag in tags:
            notes.append(f"the tag {publish.tag} is on the release there: one with other rows needs another tag")
    return Destination(repo_id, url, True, snapshot.private, tuple(notes)), snapshot


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


def require_free_tag(tags: dict[str, str], tag: str, snapshot: Snapshot, repo_id: str, differs: bool = False) -> None:
    """Raise `ReleaseError` where a tag is on another release."""
    if tag in tags and (differs or tags[tag] != snapshot.revision):
        raise ReleaseError(
            f"{repo_id}: the tag {tag} is on commit {tags[tag][:12]} already, another release: choose another tag"
        )
