"""A server's files and batches: `/v1/files` and `/v1/batches`, as OpenAI has them and others after it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from hfsft.errors import ModelError
from hfsft.models.batches import remote
from hfsft.models.batches.remote import NAME, RemoteBatch
from hfsft.models.http.address import CHAT, chat_url, wrong_with
from hfsft.models.http.faults import MOST_ERROR_BYTES, Fault, of_response

if TYPE_CHECKING:
    import aiohttp

    from hfsft.models.http.client import Client

_DEPLOYMENT = re.compile(r"/deployments/[^/]+$")
_MOST_BYTES = 8_000_000  # of a response that tells of files and batches
_PIECE = 1 << 18
# A line on which nothing goes faster than this is no line that a file of batches goes over.
_BYTES_PER_SECOND = 50_000
_MOST_PAGES, _PAGE = 20, 100
# Between the clocks of a server and of this machine.
_CLOCKS = 86_400.0
# Nobody is at such an address: the server has no batches.
_NO_SUCH = {404, 405, 410, 501}
# Together's upload has an address and a purpose of its own.
_TOGETHER = ("together.ai", "together.xyz")


class BatchApi:
    """The batches of one server, asked with its key; each call raises a Fault, or ModelError where it has none."""

    def __init__(self, client: Client, seconds: float, model: str) -> None:
        self.client = client
        self.model = model  # its name in the recipe, for messages
        self._seconds = seconds
        self._whole = chat_url(client.endpoint.base_url)
        host = urlsplit(self._whole).hostname or ""
        self._together = any(host == known or host.endswith(f".{known}") for known in _TOGETHER)

    @property
    def endpoint(self) -> str:
        """What each line of a file and the batch itself say that is asked for."""
        return CHAT if _DEPLOYMENT.search(urlsplit(self._whole).path.removesuffix(CHAT)) else f"/v1{CHAT}"

    async def upload(self, path: Path, size: int, filename: str) -> str:
        """Send a file of requests of so many bytes; the id that the server gave it."""
        import aiohttp

        seconds = self._seconds + size / _BYTES_PER_SECOND
        form = aiohttp.FormData()
        form.add_field("purpose", "batch-api" if self._together else "batch")
        if self._together:
            form.add_field("file_name", filename)
            form.add_field("file_type", "jsonl")
        with path.open("rb") as file:
            form.add_field("file", file, filename=filename, content_type="application/jsonl")
            where = "/files/upload" if self._together else "/files"
            found = await self._ask("POST", where, form, content="", seconds=seconds)
        if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not found["id"]:
            raise Fault("heal", "unreadable", f"{self.client.name}: it took a file and gave no id for it")
        return str(found["id"])

    async def uploaded(self, filename: str, size: int) -> str:
        """The id of a file that was uploaded under a name before; empty where there is none, or none can be listed."""
        try:
            found = await self._ask("GET", "/files", query=f"purpose=batch&limit={_PAGE}&order=desc")
        except (Fault, ModelError):
            return ""
        for file in remote.listed(found):
            if isinstance(file, dict) and file.get("filename") == filename and file.get("bytes") in (None, size):
                return str(file.get("id") or "")
        return ""

    async def create(self, file: str, name: str, window: str, *, metadata: bool = True) -> RemoteBatch:
        """Begin a batch of an uploaded file."""
        wanted: dict[str, Any] = {"input_file_id": file, "endpoint": self.endpoint, "completion_window": window}
        if metadata:
            wanted["metadata"] = {NAME: name}
        try:
            found = await self._ask("POST", "/batches", json.dumps(wanted).encode())
        except Fault as fault:
            if metadata and fault.kind == "row" and "metadata" in fault.message:
                return await self.create(file, name, window, metadata=False)
            raise
        return self._read(found)

    async def get(self, batch: str) -> RemoteBatch:
        """How far a batch is."""
        return self._read(await self._ask("GET", f"/batches/{quote(batch, safe='')}"))

    async def find(self, file: str, name: str, since: float) -> RemoteBatch | None:
        """The batch of an uploaded file, or of our name, that the server knows; those before `since` are not ours."""
        after = ""
        for _ in range(_MOST_PAGES):
            query = f"limit={_PAGE}" + (f"&after={quote(after, safe='')}" if after else "")
            found = await self._ask("GET", "/batches", query=query)
            page = [batch for item in remote.listed(found) if (batch := remote.read(item, self.client.secrets.hide))]
            for batch in page:
                if (file and batch.file == file) or batch.name == name:
                    return batch
            more = isinstance(found, dict) and found.get("has_more") is True
            if not more or not page or 0 < page[-1].created < since - _CLOCKS or page[-1].id == after:
                return None
            after = page[-1].id
        return None

    async def download(self, file: str, to: IO[bytes], most: int) -> None:
        """Write a file of the server into `to`, piece by piece; never more than `most` bytes of it."""
        url = self._url(f"/files/{quote(file, safe='')}/content")
        seconds = self._seconds + most / _BYTES_PER_SECOND
        async with self.client.open("GET", url, seconds) as response:
            if response.status not in (301, 302, 303, 307, 308):
                await self._write(response, to, most)
                return
            target = urljoin(url, response.headers.get("Location", ""))
        if wrong_with(target) or (url.startswith("https") and not target.startswith("https")):
            raise Fault("down", "redirect", f"{self.client.name}: it sends us to an address that is none, for a file")
        # Where a provider keeps its files elsewhere; the address is the leave to read, and the key stays here.
        async with self.client.fetch(target, seconds) as response:
            await self._write(response, to, most)

    async def _write(self, response: aiohttp.ClientResponse, to: IO[bytes], most: int) -> None:
        if response.status != 200:
            raise self._fault(response, await self._text(response, MOST_ERROR_BYTES))
        size = 0
        async for piece in response.content.iter_chunked(_PIECE):
            size += len(piece)
            if size > most:
                said = f"its file is longer than {most // 1_000_000:,} MB, which no answers of so many requests are"
                raise Fault("down", "too_long", f"{self.client.name}: {said}")
            to.write(piece)

    def _read(self, found: Any) -> RemoteBatch:
        batch = remote.read(found, self.client.secrets.hide)
        if batch is None:
            raise Fault("heal", "unreadable", f"{self.client.name}: what it says of a batch cannot be read")
        return batch

    async def _ask(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        content: str = "application/json",
        query: str = "",
        seconds: float | None = None,
    ) -> Any:
        async with self.client.open(
            method, self._url(path, query), seconds or self._seconds, data, content
        ) as response:
            text = await self._text(response, _MOST_BYTES)
            if response.status not in (200, 201, 202):
                if response.status in _NO_SUCH and method == "POST":
                    raise ModelError(
                        f"models.{self.model}: {self.client.name} has no batches (HTTP {response.status} at {path}): "
                        "take `batch` out of the model, and its requests are sent one by one"
                    )
                raise self._fault(response, text)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            said = f"{self.client.name}: what it answers at {path} is not JSON"
            raise Fault("heal", "unreadable", said, paid=True) from None

    async def _text(self, response: aiohttp.ClientResponse, most: int) -> str:
        parts, size = [], 0
        async for piece in response.content.iter_any():
            parts.append(piece)
            size += len(piece)
            if size > most:
                raise Fault("heal", "too_long", f"{self.client.name}: it tells more of its batches than {most:,} bytes")
        return b"".join(parts).decode("utf-8", "replace")

    def _fault(self, response: aiohttp.ClientResponse, text: str) -> Fault:
        fault = of_response(response.status, response.headers, text, hide=self.client.secrets.hide)
        fault.message = f"{self.client.name}: {fault.message}"
        return fault

    def _url(self, path: str, query: str = "") -> str:
        parts = urlsplit(self._whole)
        head = _DEPLOYMENT.sub("", parts.path.removesuffix(CHAT))
        whole = "&".join(part for part in (parts.query, query) if part)
        return urlunsplit(parts._replace(path=head + path, query=whole))
