"""Nothing that holds a secret is sent: every file is looked at, and the error names the place, never the value."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from hfsft.cli import main
from hfsft.errors import ReleaseError
from hfsft.release.hub import leaks
from tests.hub.fixture import HubServer
from tests.release.fixture import Client, write_build

TOKEN = "ghp" + "_Zq3Xw8Rt5Lm2Kp9Vb4Nc7Hd1Sf6Gj0YaEuIo"
KEY = "hJ7dKq2LmZ8xVw4RtY9p"
FILES = ("data/train-00000-of-00001.parquet", "provenance/train-00000-of-00001.parquet", "ledger.jsonl")


def files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def table(folder: Path, name: str, column: str, values: list[Any]) -> None:
    path = folder / name
    found = pyarrow.parquet.read_table(path).to_pydict()
    path.unlink()
    pyarrow.parquet.write_table(pyarrow.table({**found, column: values}), path)


def turns(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": text}]


def called(arguments: Any) -> list[dict[str, Any]]:
    return [*turns("x"), {"role": "assistant", "content": json.dumps([{"name": "f", "arguments": arguments}])}]


def picture(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)


PLANTED = {
    "a turn": (
        lambda folder: table(folder, FILES[0], "messages", [turns("x")] * 3 + [turns(TOKEN)] + [turns("y")] * 2),
        "data/train-00000-of-00001.parquet (default, train), row t3, column messages: GitHub token",
    ),
    "a kept column": (
        lambda folder: table(folder, FILES[1], "channel", ["web"] * 5 + [f"by {TOKEN}"]),
        "provenance/train-00000-of-00001.parquet (provenance, train), row t5, column channel: GitHub token",
    ),
    "the name of a column": (
        lambda folder: table(folder, FILES[1], TOKEN, [1] * 6),
        "provenance/train-00000-of-00001.parquet (provenance, train), names of columns or notes: GitHub token",
    ),
    "arguments of a call": (
        lambda folder: table(folder, FILES[0], "messages", [turns("x")] * 5 + [called({"q": {"token": TOKEN}})]),
        "data/train-00000-of-00001.parquet (default, train), row t5, column messages: GitHub token",
    ),
    "arguments of a call as text": (
        lambda folder: table(folder, FILES[0], "messages", [turns("x")] * 5 + [called(json.dumps({"password": KEY}))]),
        "data/train-00000-of-00001.parquet (default, train), row t5, column messages: key in a field",
    ),
    "a column of JSON": (
        lambda folder: table(
            folder,
            FILES[1],
            "calls",
            pyarrow.array([json.dumps({"password": KEY})] + ["1"] * 5, pyarrow.json_()),
        ),
        "provenance/train-00000-of-00001.parquet (provenance, train), row t0, column calls: key in a field",
    ),
    "a deep column": (
        lambda folder: table(folder, FILES[1], "deep", [{"a": [[{"b": [TOKEN]}]]}] + [None] * 5),
        "provenance/train-00000-of-00001.parquet (provenance, train), row t0, column deep: GitHub token",
    ),
    "notes of the file": (
        lambda folder: pyarrow.parquet.write_table(
            pyarrow.parquet.read_table(folder / FILES[1]).replace_schema_metadata({"by": TOKEN}), folder / FILES[1]
        ),
        "provenance/train-00000-of-00001.parquet (provenance, train), names of columns or notes: GitHub token",
    ),
    "a picture": (
        lambda folder: picture(folder / "assets" / "funnel.png", b"\x89PNG\xff\x00" + TOKEN.encode()),
        "assets/funnel.png:1:7: GitHub token",
    ),
    "bytes": (
        lambda folder: table(folder, FILES[1], "raw", [TOKEN.encode()] + [None] * 5),
        "provenance/train-00000-of-00001.parquet (provenance, train), row t0, column raw: GitHub token",
    ),
    "rejected": (
        lambda folder: table(folder, "rejected/rejected-00000-of-00001.parquet", "value", [TOKEN]),
        "rejected/rejected-00000-of-00001.parquet (rejected, rejected), row r0, column value: GitHub token",
    ),
    "the ledger": (
        lambda folder: (folder / "ledger.jsonl").write_text('{"id": "a"}\n' + json.dumps({"error": f'"{TOKEN}"'})),
        "ledger.jsonl:2, error: GitHub token",
    ),
    "the card": (
        lambda folder: (folder / "README.md").write_text(f"# made\n\nUse {TOKEN}.\n"),
        "README.md:3:5: GitHub token",
    ),
    "the report": (
        lambda folder: (folder / "report.html").write_text(f"<p>\n<b>{TOKEN}</b>"),
        "report.html:2:4: GitHub token",
    ),
    "the recipe": (
        lambda folder: (folder / "recipe.yaml").write_text(f"name: made # {TOKEN}\n"),
        "recipe.yaml:1:14: GitHub token",
    ),
    "the funnel": (
        lambda folder: (folder / "funnel.json").write_text(json.dumps({"name": TOKEN})),
        "funnel.json:1:11: GitHub token",
    ),
}


@pytest.mark.parametrize(("plant", "told"), PLANTED.values(), ids=PLANTED)
def test_a_secret_is_found_wherever_it_stands(tmp_path: Path, plant: Any, told: str) -> None:
    folder = write_build(tmp_path / "made")
    assert leaks.scan(files(folder), {}) == []
    plant(folder)
    (found,) = leaks.scan(files(folder), {})
    assert str(found).startswith(told)
    with pytest.raises(ReleaseError) as error:
        leaks.refuse(folder, files(folder), [])
    said = str(error.value)
    assert told in said
    assert f"({found.kind} 1)" in said
    assert TOKEN not in said
    assert KEY not in said
    assert TOKEN[4:12] not in said
    (fingerprint,) = set(re.findall(r"--not-secret (\w+)", said))
    leaks.refuse(folder, files(folder), [fingerprint])


def test_what_is_no_fingerprint_is_said_to_be_none_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["publish", "build/made", "--not-secret", TOKEN])
    said = capsys.readouterr().err
    assert "--not-secret: that is no fingerprint (the 12 signs in brackets" in said
    assert TOKEN not in said


def test_what_a_column_is_called_says_what_its_values_are(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made")
    path = folder / FILES[1]
    rows = pyarrow.parquet.read_table(path)
    keys = [f"Zq3Xw8Rt5Lm2Kp9Vb4N{number:03}" for number in range(len(rows))]
    pyarrow.parquet.write_table(rows.append_column("password", [keys]).append_column("note", [keys]), path)
    (folder / FILES[2]).write_text(json.dumps({"id": "t0", "password": keys[0], "note": keys[0]}) + "\n")
    found = leaks.scan(files(folder), {})
    assert len(found) == len(rows) + 1
    assert {leak.kind for leak in found} == {"key in a field"}
    assert not any("note" in str(leak) for leak in found)


def test_the_keys_of_this_process_are_found_whatever_they_look_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_WRITER", "correct horse battery")
    monkeypatch.setenv("SOME_API_KEY", "entirely-plain-words")
    folder = write_build(tmp_path / "made")
    (folder / "recipe.resolved.yaml").write_text("name: made\nmodels: {writer: {api_key_env: MY_WRITER}}\n")
    values = ["say correct horse battery"] + ["x"] * 5
    table(folder, FILES[1], "response", values)
    (folder / "README.md").write_text("# made\nentirely-plain-words")
    with pytest.raises(ReleaseError) as error:
        leaks.refuse(folder, files(folder), [])
    assert "row t0, column response: the value of MY_WRITER" in str(error.value)
    assert "README.md:2:1: the value of SOME_API_KEY" in str(error.value)
    assert "horse" not in str(error.value)


def test_many_are_counted_and_few_are_named(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made", train=40)
    table(folder, FILES[1], "response", [TOKEN] * 30 + ["postgres://app:Tr0ub4dor@db/x"] * 10)
    with pytest.raises(ReleaseError) as error:
        leaks.refuse(folder, files(folder), [])
    assert "(GitHub token 30, password in an address 10)" in str(error.value)
    assert "... and 30 more" in str(error.value)


def test_a_large_table_takes_seconds(tmp_path: Path) -> None:
    words = (
        "How long does a refund take when order_number_2024 was paid by card? See https://example.com/help/refunds. "
    )
    path = tmp_path / "train-00000-of-00001.parquet"
    rows = 50_000
    pyarrow.parquet.write_table(
        pyarrow.table({"id": [f"{n:016x}" for n in range(rows)], "response": [f"{words * 8}{n}" for n in range(rows)]}),
        path,
    )
    started = time.process_time()
    assert leaks.scan({"provenance/train-00000-of-00001.parquet": path}, {"a": "never-in-there-1"}) == []
    assert time.process_time() - started < 5  # without Arrow's engine it is more than half a minute


def test_a_folder_with_a_secret_is_never_sent_and_one_that_is_allowed_is(
    hub: HubServer, client: Client, tmp_path: Path
) -> None:
    folder = write_build(tmp_path / "made")
    table(folder, FILES[1], "channel", ["web"] * 5 + [TOKEN])
    said = client.push(folder, repo_id="ana/made", fails=True)
    assert "column channel: GitHub token" in said
    assert hub.requests == []
    (fingerprint,) = set(re.findall(r"--not-secret (\w+)", said))
    assert client.push(folder, repo_id="ana/made", not_secret=[fingerprint])["changed"]
