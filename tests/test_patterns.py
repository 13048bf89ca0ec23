"""Every regular expression of hfsft takes time that grows with the text, not with its square, on any text."""

from __future__ import annotations

import ast
import csv
import importlib
import io
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.errors import PromptError, RecipeError
from hfsft.letters import late_patterns, template_tokens
from hfsft.models.dialects import refused_request
from hfsft.models.http.faults import message_in
from hfsft.models.readings import form_lines
from hfsft.models.structured import parse
from hfsft.plain import plain
from hfsft.privacy import national, phones, pii
from hfsft.privacy.credentials import secrets
from hfsft.prompts import Prompt
from hfsft.recipe.overrides import apply
from hfsft.recipe.recipe_file import parse as load_text
from hfsft.release.card.changelog import merge
from hfsft.release.card.markdown import cell, code, prose
from hfsft.release.hub.retries import clean
from hfsft.rows import think
from hfsft.rows.reading.column_roles import FirstRows, settle
from hfsft.rows.reading.row_report import RowReport
from hfsft.rows.reading.turns import read_turns
from hfsft.rows.tables.parsing import parsed
from hfsft.rows.values import from_json
from hfsft.similarity import normalise
from hfsft.similarity.lexical.shingles import shingles
from hfsft.stages.evolving.template_prompts import messages_of
from hfsft.texts import refusal
from hfsft.texts.language import other_language
from hfsft.texts.loops import repeated_share
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, template_runs
from hfsft.texts.refusals import PHRASES
from hfsft.texts.wording.broken_off import broken_off
from hfsft.texts.wording.further_task import second_task
from hfsft.texts.wording.restated import echo
from hfsft.texts.wording.unfilled import placeholder_of_user

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
    r"hfsft.models.http.retry_after ((\d+(?:\.\d+)?)(ms|[dhms]))+",  # `fullmatch` alone
    r"hfsft.models.http.retry_after (\d+(?:\.\d+)?)(ms|[dhms])",
    r"hfsft.cli.arguments (\d+(?:\.\d+)?)([hdw])",
    r"hfsft.privacy.credentials.secrets \\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<?[=!]|[()]|[^\\\[()]+|.",  # reads patterns
    "hfsft.recipe.recipe.NO_FOLDER",  # `fullmatch` alone, of a recipe's name
    r"hfsft.release.recipe_download \s*<(!doctype|html)",  # `match` alone
    "hfsft.models.embedded.weights.ON_THE_HUB",
    "hfsft.models.model._WEIGHTS",
    "hfsft.models.http.extra._LIMIT",  # `fullmatch` alone
    "hfsft.recipe.overrides.STEP",
    "hfsft.release.card.metadata._SHARD",
}


# How many patterns are put together where they are used: of marks of ours, of what a user wrote, or of parts that are
# tested for themselves.
BUILT = {
    "hfsft.cli.commands.init": 1,
    "hfsft.letters.late_patterns": 1,
    "hfsft.letters.template_tokens": 2,
    "hfsft.models.dialects.refused_request": 2,
    "hfsft.models.http.faults": 1,
    "hfsft.models.readings.form_lines": 3,
    "hfsft.rows.shapes.segments": 1,
    "hfsft.privacy.context": 1,
    "hfsft.privacy.national": 1,
    "hfsft.privacy.pii": 1,
    "hfsft.privacy.credentials.passwords": 1,  # one class of characters each
    "hfsft.privacy.credentials.secrets": 2,
    "hfsft.recipe.yaml.syntax_errors": 1,
    "hfsft.release.card.licence_terms": 1,
    "hfsft.release.trainer.tokenizer": 1,
    "hfsft.sandbox.expression": 1,
    "hfsft.stages.evolving.template_prompts": 1,
    "hfsft.texts.constraints.counting": 1,
    "hfsft.texts.refusal": 4,
}


