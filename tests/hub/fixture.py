"""The fixture `hub`: a Hub on loopback for one test, and a way to run clients that talk to it.

    def test_push(hub):
        token = hub.token("ana")
        result = hub.run("import huggingface_hub as h; print(h.create_repo('ana/d', repo_type='dataset'))", token=token)
        assert hub.repo("ana/d").files() == {}

Clients run in processes of their own, because `huggingface_hub` reads HF_ENDPOINT and HF_HOME when it is imported.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hub.server import Server

# Nothing of the developer's own set-up may reach a client: no tokens, caches, proxies or offline switches.
_FOREIGN = ("HF_", "HUGGING", "TRANSFORMERS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA", "CURL_CA")


@dataclass(frozen=True)
class Result:
    """What a client left: its exit status and what it wrote."""

    returncode: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """The last line of the output, read as JSON."""
        lines = self.stdout.strip().splitlines()
        if not lines:
            raise AssertionError(f"the client printed nothing\n{self.stderr}")
        return json.loads(lines[-1])


class HubServer(Server):
    """A Hub that also runs clients, in `folder`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.home = folder / "hf-home"

    def new_home(self) -> Path:
        """An empty HF_HOME, as on another machine: nothing is cached there."""
        return Path(tempfile.mkdtemp(prefix="hf-home-", dir=self.folder))

    def env(self, token: str | None = None, home: Path | None = None) -> dict[str, str]:
        """The environment of a client of this Hub."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_FOREIGN)}
        kept |= {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home or self.home),
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_XET_CLIENT_RETRY_BASE_DELAY": "100ms",  # 3 s of its own
            "NO_PROXY": "*",
        }
        return kept | ({"HF_TOKEN": token} if token else {})

    def run(
        self,
        program: str | Sequence[str | Path],
        *arguments: str | Path,
        token: str | None = None,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 120,
    ) -> Result:
        """Runs Python source (a string) with arguments, or a command (a list), as a client of this Hub.

        With `check` (the default) a client that fails, fails the test with all it wrote.
        """
        command = [sys.executable, "-c", program] if isinstance(program, str) else list(program)
        command = [str(part) for part in (*command, *arguments)]
        environment = self.env(token, home) | dict(env or {})
        try:
            done = subprocess.run(
                command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"the client ran past {timeout} s\n{self._tail()}\n{late.stderr!r}") from late
        if check and done.returncode != 0:
            written = (
                f"--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}\n--- the hub's last requests\n{self._tail()}"
            )
            raise AssertionError(f"the client ended with status {done.returncode}\n{written}")
        return Result(done.returncode, done.stdout, done.stderr)

    def _tail(self) -> str:
        return "\n".join(f"{r.status} {r.method} {r.path}" for r in self.requests[-20:])


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """A Hub of this test's own, empty, on free ports."""
    server = HubServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()
    if server.bugs:
        raise AssertionError("the test hub itself failed") from server.bugs[0]
