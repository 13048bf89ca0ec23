"""Two servers that call their models by one name, one that loads another: no answer of the one is the other's."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import ModelError
from hfsft.models.http import wire
from hfsft.models.model import Model
from hfsft.models.naming import families
from tests.models.fixture import one, rows, user
from tests.models.server import LLM, Body


def asked(name: str, base_url: Any, **more: Any) -> str:
    return wire.canonical(Model(model=name, base_url=base_url, **more), user("Hi"))


PLAIN = '{"messages":[{"content":"Hi","role":"user"}],"model":"NAME"}'
APART = '{"identity":"APART","messages":[{"content":"Hi","role":"user"}],"model":"default"}'


@pytest.mark.parametrize(
    ("name", "base_url"),
    [
        ("org/m", "http://localhost:8000/v1"),
        ("org/m", "https://gateway.example/v1"),
        ("gpt-4o-mini", "https://api.openai.com/v1"),
        ("gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta/openai/"),
        ("deepseek-chat", "https://api.deepseek.com"),
    ],
)
def test_a_name_that_is_unmistakable_is_the_whole_key(name: str, base_url: str) -> None:
    assert asked(name, base_url) == PLAIN.replace("NAME", name)


@pytest.mark.parametrize(
    ("base_url", "apart"),
    [
        ("http://localhost:8000/v1", "localhost:8000"),
        ("http://127.0.0.1:8000", "localhost:8000"),
        ("http://[::1]:8000/v1/chat/completions", "localhost:8000"),
        ("http://user:secret@GPU-1:8000/v1?key=secret", "gpu-1:8000"),
        ("https://gateway.example/llama/v1/", "gateway.example:443/llama"),
        ("https://openai.com.example/v1", "openai.com.example:443"),
        (["http://gpu-1:8000", "http://gpu-2:8000"], "gpu-1:8000"),
        (["http://gpu-1:8000", "http://gpu-3:8000"], "gpu-1:8000"),
    ],
)
def test_any_other_name_is_told_apart_by_its_server(base_url: Any, apart: str) -> None:
    assert asked("default", base_url) == APART.replace("APART", apart)


def test_an_identity_of_the_recipe_stands_for_the_server() -> None:
    moved = asked("default", "http://elsewhere:9/v1", identity="localhost:8000")
    assert moved == asked("default", "http://localhost:8000/v1") == APART.replace("APART", "localhost:8000")
    assert asked("org/m", "http://a/v1", identity="lora-2") != asked("org/m", "http://a/v1")
    assert (
        Model(model="m", base_url="http://a/v1").depends_on() != Model(model="m", base_url="http://b/v1").depends_on()
    )


def test_two_servers_of_one_name_are_two_models(make_pool: Any) -> None:
    with LLM(reply=lambda body: "I am A.") as a, LLM(reply=lambda body: "I am B.") as b:
        for llm, answer in ((a, "I am A."), (b, "I am B."), (a, "I am A.")):
            pool = make_pool({"m": Model(model="default", base_url=llm.url)})
            pool.drive("generate", [("r", one("Who are you?"))], total=1)
            assert pool.replay(one("Who are you?")) == answer
        assert (len(a.requests), len(b.requests)) == (1, 1)


class Loads(LLM):
    """A server that says which model it has loaded, whatever it was asked for."""

    loaded = "qwen-7b"

    def _completion(self, body: Body, *args: Any, **more: Any) -> Body:
        return {**super()._completion(body, *args, **more), "model": self.loaded}


@pytest.mark.parametrize("at_once", [False, True], ids=["in the next build", "in one build"])
def test_a_server_that_loads_another_model_is_found_out(make_pool: Any, store: Any, at_once: bool) -> None:
    with Loads() as llm:

        def pool(**more: Any) -> Any:
            return make_pool({"m": Model(model="default", base_url=llm.url, concurrency=1, **more)})

        first = pool()
        first.drive("generate", rows(3), total=3)
        llm.loaded = "llama-8b"
        second = first if at_once else pool()
        with pytest.raises(ModelError, match=r"`default` is `llama-8b`, but .* of `qwen-7b`.* `identity: llama-8b`"):
            second.drive("generate", rows(6), total=6)
        assert store.read("SELECT count(*) FROM answers") == [(3,)]
        named = pool(identity="llama-8b")
        named.drive("generate", rows(6), total=6)
        assert store.read("SELECT served, count(*) FROM answers GROUP BY 1") == [("llama-8b", 6), ("qwen-7b", 3)]


def test_a_model_of_an_unmistakable_name_may_be_called_as_its_servers_like(make_pool: Any) -> None:
    with Loads() as llm:
        for llm.loaded in ("org/m-2026-01", "accounts/x/m"):
            pool = make_pool({"m": Model(model="org/m", base_url=llm.url)})
            assert pool.drive("generate", [(llm.loaded, one(llm.loaded))], total=1) == {}


@pytest.mark.parametrize(
    ("names", "family"),
    [
        # as the Hub writes them
        ("meta-llama/Llama-3.1-8B-Instruct codellama/CodeLlama-7b-hf TinyLlama/TinyLlama-1.1B-Chat-v1.0", "Llama"),
        ("NousResearch/Hermes-3-Llama-3.1-8B lmsys/vicuna-7b-v1.5 chavinlo/gpt4-x-alpaca", "Llama"),
        ("Qwen/Qwen3-32B Qwen/Qwen2.5-Coder-7B Qwen/QwQ-32B qwen-max Qwen/CodeQwen1.5-7B-Chat", "Qwen"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1 mistralai/Magistral-Small-2506 mistral-large-latest", "Mistral"),
        ("HuggingFaceH4/zephyr-7b-beta prometheus-eval/prometheus-7b-v2.0 mistralai/Devstral-Small", "Mistral"),
        ("google/gemma-3-27b-it google/medgemma-4b-it models/gemini-2.5-flash google/t5gemma-2b", "Gemini/Gemma"),
        ("microsoft/phi-4 microsoft/Phi-3.5-mini-instruct phi4", "Phi"),
        ("CohereForAI/c4ai-command-r-plus command-a-03-2025 CohereForAI/aya-expanse-8b", "Command"),
        ("THUDM/glm-4-9b-chat zai-org/GLM-4.5 THUDM/chatglm3-6b", "GLM"),
        ("01-ai/Yi-1.5-34B-Chat yi:34b yi-lightning", "Yi"),
        ("smollm2-135m-instruct HuggingFaceTB/SmolLM3-3B", "SmolLM"),
        # as services and gateways do
        ("gpt-4o-mini openai/gpt-oss-120b azure/gpt-35-turbo gpt-5.1 chatgpt-4o-latest o3-mini openai/o1", "GPT"),
        ("o4-mini-2025-04-16 ft:gpt-4.1-mini-2025-04-14:acme::abc gpt-3.5-turbo-0125", "GPT"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0 anthropic/claude-sonnet-4 claude-opus-4-1", "Claude"),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct @cf/meta/llama-3.1-8b-instruct llama3.2:3b", "Llama"),
        ("openrouter/x-ai/grok-4 grok-3-mini", "Grok"),
        ("bedrock/us.amazon.nova-pro-v1:0", "Nova"),
        ("ollama/mistral together_ai/mistralai/Mistral-7B-Instruct-v0.3", "Mistral"),
        ("openrouter/deepseek/deepseek-chat-v3:free deepseek-reasoner", "DeepSeek"),
        # as files of weights are called
        ("bartowski/Qwen2.5-1.5B-Instruct-GGUF:*Q4_K_M.gguf /data/Qwen2.5-7B-Instruct-GGUF/model.gguf", "Qwen"),
        ("hf.co/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q4_K_M ./llama-2-7b.Q4_0.gguf", "Llama"),
        ("C:\\models\\gemma-2-9b.Q4.gguf", "Gemini/Gemma"),
        # what says nothing, and what only sounds so
        ("default my-judge writer org/model models/my-model.gguf ollama/our-own our-o1 AIDC-AI/Marco-o1", None),
        ("/home/claude/llama.cpp/models/ours.gguf philosophy-judge nomic-ai/gpt4all-j openai/our-own", None),
        ("acme/bernie acme/dolphin llama-server/ours recommender titan-7 step2", None),
    ],
)
def test_a_name_says_of_which_family_a_model_is_or_nothing(names: str, family: str | None) -> None:
    for name in names.split():
        assert families(name) == ({family} if family else set()), name


def test_a_model_may_be_of_two_families_and_an_identity_says_it_too() -> None:
    assert families("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B") == {"DeepSeek", "Qwen"}
    assert families("nvidia/Llama-3.1-Nemotron-70B-Instruct") == {"Llama", "Nemotron"}
    assert families("default", "llama-3-8b-q4") == {"Llama"}
    assert families("default", "") == set()
