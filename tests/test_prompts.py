"""Prompts: what they read, what they refuse, and that none can run away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from hfsft.errors import PromptError
from hfsft.prompts import Prompt
from hfsft.sandbox import work


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("Ask {{ topic }}.", {"topic": "refunds"}, "Ask refunds."),
        ("{% if context %}\nContext: {{ context }}\n{% endif %}\nEnd", {"context": None}, "End"),
        ("a{{ nothing }}b", {"nothing": None}, "ab"),
        ("{{ a }} {{ b }}", {"a": "{{ b }} {% raw %}", "b": "<b>&"}, "{{ b }} {% raw %} <b>&"),
        ("{{ row | tojson }}", {"row": {"text": "<é> & 'x'"}}, '{"text": "<é> & \'x\'"}'),
        (
            "{{ (a | fromjson).b[1] }} {{ a | fromjson }} {{ b | fromjson }}",
            {"a": '{"b": [1, "x"]}', "b": None},
            'x {"b": [1, "x"]} ',
        ),
        ("{% for c in rubric %}\n{{ loop.index }}. {{ c }}\n{% endfor %}", {"rubric": ["x", "y"]}, "1. x\n2. y\n"),
        ("{{ names | join(', ') }} {{ ', '.join(names) }}", {"names": ["a", 1]}, "a, 1 a, 1"),
        ("{{ a.replace('x', 'y') }} {{ a | replace('x', '') | upper }}", {"a": "axb"}, "ayb AB"),
        ("{{ score | round(1) }} {{ 7 // 2 }} {{ 2 ** 3 }} {{ 7 % 4 }}", {"score": 3.14159}, "3.1 3 8 3"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(a) }}{{ m('b' ~ a) }}", {"a": 1}, "<1><b1>"),
        ("{% for x in xs if x > 1 %}{{ x }}{% else %}none{% endfor %}", {"xs": [1, 2, 3]}, "23"),
        ("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", {"d": {"a": 1, "b": 2}}, "a=1;b=2;"),
        ("{{ text[:3] }}{{ 'c' in text }}", {"text": "abcdef"}, "abcTrue"),
        ("last line\n", {}, "last line"),
        (
            "{{ 7 - 2 }} {{ -x }} {{ 7 / 2 }} {{ x is odd }} {{ x in [3] }} {{ [1] + [x] }}",
            {"x": 3},
            "5 -3 3.5 True True [1, 3]",
        ),
        ("{{ xs | map('upper') }} {{ xs | sum(attribute='n', start=1) if false }}", {"xs": ["a"]}, "['A'] "),
        (
            "{{ rows | sum(attribute='n.m') }} {{ dict(a=1) }} {{ {'a': x}['a'] }}",
            {"rows": [{"n": {"m": 2}}], "x": 1},
            "2 {'a': 1} 1",
        ),
        (
            "{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}",
            {"xs": [1, 2]},
            "3",
        ),
        ("{{ '  a ' | trim }}{{ 'xax' | trim('x') }}{{ 'xax'.strip('x') }}", {}, "aaa"),
    ],
)
def test_values_are_put_in_as_they_are_and_rendered_once(text: str, values: dict[str, Any], expected: str) -> None:
    assert Prompt.parse(text).render(**values) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ instruction }} {{ topic | default('x') }}", {"instruction", "topic"}),
        ("{% for a in anchors %}{{ a.score }}{{ loop.index }}{% endfor %}", {"anchors"}),
        ("{% set x = 1 %}{{ x }}{{ range(3) }}", set()),
        ("{% if context is defined %}{{ context }}{% endif %}", {"context"}),
        ("{% macro m(x) %}{{ x }}{{ y }}{% endmacro %}", {"y"}),
        ("no names", set()),
    ],
)
def test_names_are_known_before_anything_runs(text: str, expected: set[str]) -> None:
    assert Prompt.parse(text).variables == expected


def test_the_line_that_first_reads_a_name() -> None:
    prompt = Prompt.parse("one\n{{ a }}\n{{ b }} {{ a }}")
    assert (prompt.line_of("a"), prompt.line_of("b"), prompt.line_of("c")) == (2, 3, 0)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n{{ x", 2, "unexpected end of template"),
        ("a\n\n{% for x in y %}", 3, "endfor"),
        ("{{ {[]: 0} | map(attribute='a') }}", 0, "unhashable"),
        ("{{ x | upcase }}", 1, "No filter named 'upcase'"),
        ("{{ x | lenght }}", 1, r"No filter named 'lenght' \(did you mean `length`\?\)"),
        ("{{ x is definde }}", 1, r"No test named 'definde' \(did you mean `defined`\?\)"),
        ("{% include 'evolve/deepen.jinja' %}", 1, "cannot read another"),
        ("x\n{% import 'a' as a %}", 2, "cannot read another"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", 0, "nested too deep"),
        ("{% if a %}" * 120 + "{% endif %}" * 120, 0, "nested too deep"),
    ],
)
def test_a_template_that_cannot_be_read_names_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(PromptError, match=reason) as caught:
        Prompt.parse(text, "evolve/mine")
    assert caught.value.line == line
    assert caught.value.name == "evolve/mine"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n{{ instrction }}", 2, r"line 2: `instrction` is undefined \(did you mean `instruction`\?"),
        ("{{ instruction.nothing }}", 1, "has no attribute `nothing`"),
        ("\n\n{{ 1 / 0 }}", 3, r"division by zero \(ZeroDivisionError\)"),
        ("{{ instruction.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ {}.__class__ }}", 1, "unsafe"),
        ("{{ {'a': 1}.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ {}['__class__'] }}", 1, "unsafe"),
        ("{{ cycler.mro() }}", 1, "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", 1, "unsafe"),
        ("{{ range.__globals__ }}", 1, "unsafe"),
        ("{{ ''.join.__self__ }}", 1, "unsafe"),
        ("{{ self._TemplateReference__context }}", 1, "unsafe"),
        ("{{ namespace().__class__ }}", 1, "unsafe"),
        ("{{ ['a'] | map(attribute='__class__.__mro__') | list }}", 1, "unsafe"),
        ("{{ ['a', 'b'] | sort(attribute='__class__') }}", 1, "unsafe"),
        ("{{ {}.fromkeys([1]) }}", 1, "unsafe"),
        ("{% macro m() %}{% endmacro %}{{ m }}", 1, "`m` is no text, number or list"),
        ("{% for x in [1] %}{{ loop }}{% endfor %}", 1, "is no text, number or list"),
        ("{{ range }}", 1, "is no text, number or list"),
        ("{{ {}.keys() - {}.keys() }}", 1, "`-` does not take list and list"),
        ("{{ [].__class__ }}", 1, "unsafe"),
        ("{{ [].__len__ }}", 1, "unsafe"),
        ("{{ range.__class__ }}", 1, "unsafe"),
        ("{{ {}.update({'a': 1}) }}", 1, "unsafe"),
        ("{{ instruction.format(1) }}", 1, "unsafe"),
        ("{{ (5).to_bytes(10) }}", 1, "unsafe"),
        ("{{ rows.append(1) }}", 1, "unsafe"),
        ("{{ instruction % 1 }}", 1, "does not format text"),
        ("{{ instruction + 1 }}", 1, "TypeError"),
    ],
)
def test_a_failed_rendering_names_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(PromptError, match=message) as caught:
        Prompt.parse(text).render(instruction="How?", rows=[])
    assert caught.value.line == line


HUGE = 10**9


def growing(turn: str, start: str) -> str:
    return f"{{% set ns = namespace(s={start}) %}}{{% for i in range(99) %}}{turn}{{% endfor %}}{{{{ ns.s }}}}"


RUNAWAYS = {
    "nested loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "filtered loop": "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}",
    "long body": "{% for a in range(99999) %}" + "x" * 9999 + "{% endfor %}",
    "long macro": "{% macro m() %}" + "x" * 9999 + "{% endmacro %}{% for a in range(999) %}{{ m() }}{% endfor %}",
    "recursion": "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "branching": "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "branching loop": "{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "block recursion": "{% block a %}{{ self.a() }}{% endblock %}",
    "times": f"{{{{ 'a' * {HUGE} }}}}",
    "list times": f"{{{{ [1] * {HUGE} }}}}",
    "times text": f"{{{{ {HUGE} * text }}}}",
    "power": "{{ 9 ** 99999999 }}",
    "large numbers": growing("{% set ns.s = ns.s * ns.s %}", "3"),
    "doubled text": growing("{% set ns.s = ns.s ~ ns.s %}", "'ab'"),
    "added text": growing("{% set ns.s = ns.s + ns.s %}", "'ab'"),
    "captured text": growing("{% set ns.s %}{{ ns.s }}{{ ns.s }}{% endset %}", "'ab'"),
    "doubled list": growing("{% set ns.s = [ns.s, ns.s] %}", "[1]"),
    "doubled mapping": growing("{% set ns.s = {1: ns.s, 2: ns.s} %}", "1"),
    "replace": "{% set a = long.replace('a', long) %}",
    "replace filter": "{% set a = long | replace('a', long) %}",
    "join": "{% set a = long.join(range(99999)) %}",
    "join filter": "{% set a = range(99999) | join(long) %}",
    "sums": "{% for a in range(99999) %}{% set b = range(99999) | sum %}{% endfor %}",
    "slices": "{% for a in range(99999) %}{% set b = long[1:] %}{% endfor %}",
    "searches": "{% for a in range(99999) %}{% if 'b' in long %}{% endif %}{% endfor %}",
    "output": "{% for a in range(99999) %}{{ long }}{% endfor %}",
    "too long a range": f"{{% for a in range({HUGE}) %}}{{% endfor %}}",
    "round": f"{{{{ 5 | round(-{HUGE}) }}}}",
    "constant": f"{{{{ ('a' | replace('a', 'b' * 9)) * {HUGE} }}}}",
    "division": "{% set a = 2**3999 %}{% for i in range(99999) %}{% for j in range(999) %}{% set b = a // 3 %}"
    "{% endfor %}{% endfor %}",
    "large division": "{% set a = 2**600000 %}{% for i in range(40000) %}{% set c = a // 3 %}{% endfor %}",
    "subtraction": "{% for i in range(99999) %}{% for j in range(999) %}{% set b = i - j %}{% endfor %}{% endfor %}",
    "signs": "{% for i in range(99999) %}{% for j in range(999) %}{% set b = -j %}{% endfor %}{% endfor %}",
    "squares": growing("{% set ns.s = ns.s ** 2 %}", "3"),
    "digits": "{{ ('1' * 4000000) | int(base=2) }}",
    "count in a range": "{% for i in range(99999) %}{% set n = range(99999).count('x') %}{% endfor %}",
    "a place in a range": "{% for i in range(99999) %}{{ range(99999).index(99998) }}{% endfor %}",
    "membership": "{% for i in range(99999) %}{% set n = 'x' is in(range(99999)) %}{% endfor %}",
    "tests": "{% for i in range(99999) %}{% for j in range(999) %}{% set n = j is odd %}{% endfor %}{% endfor %}",
    "equal texts": "{% for i in range(99999) %}{% set n = long is eq(long) %}{% endfor %}",
    "equal lists": "{% for i in range(99999) %}{% set n = [long] == [long ~ 1] %}{% endfor %}",
    "a method on a long text": "{% for i in range(99999) %}{% set n = ('a' * 900000).isalpha() %}{% endfor %}",
    "a method on a long row": "{% for i in range(99999) %}{% set n = long.isalpha() %}{% endfor %}",
    "search from the end": "{{ ('a' * 4000000).rfind('b' + 'a' * 100000) }}",
    "split from the end": "{{ ('a' * 2000000).rsplit('b' + 'a' * 100000) }}",
    "part from the end": "{{ ('a' * 2000000).rpartition('b' + 'a' * 100000) }}",
    "strip": "{{ ('a' * 4000000).strip('b' * 100000 ~ 'a') }}",
    "trim": "{{ ('a' * 4000000) | trim(chars='b' * 100000 ~ 'a') }}",
    "a long path": "{% set a = ('a.' * 400000) ~ 'a' %}{{ range(99999) | map(attribute=a, default=1) | list }}",
    "keys that hash alike": "{{ dict(range(0, 99999 * 2305843009213693951, 2305843009213693951) | map('string') "
    "| map('int') | groupby('x', default=1)) }}",
    "items that hash alike": "{{ range(0, 99999 * 2305843009213693951, 2305843009213693951) | unique | list }}",
    "sums of lists": "{% for a in range(999) %}{{ ([[1] * 900] * 900) | length }}{% endfor %}",
    "much JSON": "{{ ('[' ~ '1,' * 2000000 ~ '1]') | fromjson }}",
    "indented JSON": "{% set ns = namespace(s=[1] * 9000) %}{% for i in range(90) %}{% set ns.s = [ns.s] %}"
    "{% endfor %}{{ ns.s | tojson(8) }}",
    "sorted letters": "{{ ('ab' * 2000000) | sort }}",
    "listed letters": "{{ ('ab' * 2000000) | list }}",
    "title": "{{ (' a' * 2000000) | title }}",
    "words": "{{ ('a ' * 2000000).split() }}",
    "lines": "{{ ('a\n' * 2000000).splitlines() }}",
    "chained filters": growing("{% set ns.s = ns.s | map('string') %}", "range(99999)"),
    "deep lists": "{% set ns = namespace(s=[1]) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% endfor %}",
    "nothing kept": "{% for i in range(99999) %}{% set x = range(99999) | reject | list %}{% endfor %}",
    "backwards": "{% for i in range(99999) %}{% set x = long[::-1] %}{% endfor %}",
    "a cycle": "{% for i in range(99999) %}{% set x = loop.cycle(*range(9999)) %}{% endfor %}",
    "changed": "{% set l = range(50000) | list %}{% for i in range(99999) %}{{ loop.changed(l) }}{% endfor %}",
    "nested captures": "{% set x %}" * 100 + "{{ 'a' * 4000000 }}" + "{% endset %}" * 100,
    "nested filters": "{% filter upper %}" * 50 + "{{ 'a' * 4000000 }}" + "{% endfilter %}" * 50,
    "nested callers": "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call m() %}" * 16
    + "a" * 8000
    + "{% endcall %}" * 16,
    "two long texts": "{{ 'a' * 4999999 }}{{ 'a' * 4999999 }}",
}

BOUNDED = {"round"}  # harmless here: gives a number


def stopped(call: Callable[[], object]) -> str:
    """What the error says; far sooner than a template that is not stopped would end."""
    before = time.process_time()
    with pytest.raises(PromptError) as caught:
        call()
    assert time.process_time() - before < 5  # about one second
    return str(caught.value)


@pytest.mark.parametrize("text", RUNAWAYS.values(), ids=RUNAWAYS)
def test_a_template_that_runs_away_is_stopped(text: str, request: pytest.FixtureRequest) -> None:
    prompt = Prompt.parse(text)
    if request.node.callspec.id in BOUNDED:
        prompt.render(text="a", long="a" * 99_999)
    else:
        said = stopped(lambda: prompt.render(text="a", long="a" * 99_999))
        assert re.search("too much work|without end|Range too big", said)


NESTED = "{% set ns = namespace(s=1) %}{% for i in range(60) %}{% set ns.s = namespace(a=ns.s, b=ns.s) %}{% endfor %}"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{{ ns }}",
            "{{ ns.s ~ 1 }}",
            "{{ [ns.s] }}",
            "{{ ns.s is lower }}",
            "{{ ns.s | upper }}",
            "{{ {}[[ns.s]] }}",
        ),
        *("{{ [ns.s] | join }}", "{{ [ns.s] | map('string') | list }}", "{{ ns.s | tojson }}", "{{ {}[ns.s] }}"),
        *("{{ {}[ns.s:1] }}", "{{ ns.s + 1 }}", "{{ 'a'.join([ns.s]) }}", "{{ 'a'.replace(ns.s, ns.s) }}"),
    ],
)
def test_a_namespace_of_namespaces_is_never_written_out(text: str) -> None:
    assert len(stopped(lambda: Prompt.parse(NESTED + text).render())) < 300


def test_a_template_that_takes_too_long_is_stopped(monkeypatch) -> None:
    monkeypatch.setattr(work, "SECONDS", 0.05)
    monkeypatch.setattr(work, "BUDGET", 10**12)
    text = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    assert "line 1: does too much work: it takes longer than 0.05 seconds" in stopped(Prompt.parse(text).render)


def test_what_a_template_writes_has_a_limit() -> None:
    text = "a\n" + "{% if x %}" + "{{ x }}" * 6 + "{% endif %}"
    assert Prompt.parse(text).render(x="b" * 800_000).startswith("a\nbbb")
    said = stopped(lambda: Prompt.parse(text).render(x="b" * 900_000))
    assert "line 2: does too much work: it writes more than 5,000,000 characters" in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ a }}" * 4000, "more than 10,000 names, marks and operators"),
        ("{% if a %}{% endif %}" * 2000, "more than 10,000 names"),
        ("x" * 500_001, "longer than 500,000 characters"),
        ("{{ " + "9" * 5000 + " }}", "4300 digits"),
        ("{{ 1" + "+1" * 4000 + " }}", "nested too deep"),
        ("{{ a" + ".a" * 4000 + " }}", "nested too deep"),
        ("{{ " + "[" * 4000 + "]" * 4000 + " }}", "nested too deep"),
        ("{{ '\\x' }}", "truncated"),
        ("{% autoescape true %}{{ a }}{% endautoescape %}", "nothing to escape"),
    ],
)
def test_a_template_that_takes_long_to_read_is_refused(text: str, reason: str) -> None:
    assert reason in stopped(lambda: Prompt.parse(text))


def test_each_rendering_has_its_own_budget() -> None:
    prompt = Prompt.parse("{% for i in range(90000) %}{% endfor %}done")
    assert [prompt.render() for _ in range(3)] == ["done"] * 3


def test_a_long_row_is_no_runaway() -> None:
    text = "x" * 1_000_000
    assert Prompt.parse("{% if text %}{{ text }}{% endif %}").render(text=text) == text


def test_the_identity_of_a_prompt_is_its_text_alone() -> None:
    assert Prompt.parse("a").identity == Prompt.parse("a").identity != Prompt.parse("b").identity
