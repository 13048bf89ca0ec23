"""The embedded model: a real language model in this process, gone when the process is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from hfsft.errors import ModelError
from hfsft.models.embedded import server as embedded
from hfsft.models.embedded import weights
from hfsft.models.model import Endpoint, Model

SMOL = Model(model="smollm2-135m-instruct")


@pytest.fixture(scope="module")
def endpoint() -> Endpoint:
    return embedded.start(SMOL)


def chat(endpoint: Endpoint, text: str, **body: Any) -> dict[str, Any]:
    body = {"model": endpoint.model_name, "messages": [{"role": "user", "content": text}], "max_tokens": 16, **body}
    url = f"{endpoint.base_url}/chat/completions"
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_what_runs_here_has_neither_provider_nor_server() -> None:
    assert SMOL.embedded
    assert not Model(model="m", provider="auto").embedded
    assert not Model(model="m", base_url="http://localhost:8000/v1").embedded


@pytest.mark.embedded
def test_it_answers_and_counts_tokens(endpoint: Endpoint) -> None:
    answer = chat(endpoint, "What is the capital of France?", temperature=0)
    assert answer["choices"][0]["message"]["content"].strip()
    assert answer["usage"]["prompt_tokens"] > 10
    assert 0 < answer["usage"]["completion_tokens"] <= 16


@pytest.mark.embedded
def test_a_schema_is_obeyed(endpoint: Endpoint) -> None:
    schema = {
        "type": "object",
        "properties": {"reason": {"type": "string", "maxLength": 60}, "score": {"type": "integer", "enum": [1, 2, 3]}},
        "required": ["reason", "score"],
        "additionalProperties": False,
    }
    response_format = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": True}}
    answer = chat(endpoint, "Score this text: the sky is blue.", max_tokens=100, response_format=response_format)
    verdict = json.loads(answer["choices"][0]["message"]["content"])
    assert list(verdict) == ["reason", "score"]
    assert verdict["score"] in (1, 2, 3)


@pytest.mark.embedded
def test_as_many_are_answered_at_once_as_there_are_slots(endpoint: Endpoint) -> None:
    assert endpoint.concurrency >= 2
    with ThreadPoolExecutor(2 * endpoint.concurrency) as pool:
        answers = list(pool.map(lambda n: chat(endpoint, f"Count to {n}."), range(2 * endpoint.concurrency)))
    assert all(answer["choices"][0]["message"]["content"] for answer in answers)


@pytest.mark.embedded
def test_one_server_for_the_same_weights_and_a_recipe_may_ask_for_less(endpoint: Endpoint) -> None:
    one = embedded.start(Model(model="smollm2-135m-instruct", temperature=0, concurrency=1))
    assert one.base_url == endpoint.base_url
    assert one.concurrency == 1
    assert one.revision == endpoint.revision == embedded.revision(SMOL)


@pytest.mark.embedded
def test_one_request_at_a_time_without_a_cache_is_answered_alike(endpoint: Endpoint) -> None:
    def ask(n: int) -> str:
        answer = chat(endpoint, f"Name {n} fruits.", seed=n, temperature=0.8, cache_prompt=False)
        return str(answer["choices"][0]["message"]["content"])

    assert [ask(n) for n in (3, 4, 5)] == [ask(n) for n in (5, 4, 3)][::-1]


ASKING = """
import sys, threading, time
from urllib.request import Request, urlopen
from hfsft.models.embedded import server as embedded
from hfsft.models.model import Model

url = embedded.start(Model(model="smollm2-135m-instruct")).base_url + "/chat/completions"
body = b'{"messages": [{"role": "user", "content": "Tell a long story."}], "max_tokens": 3000, "ignore_eos": true}'
def ask():
    try:
        urlopen(Request(url, body, {"Content-Type": "application/json"}))
    except OSError:
        pass
for _ in range(3):
    threading.Thread(target=ask, daemon=True).start()
time.sleep(0.3)
print("asking", flush=True)
"""
ENDS = {"end": "", "exception": "raise ValueError('mine')", "exit": "sys.exit(7)", "ctrl-c": "time.sleep(60)"}
CODES = {"end": 0, "exception": 1, "exit": 7, "ctrl-c": -signal.SIGINT}


@pytest.mark.embedded
@pytest.mark.parametrize("end", ENDS)
def test_it_stops_with_the_process_even_while_it_writes(end: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ASKING + ENDS[end]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "asking\n"
        if end == "ctrl-c":
            process.send_signal(signal.SIGINT)
        _, noise = process.communicate(timeout=15)
    assert process.returncode == CODES[end]
    last = noise.strip().splitlines()[-1:]  # nothing of llama.cpp's, only what Python says of how it ended
    assert last == {"exception": ["ValueError: mine"], "ctrl-c": ["KeyboardInterrupt"]}.get(end, [])


@pytest.mark.embedded
def test_a_file_that_llama_cpp_refuses_is_reported_with_its_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(weights.find(SMOL).read_bytes()[:100_000])
    with pytest.raises(ModelError, match=r"llama.cpp cannot load .*broken.gguf \(0 MiB\): .*(gguf|tensor|load)"):
        embedded.start(Model(model=str(path)))
    assert capfd.readouterr() == ("", "")


def test_without_llama_cpp_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelError, match=r"pip install 'hfsft\[local\]'"):
        embedded.start(Model(model=str(path)))
