"""Every filter of the table, and what holds for all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import ArgumentError, ColumnError
from hfsft.filters import DEFAULT_FILTERS, FILTERS, HOMES, Filter, Refusal, Repetition, Score, Tokens
from hfsft.filters.base import Limits
from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.rows.batch import Batch
from hfsft.rows.columns import COLUMNS

HELD = os.path.relpath(Path(__file__).parent / "held_items.jsonl")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "tokens": {"at_least": 1},
    "score": {"mean": {"at_least": 3.5}},
    "spread": {"mean": {"at_most": 1}},
    "matches": {"any": ["days"], "none": ["AI"]},
    "json_schema": {"inline": {"type": "object"}},
    "answer": {"equals": "5", "by": "number"},
    "expr": {"that": "response | words > 10"},
    "constraints": {"words": {"at_least": 10}},
    "one_of": {"column": "topic", "values": ["refunds"]},
    "contamination": {"against": [{"path": str(Path(HELD).resolve())}]},
    "toxicity": {"model": str(Path(__file__).parent / "classifiers" / "one")},
}
RULES = {name: kind(**ARGUMENTS.get(name, {})) for name, kind in FILTERS.items()}

GOLDEN_ROWS: Batch = {
    "id": ["1", "2", "3", "4"],
    "instruction": [
        "How long does a refund take?",
        "how long  does a refund take",
        "How long does the refund take?",
        None,
    ],
    "response": [
        "Three to five days, 三天 to be exact.",
        "I'm sorry, but I cannot help with that. As an AI I do not know your bank.",
        "Please wait. Please wait. Please wait. As an AI, I can't say more.",
        None,
    ],
}
ONE_LINE = "its final answer Three to five days, 三天 to be exact is no number"
# A measure that changes must raise the filter's `version` as well, or old numbers are served from the cache.
GOLDEN: dict[str, tuple[int, Batch]] = {
    "tokens": (2, {"tokens_response": [9, 17, 13, None]}),
    "grounded": (1, {"grounding": [None, None, None, None]}),
    "repetition": (4, {"repetition_response": [0.0, 0.0, 0.2037, None]}),
    "refusal": (7, {"refusal_response": [0.0, 1.0, 0.5, None]}),
    "exact_duplicate": (
        4,
        {
            "exact_duplicate_instruction": [0, 1, 0, None],
            "exact_duplicate_instruction_of": [None, "1", None, None],
            "exact_duplicate_instruction_cluster": ["1", "1", None, None],
        },
    ),
    "semantic_duplicate": (
        3,
        {
            "semantic_duplicate_instruction": [0.0, 1.0, 0.9942, None],
            "semantic_duplicate_instruction_of": [None, "1", "1", None],
            "semantic_duplicate_instruction_cluster": ["1", "1", "1", None],
            "semantic_duplicate_instruction_nearest": ["2", "1", "1", None],
            "semantic_duplicate_instruction_similarity": [1.0, 1.0, 0.9942, None],
        },
    ),
    "contamination": (
        1,
        {
            "contamination": [*[f"{HELD}:1 (exact)"] * 2, None, None],
            "contamination_of": [*[f"{HELD}:1"] * 2, None, None],
        },
    ),
    "near_duplicate": (
        6,
        {
            "near_duplicate_instruction": [0.0, 1.0, 0.6875, None],
            "near_duplicate_instruction_of": [None, "1", "1", None],
            "near_duplicate_instruction_cluster": ["1", "1", None, None],
            "near_duplicate_instruction_nearest": ["2", "1", "1", None],
            "near_duplicate_instruction_similarity": [1.0, 1.0, 0.6875, None],
        },
    ),
    "score": (1, {}),
    "spread": (1, {}),
    "one_of": (1, {}),
    **{
        name: (1, {f"{name}_conversation": [0, 0, 0, None], f"{name}_conversation_found": [None] * 4})
        for name in ("encoding", "html", "invisible")
    },
    "language": (1, {"language_response": [None] * 4, "language_response_found": [None] * 4}),
    "quality": (
        1,
        {
            "quality_response": [0.372, 0.286, 0.254, None],
            "quality_response_found": [
                "length 0.18, structure 0, phrases 1",
                "length 0.34, structure 0.5, phrases 0",
                "length 0.26, structure 0.5, phrases 0",
                None,
            ],
        },
    ),
    "links": (1, {"links_response": [0, 0, 0, None], "links_response_found": [None] * 4}),
    "control_tokens": (2, {"control_tokens_conversation": [0, 0, 0, None]}),
    "placeholder": (1, {"placeholder_conversation": [None] * 4}),
    "second_task": (2, {"second_task_conversation": [None] * 4}),
    "phrases": (1, {"phrases_conversation": [0, 0, 0, None], "phrases_conversation_found": [None] * 4}),
    "truncated": (2, {"truncated_conversation": [None] * 4}),
    "echo": (1, {"echo_conversation": [0.0, 0.0, 0.0, None]}),
    "pii": (1, {"pii": [0] * 4, "pii_kinds": [None] * 4}),
    "secrets": (2, {"secrets": [0] * 4, "secrets_kinds": [None] * 4}),
    "matches": (
        1,
        {"matches_response": [None, "it must not have `AI`", "it must not have `AI`", "it lacks all of `days`"]},
    ),
    "json_schema": (
        1,
        {"json_schema_response": [*["it is no JSON: Expecting value: line 1 column 1 (char 0)"] * 3, "it is empty"]},
    ),
    "parses": (1, {"parses_response": [None] * 4}),
    "conversation": (1, {"conversation": ["no conversation"] * 4}),
    "constraints": (
        2,
        {
            "constraints_response": [1, 0, 0, 1],
            "constraints_response_found": ["words: 9, at_least 10", None, None, "words: it is empty"],
        },
    ),
    "answer": (2, {"answer_response": [ONE_LINE, *["it gives no final answer"] * 3]}),
    "tool_calls": (2, {"tool_calls": [None] * 4}),
    "expr": (1, {"expr": ["`response | words > 10` is false", None, None, "`response | words > 10` is false"]}),
}


@pytest.mark.parametrize("name", sorted(FILTERS.keys() - {"toxicity"}))  # of which the model has no weights here
def test_golden_rows(name: str) -> None:
    version, expected = GOLDEN[name]
    rule = RULES[name]
    batch = {column: GOLDEN_ROWS[column] for column in (*rule.reads, "id") if column in GOLDEN_ROWS}
    measured = rule.measure(batch) if rule.writes else {}
    assert measured.keys() == rule.writes.keys() == expected.keys()
    for column, values in measured.items():
        assert values == [v if not isinstance(v, float) else pytest.approx(v, abs=5e-4) for v in expected[column]]
    assert rule.version == version


@pytest.mark.parametrize(("name", "kind"), FILTERS.items())
def test_every_filter_is_documented(name: str, kind: type[Filter]) -> None:
    assert kind.name == name
    assert kind.__doc__
    assert all(field.description for field in kind.model_fields.values())
    schema = kind.model_json_schema()
    assert schema["description"].startswith(kind.__doc__.splitlines()[0])


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_steps_compare_what_was_measured_or_judged(rule: Filter) -> None:
    steps = rule.steps()
    known = {*rule.reads, *rule.writes}
    comparing = {"near_duplicate": ["row", "all", "all"], "exact_duplicate": ["row", "all"]}
    comparing["semantic_duplicate"] = ["row", "row", "all", "all"]
    measuring = {"score": [], "spread": [], "one_of": [], **comparing}.get(rule.name, ["row"])
    keeps = [] if isinstance(rule, Rewriting) else ["row"]  # none falls, unless it is told to reject
    assert [step.sees for step in steps] == [*measuring, *keeps]
    assert [step.rows for step in steps] == ["same"] * len(measuring) + ["fewer"] * len(keeps)
    assert all((step.bound is not None) == (step.rows == "fewer") for step in steps)
    assert all(step.bound.column in known for step in steps if step.bound)
    assert all(set(step.reads).isdisjoint(step.optional) for step in steps)
    assert {*rule.reads} <= {*COLUMNS, "score_mean", "spread_mean"}


def test_a_bare_name_is_enough_where_all_has_a_default() -> None:
    bare = {name for name, kind in FILTERS.items() if not _refuses(kind)}
    without = ("contamination", "toxicity", "tokens", "score", "spread", "matches", "json_schema", "expr", "one_of")
    assert bare == FILTERS.keys() - without


def _refuses(kind: type[Filter]) -> bool:
    try:
        kind()
    except ArgumentError:
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("tokens", {}, "needs at_least or at_most"),
        ("tokens", {"at_least": 9, "at_most": 3}, "keeps nothing: at_least 9 is above at_most 3"),
        ("tokens", {"at_most": -1}, "greater than or equal to 0"),
        ("tokens", {"at_least": -3}, "greater than or equal to 0"),
        ("tokens", {"at_last": 9}, r"there is no argument .*did you mean `.*at_least`"),
        ("repetition", {"at_most": 40}, "less than or equal to 1"),
        ("refusal", {"at_least": -1}, "greater than or equal to 0"),
        ("exact_duplicate", {"column": []}, "at least 1 item"),
        ("score", {}, "needs a criterion"),
        ("matches", {}, "needs patterns: any, all or none"),
        ("matches", {"any": ["(a"]}, r"`\(a` is no pattern: missing \)"),
        ("json_schema", {}, "needs one schema: inline, file or per_row"),
        ("json_schema", {"inline": {"type": "text"}}, r"is no JSON Schema: .*'text' is not valid"),
        ("expr", {"that": "response |"}, "unexpected"),
        ("expr", {"that": "response | tokens > 3"}, "`tokens` needs a `tokenizer`"),
        ("answer", {"by": "letters"}, "input should be 'exact', 'number', 'math' or 'choice', not 'letters'"),
        ("pii", {"do": "delete"}, "input should be 'redact', 'reject' or 'report', not 'delete'"),
        ("pii", {"kinds": ["mail"]}, "input should be 'email', 'phone', 'card'"),
        ("pii", {"regions": ["UK"]}, "'UK' is no region"),
        ("secrets", {"kinds": ["email"]}, "there is no argument `kinds`"),
        ("score", {"at_least": 4}, "bounds stand under a criterion"),
        ("spread", {}, r"needs a criterion of the rubric or mean: \{mean: \{at_most: 1\}\}"),
        ("spread", {"at_most": 4}, "bounds stand under a criterion or mean"),
        ("score", {"mean": 4}, "mean: input should be a valid dictionary"),
        ("score", {"mean": {}}, "needs at_least or at_most"),
        ("score", {"mean": {"least": 4}}, r"there is no argument .*did you mean `.*at_least`"),
        ("score", {"mean": {"at_least": 5, "at_most": 4}}, "keeps nothing"),
    ],
)
def test_what_a_recipe_may_not_say(kind: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FILTERS[kind](**arguments)


def test_scores_are_compared_in_the_order_given() -> None:
    rule = Score.model_validate({"usefulness": {"at_least": 4}, "mean": {"at_least": 3.5, "at_most": 5}})
    assert rule.reads == ("score_usefulness", "score_mean")
    assert rule.limits["mean"] == Limits(at_least=3.5, at_most=5)
    assert [step.name for step in rule.steps()] == ["filters[score].usefulness", "filters[score].mean"]
    assert all(step.work is None for step in rule.steps())


def test_an_unscored_row_falls() -> None:
    dataset = Dataset.from_dict({"score_min": [4.0, None, 1.0, 3.0]})
    kept, rejected = Score.model_validate({"min": {"at_most": 3}}).apply(dataset)
    assert kept["score_min"][:] == [1.0, 3.0]
    assert rejected["score_min"][:] == [4.0, None]


def test_a_row_whose_spread_nobody_knows_falls_only_where_some_is_wanted() -> None:
    dataset = Dataset.from_dict({"spread_use": [0.2, None, 1.5]})
    for limits, kept in (
        ({"at_most": 1}, [0.2, None]),
        ({"at_least": 0.5}, [1.5]),
        ({"at_least": 0, "at_most": 1}, [0.2]),
    ):
        assert FILTERS["spread"](use=limits).apply(dataset)[0]["spread_use"][:] == kept


def test_an_absent_text_is_too_short_and_not_too_long() -> None:
    assert [Tokens(at_least=1).bounds()[0].keeps(value) for value in (None, 0, 1)] == [False, False, True]
    assert [Tokens(at_most=1).bounds()[0].keeps(value) for value in (None, 1, 2)] == [True, True, False]
    assert Repetition().bounds()[0].keeps(None)
    assert Refusal().bounds()[0].keeps(None)


@given(st.floats(0, 1), st.floats(0, 1), st.lists(st.none() | st.floats(0, 1)))
@pytest.mark.parametrize("kind", [Repetition, Refusal])
def test_a_lower_bound_keeps_fewer(
    kind: type[Repetition] | type[Refusal], one: float, other: float, values: list[float | None]
) -> None:
    (strict,), (lax,) = (kind(at_most=bound).bounds() for bound in sorted((one, other)))
    assert all(lax.keeps(value) for value in values if strict.keeps(value))


def test_apply_gives_both_halves_with_the_measure() -> None:
    dataset = Dataset.from_dict({"response": ["Open the order first.", "Wait. " * 9], "n": [1, 2]})
    kept, rejected = Repetition().apply(dataset)
    assert (kept["n"][:], rejected["n"][:]) == ([1], [2])
    assert rejected["repetition_response"][0] > 0.7
    with pytest.raises(ColumnError, match=r"reads `respons`, .* \(did you mean `response`\? allowed: response, n\)"):
        Repetition(column="respons").apply(dataset)


def test_a_slip_in_python_is_told_as_in_a_recipe() -> None:
    with pytest.raises(ArgumentError) as slip:
        Repetition(at_mots=1, colum="n")  # type: ignore[call-arg]
    assert str(slip.value).splitlines() == [
        "Repetition: there is no argument `at_mots` (did you mean `at_most`? allowed: at_least, at_most, column)",
        "Repetition: there is no argument `colum` (did you mean `column`? allowed: at_least, at_most, column)",
    ]
    with pytest.raises(TypeError, match=r"name its arguments \(at_least, at_most, column\)"):
        Repetition(0.4)  # type: ignore[call-arg]


def test_default_filters_run_on_the_least_that_rows_have() -> None:
    dataset = Dataset.from_dict({"instruction": ["Hi", "hi", "Bye"], "response": ["Hello.", "Hello.", ""]})
    for rule in DEFAULT_FILTERS:
        dataset, _ = rule.apply(dataset)
    assert dataset["instruction"][:] == ["Hi"]


def test_the_table_of_filters_loads_no_heavy_library() -> None:
    code = (
        "import sys, hfsft.filters, hfsft.similarity\n"
        "heavy = 'datasets datasketch transformers numpy tokenizers phonenumbers stdnum detect_secrets'\n"
        "print([m for m in heavy.split() if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"


def test_each_filter_stands_where_the_table_says() -> None:
    assert {name: kind.name for name, kind in FILTERS.items()} == {name: name for name in HOMES}
    assert {kind.__module__: kind.__name__ for kind in FILTERS.values()} == {
        home.module: home.name for home in HOMES.values()
    }
    with pytest.raises(KeyError):
        FILTERS["tokns"]


def test_a_plan_imports_the_filters_that_its_recipe_names() -> None:
    """What nobody named costs the time before the first request."""
    code = (
        "import sys, hfsft.pipeline.building as b\n"
        "models = {'writer': {'model': 'canned', 'base_url': 'http://127.0.0.1:9/v1'}}\n"
        "rules = ['refusal', {'tokens': {'at_least': 1}}]\n"
        "told = {'name': 'toy', 'models': models, 'seeds': [{'prompts': ['Where is it?']}], 'filters': rules}\n"
        "b.compile_recipe(b.load(told, []))\n"
        "print([m for m in sys.modules if m.startswith(('hfsft.filters.', 'hfsft.privacy.', 'hfsft.pipeline.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    imported = set(json.loads(done.stdout.replace("'", '"')))
    assert {home.module for home in HOMES.values()} & imported == {HOMES["tokens"].module, HOMES["refusal"].module}
    assert not {"hfsft.privacy.pii", "hfsft.pipeline.auditing", "hfsft.pipeline.rendering"} & imported
