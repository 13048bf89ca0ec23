"""Accounts and repositories: who am I, create, delete, move, settings, info, refs, branches, tags."""

from typing import Any

import yaml
from aiohttp import web

from tests.hub.answers import HubError
from tests.hub.repo import Blob, Commit, Repo
from tests.hub.state import Hub


def routes(hub: Hub) -> list[web.RouteDef]:
    """The routes under /api that need no file."""

    async def whoami(request: web.Request) -> web.Response:
        caller = hub.caller(request)
        if not caller.known:
            raise HubError(401, "Invalid username or password.")
        orgs = [{"type": "org", "name": org} for org, members in hub.orgs.items() if caller.user in members]
        access = {"displayName": f"{caller.user}'s", "role": caller.role}
        auth = {"type": "access_token", "accessToken": access}
        return web.json_response({"type": "user", "name": caller.user, "orgs": orgs, "auth": auth})

    async def create(request: web.Request) -> web.Response:
        caller, body = hub.caller(request), await request.json()
        namespace = body.get("organization") or caller.user
        hub.require_owner(caller, namespace)
        private = body.get("visibility") == "private" or bool(body.get("private"))
        repo = Repo(body.get("type", "model"), f"{namespace}/{body['name']}", private)
        url = hub.endpoint + repo.path
        if (repo.kind, repo.id) in hub.repos:
            raise HubError(409, f"You already created this {repo.kind} repo", url=url)
        hub.repos[repo.kind, repo.id] = repo
        return web.json_response({"url": url, "name": repo.id, "id": repo.id})

    async def delete(request: web.Request) -> web.Response:
        caller, body = hub.caller(request), await request.json()
        repo_id = f"{body.get('organization') or caller.user}/{body['name']}"
        repo = hub.find(caller, body.get("type", "model"), repo_id)
        hub.require_owner(caller, repo.namespace)
        del hub.repos[repo.kind, repo.id]
        return web.json_response({})

    async def move(request: web.Request) -> web.Response:
        caller, body = hub.caller(request), await request.json()
        repo = hub.find(caller, body["type"], body["fromRepo"])
        for namespace in (repo.namespace, body["toRepo"].partition("/")[0]):
            hub.require_owner(caller, namespace)
        if (repo.kind, body["toRepo"]) in hub.repos:
            raise HubError(409, f"{body['toRepo']} exists")
        del hub.repos[repo.kind, repo.id]
        repo.id = body["toRepo"]
        hub.repos[repo.kind, repo.id] = repo
        return web.json_response({"url": hub.endpoint + repo.path})

    async def settings(request: web.Request) -> web.Response:
        repo, body = hub.writable(request), await request.json()
        if "visibility" in body or "private" in body:
            repo.private = body.get("visibility") == "private" or bool(body.get("private"))
        if "gated" in body:
            repo.gated = bool(body["gated"])
        return web.json_response({"private": repo.private, "gated": repo.gated})

    async def info(request: web.Request) -> web.Response:
        repo = hub.readable(request)
        commit = repo.at(request.match_info.get("revision", "main"))
        return web.json_response(_info(repo, commit, "blobs" in request.query))

    async def refs(request: web.Request) -> web.Response:
        repo = hub.readable(request)
        rows: dict[str, list[dict[str, str]]] = {
            "branches": [_ref(name, f"refs/heads/{name}", oid) for name, oid in repo.branches.items()],
            "tags": [_ref(name, f"refs/tags/{name}", oid) for name, oid in repo.tags.items()],
            "converts": [],
        }
        if "include_prs" in request.query:
            rows["pullRequests"] = [_ref(name, name, oid) for name, oid in repo.pulls.items()]
        return web.json_response(rows)

    async def add_branch(request: web.Request) -> web.Response:
        repo, name = hub.writable(request), request.match_info["ref"]
        start = (await request.json()).get("startingPoint", "main")
        return _add(repo.branches, name, repo.at(start))

    async def add_tag(request: web.Request) -> web.Response:
        # The path names what is tagged; the tag's own name is in the body.
        repo, name = hub.writable(request), (await request.json())["tag"]
        return _add(repo.tags, name, repo.at(request.match_info["ref"]))

    async def drop_branch(request: web.Request) -> web.Response:
        if request.match_info["ref"] == "main":
            raise HubError(403, "Cannot delete the branch main")
        return _drop(hub.writable(request).branches, request.match_info["ref"])

    async def drop_tag(request: web.Request) -> web.Response:
        return _drop(hub.writable(request).tags, request.match_info["ref"])

    repo = "/api/{kinds:models|datasets|spaces}/{namespace}/{name}"
    return [
        web.get("/api/whoami-v2", whoami),
        web.post("/api/repos/create", create),
        web.delete("/api/repos/delete", delete),
        web.post("/api/repos/move", move),
        web.put(repo + "/settings", settings),
        web.get(repo, info),
        web.get(repo + "/revision/{revision}", info),
        web.get(repo + "/refs", refs),
        web.post(repo + "/branch/{ref}", add_branch),
        web.post(repo + "/tag/{ref}", add_tag),
        web.delete(repo + "/branch/{ref}", drop_branch),
        web.delete(repo + "/tag/{ref}", drop_tag),
    ]


def front_matter(readme: str) -> Any:
    """The YAML at the top of a README, or None if there is none; yaml.YAMLError if it is broken."""
    opening, _, rest = readme.partition("---\n")
    block, fence, _ = rest.partition("\n---")
    return yaml.safe_load(block) if fence and not opening.strip() else None


def _info(repo: Repo, commit: Commit, with_blobs: bool) -> dict[str, Any]:
    """What the Hub says about a repository; `expand` may ask for less, and gets all of it all the same."""
    readme = commit.files.get("README.md", Blob(b""))
    try:
        card = front_matter(readme.data.decode(errors="replace"))
    except yaml.YAMLError:
        card = None
    return {
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.oid,
        "createdAt": repo.created,
        "lastModified": commit.date,
        "private": repo.private,
        "gated": "auto" if repo.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "cardData": card,
        "inferenceProviderMapping": {
            provider: {"status": "live", "providerId": repo.id, "task": task}
            for provider, task in repo.providers.items()
        },
        "siblings": [_sibling(path, commit.files[path], with_blobs) for path in sorted(commit.files)],
    }


def _sibling(path: str, blob: Blob, with_blobs: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"rfilename": path}
    if with_blobs:
        row |= {"size": len(blob.data), "blobId": blob.oid}
        if blob.large:
            row["lfs"] = {"sha256": blob.sha256, "size": len(blob.data), "pointerSize": len(blob.pointer)}
    return row


def _ref(name: str, ref: str, oid: str) -> dict[str, str]:
    return {"name": name, "ref": ref, "targetCommit": oid}


def _add(names: dict[str, str], name: str, commit: Commit) -> web.Response:
    if name in names:
        raise HubError(409, f"Reference {name} already exists")
    names[name] = commit.oid
    return web.json_response({})


def _drop(names: dict[str, str], name: str) -> web.Response:
    if names.pop(name, None) is None:
        raise HubError(404, f"Reference {name} does not exist", "RevisionNotFound")
    return web.json_response({})
