"""Keys in every place that a user may put one, servers that repeat all they get: none of it is ever seen again.

One process runs all commands, each as a user would, and hands back what they wrote to the terminal and to the log.
"""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet
import pytest
import yaml

from tests.hub.fixture import HubServer
from tests.models.raw import Raw, response
from tests.models.server import digest
from tests.recipes import SEEDS, reply

KEYS = {
    "BEARER_KEY": "sk-canary-Bearer/1+0123456789abcdef",
    "GATEWAY_KEY": "5f0c7e1dCanaryGateway9a4c6e8f7a1b2c3d",
    "TENANT_LOGIN": "Basic " + base64.b64encode(b"tenant:canary pass/word+1").decode(),
    "SHORT_KEY": "Can4ry",
}
PROXY_LOGIN = "proxy-user:pr0xy-canary"
STATUSES = ("400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "500 Broken", "302 Found",
            "307 Temporary Redirect", "407 Proxy Authentication Required", "429 Too Many Requests")  # fmt: skip

DRIVER = """
import contextlib, io, json, logging, os, sys, traceback
logged = io.StringIO()
logging.basicConfig(level=logging.DEBUG, stream=logged)
import hfsft.models.requester
hfsft.models.requester.Patience.__init__.__defaults__ = (2, 1.0, 0.01, 0.02)
from hfsft.cli import main
done = []
for arguments, environment in json.loads(sys.stdin.read()):
    os.environ.update(environment)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = end.code
        except BaseException:
            code = "raised"
            traceback.print_exc()
    done.append([arguments, code, out.getvalue(), err.getvalue()])
print(json.dumps([done, logged.getvalue()]))
"""


class Echo:
    """Answers like a server that is mostly well, or refuses all; whatever is wrong, it repeats the whole request."""

    def __init__(self) -> None:
        self.status = ""  # of every answer, where set
        self.seen: dict[str, int] = {}

    def __call__(self, request: bytes) -> Iterator[bytes]:
        head, _, content = request.partition(b"\r\n\r\n")
        if head.startswith(b"CONNECT"):  # to a proxy
            yield echo(head, "407 Proxy Authentication Required")
            return
        body = json.loads(content)
        path = head.split(b" ")[1].decode()
        status = self.status or next((each for each in STATUSES if f"/{each[:3]}/" in path), "")
        number = int(digest(body)[:6], 16) % 5
        name = digest(body)
        self.seen[name] = self.seen.get(name, 0) + 1
        if not status and number == 1:
            status = "400 Bad Request"  # as often as it is asked
        elif not status and number == 2 and self.seen[name] == 1:
            status = "500 Broken"  # once
        elif not status and number == 3 and self.seen[name] == 1:
            yield echo(head, "200 OK")[:-20]
            raise ConnectionError
        if status:
            yield echo(head, status)
            return
        text = reply({**body, "model": body["model"].removeprefix("org/")})
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 9}
        yield response(json.dumps({"model": body["model"], "choices": [choice], "usage": usage}).encode())


def echo(head: bytes, status: str) -> bytes:
    """An error with all that came: in its text, in a header, in an address."""
    text = head.decode()
    lines = dict(line.split(": ", 1) for line in text.split("\r\n")[1:])
    secrets = [*lines.values(), *(value.partition(" ")[2] for value in lines.values())]
    quoted = [quote(each, safe="") for each in secrets]
    said = {"error": {"message": f"refused: {text}", "raw": lines, "quoted": quoted}}
    header = "X-Echo: " + " ".join(map(quote, secrets))
    location = f"Location: http://elsewhere.test/{'/'.join(quoted)}?k={quote(text)}"
    return response(json.dumps(said).encode(), header, location, status=status)


def recipe(url: str, **changes: Any) -> dict[str, Any]:
    free = {"failed_at_most": 1}
    keys = {"api_key_env": "BEARER_KEY", "headers": {"X-Tenant": {"env": "TENANT_LOGIN"}, "X-Title": "refund support"}}
    judge = {
        "api_key_env": "GATEWAY_KEY",
        "api_key_header": "api-key",
        "headers": {"x-other-key": {"env": "SHORT_KEY"}},
    }
    return {
        "name": "support",
        "license": "apache-2.0",
        "models": {
            "writer": {"model": "org/writer", "base_url": f"{url}?api-version=2024-10-21", **keys},
            "judge": {"model": "org/judge-1", "base_url": url, **judge},
        },
        "seeds": [{"prompts": SEEDS[:15]}],
        "generate": free,
        "judge": {"rubric": {"usefulness": "Does it help?"}, **free},
        "filters": ["exact_duplicate"],
        "publish": {"repo_id": "ana/support"},
        **changes,
    }


