"""Every regular expression of hfsft takes time that grows with the text, not with its square: degenerate text is met."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.filters import control_tokens
from hfsft.models.faults import message_in
from hfsft.models.structured import parse
from hfsft.models.thinking import split_thinking
from hfsft.release.patience import clean
from hfsft.similarity import normalise
from hfsft.texts import refusal
from hfsft.texts.language import other_language
from hfsft.texts.loops import repeated_share
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, template_runs
from hfsft.texts.refusals import PHRASES

SIZE = 20_000
PIECES = (
    *("a", "A", "1", " ", "\n", "\t", ".", ",", "!", "?", "-", "_", "*", "#", "|", "=", ":", ";", "/", "\\", "~", "&"),
    *('"', "'", "`", "(", ")", "[", "]", "{", "}", "<", ">", "“", "«", "「", "？", "。", "我", "ก", "🙏"),
    *(
        "a ",
        "1. ",
        "1.\n",
        "\n\n",
        " \n",
        "# ",
        "- ",
        "* ",
        '\\"',
        '{"',
        "[{",
        "<style ",
        "<think>",
        "</",
        "```",
        "<|",
        "[/",
    ),
    *(
        "i cannot ",
        "new message",
        "here is ",
        "sure! ",
        "note: ",
        "http://",
        "sk-",
        "say ",
        "as an ai ",
        "ich kann ",
        "je ne ",
        "я не ",
        "我无法",
    ),
)
# Read once, from what we wrote or a user's recipe or command line, never from a row or an answer.
NOT_FOR_ROWS = {
    "hfsft.models.weights.ON_THE_HUB",
    "hfsft.recipe.overrides.STEP",
    "hfsft.release.metadata._SHARD",
}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    root = Path(hfsft.__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
        if name != "hfsft.__main__":
            yield from found(name, vars(importlib.import_module(name)))
    for code in PHRASES:
        for kind in ("refuses", "disclaims", "asks"):
            yield f"refusal {code} {kind}", refusal._pattern(code, kind)  # type: ignore[arg-type]
    yield "control tokens", control_tokens._pattern(None)


def found(name: str, value: Any) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not str(key).startswith("__"):
                yield from found(f"{name}.{key}", inner)
    elif isinstance(value, tuple | list):
        for place, inner in enumerate(value):
            yield from found(f"{name}[{place}]", inner)


ALL = {pattern: name for name, pattern in patterns() if name not in NOT_FOR_ROWS}


def seconds(pattern: re.Pattern[str], text: str) -> float:
    started = time.process_time()
    for _ in pattern.finditer(text):
        pass
    pattern.fullmatch(text)
    return time.process_time() - started


@pytest.mark.parametrize("pattern", ALL, ids=ALL.values())
def test_an_expression_is_linear_in_its_text(pattern: re.Pattern[str]) -> None:
    for piece in PIECES:
        for end in ("", "x"):
            half = piece * (SIZE // 2 // len(piece)) + end
            taken = seconds(pattern, piece * (SIZE // len(piece)) + end)
            if taken > 0.05:  # a square would be 0.4 s and more
                assert taken < 3 * seconds(pattern, half) + 0.02, repr(piece)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "an error body": message_in,
    "an error of the Hub": clean,
    "a structured answer": lambda text: pytest.raises(ValueError, parse, text, {"type": "object"}),
    "thinking": split_thinking,
    "peel": peel,
    "prompt_fault": lambda text: prompt_fault(text, "How do I return a lamp?", template_runs(text)),
    "other_language": lambda text: other_language(text, "How do I return a lamp?"),
    "repetition": repeated_share,
    "refusal": refusal.refusal,
    "normal form": normalise,
}


@pytest.mark.parametrize(
    "piece", ["a", "\n", "#", '"', '\\"', '{"\\"', "<style ", "<", "<think>", "http://", "1. ", ".", "a. "]
)
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_reads_rows_and_answers_is_linear(function: Callable[[str], object], piece: str) -> None:
    def taken(size: int) -> float:
        text = piece * (size // len(piece)) + "x"
        started = time.process_time()
        function(text)
        return time.process_time() - started

    function("x")  # compiles what is compiled once
    if (whole := taken(SIZE)) > 0.1:
        assert whole < 3 * taken(SIZE // 2) + 0.05
