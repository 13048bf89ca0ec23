"""What would stop a build is found before its first request: nothing is paid for that leads nowhere."""

from __future__ import annotations

import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft import pipeline
from hfsft.errors import RecipeError
from hfsft.models import obstacles
from hfsft.models.embedded import weights
from hfsft.preflight import build as preflight
from tests.models.server import LLM
from tests.recipes import SEEDS, reply, support

MISSING_KEY = "HFSFT_TEST_NO_SUCH_KEY"
HUB_TOKEN = "HFSFT_TEST_HUB_TOKEN"
LOGIN = r"models\.judge: provider auto needs a login: run `hf auth login`"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is logged in, and no key is set."""
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    monkeypatch.delenv(MISSING_KEY, raising=False)
    monkeypatch.setenv(HUB_TOKEN, "hf_" + "aB1" * 10)


@pytest.fixture
def llm() -> Iterator[LLM]:
    with LLM(reply=reply) as server:
        yield server


@pytest.fixture
def write(tmp_path: Path, home: Path, llm: LLM) -> Callable[..., Path]:
    """A recipe whose writer answers, with changes in it; a model may be replaced as a whole."""

    def write(models: dict[str, Any] | None = None, **changes: Any) -> Path:
        recipe = support(llm, **changes)
        recipe["models"] |= models or {}
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe, sort_keys=False))
        return path

    return write


def refused(path: Path, out: Path, **how: Any) -> str:
    """The problems of a build that must not begin, as they are told."""
    with pytest.raises(RecipeError) as caught:
        pipeline.run(path, out=out, **how)
    return str(caught.value)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


MODELS: dict[str, tuple[dict[str, Any], str]] = {
    "nobody is logged in": ({"model": "org/m", "provider": "auto"}, LOGIN),
    "no such provider": (
        {"model": "org/m", "provider": "cerebra"},
        r"models\.judge: no provider `cerebra` \(did you mean `cerebras`\? allowed: auto, ",
    ),
    "a provider of pictures": (
        {"model": "org/m", "provider": "fal-ai"},
        "models.judge: the provider fal-ai serves no models that chat",
    ),
    "the key is not set": (
        {"model": "m", "base_url": "{url}", "api_key_env": MISSING_KEY},
        f"models.judge: the environment variable {MISSING_KEY} holds no key",
    ),
    "the value of a header is not set": (
        {"model": "m", "base_url": "{url}", "headers": {"X-Key": {"env": MISSING_KEY}}},
        f"models.judge: the environment variable {MISSING_KEY} holds no value",
    ),
    "the Hub's token for another host": (
        {"model": "m", "base_url": "{url}", "api_key_env": HUB_TOKEN},
        "models.judge: the Hugging Face token goes to no host but the Hub's",
    ),
    "no scheme": ({"model": "m", "base_url": "localhost:8000/v1"}, r"models\.judge.base_url"),
    "no such file": ({"model": "no/such.gguf"}, r"models\.judge: .*no/such\.gguf: cannot be read: No such file"),
    "a file of another kind": ({"model": "text.gguf"}, r"models\.judge: .*text\.gguf: not a GGUF file"),
    "no such embedded model": ({"model": "smollm2"}, "models.judge: there is no embedded model smollm2"),
    "no place to run": ({"model": "org/m"}, "models.judge: org/m has no place to run: add `provider: auto`"),
    "nobody listens": (
        {"model": "m", "base_url": "http://127.0.0.1:{closed}/v1"},
        r"models\.judge: nobody answers at http://127\.0\.0\.1:\d+/v1: start the server, or mend `base_url`",
    ),
    "no such host": (
        {"model": "m", "base_url": "http://no-such-host.invalid/v1"},
        r"models\.judge: the name no-such-host\.invalid of http://no-such-host\.invalid/v1 is not known: mend",
    ),
}


@pytest.mark.parametrize(("judge", "told"), MODELS.values(), ids=MODELS)
def test_a_judge_that_cannot_be_asked_is_found_before_the_writer_is_asked(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, judge: dict[str, Any], told: str
) -> None:
    (tmp_path / "text.gguf").write_bytes(b"hello")
    closed = closed_port()
    judge = {
        name: value.format(url=llm.url, closed=closed) if isinstance(value, str) else value
        for name, value in judge.items()
    }
    said = refused(write({"judge": judge}), tmp_path / "build")
    assert re.search(rf"^.*recipe\.yaml:\d+:\d+: {told}", said), said
    assert llm.requests == []
    (place,) = re.findall(r"recipe\.yaml:(\d+):", said)
    line = (tmp_path / "recipe.yaml").read_text().splitlines()[int(place) - 1]
    assert any(f"{name}:" in line for name in (*judge, "X-Key")), line


def test_llama_cpp_that_is_missing_is_found_before_the_writer_is_asked(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    said = refused(write({"judge": "m.gguf"}), tmp_path / "build")
    assert re.search(
        r"recipe\.yaml:\d+:\d+: models\.judge: m\.gguf needs llama.cpp.*pip install 'hfsft\[local\]'", said
    )
    assert llm.requests == []


def test_weights_that_llama_cpp_refuses_are_found_before_the_writer_is_asked(
    write: Callable[..., Path], llm: LLM, tmp_path: Path
) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "m.gguf").write_bytes(b"GGUF and so on")
    said = refused(write({"judge": "m.gguf"}), tmp_path / "build")
    assert re.search(r"models\.judge: llama\.cpp cannot load .*m\.gguf", said)
    assert llm.requests == []


def test_embedded_weights_that_are_not_here_while_offline(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_packaged", lambda known: None)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    path = write({"judge": "smollm2-135m-instruct"})
    said = refused(path, tmp_path / "build")
    assert re.search(r"recipe\.yaml:\d+:\d+: models\.judge: .* is not on this machine .*HF_HUB_OFFLINE is set", said)
    assert llm.requests == []
    # What a build would ask is known without them.
    steps = pipeline.forecast(path)
    assert sum(len(each.missing.known) for each in steps if each.missing) == 6 + 6
    (hindrance,) = pipeline.hindrances(path, steps)
    assert "models.judge: " in hindrance.message
    assert "is not on this machine" in hindrance.message
    assert [each.reason for each in pipeline.why(path)][-1] == "no build of this recipe has finished yet"
    (warning,) = pipeline.validate(path).warnings
    assert "is not on this machine" in warning.message


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"filters": [{"tokens": {"at_most": 9, "tokenizer": "./no-such-folder"}}]}, "filters"),
        ({"publish": {"tokenizer": "./no-such-folder"}}, "publish"),
    ],
    ids=["of a filter", "of publish"],
)
def test_a_tokenizer_that_cannot_be_loaded(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, changes: dict[str, Any], place: str
) -> None:
    path = write(**changes)
    said = refused(path, tmp_path / "build")
    assert re.search(r"recipe\.yaml:\d+:\d+: .*tokenizer .*no-such-folder cannot be loaded", said), said
    assert llm.requests == []
    with pytest.raises(RecipeError, match="no-such-folder cannot be loaded"):
        pipeline.validate(path)


FOLDERS = {
    "nothing may be written to --out": ("/sys/hfsft", None, r"^/sys/hfsft/support: cannot be written: .*--out"),
    "the disk of --out is full": ("build", 1_000, r"build/support: 0 MB are free on its disk, .* at least 17 MB"),
}


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="needs a folder in which not even root may write")
@pytest.mark.parametrize(("out", "free", "told"), FOLDERS.values(), ids=FOLDERS)
def test_where_the_build_goes(
    write: Callable[..., Path],
    llm: LLM,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    free: int | None,
    told: str,
) -> None:
    if free is not None:
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free))
    assert re.search(told, refused(write(), tmp_path / out), re.M)
    assert llm.requests == []


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="needs a folder in which not even root may write")
def test_where_answers_and_finished_steps_are_kept(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets.config

    path = write()
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", "/sys/hf")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", Path("/sys/hf/datasets"))
    said = refused(path, tmp_path / "build")
    assert re.search(r"^/sys/hf/hfsft: cannot be written: .*set HF_HOME", said, re.M)
    assert re.search(r"^/sys/hf/datasets/hfsft/support: cannot be written: .*set HF_HOME", said, re.M)
    with pytest.raises(RecipeError, match="set HF_HOME"):
        pipeline.preview(path)
    assert llm.requests == []


def test_all_that_is_wrong_is_told_at_once(write: Callable[..., Path], llm: LLM, tmp_path: Path) -> None:
    (tmp_path / "build" / "support").mkdir(parents=True)
    (tmp_path / "build" / "support" / "diary.txt").write_text("mine")
    writer = {"model": "writer-1", "base_url": f"http://127.0.0.1:{closed_port()}/v1", "api_key_env": MISSING_KEY}
    path = write(
        {"writer": writer, "judge": {"model": "org/m", "provider": "auto"}},
        publish={"repo_id": "ana/support", "tokenizer": "./no-such-folder"},
    )
    said = refused(path, tmp_path / "build").splitlines()
    wanted = [
        "build/support: is there already and is no build",
        f"models.writer: the environment variable {MISSING_KEY}",
        "models.writer: nobody answers at",
        "models.judge: provider auto needs a login",
        "publish.repo_id: not logged in to the Hub",
        "no-such-folder cannot be loaded",
    ]
    for words in wanted:
        assert sum(words in line for line in said) == 1, (words, said)
    assert len(said) == len(wanted)
    assert llm.requests == []


def test_preview_looks_too(write: Callable[..., Path], llm: LLM) -> None:
    with pytest.raises(RecipeError, match=LOGIN):
        pipeline.preview(write({"judge": {"model": "org/m", "provider": "auto"}}), 1)
    assert llm.requests == []


def test_what_is_stored_needs_no_key_and_no_server(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"api_key_env": MISSING_KEY}
    path = write(models={name: {"model": f"{name}-1", "base_url": llm.url, **key} for name in ("writer", "judge")})
    monkeypatch.setenv(MISSING_KEY, "a-key-of-a-test")
    built, _ = pipeline.run(path, out=tmp_path / "build")
    monkeypatch.delenv(MISSING_KEY)
    shutil.rmtree(home / "datasets")  # the answers alone are left
    llm.refuses = ("messages",)
    again, _ = pipeline.run(path, out=tmp_path / "build")
    assert again.usage.calls == 0
    assert again.rows["id"][:] == built.rows["id"][:]
    assert pipeline.hindrances(path, pipeline.forecast(path)) == []


def test_a_changed_judge_needs_the_judge_alone(
    write: Callable[..., Path], llm: LLM, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come to the judge ahead of the writer's turn: that must not make anybody look for the writer's key."""
    writer = {"model": "writer-1", "base_url": llm.url, "api_key_env": MISSING_KEY}
    monkeypatch.setenv(MISSING_KEY, "a-key-of-a-test")
    pipeline.run(write({"writer": writer}), out=tmp_path / "build")
    monkeypatch.delenv(MISSING_KEY)
    shutil.rmtree(home / "datasets")
    before = len(llm.requests)
    path = write({"writer": writer}, judge={"rubric": {"relevance": "Is it to the point?"}})
    built, _ = pipeline.run(path, out=tmp_path / "build")
    assert len(llm.requests) - before == built.usage.calls == 12
    # More seeds need the writer: nothing is asked of the judge before that is known.
    path = write({"writer": writer}, seeds=[{"prompts": SEEDS[:12]}], judge={"rubric": {"relevance": "Is it helpful?"}})
    said = refused(path, tmp_path / "build")
    assert said.count("\n") == 0
    assert MISSING_KEY in said
    assert len(llm.requests) - before == 12


