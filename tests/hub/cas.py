"""The content-addressed store that `hf_xet` uploads to and downloads from, and the tokens that open it.

Answers 404 where the client has an older way that it falls back to: upload grants, shards v2, deduplication queries.
"""

import secrets
import time

from aiohttp import web

from tests.hub.answers import HubError, ranged, span
from tests.hub.state import Hub
from tests.hub.xet import assemble, read_shard, read_xorb, reconstruction

_HOUR = 3600


def routes(hub: Hub) -> list[web.RouteDef]:
    """The token routes of the Hub and the routes of the store."""

    def token(scope: str) -> web.Response:
        access = f"xet-{scope}-{secrets.token_hex(8)}"
        hub.xet_tokens[access] = scope
        until = int(time.time()) + _HOUR
        headers = {
            "X-Xet-Cas-Url": hub.storage,
            "X-Xet-Access-Token": access,
            "X-Xet-Token-Expiration": str(until),
        }
        return web.json_response({"casUrl": hub.storage, "accessToken": access, "exp": until}, headers=headers)

    def require(request: web.Request, *scopes: str) -> None:
        scope = hub.xet_tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if scope is None:
            raise HubError(401, "Missing or unknown xet token")
        if scope not in scopes:
            raise HubError(403, f"This xet token is for {scope} only")

    async def write_token(request: web.Request) -> web.Response:
        repo = hub.writable(request)
        if "create_pr" not in request.query:  # a pull request that is yet to be made has no revision
            repo.at(request.match_info["revision"])
        return token("write")

    async def read_token(request: web.Request) -> web.Response:
        hub.content(request).at(request.match_info["revision"])
        return token("read")

    async def put_xorb(request: web.Request) -> web.Response:
        require(request, "write")
        name = request.match_info["hash"]
        inserted = name not in hub.xorbs
        hub.xorbs[name] = read_xorb(await request.read())
        return web.json_response({"was_inserted": inserted})

    async def put_shard(request: web.Request) -> web.Response:
        require(request, "write")
        for record in read_shard(await request.read()):
            data = assemble(record, hub.xorbs)
            hub.records[record.xet_hash] = record
            hub.large[record.sha256] = data
            hub.xet_hashes[record.sha256] = record.xet_hash
        return web.json_response({"result": 1})

    async def get_reconstruction(request: web.Request) -> web.Response:
        require(request, "read", "write")
        record = hub.records.get(request.match_info["hash"])
        if record is None:
            raise HubError(404, "No such file")
        start, stop = span(request.headers.get("Range", "bytes=0-"), record.size)
        url = f"{hub.storage}/xorbs/{{xorb}}?key={hub.secret}"
        return web.json_response(reconstruction(record, hub.xorbs, start, stop, url))

    async def get_xorb(request: web.Request) -> web.Response:
        xorb = hub.xorbs.get(request.match_info["hash"])
        if xorb is None or request.query.get("key") != hub.secret:
            raise HubError(403, "Not a signed link")
        return ranged(request, xorb.packed, {})

    repo = "/api/{kinds:models|datasets|spaces}/{namespace}/{name}"
    return [
        web.get(repo + "/xet-write-token/{revision}", write_token),
        web.get(repo + "/xet-read-token/{revision}", read_token),
        web.post("/v1/xorbs/default/{hash}", put_xorb),
        web.post("/v1/shards", put_shard),
        web.get("/v2/reconstructions/{hash}", get_reconstruction),
        web.get("/xorbs/{hash}", get_xorb),
    ]
