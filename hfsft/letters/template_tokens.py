"""Texts that chat templates use to end and begin turns: tokenizers read them as the real tokens wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

# ChatML, Llama 3, Phi, Zephyr, gpt-oss, Command R and many more; DeepSeek has the bar of full width.
FAMILIES = (r"<\|[A-Za-z][A-Za-z0-9_]{0,40}\|>", r"<｜[^｜<>\s]{1,40}｜>")
TOKENS = (
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",  # Llama 2, Mistral
    "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",  # Mistral
    "<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "</s>", "<pad>", "<unk>",  # Gemma, Llama 2, T5
    "<think>", "</think>", "[THINK]", "[/THINK]",  # Qwen, DeepSeek, Mistral
    "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",  # Hermes, Qwen
)  # fmt: skip
# Written like them by templates that the table does not know, and the one that HTML strikes text through with.
_ALIKE = r"<\|[^\s<>|]{1,60}\|>|<[a-z]{2,20}:(?:bos|eos|pad|unk)>|<s>"


def control_tokens(text: str, special: Collection[str] | None = None) -> list[str]:
    """The control tokens in a text, in their order: those of one tokenizer where `special` names them, else of any."""
    if special is None and "<" not in text and "[" not in text:  # which each of `TOKENS` and `FAMILIES` begins with
        return []
    return _pattern(None if special is None else frozenset(special)).findall(text)


@cache
def _pattern(special: frozenset[str] | None) -> re.Pattern[str]:
    """One expression for all tokens; of two that begin alike, the longer is tried first."""
    literal = [re.escape(token) for token in sorted(TOKENS if special is None else special, key=len, reverse=True)]
    return re.compile("|".join([*(FAMILIES if special is None else ()), *literal]) or "(?!)")


def broken_up(text: str) -> str:
    """The text with a space within each control token, so that a tokenizer reads letters; nothing else is changed."""
    return _any().sub(lambda token: f"{token[0][0]} {token[0][1:]}", text)


@cache
def _any() -> re.Pattern[str]:
    return re.compile(f"{_pattern(None).pattern}|{_ALIKE}")
