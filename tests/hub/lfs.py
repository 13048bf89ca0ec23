"""Uploads of large files over git-lfs: the batch, the PUT (whole or in parts), and the verification.

Only what `huggingface_hub` uses to upload is covered: no downloads through the batch route, no locks.
"""

import hashlib
from typing import Any

from aiohttp import web

from tests.hub.answers import HubError
from tests.hub.state import Hub


def routes(hub: Hub) -> list[web.RouteDef]:
    """The batch and verify routes of the Hub, and the store's signed links."""

    def actions(oid: str, size: int, repo_url: str) -> dict[str, Any]:
        link = f"{hub.storage}/lfs/{oid}?key={hub.secret}"
        upload: dict[str, Any] = {"href": link}
        if hub.part_size is not None and size > hub.part_size:
            count = -(-size // hub.part_size)
            parts = {str(n): f"{hub.storage}/lfs/{oid}/{n}?key={hub.secret}" for n in range(1, count + 1)}
            upload = {"href": link, "header": {"chunk_size": str(hub.part_size), **parts}}
        return {"upload": upload, "verify": {"href": f"{repo_url}.git/info/lfs/objects/verify"}}

    async def batch(request: web.Request) -> web.Response:
        repo = hub.readable(request)
        hub.require_role(hub.caller(request))
        objects = []
        for wanted in (await request.json())["objects"]:
            known = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in hub.large:
                known["actions"] = actions(wanted["oid"], wanted["size"], hub.endpoint + repo.path)
            objects.append(known)
        return web.json_response({"transfer": "basic", "objects": objects})

    async def verify(request: web.Request) -> web.Response:
        hub.require_role(hub.caller(request))
        told = await request.json()
        if len(hub.large.get(told["oid"], b"")) != told["size"]:
            raise HubError(404, f"Object {told['oid']} was not uploaded")
        return web.json_response({})

    def store(oid: str, data: bytes) -> web.Response:
        if hashlib.sha256(data).hexdigest() != oid:
            raise HubError(400, f"The bytes uploaded are not those of {oid}")
        hub.large[oid] = data
        return web.Response()

    def require_key(request: web.Request) -> str:
        if request.query.get("key") != hub.secret:
            raise HubError(403, "Not a signed link")
        return request.match_info["oid"]

    async def put(request: web.Request) -> web.Response:
        return store(require_key(request), await request.read())

    async def put_part(request: web.Request) -> web.Response:
        oid, data = require_key(request), await request.read()
        hub.parts[oid, int(request.match_info["number"])] = data
        return web.Response(headers={"ETag": hashlib.md5(data).hexdigest()})

    async def complete(request: web.Request) -> web.Response:
        oid, told = require_key(request), (await request.json())["parts"]
        parts = [hub.parts.get((oid, part["partNumber"]), b"") for part in told]
        if [hashlib.md5(part).hexdigest() for part in parts] != [part["etag"] for part in told]:
            raise HubError(400, "The parts uploaded are not those announced")
        return store(oid, b"".join(parts))

    return [
        web.post("/{kinds:datasets|spaces}/{namespace}/{name}.git/info/lfs/objects/batch", batch),
        web.post("/{kinds:datasets|spaces}/{namespace}/{name}.git/info/lfs/objects/verify", verify),
        web.post("/{namespace}/{name}.git/info/lfs/objects/batch", batch),
        web.post("/{namespace}/{name}.git/info/lfs/objects/verify", verify),
        web.put("/lfs/{oid}", put),
        web.put("/lfs/{oid}/{number}", put_part),
        web.post("/lfs/{oid}", complete),
    ]
