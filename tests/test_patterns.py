"""Every regular expression of hfsft takes time that grows with the text, not with its square, on any text."""

from __future__ import annotations

import importlib
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.filters import control_tokens
from hfsft.models.faults import message_in
from hfsft.models.structured import parse
from hfsft.models.thinking import split_thinking
from hfsft.privacy import national, pii, secrets
from hfsft.release.patience import clean
from hfsft.similarity import normalise
from hfsft.texts import refusal
from hfsft.texts.language import other_language
from hfsft.texts.loops import repeated_share
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, template_runs
from hfsft.texts.refusals import PHRASES

SIZE = 12_000
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
    "hfsft.release.card.metadata._SHARD",
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
    yield from found("national ids", national._forms())
    yield from found("personal data", pii._suspects())


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


def seconds(call: Callable[[], object], tries: int = 1) -> float:
    """Processor time of the fastest of some tries."""
    taken = []
    for _ in range(tries):
        started = time.process_time()
        call()
        taken.append(time.process_time() - started)
    return min(taken)


def is_linear(call: Callable[[str], object], piece: str) -> bool:
    """Whether a text of twice the size takes about twice the time, where it takes any."""
    whole, half = (piece * (size // len(piece)) + "x" for size in (SIZE, SIZE // 2))
    if seconds(lambda: call(whole)) < 0.04:  # with the square of the size it were 0.15 s and more
        return True
    return seconds(lambda: call(whole), tries=4) < 3 * seconds(lambda: call(half), tries=4) + 0.02


@pytest.mark.parametrize("pattern", ALL, ids=ALL.values())
def test_an_expression_is_linear_in_its_text(pattern: re.Pattern[str]) -> None:
    def read(text: str) -> None:
        deque(pattern.finditer(text), maxlen=0)
        pattern.fullmatch(text)

    assert [piece for piece in PIECES if not is_linear(read, piece)] == []


def unread(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text, {"type": "object"})


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "an error body": message_in,
    "an error of the Hub": clean,
    "a structured answer": unread,
    "thinking": split_thinking,
    "peel": peel,
    "prompt_fault": lambda text: prompt_fault(text, "How do I return a lamp?", template_runs(text)),
    "other_language": lambda text: other_language(text, "How do I return a lamp?"),
    "repetition": repeated_share,
    "refusal": refusal.refusal,
    "normal form": normalise,
    "secrets": secrets.find,
    "personal data": pii.find,
}


READ = ["a", "\n", "#", '"', '\\"', '{"\\"', "<style ", "<", "<think>", "http://", "1. ", ".", "a. "]


@pytest.mark.parametrize("piece", READ)
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_reads_rows_and_answers_is_linear(function: Callable[[str], object], piece: str) -> None:
    function("x")  # compiles what is compiled once
    assert is_linear(function, piece)
