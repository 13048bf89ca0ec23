"""Chat templates of tokenizers: the same text as transformers', to the byte, and none runs away."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from transformers.utils.chat_template_utils import render_jinja_template

from hfsft.errors import ModelError, RecipeError
from hfsft.filters import Tokens
from hfsft.pretrained.loaded_tokenizer import LARGE
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.release.trainer.tokenizer import load_tokenizer
from hfsft.sandbox import chat
from hfsft.sandbox.work import TooMuchWorkError
from tests.filters.text.test_tokenizer import RECIPE, save
from tests.release.samples import CHATML, MARKED, NO_SYSTEM, THINKING, USER_OR_ASSISTANT

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
CONVERSATIONS: list[list[dict[str, Any]]] = [
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
    [
        {"role": "system", "content": "Be <b> & brief.\n"},
        {"role": "user", "content": " Hi\n"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello "},
    ],
    [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "\n\n你好 {{ x }} 'a' \"b\""},
        {"role": "assistant", "content": "<think>a</think>b"},
    ],
    [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "\ud83d\ude00 \U0001f600"}],
    [{"role": "user", "content": ""}],
    [
        {"role": "user", "content": "What of Bern?"},
        {
            "role": "assistant",
            "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Bern", "days": [1, 2.5, None]}}}],
        },
        {"role": "tool", "name": "weather", "content": "<sun>"},
    ],
]
TEMPLATES = [
    CHATML, MARKED, NO_SYSTEM, USER_OR_ASSISTANT, THINKING,
    # What templates on the Hub are made of, each alone.
    "{{ bos_token }}{{ messages[0]['content'] | trim + eos_token }}",
    "{{ nothing }}|{{ nothing is defined }}|{{ none }}|{{ messages[0].name }}|{{ true }}|{{ 1.0 }}",
    "{{ messages }}|{{ messages | tojson }}|{{ messages | tojson(indent=2) }}|{{ '<é>' | tojson(ensure_ascii=true) }}",
    "{{ messages | tojson(separators=(',', ':'), sort_keys=true) }}",
    "{% set ns = namespace(found=false, last='') %}{% for m in messages[::-1] %}{% if not ns.found and "
    "m.role == 'user' %}{% set ns.found = true %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}{{ ns.last }}",
    "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.content }}{% if loop.index > 2 %}"
    "{% break %}{% endif %}{% endfor %}",
    "{% macro turn(m, end='.') %}{{ m['role'] ~ ':' ~ m.get('content', '') ~ end }}{% endmacro %}"
    "{% for m in messages %}{{ turn(m) }}{{- turn(m, end=loop.index) -}}{% endfor %}",
    "{% for m in messages %}{% set text = (m.content or '').split('</think>')[-1].lstrip('\\n') %}{{ text }}"
    "{% endfor %}",
    "{% for m in messages %}{{ m.content is string }}{{ m.content is not none }}{{ m is mapping }}{% endfor %}",
    "{{ messages | map(attribute='role') | list }}{{ messages | map(attribute='role') | join(', ') }}",
    "{{ messages | join(', ', attribute='role') }}{{ messages | length }}{{ messages | count }}",
    "{% if messages | selectattr('role', 'equalto', 'nobody') %}a generator is true{% endif %}",
    "{% if messages | selectattr('role', 'equalto', 'user') | list | length == 1 %}one{% endif %}",
    "{% for m in messages if m.role != 'system' %}{{ loop.index }}{{ loop.last }}{{ m.content | replace('H', 'J') }}"
    "{% else %}none{% endfor %}",
    "{% for key, value in messages[0].items() %}{{ key }}={{ value | upper }}{% endfor %}"
    "{{ messages[0].keys() | list }}",
    "{% for key, value in messages[0] | dictsort %}{{ key }}{% endfor %}{{ messages[0] | items | list }}",
    "{{ messages[0].content.startswith('H') }}{{ 'H' in messages[0].content }}{{ messages[0].content[1:] }}",
    "{{ '%s and %5.1f' % ('a', 2) }}{{ '%s|%s' | format('a', 'b') }}{{ '{}-{b:>5}'.format('a', b=1) }}",
    "{{ '{{}}'.format() }}{{ '{{{}}}'.format(1) }}{{ '100%' }}{{ '%d%%' % 5 }}",
    "{{ [1, 2] + [3] }}{{ 7 // 2 }}{{ 2 ** 5 }}{{ -3 }}{{ 7 % 4 }}{{ 'ab' * 2 }}{{ (1, 2) }}{{ {'a': [1]} }}",
    "{{ 'a' | center(5) }}{{ 'a\nb' | indent(2) }}{{ [1, 2, 3] | batch(2, 0) | list }}{{ 'abc'.zfill(5) }}",
    "{{ '<' | e }}{{ '<' | safe }}{{ ('<' | e) ~ '<' }}{{ '<' | escape | string }}{{ ['<' | e, '<'] | join }}",
    "{{ 2.567 | round(1) }}{{ 2.5 | round(method='floor') }}{{ [3, 1] | sort }}{{ [3, 1] | sum }}{{ '3' | int + 1 }}",
    "{% set text %}a {{ messages[0].content }}\n{% endset %}[{{ text }}]{{ text is string }}",
    "{% generation %}{% set x = 1 %}{{ x }}{% endgeneration %}{{ x }}",
    "  {% if true %}\n  a\n  {% endif %}\n{#- c #}\n b \n",
    "{{ dict(a=1) }}{{ dict([('b', 2)]) }}{{ range(3) | list }}{{ messages[0].copy() }}{{ messages[-1]['nothing'] }}",
    "{{ messages[0].content.title() }}{{ ['a', 'b'] | first }}{{ ['a', 'b'] | last }}{{ 'x'.join(['a', 'b']) }}",
    "{{ strftime_now('%Y-%m-%d') }}",
    # What is refused there is refused here.
    "{{ raise_exception('no ' ~ messages[0].role) }}",
    "{{ messages[0].content + 1 }}", "{{ messages[9].content }}", "{{ ', '.join([1]) }}", "{{ 1 / 0 }}",
    "{{ nothing() }}", "{{ messages.append(1) }}", "{{ ''.__class__.__mro__ }}",
]  # fmt: skip


def both(template: str, messages: list[dict[str, Any]], opened: bool) -> tuple[str | None, str | None]:
    """What transformers and hfsft write, None where one refuses."""
    theirs = ours = None
    try:
        (theirs,) = render_jinja_template(
            [messages], chat_template=template, add_generation_prompt=opened, **SPECIAL
        )[0]  # fmt: skip
    except Exception:
        theirs = None
    try:
        chat.check(template)
        ours = chat.render(template, messages, SPECIAL, opened=opened)
    except ValueError:
        ours = None
    return theirs, ours


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_text_as_transformers(template: str) -> None:
    for messages in CONVERSATIONS:
        for opened in (False, True):
            theirs, ours = both(template, messages, opened)
            assert ours == theirs


def test_the_same_text_under_the_templates_of_trl() -> None:
    spec = find_spec("trl")
    if spec is None or spec.origin is None:
        pytest.skip("needs the `train` group")
    files = sorted((Path(spec.origin).parent / "chat_templates").glob("*.jinja"))
    assert files
    for file in files:
        for messages in CONVERSATIONS:
            theirs, ours = both(file.read_text("utf-8"), messages, opened=False)
            assert ours == theirs, file.name


NESTED = "{% for a in range(99999) %}"
RUNAWAYS = {
    "loops": f"{NESTED * 3}{'{% endfor %}' * 3}",
    "silent loops": "{% for a in range(99999) if not range(99999) | select('odd') | list %}{% endfor %}",
    "doubling": "{% set n = namespace(t='ab') %}{% for a in range(99) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
    "doubling by +": "{% set n = namespace(t='ab') %}{% for a in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}",
    "doubling a list": "{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}",
    "nesting": "{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t }}",
    "a key of nests": "{% set n = namespace(t=(1,)) %}{% for a in range(99) %}{% set n.t = (n.t, n.t) %}{% endfor %}"
    "{{ {n.t: 1} }}",
    "times": "{{ 'a' * 10 ** 10 }}",
    "power": "{{ 9 ** 99999 }}",
    "growing power": "{% set n = namespace(t=9) %}{% for a in range(99) %}{% set n.t = n.t * n.t %}{% endfor %}",
    "%": "{{ '%9999999999d' % 1 }}",
    "% of another width": "{{ '%*d' % (9999999999, 1) }}",
    "% again and again": "{% set t = 'a' * 1000000 %}{{ ('%(a)s' * 100000) % {'a': t} }}",
    "format": "{{ '{:>9999999999}'.format(1) }}",
    "format of another width": "{{ '{:>{}}'.format(1, 9999999999) }}",
    "format again and again": "{{ ('{0}' * 100000).format('a' * 1000000) }}",
    "the filter format": "{{ '%9999999999d' | format(1) }}",
    "center": "{{ 'a' | center(9999999999) }}",
    "ljust": "{{ 'a'.ljust(9999999999) }}",
    "indent": "{{ ('\n' * 100000) | indent(100000) }}",
    "indent by a text": "{{ ('\n' * 100000) | indent('a' * 100000) }}",
    "batch": "{{ [1] | batch(9999999999, 0) | list }}",
    "slice": "{{ [1] | slice(9999999999) | list }}",
    "JSON": "{{ {'a': {'a': 1}} | tojson(indent=999999999) }}",
    "replace": "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "join": "{{ ('a' * 100000).join(['b'] * 100000) }}",
    "a macro": "{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}",
    "output": f"{NESTED * 2}aaaaaaaa{'{% endfor %}' * 2}",
    "generation": f"{NESTED * 2}{{% generation %}}a{{% endgeneration %}}{'{% endfor %}' * 2}",
    "map": "{% set n = namespace(t=range(9999)) %}{% for a in range(9999) %}{% if n.t | map('string') | list %}"
    "{% endif %}{% endfor %}",
    "comparisons": "{% set t = 'a' * 4000000 %}{% for a in range(99999) %}"
    "{% if t ~ 'a' == t ~ 'b' %}{% endif %}{% endfor %}",
}


@pytest.mark.parametrize("template", RUNAWAYS.values(), ids=RUNAWAYS)
def test_none_runs_away(template: str) -> None:
    before = time.process_time()
    chat.check(template)
    with pytest.raises(TooMuchWorkError):
        chat.render(template, CONVERSATIONS[0], SPECIAL, opened=False)
    assert time.process_time() - before < 25


ENDLESS = RUNAWAYS["loops"]


def test_one_that_runs_away_is_told_before_anything_runs(tmp_path: Path) -> None:
    save(tmp_path / "tok", ENDLESS)
    recipe = RECIPE.replace("tokens: {", "tokens: {column: conversation, ")
    (tmp_path / "recipe.yaml").write_text(recipe)
    said = (
        r"recipe.yaml:5:\d+: the chat template of the tokenizer .*tok does too much work: .* \(name another tokenizer"
    )
    with pytest.raises(RecipeError, match=said):
        compile_recipe(load_recipe(tmp_path / "recipe.yaml"))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    compile_recipe(load_recipe(tmp_path / "recipe.yaml"))  # of texts alone: no chat template is used


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (ENDLESS, "publish.tokenizer: the chat template of the tokenizer tok does too much work"),
        ("{% if %}", "publish.tokenizer: the chat template of the tokenizer tok cannot be read: line 1: Expected an"),
        ("{{ 1 | random }}", "cannot be read: line 1: No filter named 'random'"),
        ("(" * 500 + "{{ " + "(" * 9999 + "1" + ")" * 9999 + " }}", "cannot be read"),
    ],
)
def test_one_that_cannot_be_used_is_told_where_it_is_named(tmp_path: Path, template: str, said: str) -> None:
    from hfsft.errors import ReleaseError

    save(tmp_path / "tok", template)
    with pytest.raises(ReleaseError) as told:
        load_tokenizer("tok", base=tmp_path)
    assert said in str(told.value)


def test_one_that_runs_away_later_ends_the_build_or_refuses_a_huge_row(tmp_path: Path) -> None:
    sly = "{% if messages | length > 2 %}" + ENDLESS + "{% endif %}a"
    rule = Tokens(tokenizer=save(tmp_path / "tok", sly), column="messages", at_most=9)
    rule.identity()
    turns = [{"role": role, "content": "where is it"} for role in ("user", "assistant", "user", "assistant")]
    with pytest.raises(ModelError, match=r"chat template of the tokenizer .*tok does too much work"):
        rule.measure({"messages": [turns]})
    turns[0]["content"] *= LARGE // 10
    measured = rule.measure({"messages": [turns, turns[:2]]})
    assert measured["tokens_messages"][0] is None
    assert "does too much work" in str(measured["tokens_messages_refused"][0])
    assert measured["tokens_messages"][1] == 1


@pytest.mark.parametrize("template", ["{{ [][9] + 1 }}", "{{ 1 // 0 }}", "{{ 'a'.index('b') }}", "{{ messages.x.y }}"])
def test_whatever_a_template_raises_refuses_the_row(tmp_path: Path, template: str) -> None:
    rule = Tokens(tokenizer=save(tmp_path / "tok", template), column="messages", at_most=9)
    rule.identity()
    measured = rule.measure({"messages": [CONVERSATIONS[0]]})
    assert measured["tokens_messages"] == [None]
    assert measured["tokens_messages_refused"][0]
