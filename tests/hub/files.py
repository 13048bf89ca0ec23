"""Downloads: `resolve` answers with a small file, or sends the client on to the store of large ones."""

import hashlib

from aiohttp import web

from tests.hub.answers import HubError, ranged
from tests.hub.state import Hub


def routes(hub: Hub) -> list[web.RouteDef]:
    """The download routes, and the store's signed links."""

    def key(sha256: str) -> str:
        return hashlib.sha256(f"{hub.secret} {sha256}".encode()).hexdigest()[:16]

    async def resolve(request: web.Request) -> web.Response:
        repo = hub.content(request)
        commit = repo.at(request.match_info["revision"])
        headers = {"X-Repo-Commit": commit.oid}
        blob = commit.files.get(request.match_info["path"])
        if blob is None:
            raise HubError(404, "Entry not found", "EntryNotFound", headers=headers)
        headers["ETag"] = f'"{blob.etag}"'
        if not blob.large:
            return ranged(request, blob.data, headers)
        headers["X-Linked-ETag"] = f'"{blob.etag}"'
        headers["X-Linked-Size"] = str(len(blob.data))
        headers["Location"] = f"{hub.storage}/cdn/{blob.sha256}?key={key(blob.sha256)}"
        if xet_hash := hub.xet_hashes.get(blob.sha256):
            auth = f"{hub.endpoint}/api/{repo.kind}s/{repo.id}/xet-read-token/{commit.oid}"
            headers |= {"X-Xet-Hash": xet_hash, "Link": f'<{auth}>; rel="xet-auth"'}
        return web.Response(status=302, headers=headers)

    async def cdn(request: web.Request) -> web.Response:
        sha256 = request.match_info["sha256"]
        if sha256 not in hub.large or request.query.get("key") != key(sha256):
            raise HubError(403, "Not a signed link")
        return ranged(request, hub.large[sha256], {"ETag": f'"{sha256}"'})

    return [
        web.get("/{kinds:datasets|spaces}/{namespace}/{name}/resolve/{revision}/{path:.+}", resolve),
        web.get("/cdn/{sha256}", cdn),
        web.get("/{namespace}/{name}/resolve/{revision}/{path:.+}", resolve),
    ]
