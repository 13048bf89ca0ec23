"""Builds at servers that refuse a part of requests: what hfsft chose gives way, and is told; the author's own stops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.release.folder.write import load_built
from tests.models.dialects.strict import Strict, no_system, only_streams, takes_no

RECIPE = """\
name: lamps
license: apache-2.0
models:
  writer: {{model: w, base_url: "{url}"}}
  judge:
    model: j
    base_url: "{url}"
    {model}
seeds:
- prompts: [How bright is it?, Is it warm?, Does it dim?]
generate:
  system: You sell lamps.
judge:
  rubric: {{usefulness: Would it help?}}
  {judge}
split: {{validation: 0}}
"""


def reply(body: Any) -> str:
    verdict = {"usefulness": {"reason": "plain", "score": 4}}
    return json.dumps(verdict) if body["model"] == "j" else "It has 800 lumens, which is enough for a small room."


@pytest.fixture
def write(home: Path) -> Iterator[Callable[..., tuple[Strict, str]]]:
    """A server of these rules, and a recipe of it with some more lines."""
    with Strict(reply=reply) as server:

        def made(*rules: Any, model: str = "timeout: 60", judge: str = "scale: [1, 5]") -> tuple[Strict, str]:
            server.rules = rules
            path = home.parent / "recipe.yaml"
            path.write_text(RECIPE.format(url=server.url, model=model, judge=judge))
            return server, str(path)

        yield made


def test_what_hfsft_chose_is_left_out_and_told(write: Any, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def writer_takes_none(body: Any) -> str:
        return takes_no("temperature")(body) if body["model"] == "w" else ""

    server, path = write(writer_takes_none, takes_no("seed"), no_system, only_streams, judge="temperature: 0.2")
    assert main(["preview", path, "--rows", "1"]) == 0
    assert "note: writer takes no seed" in capsys.readouterr().out
    assert main(["build", path, "--out", str(home / "out")]) == 0
    out = capsys.readouterr().out
    assert "3 rows in = 3 train" in out
    for line in (
        "note: writer takes no temperature: its own was used",
        "note: writer takes no seed: asked anew, it may answer otherwise",
        "note: writer knows no system role: the system prompt was sent at the head of the first message",
    ):
        assert out.count(line) == 1
    asked = [body for body in server.requests if body["model"] == "w"]
    assert all(body["messages"][0]["content"].startswith("You sell lamps.\n\n") for body in asked)
    assert {body["temperature"] for body in server.requests if body["model"] == "j"} == {0.2}, "as the author wrote"
    (row, *_) = load_built(home / "out" / "lamps")["train"]
    assert row["messages"][0]["content"] == "You sell lamps.", "the data keeps it apart"


@pytest.mark.parametrize(
    ("refused", "lines", "where"),
    [
        ("temperature", {"judge": "temperature: 0.2"}, "15:16: judge.temperature: "),
        ("top_k", {"model": "extra_body: {top_k: 5}"}, "8:25: models.judge.extra_body.top_k: "),
    ],
)
def test_what_the_author_wrote_stops_the_build_at_its_line(
    write: Any, home: Path, capsys: pytest.CaptureFixture[str], refused: str, lines: dict[str, str], where: str
) -> None:
    server, path = write(takes_no(refused), **lines)
    assert main(["build", path, "--out", str(home / "out")]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert f"recipe.yaml:{where}{server.url}: HTTP 400: Unsupported parameter: '{refused}'" in err
    assert "(what a recipe says is not left out unasked: take" in err


def test_a_server_that_cannot_be_asked_is_told_at_the_model_s_line(
    write: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, path = write()
    elsewhere = Path(path).read_text().replace("/v1", "/v9", 1)
    Path(path).write_text(elsewhere)
    assert main(["build", path, "--out", str(home / "out")]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert "recipe.yaml:4:32: models.writer: http://127.0.0.1:" in err
    assert "/v9: HTTP 404" in err
