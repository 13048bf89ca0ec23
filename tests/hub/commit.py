"""Commits: which files go to the large-file store, is the card valid, and the commit itself.

A commit is one line of JSON per operation, after a header:

    {"key": "header", "value": {"summary": "Add rows", "description": "", "parentCommit": "5a1c..."}}
    {"key": "file", "value": {"path": "README.md", "content": "IyBIZWxsbw==", "encoding": "base64"}}
    {"key": "lfsFile", "value": {"path": "data/train.parquet", "algo": "sha256", "oid": "9f86...", "size": 1024}}
    {"key": "deletedFolder", "value": {"path": "data/"}}

Not covered: .gitignore, and the real Hub's own opinion on a card's licence, language and tags (only its YAML is read).
"""

import base64
import json
from typing import Any

import yaml
from aiohttp import web

from tests.hub.answers import HubError
from tests.hub.repo import Blob, Commit, below
from tests.hub.repos import front_matter
from tests.hub.state import Hub

_LARGE_SUFFIXES = (".parquet", ".arrow", ".bin", ".safetensors", ".gguf", ".zip", ".gz", ".zst", ".npy", ".npz")
_LARGE_FROM = 10_000_000  # bytes; the real Hub takes text up to about 10 MB into git


def routes(hub: Hub) -> list[web.RouteDef]:
    """The routes that write files."""

    async def preupload(request: web.Request) -> web.Response:
        repo = hub.writable(request)
        there = repo.at(request.match_info["revision"]).files
        rows = []
        for file in (await request.json())["files"]:
            blob = there.get(file["path"])
            mode = "lfs" if _is_large(file["path"], file["size"], base64.b64decode(file["sample"])) else "regular"
            row = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
            rows.append(row | ({"oid": blob.etag} if blob else {}))
        return web.json_response({"files": rows})

    async def validate_yaml(request: web.Request) -> web.Response:
        try:
            card = front_matter((await request.json())["content"])
        except yaml.YAMLError as problem:
            return web.json_response({"errors": [{"message": str(problem)}], "warnings": []}, status=400)
        if card is not None and not isinstance(card, dict):
            problems = [{"message": "The metadata must be a mapping"}]
            return web.json_response({"errors": problems, "warnings": []}, status=400)
        warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
        return web.json_response({"errors": [], "warnings": warnings})

    async def commit(request: web.Request) -> web.Response:
        repo, caller = hub.writable(request), hub.caller(request)
        lines = [json.loads(line) for line in (await request.text()).splitlines() if line.strip()]
        if not lines or lines[0].get("key") != "header":
            raise HubError(400, "A commit starts with its header")
        header, revision = lines[0]["value"], request.match_info["revision"]
        head = repo.at(revision)
        if header.get("parentCommit", head.oid) != head.oid:
            raise HubError(412, "A commit has happened since. Please refresh and try again.")
        files = _apply(hub, head, lines[1:])
        pulls = {}
        if "create_pr" in request.query:
            revision = repo.open_pull(revision)
            pulls["pullRequestUrl"] = f"{hub.endpoint}{repo.path}/discussions/{revision.rpartition('/')[2]}"
        made = repo.commit(revision, files, header["summary"], header.get("description", ""), caller.user)
        url = f"{hub.endpoint}{repo.path}/commit/{made.oid}"
        return web.json_response({"success": True, "commitOid": made.oid, "commitUrl": url, **pulls})

    repo = "/api/{kinds:models|datasets|spaces}/{namespace}/{name}"
    return [
        web.post("/api/validate-yaml", validate_yaml),
        web.post(repo + "/preupload/{revision}", preupload),
        web.post(repo + "/commit/{revision}", commit),
    ]


def _is_large(path: str, size: int, sample: bytes) -> bool:
    return path.endswith(_LARGE_SUFFIXES) or size > _LARGE_FROM or b"\0" in sample


def _apply(hub: Hub, head: Commit, operations: list[dict[str, Any]]) -> dict[str, Blob]:
    """The files of `head` after these operations, in their order."""
    files = dict(head.files)
    for operation in operations:
        key, value = operation["key"], operation["value"]
        path = value["path"].strip("/")
        if key == "file":
            files[path] = Blob(base64.b64decode(value["content"]))
        elif key == "lfsFile":
            if value["oid"] not in hub.large:
                raise HubError(400, f"{path}: its content {value['oid']} was not uploaded")
            files[path] = Blob(hub.large[value["oid"]], large=True)
        elif key in ("deletedFile", "deletedFolder"):
            gone = [path] if key == "deletedFile" and path in files else []
            gone = list(below(files, path)) if key == "deletedFolder" else gone
            if not gone:
                raise HubError(404, f"Cannot delete {path}: it does not exist", "EntryNotFound")
            for each in gone:
                del files[each]
        else:
            raise HubError(400, f"Unknown operation {key!r}")
    return files
