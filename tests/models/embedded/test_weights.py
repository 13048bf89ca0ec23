"""Weights: found where the recipe says, hashed by content, and one clear message where they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hfsft.errors import ModelError
from hfsft.models.embedded import weights
from hfsft.models.model import Model
from tests.hub.fixture import HubServer

GGUF = b"GGUF\x03\x00\x00\x00 and so on"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "hf-home"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("smollm2-135m-instuct", None, "did you mean `smollm2-135m-instruct`?"),
        ("gpt-9", None, "there is no embedded model gpt-9 (allowed: smollm2-135m-instruct"),
        ("org/some-model", None, "has no place to run: add `provider: auto` or `base_url:`"),
        ("no/such/file.gguf", None, "cannot be read: No such file or directory"),
        ("text.gguf", b"hello", "not a GGUF file"),
        ("empty.gguf", b"", "not a GGUF file"),
        ("lfs.gguf", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_help(
    name: str, content: bytes | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        weights.find(Model(model=name))
    assert says in str(caught.value)


def test_a_revision_follows_the_content_and_not_the_name(tmp_path: Path) -> None:
    one, two = tmp_path / "one.gguf", tmp_path / "two.gguf"
    one.write_bytes(GGUF)
    two.write_bytes(GGUF)
    first = weights.revision(one)
    assert first == weights.revision(two)
    assert len(first) == 12
    two.write_bytes(GGUF + b"!")
    assert weights.revision(two) != first


def test_weights_in_parts_are_all_of_their_parts(tmp_path: Path) -> None:
    parts = [tmp_path / f"big-0000{number}-of-00002.gguf" for number in (1, 2)]
    for part in (*parts, tmp_path / "other-00002-of-00002.gguf"):
        part.write_bytes(GGUF)
    first = weights.revision(parts[0])
    (tmp_path / "other-00002-of-00002.gguf").write_bytes(GGUF + b"!")
    assert weights.revision(parts[0]) == first
    parts[1].write_bytes(GGUF + b"!")
    assert weights.revision(parts[0]) != first


def test_an_unchanged_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.gguf"
    path.write_bytes(GGUF)
    first = weights.revision(path)
    monkeypatch.setattr(weights, "_hash", lambda path: "read again!!")
    assert weights.revision(path) == first
    os.utime(path, ns=(1, 1))
    assert weights.revision(path) == "read again!!"


def test_a_cache_that_cannot_be_written_or_read_costs_only_time(tmp_path: Path) -> None:
    path = tmp_path / "one.gguf"
    path.write_bytes(GGUF)
    (tmp_path / "hf-home").write_text("a file where the folder should be")
    assert weights.revision(path) == weights.revision(path)


FROM_THE_HUB = """
import json
from huggingface_hub import HfApi
from hfsft.errors import ModelError
from hfsft.models.embedded import weights
from hfsft.models.model import Model

weights.find_spec = lambda name: None  # no package brings the weights
api = HfApi()
for repo, names in {
    "ana/one": ["m.Q4_K_M.gguf", "m.Q8_0.gguf", "README.md"],
    "ana/parts": ["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"],
    weights.KNOWN["smollm2-135m-instruct"].repo: [weights.KNOWN["smollm2-135m-instruct"].file],
}.items():
    api.create_repo(repo)
    for name in names:
        api.upload_file(path_or_fileobj=b"GGUF" + name.encode(), path_in_repo=name, repo_id=repo)

def find(name, **more):
    try:
        return weights.find(Model(model=name, **more)).name
    except ModelError as error:
        return str(error)

print(json.dumps({name: find(name) for name in [
    "ana/one:*Q8_0.gguf", "ana/one:*.gguf", "ana/one:*Q2*", "ana/none:*.gguf", "ana/parts:*.gguf",
    "smollm2-135m-instruct",
]} | {"revision": find("ana/one:*Q8_0.gguf", revision="v9")}))
"""
OFFLINE = """
import json
from hfsft.errors import ModelError
from hfsft.models.embedded import weights
from hfsft.models.model import Model
found = weights.find(Model(model="ana/one:*Q8_0.gguf")).name
try:
    weights.find(Model(model="ana/one:*Q4_K_M.gguf"))
except ModelError as error:
    print(json.dumps([found, str(error)]))
"""


def test_weights_come_from_the_hub_and_are_found_again_without_it(hub: HubServer) -> None:
    hub.org("QuantFactory", "ana")
    found = hub.run(FROM_THE_HUB, token=hub.token("ana")).json()
    assert found["ana/one:*Q8_0.gguf"] == "m.Q8_0.gguf"
    assert "several files of ana/one match *.gguf: m.Q4_K_M.gguf, m.Q8_0.gguf" in found["ana/one:*.gguf"]
    assert "no file of ana/one matches *Q2* (it has m.Q4_K_M.gguf" in found["ana/one:*Q2*"]
    assert "the Hub has no repo ana/none" in found["ana/none:*.gguf"]
    assert found["ana/parts:*.gguf"] == "big-00001-of-00002.gguf"
    assert found["smollm2-135m-instruct"] == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert "has no revision v9" in found["revision"]

    for unreachable in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        name, message = hub.run(OFFLINE, env=unreachable).json()
        assert name == "m.Q8_0.gguf"
        assert "is not on this machine and the Hub cannot be reached" in message
