"""What stands in a revision: folder listings in pages, single paths, and the list of commits."""

from typing import Any

from aiohttp import web

from tests.hub.answers import HubError, paged
from tests.hub.repo import Commit, below, fingerprint
from tests.hub.state import Hub


def routes(hub: Hub) -> list[web.RouteDef]:
    """The routes that list."""

    def entry(commit: Commit, path: str, expand: bool) -> dict[str, Any]:
        blob = commit.files.get(path)
        row: dict[str, Any]
        if blob is None:
            row = {"type": "directory", "oid": fingerprint(commit.files, path), "size": 0, "path": path}
        else:
            row = {"type": "file", "oid": blob.oid, "size": len(blob.data), "path": path}
            if blob.large:
                row["lfs"] = {"oid": blob.sha256, "size": len(blob.data), "pointerSize": len(blob.pointer)}
                if xet_hash := hub.xet_hashes.get(blob.sha256):
                    row["xetHash"] = xet_hash
        if expand:
            last = commit.last_change(path)
            row["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
        return row

    async def tree(request: web.Request) -> web.Response:
        commit = hub.content(request).at(request.match_info["revision"])
        folder = request.match_info.get("path", "").strip("/")
        if folder and not below(commit.files, folder):
            raise HubError(404, f"{folder} does not exist on this revision", "EntryNotFound")
        paths = _listing(commit, folder, _is_set(request.query.get("recursive")))
        expand = _is_set(request.query.get("expand"))
        return paged(request, [entry(commit, path, expand) for path in paths], hub.page_size)

    async def paths_info(request: web.Request) -> web.Response:
        commit, form = hub.content(request).at(request.match_info["revision"]), await request.post()
        expand = _is_set(str(form.get("expand", "")))
        paths = [str(path).strip("/") for path in form.getall("paths", [])]
        return web.json_response([entry(commit, path, expand) for path in paths if fingerprint(commit.files, path)])

    async def commits(request: web.Request) -> web.Response:
        commit = hub.readable(request).at(request.match_info["revision"])
        return paged(request, [_story(each) for each in commit.ancestry()], hub.page_size)

    repo = "/api/{kinds:models|datasets|spaces}/{namespace}/{name}"
    return [
        web.get(repo + "/tree/{revision}", tree),
        web.get(repo + "/tree/{revision}/{path:.*}", tree),
        web.post(repo + "/paths-info/{revision}", paths_info),
        web.get(repo + "/commits/{revision}", commits),
    ]


def _listing(commit: Commit, folder: str, recursive: bool) -> list[str]:
    """The paths in a folder, folders included, without those deeper down unless `recursive`."""
    depth = folder.count("/") + 1 if folder else 0
    paths: set[str] = set()
    for path in below(commit.files, folder):
        parts = path.split("/")
        deepest = len(parts) if recursive else depth + 1
        paths.update("/".join(parts[:end]) for end in range(depth + 1, deepest + 1))
    return sorted(paths)


def _story(commit: Commit) -> dict[str, Any]:
    authors = [{"user": commit.author}] if commit.author else []
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": commit.date,
        "authors": authors,
        "formatted": {"title": commit.title, "message": commit.message},
    }


def _is_set(flag: str | None) -> bool:
    return (flag or "").lower() in ("true", "1")
