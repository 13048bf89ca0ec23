"""Recipes of others: what one from the Hub may read, send and publish before its user says yes."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft import pipeline
from hfsft.cli import main
from hfsft.errors import RecipeError, ReleaseError
from tests.cli import terminal
from tests.hub.fixture import HubServer
from tests.models.server import LLM
from tests.recipes import merged

HFSFT = [sys.executable, "-m", "hfsft"]
RECIPE = "hf://datasets/mallory/nice"
PUSH = """
import sys, huggingface_hub as h
api = h.HfApi()
api.create_repo("mallory/nice", repo_type="dataset", exist_ok=True)
api.upload_folder(folder_path=sys.argv[1], repo_id="mallory/nice", repo_type="dataset")
"""
EVERY_WAY = """
import json, sys
from hfsft import pipeline
from hfsft.cli import main
from hfsft.errors import RecipeError
found = {}
for name in ("build", "preview", "check", "forecast", "validate", "why"):
    try:
        found[name] = repr(getattr(pipeline, name)(sys.argv[1]))
    except RecipeError as error:
        found[name] = [[problem.place.line, problem.message] for problem in error.problems]
print(json.dumps(found))
"""

COMMANDS = """
import contextlib, io, json, sys
from hfsft.cli import main
done = []
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    done.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(done))
"""


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM() as llm:
        yield llm


def put(hub: HubServer, server: LLM, **changes: Any) -> None:
    """Put a recipe on the Hub as mallory: it reads what lies beside it, and asks a model at `server`."""
    recipe: dict[str, Any] = {
        "name": "nice",
        "models": {"writer": {"model": "org/m", "base_url": server.url}},
        "seeds": [{"path": "sources/seeds-0.txt"}],
        "filters": [],
        "split": {"validation": 0},
    }
    folder = hub.new_home()
    (folder / "sources").mkdir()
    (folder / "sources" / "seeds-0.txt").write_text("Where is my parcel?\n")
    (folder / "recipe.resolved.yaml").write_text(yaml.safe_dump(merged(recipe, changes), sort_keys=False))
    hub.run(PUSH, folder, token=hub.token("mallory"))


def test_a_recipe_from_the_hub_gets_no_private_file_no_key_and_no_server(hub: HubServer, server: LLM) -> None:
    diary = hub.folder / "private-notes.txt"
    diary.write_text("my diary: the vault code is 4711")
    put(hub, server, models={"writer": {"api_key_env": "HF_TOKEN"}}, seeds=[{"path": str(diary)}])
    found = hub.run(EVERY_WAY, RECIPE, token=hub.token("victim")).json()
    host = f"http://127.0.0.1:{server.port}"
    reads = f"seeds[0].path names {diary}, outside the recipe's folder: a recipe of others reads its own folder and "
    for name, problems in found.items():
        said = {message: line for line, message in problems}
        assert said.pop(f"{reads}the Hub alone") == 8
        if name in ("build", "preview", "check"):
            assert said == {
                f"models.writer sends its rows to {host}: a recipe of others needs your yes for that": 5,
                f"models.writer sends the key in HF_TOKEN to {host}: a recipe of others needs your yes for that": 6,
            }
    assert server.requests == []


def test_the_user_is_asked_on_a_terminal(hub: HubServer, server: LLM) -> None:
    put(hub, server, models={"writer": {"api_key_env": "MY_KEY"}}, publish={"repo_id": "mallory/more"})
    env = {**hub.env(hub.token("victim")), "MY_KEY": "the-victims-key"}
    command = [*HFSFT, "build", RECIPE, "--no-publish"]
    refused = terminal.run([*HFSFT, "build", RECIPE], 200, hub.folder, "n\n", **env)
    assert refused.code == 1
    shown = " ".join(refused.text.split())  # long paths break lines
    for wanted in (
        f"models.writer sends its rows to http://127.0.0.1:{server.port} (",
        f"models.writer sends the key in MY_KEY to http://127.0.0.1:{server.port} (",
        "publishes to mallory/more, with your Hugging Face login (",
        "allow all of it? [y/N]",
        "nothing was read, sent or published",
    ):
        assert wanted in shown
    assert server.requests == []
    done = terminal.run(command, 200, hub.folder, "y\n", **env)
    assert done.code == 0, done.text
    assert "mallory/more" not in done.text, "what was not wanted is not asked for"
    assert [headers.get("Authorization") for headers in server.sent_headers] == ["Bearer the-victims-key"]


def test_without_a_terminal_the_user_says_it_on_the_command_line(hub: HubServer, server: LLM) -> None:
    put(hub, server)
    token = hub.token("victim")
    commands = [["build", RECIPE], ["plan", RECIPE]]
    (code, _, said), (planned, shown, _) = hub.run(COMMANDS, json.dumps(commands), token=token).json()
    assert (code, planned) == (1, 0)
    assert "recipe.resolved.yaml:5:15: models.writer sends its rows to http://127.0.0.1:" in said
    assert "(say yourself what you want, --set models.writer.base_url=..., or allow all that is" in said
    assert server.requests == []
    assert "note: a build asks you first: models.writer sends its rows to http://127.0.0.1:" in shown
    commands = [
        ["build", RECIPE, "-q", "--set", f"models.writer.base_url={server.url}"],
        ["build", RECIPE, "-q", "--trust", "--set", "generate.temperature=0.1"],
    ]
    done = hub.run(COMMANDS, json.dumps(commands), token=token).json()
    assert [code for code, *_ in done] == [0, 0]
    assert len(server.requests) == 2


@pytest.fixture
def web(server: LLM) -> Iterator[str]:
    """A web server with recipes, pages, and what is none of them."""
    asks = {
        "name": "webbed",
        "seeds": [{"prompts": ["Where is my parcel?"]}],
        "split": {"validation": 0},
        "filters": [],
    }
    asks["models"] = {"writer": {"model": "org/m", "base_url": server.url}}
    files = {
        "/asks.yaml": yaml.safe_dump(asks).encode(),
        "/reads.yaml": b"name: toy\nexamples: [{path: ../../../../../../../etc/passwd}]\n",
        "/beside.yaml": b"name: toy\nexamples: [{path: rows.jsonl}]\n",
        "/page": b"<!DOCTYPE html><html></html>",
        "/large": b"#" * 4_000_001,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            self.send_response(302 if self.path == "/away" else 200 if content else 404)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()


def test_a_recipe_of_the_web_is_read_alone_and_asks(
    web: str, server: LLM, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text("{}")
    for step in (pipeline.validate, pipeline.forecast, pipeline.preview, pipeline.build):
        with pytest.raises(RecipeError, match=r"reads\.yaml:2:.* names .*etc/passwd, outside the recipe's folder"):
            step(f"{web}/reads.yaml")
        with pytest.raises(RecipeError, match=r"rows\.jsonl: no such file"):
            step(f"{web}/beside.yaml")
    with pytest.raises(RecipeError, match=r"models\.writer sends its rows to"):
        pipeline.build(f"{web}/asks.yaml")
    assert server.requests == []
    assert len(pipeline.build(f"{web}/asks.yaml", trust=True, out=tmp_path)["train"]) == 1


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{web}/none.yaml", "holds no recipe: HTTP 404"),
        ("{web}/page", "is a web page; take the address of the file itself"),
        ("{web}/large", "is larger than 4 MB"),
        ("{web}/away", "holds no recipe: HTTP 302"),
        ("http://127.0.0.1:9/recipe.yaml", "cannot be read"),
        ("http:///recipe.yaml", "cannot be read"),
        ("file:///tmp/recipe.yaml", "is no recipe"),
        ("https://huggingface.co/datasets/ana/toy/tree/main", "write hf://datasets/ana/toy"),
    ],
)
def test_what_is_no_recipe_of_the_web_says_why(web: str, home: Path, where: str, message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        pipeline.validate(where.format(web=web))


def test_a_file_is_treated_as_a_strangers_where_the_user_says_so(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Where is it?", "completion": "Here."}\n')
    (tmp_path / "of").mkdir()
    (tmp_path / "of" / "recipe.yaml").write_text(
        "name: toy\nexamples: [{path: ../rows.jsonl}]\npublish: {repo_id: you/toy}\n"
    )
    assert main(["validate", "of/recipe.yaml"]) == 0
    assert "a build asks you first" not in capsys.readouterr().out
    for words in ("validate", "plan", "why", "check", "preview", "build"):
        assert main([words, "of/recipe.yaml", "--untrusted"]) == 1
        assert "of/recipe.yaml:2:19: examples[0].path names ../rows.jsonl, outside" in capsys.readouterr().err
    own = ["of/recipe.yaml", "--untrusted", "--set", "examples[0].path=../rows.jsonl"]
    for words in ("validate", "plan"):
        assert main([words, *own]) == 0
        assert "note: a build asks you first: publishes to you/toy, with your" in capsys.readouterr().out
    assert main(["build", *own]) == 1
    assert "publishes to you/toy, with your Hugging Face login: a recipe of others" in capsys.readouterr().err
    assert main(["build", *own, "--no-publish"]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["build", "of/recipe.yaml", "--trust", "--untrusted"])


def test_what_a_recipe_is_blamed_for_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.yaml"
    body = '{"X\\e]0;owned\\a\\e[31m": "v"}'
    models = f"models: {{writer: {{model: m, base_url: http://x, extra_body: {body}}}}}\n"
    path.write_text(f'name: toy\nseeds: [{{prompts: [Hi]}}]\n"\\e[2Kx": 1\n{models}')
    assert main(["build", str(path), "--untrusted"]) == 1
    path.write_text(path.read_text().replace('"\\e[2Kx": 1\n', ""))
    assert main(["build", str(path), "--untrusted"]) == 1
    assert main(["export", "a\x1b[2Kb", "--out", "x.jsonl"]) == 1
    said = capsys.readouterr().err
    assert "unknown key `\\u001b[2Kx`" in said
    assert "error: a\\u001b[2Kb: no such folder" in said
    assert "sends X in each request to http://x" in said
    assert "\x1b" not in said
