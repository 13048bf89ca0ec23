"""Which names of models say what they are, what tells the others apart, and of which family a name says it is.

`default` at `localhost:8000` need not be the `default` of another server: such a model is named with its server.
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from hfsft.errors import ModelError
from hfsft.letters.late_patterns import at_first_use

# Public services, each of which gives a name to one model for all who ask it.
PUBLIC = (
    "anthropic.com", "cerebras.ai", "cohere.ai", "cohere.com", "deepseek.com", "fireworks.ai", "googleapis.com",
    "groq.com", "huggingface.co", "mistral.ai", "moonshot.ai", "moonshot.cn", "nvidia.com", "openai.com",
    "openrouter.ai", "perplexity.ai", "sambanova.ai", "together.ai", "together.xyz", "x.ai", "z.ai",
)  # fmt: skip
LOOPBACK = ("127.0.0.1", "::1")
PORTS = {"http": 80, "https": 443}


def told_apart_by(model: str, base_url: str) -> str:
    """The server in few words where `model` is a name that its owner chose freely, else nothing.

    Names with a slash are those of the Hub, and a public service means one model by each of its names.
    """
    return "" if "/" in model else server(base_url)


@cache
def server(base_url: str) -> str:
    """Host, port and path of a server without its `/v1`; empty for a public service."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:  # no address at all, which is told where the server is looked for
        return base_url
    if any(host == known or host.endswith(f".{known}") for known in PUBLIC):
        return ""
    path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
    return f"{'localhost' if host in LOOPBACK else host}:{port}{path}"


def check_served(name: str, called: str, first: str, now: str) -> None:
    """Raise `ModelError` if a server says that it serves another model by a name than it did at first."""
    if first != now:
        raise ModelError(
            f"models.{name}: the server says that `{called}` is `{now}`, but the answers kept so far are of `{first}`: "
            f"load that model again, or tell the two apart with `identity:`, such as `identity: {now}`"
        )


# Family -> how a word of a name begins that is of it. Where the weights of one family go by a name of their own, as
# `vicuna`, it stands with that family; where a name says two, as `DeepSeek-R1-Distill-Qwen-7B`, both are meant.
_FAMILIES = {
    "Apertus": r"apertus",
    "Baichuan": r"baichuan",
    "BLOOM": r"bloomz?(?![a-z])",
    "Claude": r"claude",
    "Command": r"command-(?:r|a|light|nightly|text)(?![a-z])|c4ai|aya-(?:expanse|vision|23|101)|tiny-aya",
    "DBRX": r"dbrx",
    "DeepSeek": r"deepseek",
    "Doubao": r"doubao|seed-(?:oss|coder|[12])",
    "ERNIE": r"ernie",
    "EuroLLM": r"eurollm",
    "EXAONE": r"exaone",
    "Falcon": r"falcon",
    "Gemini/Gemma": r"gemini|[a-z0-9]{0,12}gemma",
    "GLM": r"(?:chat|auto|code)?glm(?![a-z])|codegeex",
    "GPT": r"(?:chat)?gpt-?(?:oss|35|[2-9](?:\.\d+)?[ov]?)(?![a-z0-9]|-x-)|(?:text-)?davinci|codex-mini"
    r"|(?<![a-z0-9-])o[1-9](?:-(?:mini|preview|pro|deep-research))?(?:-\d{4}-\d\d-\d\d)?$",
    "GPT-NeoX": r"gpt-?neox?|gpt-?j(?![a-z])|pythia|dolly-v",
    "Granite": r"granite",
    "Grok": r"grok",
    "Hunyuan": r"hunyuan",
    "InternLM": r"internlm",
    "Jamba": r"jamba|jurassic|j2-(?:mid|ultra)",
    "Kimi": r"kimi|moonshot|moonlight-\d",
    "LFM": r"lfm-?[1-9]",
    "Llama": r"(?!ollama)[a-z]*llama(?![.-]?(?:cpp|server|swap|file|index|factory))|vicuna|alpaca",
    "LongCat": r"longcat",
    "MiMo": r"mimo-(?:\d|v|vl)",
    "MiniCPM": r"minicpm",
    "MiniMax": r"minimax|abab",
    "Mistral": r"[a-z]*(?:mistral|mixtral|ministral|magistral|codestral|devstral|mathstral|pixtral|voxtral)"
    r"|(?<!-)(?:zephyr-(?:7b|orpo)|prometheus-(?:7b|8x7b))",
    "MPT": r"mpt-[1-9]",
    "Nemotron": r"nemotron|minitron",
    "Nova": r"nova-(?:micro|lite|pro|premier|2)",
    "OLMo": r"olmo",
    "Phi": r"phi-?[1-9]|phi-(?:mini|tiny)",
    "Qwen": r"[a-z]*qwen|qwq|qvq|tongyi",
    "Reka": r"reka",
    "Salamandra": r"salamandra",
    "Skywork": r"skywork",
    "SmolLM": r"smollm",
    "Solar": r"solar-(?:pro|mini|open|\d)",
    "StableLM": r"stablelm",
    "Step": r"stepfun|step-?[1-9][ov]?-(?:\d+k|mini|flash|vl|alpha)|step3$",
    "Titan": r"titan-text",
    "Yi": r"yi[:-]?(?:[1-9]|vl|coder|large|lightning|medium|spark)",
}
_NAMED = at_first_use("|".join(f"(?P<f{n}>(?<![a-z])(?:{each}))" for n, each in enumerate(_FAMILIES.values())))
_PATH = ("/", "~", ".")
"""How names begin that are paths of this machine, whose folders say little."""


def families(*names: str) -> frozenset[str]:
    """The families of models that names say they are of, such as Llama or Qwen; none for a name that says none.

    A name is one of the Hub (`Qwen/QwQ-32B`), of a public service or a gateway before some (`openrouter/x-ai/grok-4`,
    `us.anthropic.claude-sonnet-4-v1:0`), or that of a file of weights. What stands last in it and says something
    decides, as in `ollama/mistral`; of a path on this machine no more than the file and its folder are read.
    """
    return frozenset(family for name in names for family in _families(name))


@cache
def _families(name: str) -> frozenset[str]:
    plain = re.sub(r"[_\s]+", "-", name.casefold())
    parts = [part for part in re.split(r"[/\\]", plain) if part]
    for part in reversed(parts[-2:] if plain.startswith(_PATH) else parts):
        if found := {each.lastgroup for each in _NAMED.finditer(part)}:
            return frozenset(family for n, family in enumerate(_FAMILIES) if f"f{n}" in found)
    return frozenset()
