"""Any template is rendered or refused, soon and in little memory, and never reaches Python's own objects."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import PromptError
from hfsft.prompts import Prompt
from hfsft.sandbox import work
from hfsft.sandbox.environment import TEXT_METHODS
from hfsft.sandbox.filters import FILTERS, OWN_FILTERS
from tests.fuzz.bounds import soon, tries

NAMES = (
    "text",
    "long",
    "rows",
    "row",
    "x",
    "ns",
    "loop",
    "range",
    "dict",
    "namespace",
    "cycler",
    "joiner",
    "self",
    "m",
)
ATTRIBUTES = (*sorted(TEXT_METHODS), "items", "get", "a", "s", "index", "__class__", "__init__", "mro", "format", "_x")
TESTS = ("odd", "in", "eq", "lt", "sameas", "divisibleby", "lower", "defined", "mapping", "iterable", "string", "ge")
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "not in", "and", "or")

numbers = st.sampled_from(["0", "1", "-1", "7", "99999", "10**9", "2**3999", "2**61-1", "1.5", "1e300", "10**5000"])
leaves = st.one_of(
    numbers,
    st.sampled_from(["'a'", "'aé🙏'", "''", "none", "true", "[]", "{}", "'\\n'", "'a,' * 9999"]),
    st.sampled_from(NAMES),
)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds(
            "({} | {}({}))".format, inner, st.sampled_from([*FILTERS, *OWN_FILTERS, "center", "format"]), arguments
        ),
        st.builds("({} | map('{}', {}))".format, inner, st.sampled_from([*FILTERS, *OWN_FILTERS]), inner),
        st.builds("({} | {}(attribute='a.b.__class__'))".format, inner, st.sampled_from(["map", "sort", "sum", "max"])),
        st.builds("({} is {}({}))".format, inner, st.sampled_from(TESTS), inner),
        st.builds("{}.{}({})".format, inner, st.sampled_from(ATTRIBUTES), arguments),
        st.builds("{}.{}".format, inner, st.sampled_from(ATTRIBUTES)),
        st.builds("{}({})".format, st.sampled_from(NAMES), arguments),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[{}:{}]".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
        st.builds("(-{})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


expressions = st.recursive(leaves, grown, max_leaves=8)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% for x in {} %}}{}{{% endfor %}}".format, expressions, inner),
        st.builds("{{% for x in range(99999) %}}{}{{% endfor %}}".format, inner),
        st.builds("{{% for x in {} recursive %}}{{{{ loop({}) }}}}{{% endfor %}}".format, expressions, expressions),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, expressions, inner, inner),
        st.builds("{{% set ns.s = {} %}}{}".format, expressions, inner),
        st.builds("{{% set x %}}{}{{% endset %}}{}".format, inner, inner),
        st.builds("{{% macro m(x, y=1) %}}{}{{% endmacro %}}{{{{ m({}) }}}}".format, inner, expressions),
        st.builds("{{% filter upper %}}{}{{% endfilter %}}".format, inner),
        st.builds("{{% call m(1) %}}{}{{% endcall %}}".format, inner),
        st.builds("{{% with x = {} %}}{}{{% endwith %}}".format, expressions, inner),
        st.builds("{{% block b %}}{}{{% endblock %}}".format, inner),
        st.builds("{{% autoescape true %}}{}{{% endautoescape %}}".format, inner),
    )


templates = st.recursive(st.builds("{{{{ {} }}}}".format, expressions), nested, max_leaves=6)


@tries(100)
@given(templates)
def test_any_template_of_the_grammar_ends(text: str) -> None:
    whole = "{% set ns = namespace(s='ab') %}" + text
    with soon(), suppress(PromptError):
        said = Prompt.parse(whole).render(
            text="Where is it?", long="ab c\n" * 20_000, rows=[{"a": 1, "b": "x"}] * 5, row={"a": {"b": 2}}, x=3, m=None
        )
        assert len(said) <= work.LONGEST
        assert "<class" not in said
        assert " object at 0x" not in said
        assert "<function" not in said


@tries(150)
@given(st.text(alphabet=st.sampled_from("{}%#- \n'\"|()[].,~=abif0123456789_*:"), max_size=80))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    with soon(), suppress(PromptError):
        Prompt.parse(text).render(a="x", b=[1], i=1, f={})