def test_a_model_that_nobody_asks_is_a_warning(write: Callable[..., Path], llm: LLM, tmp_path: Path) -> None:
    path = write({"spare": {"model": "org/m", "base_url": llm.url}})
    (warning,) = pipeline.validate(path).warnings
    assert re.search(r"recipe\.yaml:\d+:\d+: models\.spare: no section asks it", str(warning))
    heard: list[str] = []
    pipeline.run(path, out=tmp_path / "build", watcher=pipeline.Watcher(on_warning=heard.append))
    assert heard == [str(warning)]


def test_a_judge_of_the_family_of_the_writer_is_a_warning_that_names_both(write: Callable[..., Path]) -> None:
    models = {name: {"model": f"Qwen/{name}", "base_url": "http://127.0.0.1:9/v1"} for name in ("Qwen3-8B", "QwQ-32B")}
    models["third"] = {"model": "org/m", "base_url": "http://127.0.0.1:9/v1"}
    path = write({"writer": models["Qwen3-8B"], **models}, judge={"model": ["third", "QwQ-32B"]})
    said = [str(problem) for problem in pipeline.validate(path, hub=False).warnings if "are both of" in str(problem)]
    assert len(said) == 1
    assert "the judge Qwen/QwQ-32B and Qwen/Qwen3-8B, which writes in evolve and generate, are both of" in said[0]