def shapes(secret: str) -> set[str]:
    """A secret as it could be met, and its halves."""
    whole = secret.partition(" ")[2] or secret
    known = {secret, whole, quote(whole, safe=""), base64.b64encode(whole.encode()).decode().rstrip("=")[:-1]}
    known |= {json.dumps(whole)[1:-1], base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]}
    return known | ({whole[: len(whole) // 2 + 1], whole[len(whole) // 2 :]} if len(whole) > 20 else set())


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder as its text is, unpacked."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path, content
        if path.suffix == ".parquet" or content[:4] == b"PAR1":
            yield path, str(pyarrow.parquet.read_table(path).to_pylist()).encode()
        elif content[:15] == b"SQLite format 3":
            with sqlite3.connect(path) as opened:
                yield path, "\n".join(opened.iterdump()).encode()
        elif content[:2] == b"\x1f\x8b":
            yield path, gzip.decompress(content)


@pytest.mark.parametrize("login", ["environment", "file"])
def test_no_key_is_seen_again(login: str, hub: HubServer, tmp_path: Path) -> None:
    token, work = hub.token("ana"), tmp_path / "work"
    work.mkdir()
    hub.home.mkdir()
    if login == "file":
        (hub.home / "token").write_text(token)
    server = Echo()
    with Raw(server) as raw:
        write(work / "recipe.yaml", recipe(raw.url))
        wrong_ones = refused(work, raw.url)
        commands = [*well(), *(wrong_ones if login == "environment" else wrong_ones[:2])]
        environment = {**KEYS, "HF_DEBUG": "1", "PYTHONPATH": str(Path(__file__).parent.parent)}
        program = [sys.executable, "-c", f"import os; os.chdir({str(work)!r})\n{DRIVER}"]
        done, log = run(hub, program, commands, environment, token if login == "environment" else None)
    good = [arguments for arguments, _ in well()]
    wrong = [
        (arguments, code, err[-600:])
        for arguments, code, _, err in done
        if (code == 0) != (arguments in good) and arguments[0] != "check"
    ]
    assert not wrong
    assert any("refused: POST" in err for *_, err in done), "errors are told all the same"
    assert "refund support" in (work / "build" / "support" / "recipe.yaml").read_text()
    secrets = [*KEYS.values(), token, PROXY_LOGIN, PROXY_LOGIN.partition(":")[2]]
    seen = [(" ".join(arguments), f"{out}{err}".encode()) for arguments, _, out, err in done] + [("log", log.encode())]
    seen += [(str(path), content) for path, content in contents(tmp_path) if path != hub.home / "token"]
    seen += [(name, file) for name, file in hub.repo("ana/support").files().items()]
    assert len(seen) > (30 if login == "file" else 100)
    for where, content in seen:
        for shape in {shape for secret in secrets for shape in shapes(secret)}:
            assert shape.encode() not in content, (
                where,
                shape,
                content[max(0, content.find(shape.encode()) - 200) :][:500],
            )


def run(
    hub: HubServer, program: list[str], commands: list[Any], environment: dict[str, str], token: str | None
) -> tuple[list[Any], str]:
    given = hub.folder / "commands.json"
    given.write_text(json.dumps(commands))
    program[-1] = program[-1].replace("sys.stdin.read()", f"open({str(given)!r}).read()")
    done, log = hub.run(program, token=token, env=environment).json()
    given.unlink()
    return done, log


def well() -> list[tuple[list[str], dict[str, str]]]:
    """Commands over a server that is mostly well."""
    plain = [
        *(["validate", "recipe.yaml"], ["plan", "recipe.yaml"], ["preview", "recipe.yaml"]),
        *(
            ["build", "recipe.yaml"],
            ["why", "recipe.yaml"],
            ["plan", "recipe.yaml", "--json"],
            ["rows", "build/support"],
        ),
        *(["report", "build/support"], ["store", "list"], ["store", "export", "answers.jsonl"]),
        *(["publish", "build/support"], ["--debug", "build", "recipe.yaml", "--json", "--no-publish"]),
    ]
    return [(arguments, {}) for arguments in plain]


def refused(work: Path, url: str) -> list[tuple[list[str], dict[str, str]]]:
    """Commands that fail: over servers that refuse all, behind a proxy that does, with keys in the recipe itself."""
    commands: list[tuple[list[str], dict[str, str]]] = []
    for status in STATUSES:
        name = f"r{status[:3]}.yaml"
        seeds = [{"prompts": [f"{status}: {prompt}" for prompt in SEEDS[:3]]}]
        changed = recipe(url.replace("/v1", f"/{status[:3]}/v1"), name=f"r{status[:3]}", seeds=seeds, generate={})
        write(work / name, changed)
        commands += [(["build", name, "--no-publish"], {}), (["--debug", "build", name, "--no-publish"], {})]
    proxy = url.removesuffix("/v1").replace("//", f"//{PROXY_LOGIN}@")
    behind = {"http_proxy": proxy, "https_proxy": proxy, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    for number, address in enumerate(("http://model.test/407/v1", "https://model.test/v1", "http://model.test/401/v1")):
        seeds = [{"prompts": [f"{address}: {prompt}" for prompt in SEEDS[:3]]}]
        write(work / f"p{number}.yaml", recipe(address, name=f"p{number}", seeds=seeds, generate={}))
        commands.append((["--debug", "build", f"p{number}.yaml", "--no-publish"], behind))
    hub_token = recipe(url)["models"]["writer"] | {"api_key_env": "HF_TOKEN"}
    write(
        work / "token.yaml",
        recipe(
            url, name="token", seeds=[{"prompts": ["Where does a token go?"]}], models={"writer": hub_token}, judge=None
        ),
    )
    commands.append((["--debug", "build", "token.yaml", "--no-publish"], {}))
    key = KEYS["GATEWAY_KEY"]
    for override in (
        f"models.writer.headers.api-key={key}",
        f"models.writer.base_url=http://me:{key}@h/v1",
        f"models.writer.base_url=http://h/v1?sig={key}",
        f"models.writer.extra_body.password={key}",
        f"models.writer.api_key_env={key}",
    ):
        commands.append((["--debug", "build", "recipe.yaml", "--set", override], {}))
        commands.append((["validate", "recipe.yaml", "--json", "--set", override], {}))
    # What the user typed is the user's own; what the command says of it is ours.
    return commands


def write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump({key: value for key, value in data.items() if value is not None}, sort_keys=False))
