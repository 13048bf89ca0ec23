"""The Hub as a running server: two loopback ports, one thread, a log of the requests.

The second port stands for the store of large files (CDN, upload bucket, xet), which on the real Hub is another origin
that must never see the user's token.
"""

import asyncio
import threading
from dataclasses import dataclass
from types import ModuleType

from aiohttp import web

from tests.hub import cas, commit, files, lfs, repos, tree
from tests.hub.answers import HubError
from tests.hub.faults import Faults, Handler
from tests.hub.repo import Repo
from tests.hub.state import Caller, Hub

# `files` comes last: its route for models would take any path.
_ROUTES: tuple[ModuleType, ...] = (repos, tree, commit, lfs, cas, files)
_BODY_LIMIT = 1 << 30


@dataclass(frozen=True)
class Request:
    """One request that was dealt with; `status` 0 means that the connection was cut."""

    method: str
    path: str
    query: str
    status: int
    token: str


class Server:
    """A Hub on loopback, from `start` to `stop`. Tests set it up and read it through its attributes."""

    def __init__(self) -> None:
        self.state = Hub()
        self.faults = Faults()
        self.requests: list[Request] = []
        self.bugs: list[Exception] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hub", daemon=True)

    @property
    def endpoint(self) -> str:
        """The Hub's address, for HF_ENDPOINT."""
        return self.state.endpoint

    def token(self, user: str, role: str = "write") -> str:
        """A token of a user, who needs no other introduction; `role` is `read` or `write`."""
        if role not in ("read", "write"):
            raise ValueError(f"a token's role is read or write, not {role!r}")
        token = f"hf_{user}_{role}"
        self.state.tokens[token] = Caller(user, role)
        return token

    def org(self, name: str, *members: str) -> None:
        """An organisation; each of its members may write all it owns."""
        self.state.orgs[name] = set(members)

    def repo(self, repo_id: str, kind: str = "dataset") -> Repo:
        """A repository as it is now; LookupError if there is none."""
        try:
            return self.state.repos[kind, repo_id]
        except KeyError:
            known = ", ".join(f"{kind} {name}" for kind, name in self.state.repos) or "none"
            raise LookupError(f"the hub has no {kind} {repo_id} (it has: {known})") from None

    def count(self, method: str, ending: str, status: int = 200) -> int:
        """How many requests with this method had this status and a path that ends so, say `/commit/main`."""
        return sum(r.method == method and r.path.endswith(ending) and r.status == status for r in self.requests)

    def start(self) -> None:
        """Opens the two ports; from here on the Hub answers."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(timeout=10)

    def stop(self) -> None:
        """Closes ports, connections and thread. What the Hub holds can still be read."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        app = web.Application(middlewares=[self._middleware], client_max_size=_BODY_LIMIT)
        for module in _ROUTES:
            app.add_routes(module.routes(self.state))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        for _ in range(2):
            await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.state.endpoint, self.state.storage = (f"http://{host}:{port}" for host, port in self._runner.addresses)

    async def _close(self) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        async def refusing(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except HubError as refusal:
                return refusal.response()
            except web.HTTPException as unknown:  # no such route, or not with this method
                return HubError(unknown.status, f"The test hub has no {request.method} {request.path}").response()
            except ConnectionError:  # the client went away
                raise
            except Exception as bug:
                self.bugs.append(bug)
                return HubError(500, f"A bug of the test hub: {bug!r}").response()

        fault = self.faults.find(request)
        answer = await (fault.strike(request, refusing) if fault else refusing(request))
        status = 0 if fault and fault.cuts else answer.status
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.requests.append(Request(request.method, request.path, request.query_string, status, token))
        return answer
