"""The kinds of servers that a build may meet, and what becomes of 60 rows there."""

from __future__ import annotations

from tests.benchmarks import hosted_servers as hosted
from tests.benchmarks import own_servers as own
from tests.benchmarks.kind_server import Kind

AZURE = {"api_key_env": "AZURE_TEST_KEY", "api_key_header": "api-key"}
KINDS = (
    Kind("openai-reasoning", hosted.openai_reasoning, {"length": 2}),
    Kind("azure", hosted.azure, {"content_filter": 2}, AZURE, "/openai/deployments/m?api-version=2024-10-21"),
    Kind("anthropic", hosted.anthropic, {"content_filter": 1}),
    Kind("gemini-free", hosted.gemini, {"content_filter": 1}, base="/v1beta/openai"),
    Kind("openrouter", hosted.openrouter, {"content_filter": 1}, base="/api/v1"),
    Kind("openrouter-stream", hosted.openrouter, {"content_filter": 1}, {"stream": True}, "/api/v1"),
    Kind("vllm", own.vllm, {"context_length": 2}),
    Kind("ollama", own.ollama, {"prompt_cut": 3}),
    Kind("lm-studio", own.lm_studio, {"context_length": 1}),
    Kind("llama.cpp", own.llama_cpp, {"context_length": 1, "length": 1}),
    Kind("groq-free", hosted.groq, {"context_length": 1}, base="/openai/v1"),
    Kind("dashscope", hosted.dashscope, {"content_filter": 1}, base="/compatible-mode/v1"),
    Kind("deepseek", hosted.deepseek),
    Kind("mistral", hosted.mistral, {"length": 1}),
    Kind("together", hosted.together, {"context_length": 1}),
    Kind("xai", hosted.xai, {"context_length": 1, "content_filter": 1}),
    Kind("tgi", own.tgi, {"context_length": 1}),
    Kind("litellm", own.litellm, {"context_length": 1}),
    Kind("stingy-gateway", own.gateway),
)