FORM = {"properties": {name: {"type": "integer", "minimum": 1, "maximum": 5} for name in ("tone", "use_of_time")}}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    root = Path(hfsft.__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
        if name != "hfsft.__main__":
            held = vars(importlib.import_module(name))
            yield from found(name, held)
            yield from used(name, ast.parse(path.read_text("utf-8")), held)
    for language in PHRASES:
        for kind in ("refuses", "disclaims", "asks"):
            yield f"refusal {language} {kind}", refusal.pattern(language, kind)  # type: ignore[arg-type]
    for unknown in (True, False):
        yield "a field that is refused", refused_request._pattern("top_?logprobs", unknown=unknown)
    yield "a field that is pointed at", refused_request._pointing("top_?logprobs")
    yield "control tokens", template_tokens._pattern(None)
    yield "control tokens and what is written like them", template_tokens._any()
    yield from found("lines of a form", form_lines._Form(FORM).__dict__)
    yield from found("national ids", national._forms())
    yield from found("personal data", pii._suspects())
    yield "words before numbers", phones.WORDS._any


def found(name: str, value: Any) -> Iterator[tuple[str, re.Pattern[str]]]:
    value = getattr(value, "_compiled", value) if isinstance(value, late_patterns._Pattern) else value
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in list(value.items()):  # a filter is imported when it is looked at
            if not str(key).startswith("__"):
                yield from found(f"{name}.{key}", inner)
    elif isinstance(value, tuple | list):
        for place, inner in enumerate(value):
            yield from found(f"{name}[{place}]", inner)


def used(name: str, tree: ast.Module, held: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns that stand in calls such as `re.sub(...)`, wherever in the file."""
    built = 0
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
            continue
        if ast.unparse(call.func.value) != "re" or call.func.attr == "escape":
            continue
        try:
            pattern = eval(compile(ast.Expression(call.args[0]), name, "eval"), dict(held))
        except (NameError, SyntaxError):  # of an argument that stands there as `*arguments`
            built += 1
            assert built <= BUILT.get(name, 0), f"{name}: {ast.unparse(call)} is tested nowhere"
            continue
        flags = [ast.unparse(flag) for flag in [*call.args[1:], *[word.value for word in call.keywords]]]
        known = [eval(flag) for flag in flags if re.fullmatch(r"re\.[A-Z]+", flag)]
        written = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
        written = written.decode("latin-1") if isinstance(written, bytes) else written
        known += [pattern.flags & ~re.UNICODE] if isinstance(pattern, re.Pattern) else []
        only_there = call.func.attr in ("match", "fullmatch")  # at the beginning of a text, and nowhere else
        switches = re.match(r"(\(\?[aimsux]+\))?", written)[0]  # which stand at the beginning alone
        anchored = rf"{switches}\A(?:{written[len(switches) :]})" if only_there else written
        yield f"{name} {written}", re.compile(anchored, sum(known))


FOUND = [(pattern, name) for name, pattern in patterns()]
EXEMPT = {pattern for pattern, name in FOUND if name in NOT_FOR_ROWS}
ALL = {pattern: name for pattern, name in reversed(FOUND) if pattern not in EXEMPT}


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
    if seconds(lambda: call(half)) < 0.01:  # with the square of the size it were 0.04 s and more
        return True
    once = seconds(lambda: call(whole))
    if once < 0.04:  # and 0.15 s
        return True
    if once < 2.5 * seconds(lambda: call(half)):  # with the square it were four times as much
        return True
    return seconds(lambda: call(whole), tries=4) < 3 * seconds(lambda: call(half), tries=4) + 0.02


def own_pieces(pattern: re.Pattern[str]) -> list[str]:
    """Words that stand in an expression, alone and with the next one: what brings it to try most."""
    words = list(dict.fromkeys(re.findall(r"(?<![\\a-z])[a-z]{2,}", pattern.pattern)))[:5]
    return [*words, *(f"{word} " for word in words), *map("".join, pairwise(words))]


@pytest.mark.parametrize("pattern", ALL, ids=ALL.values())
def test_an_expression_is_linear_in_its_text(pattern: re.Pattern[str]) -> None:
    def read(text: str) -> None:
        deque(pattern.finditer(text), maxlen=0)
        pattern.fullmatch(text)

    assert [piece for piece in (*PIECES, *own_pieces(pattern)) if not is_linear(read, piece)] == []


def unread(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text, {"type": "object"})


def unparsed(text: str) -> None:
    with suppress(PromptError):
        Prompt.parse(text).render()


def unloaded(text: str) -> None:
    with suppress(RecipeError):
        load_text(text)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "an error body": message_in,
    "an error of the Hub": clean,
    "a structured answer": unread,
    "thinking": think.split,
    "thinking in doubt": think.doubt,
    "peel": peel,
    "prompt_fault": lambda text: prompt_fault(text, "How do I return a lamp?", template_runs(text)),
    "other_language": lambda text: other_language(text, "How do I return a lamp?"),
    "repetition": repeated_share,
    "refusal": refusal.refusal,
    "a second task": lambda text: second_task(text, lambda: text),
    "an echo": lambda text: echo(text, text, text),
    "a text that breaks off": broken_off,
    "what a user left": lambda text: placeholder_of_user(text, text),
    "normal form": normalise,
    "secrets": secrets.find,
    "personal data": pii.find,
    "one line": plain,
    "a printed list": from_json,
    "a CSV": lambda text: list(csv.reader(io.StringIO(text))),
    "JSON": parsed,
    "a list of JSON": lambda text: parsed("[" + text),
    "markdown": lambda text: (prose(text), cell(text), code(text)),
    "a card's releases": lambda text: merge(text, text, "entry"),
    "evolve": lambda text: messages_of(Prompt.parse("{{ user }}{{ x }}"), {"x": text}),
    "shingles": lambda text: shingles(text),
    "a conversation": lambda text: read_turns([{"role": text, "content": text}], "messages", {}, RowReport()),
    "names of columns": lambda text: settle(
        FirstRows.of("a", [{text: text, "prompt": "a", "response": "b"}]), "auto", {}
    ),
    "a template": unparsed,
    "a recipe": unloaded,
    "an override": lambda text: apply({}, [text]),
}


READ = [
    *(
        "a",
        "\n",
        "#",
        '"',
        '\\"',
        '{"\\"',
        "<style ",
        "<",
        "<think>",
        "http://",
        "1. ",
        ".",
        "a. ",
        "[{",
        "`",
        "|",
        "{{ ",
    ),
    *("- ", "a: ", "\x1b]", "a,", " \n"),
]


@pytest.mark.parametrize("piece", READ)
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_reads_rows_and_answers_is_linear(function: Callable[[str], object], piece: str) -> None:
    function("x")  # compiles what is compiled once
    assert is_linear(function, piece)
