"""All that the Hub remembers: who may do what, the repositories, and the stores behind them.

Tokens have a role, `read` or `write`, for all that their user owns; fine-grained tokens are not covered.
"""

import secrets
from dataclasses import dataclass, field

from aiohttp import web

from tests.hub.answers import HubError
from tests.hub.repo import Repo
from tests.hub.xet import Record, Xorb


@dataclass(frozen=True)
class Caller:
    """Who sent a request: a user with a role, or nobody."""

    user: str = ""
    role: str = ""

    @property
    def known(self) -> bool:
        return bool(self.user)


@dataclass
class Hub:
    """The state behind every route. Only the server's thread changes it once the server runs."""

    orgs: dict[str, set[str]] = field(default_factory=dict)
    tokens: dict[str, Caller] = field(default_factory=dict)
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)  # by sha256
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    xet_hashes: dict[str, str] = field(default_factory=dict)  # by sha256
    xorbs: dict[str, Xorb] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)  # by xet hash
    xet_tokens: dict[str, str] = field(default_factory=dict)  # token to `read` or `write`
    page_size: int = 1000
    part_size: int | None = None
    endpoint: str = ""
    storage: str = ""
    secret: str = field(default_factory=lambda: secrets.token_hex(8))

    def caller(self, request: web.Request) -> Caller:
        """Who the Authorization header names; 401 for a token that was never given out."""
        header = request.headers.get("Authorization", "")
        if not header:
            return Caller()
        if (caller := self.tokens.get(header.removeprefix("Bearer "))) is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        return caller

    def owns(self, caller: Caller, namespace: str) -> bool:
        return caller.known and (caller.user == namespace or caller.user in self.orgs.get(namespace, ()))

    def readable(self, request: web.Request) -> Repo:
        """The repository that the path names, if the caller may see it.

        The real Hub does not say whether a repository is missing or private: 401 to nobody, 404 to somebody.
        """
        caller = self.caller(request)
        match = request.match_info
        return self.find(caller, match.get("kinds", "models")[:-1], f"{match['namespace']}/{match['name']}")

    def find(self, caller: Caller, kind: str, repo_id: str) -> Repo:
        """As `readable`, for a repository that is named in a body."""
        repo = self.repos.get((kind, repo_id))
        if repo is None or (repo.private and not self.owns(caller, repo.namespace)):
            raise HubError(404 if caller.known else 401, "Repository not found", "RepoNotFound")
        return repo

    def content(self, request: web.Request) -> Repo:
        """As `readable`, and a gated repository shows its files to its owners only."""
        repo = self.readable(request)
        caller = self.caller(request)
        if repo.gated and not self.owns(caller, repo.namespace):
            message = f"Access to {repo.kind} {repo.id} is restricted and you are not in the authorized list."
            raise HubError(403 if caller.known else 401, message, "GatedRepo")
        return repo

    def writable(self, request: web.Request) -> Repo:
        """As `readable`, with the right to write; anybody who can read may open a pull request."""
        repo = self.readable(request)
        caller = self.caller(request)
        if "create_pr" in request.query:
            self.require_role(caller)
        else:
            self.require_owner(caller, repo.namespace)
        return repo

    def require_role(self, caller: Caller) -> None:
        if not caller.known:
            raise HubError(401, "Invalid username or password.")
        if caller.role != "write":
            raise HubError(403, "This token has the role read; this needs a token with the role write")

    def require_owner(self, caller: Caller, namespace: str) -> None:
        self.require_role(caller)
        if not self.owns(caller, namespace):
            raise HubError(403, f'You don\'t have the rights to write under the namespace "{namespace}"')