def test_validate_warns_of_what_only_this_machine_lacks(write: Callable[..., Path], llm: LLM) -> None:
    key = {"api_key_env": MISSING_KEY}
    path = write({"writer": {"model": "w", "base_url": llm.url, **key}, "judge": {"model": "o/m", "provider": "auto"}})
    said = "\n".join(map(str, pipeline.validate(path, hub=False).warnings))
    assert re.search(LOGIN, said)
    assert MISSING_KEY in said
    with pytest.raises(RecipeError, match="did you mean `groq`"):
        pipeline.validate(write({"judge": {"model": "org/m", "provider": "grok"}}), hub=False)
    assert llm.requests == []


def test_one_server_of_several_is_enough(write: Callable[..., Path], llm: LLM, tmp_path: Path) -> None:
    addresses = [f"http://127.0.0.1:{closed_port()}/v1", llm.url]
    path = write({"judge": {"model": "judge-1", "base_url": addresses, "concurrency": 2}})
    built, _ = pipeline.run(path, out=tmp_path / "build")
    assert built.usage.calls


def test_what_takes_too_long_is_left_to_the_first_request(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def never(*_: Any) -> Iterator[obstacles.Lack]:
        released.wait(60)
        yield from ()

    monkeypatch.setattr(obstacles, "_on_the_hub", never)
    monkeypatch.setattr(preflight, "SECONDS", 0.5)
    path = write({"judge": {"model": "org/m", "provider": "auto"}})
    began = time.monotonic()
    assert re.search(LOGIN, refused(path, tmp_path / "build"))  # which was found before
    assert time.monotonic() - began < 30
    released.set()


def test_a_check_that_breaks_is_no_finding() -> None:
    def broken() -> Iterator[Any]:
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        preflight.Together([broken]).found(None)


@pytest.mark.parametrize(
    ("part", "told"), [("5f0c7e1d2b9a4c6e8f7a1b2c3d4e5f61", 1), ("openai-gpt-4o-mini-2024-07-18", 0)]
)
def test_a_path_that_may_hold_a_key_is_told(home: Path, part: str, told: int) -> None:
    address = f"http://127.0.0.1:9/{part}/v1"
    said = {"name": "x", "license": "mit", "seeds": [{"prompts": ["Hi"]}], "generate": {}}
    found = pipeline.validate({**said, "models": {"writer": {"model": "m", "base_url": address}}}, hub=False)
    warnings = [each for each in found.warnings if "looks like a key" in each.message]
    assert len(warnings) == told
    assert not any(part in str(each) for each in warnings)


def test_documents_and_attributes_that_nothing_uses_are_told(tmp_path: Path) -> None:
    (tmp_path / "doc.md").write_text("# Refunds\nThey take a week.\n")
    path = tmp_path / "recipe.yaml"
    lines = [
        "name: slip",
        "seeds: [{prompts: [How long?]}]",
        "documents: [{path: doc.md}]",
        "attributes: {tone: [a, b]}",
    ]
    path.write_text("\n".join(lines))
    warned = [str(each) for each in pipeline.validate(path, hub=False).warnings]
    assert any("recipe.yaml:3:1: documents: nothing rests on them" in each for each in warned)
    assert any("recipe.yaml:4:1: attributes: no row gets any" in each for each in warned)
    path.write_text(
        "\n".join([*lines, "generate: {context: {documents: 2}}"]).replace(
            "[{prompts", "[{from: attributes, count: 3}, {prompts"
        )
    )
    assert not [
        each for each in map(str, pipeline.validate(path, hub=False).warnings) if "nothing" in each or "no row" in each
    ]
