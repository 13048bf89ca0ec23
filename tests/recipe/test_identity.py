"""Every field of a recipe: it moves a step's fingerprint, or it stands on one list of those that change no row.

A field that is in neither would serve the rows of its old value. The fields are found by themselves: a new one is
flipped like all others, and its test says what is missing where it cannot be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from hfsft.errors import HfsftError
from hfsft.filters import FILTERS
from hfsft.filters.base import Limits
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe, with_filters
from hfsft.recipe.yaml.type_paths import bare
from hfsft.stages.attributes.attributes import Attribute
from hfsft.stages.columns.choices import Choices
from hfsft.stages.selecting.select import Diverse, Select
from tests.recipe import filter_fields, written_sources
from tests.recipe.every_section import recipe, save_tokenizer, write_files

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

REVIEW = ("rows", "overlap", "eyes", "reviewers", "reasons", "guidelines", "on_fail", "names")
# What changes no row that a step makes, and why it does not.
HARMLESS = {
    "Recipe.license": "said of the rows, not part of them",
    "Recipe.written_by": "said of the rows, not part of them",
    "DocumentTable.license": "said of the documents, not part of them",
    **{f"AskingPart.{key}": "when to stop, not what an answer is" for key in ("on_error", "failed_at_most")},
    "Judge.unscored_at_most": "when to stop, not what an answer is",
    "Size.accepted_at_least": "when to stop",
    "Guards.embeddings": "what is told of finished rows",
    "Balance.on_fail": "when to stop",
    **{f"Review.{key}": "what people are shown and told, and when to stop" for key in REVIEW},
    "Label.unlabelled_at_most": "when to stop, not what an answer is",
    **{f"BudgetSection.{key}": "when to stop" for key in ("usd", "calls", "tokens", "per")},
    **{f"Price.{key}": "what an answer costs" for key in ("input", "output", "cached")},
    "Model.provider": "who runs the model; its name on the Hub says which it is",
    "Model.base_url": "who runs the model, where its name says which it is",
    "Model.api_key_env": "who pays",
    "Model.api_key_header": "who pays",
    "Model.headers": "who asks",
    "FromEnv.env": "who asks",
    "Model.concurrency": "how fast",
    "Model.requests_per_minute": "how fast",
    "Model.tokens_per_minute": "how fast",
    "Model.timeout": "how patient",
    "Model.batch": "when requests are answered, and what that costs",
    "BatchOptions": "when requests are answered, and what that costs",
    "Model.batch_size": "how fast",
    **dict.fromkeys(
        (f"Model.{key}" for key in ("task", "dimensions", "prefix", "pooling")),
        "of a model that writes no text, which nobody asks here: tests/test_embedding.py has one",
    ),
    "Model.seed": "what is sent of a request, not which answer it stands for",
    "Pii.recogniser": "of names, which nobody looks for here: tests/privacy/test_recognised.py does",
    "Model.stream": "how an answer is handed out",
    "Publish": "how finished rows are written and where they go: made anew by each build",
}

# Where a section stands in the recipe of these tests.
OWN_KEYS = (
    *("Evolve", "Generate", "Label", "Refine", "Converse", "Judge", "Pairs", "Contradictions"),
    *("Size", "Guards", "Split", "Publish", "Review"),
)
PLACES: dict[str, tuple[str | int, ...]] = {
    **{name: (name.lower(),) for name in OWN_KEYS},
    "Recipe": (),
    "Leak": ("split", "leak"),
    "Balance": ("balance", 0),
    "Select": ("select",),
    "Diverse": ("select", "diverse"),
    "BudgetSection": ("budget",),
    "Model": ("models", "writer"),
    **{f"Model.{key}": ("models", "embedder") for key in ("task", "dimensions", "prefix", "pooling", "batch_size")},
    "Price": ("models", "writer", "price"),
    "FromEnv": ("models", "writer", "headers", "x-key"),
    "BatchOptions": ("models", "writer", "batch"),
    **written_sources.PLACES,
    "Prompts": ("seeds", 0),
    "PromptTable": ("seeds", 1),
    "ExampleRows": ("examples", 0),
    "ExampleRow": ("examples", 0, "rows", 0),
    "ExampleTable": ("examples", 1),
    "DocumentTable": ("documents", 0),
    "Chunking": ("documents", 0, "chunk"),
    "Retrieved": ("generate", "context"),
    "WeightedTemplate": ("evolve", "templates", 1, "Weighed: {{ instruction }}"),
    "Choices": ("label", "quality"),
    "Write": ("write", 0),
    **{key: ("generate", key.lower()) for key in ("Samples", "Demonstrations")},
    "Tools": ("generate", "tools"),
    "TurnCount": ("converse", "turns"),
    "Anchor": ("judge", "anchors", 0),
    "Criterion": ("judge", "rubric", "usefulness"),
    "Criterion.checklist": ("judge", "rubric", "tone"),
    **{key: ("judge", key.lower()) for key in ("Exam", "Control")},
    "Share": ("guards", "people"),
    **filter_fields.PLACES,
}

NLI = Path(__file__).parent.parent / "stages" / "contradicting" / "classifiers"
TALK = [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]

# The other value of a field whose own cannot be changed by a rule.
OTHER: dict[str, Any] = {
    "Recipe.name": "other",
    "Model.provider": {"base_url": None, "provider": "auto", "model": "org/m", "batch": None},
    "Model.base_url": {"base_url": "http://elsewhere:8000/v1", "model": "org/m"},
    "Model.extra_body": {"extra_body": {"top_k": 5}},
    "Model.seed": {"seed": None},
    "Model.api_key_header": {"api_key_env": "KEY", "api_key_header": "api-key"},
    "BatchOptions.completion_window": "7d",
    "Model.headers": {"headers": {"X-Title": "toy"}},
    "Model.pooling": {"base_url": None, "headers": {}, "model": "e.gguf", "pooling": "cls"},
    "PromptTable.path": "others.jsonl",
    "DocumentTable.path": {"path": "others.jsonl", "text": "prompt"},
    "Retrieved.unanswerable": 0.2,
    "Split.stratify": "origin",
    "Split.by": "source",
    "Split.test": 0.1,
    "Balance.bands": [50],
    "Balance.by": "score_mean",
    "Select.by": "score_mean",
    "Chunking.overlap": 20,
    "DocumentTable.limit": 1,
    "DocumentTable.where": "x == 'x'",
    "ExampleTable.path": "others.jsonl",
    "ExampleRow.messages": [*TALK, *TALK],
    "ExampleRow.tools": [{"name": "find"}],
    "ExampleTable.format": "alpaca",
    **{f"{table}.roles": {"roles": {"clerk": "assistant"}} for table in ("PromptTable", "ExampleTable")},
    **written_sources.OTHER,
    "Write.form": {"schema": {"type": "array"}},
    "Write.column": "case2",
    "Samples.at_least": {"keep": "majority", "at_least": 0.5},
    **filter_fields.OTHER,
    "Judge.combine": {"model": ["writer", "other"], "combine": "mean"},
    "Refine.when": {"usefulness": {"at_most": 2}},
    "Choices.choices": ["a", "c"],
    "Judge.rubric": {"usefulness": "Would it truly help?", "tone": "Is it kind?"},
    "Judge.scale": [1, 10],
    "Judge.reasoning": False,
    "Anchor.scores": {"usefulness": 3, "tone": 1},
    "Anchor.answers": {"answers": {"tone": ["yes"]}},
    "Anchor.messages": [*written_sources.TALKED, *TALK],
    "Anchor.tools": [{"name": "find"}],
    "Criterion.levels": {"1": "bad", "5": "good"},
    "Criterion.checklist": ["Is it calm?"],
    "Tools.path": "others.json",
    "Tools.schemas": {"path": None, "schemas": [{"name": "find"}]},
    "Tools.results": "other_results.jsonl",
    "Tools.until": {"until": "calls", "results": None, "unknown": None},
    "Tools.template": "{{ arguments }}",
    **{f"{key}.model": "other" for key in ("Tools", "WeightedTemplate", "Write", *OWN_KEYS[:8])},
    "Converse.user": ["clarify"],
    "Contradictions.nli": str(NLI / "two"),
    "Review.guidelines": "rows.jsonl",
    "Review.verdicts": "others.review.jsonl",
    "Review.reasons": ["wrong_dosage"],
    "Publish.repo_id": "you/toy",
    "Publish.not_secret": ["0123456789ab"],
}
# What stands beside a field that means nothing by itself.
BASE_OF: dict[str, dict[str, Any]] = {
    **{f"Generate.{key}": {"check": [{"tokens": {"at_least": 2}}]} for key in ("tries", "retry")},
    **written_sources.BASE_OF,
    "Model.provider": {"model": "org/m"},
    "Model.base_url": {"model": "org/m"},
    "FromEnv.env": {"env": "KEY"},
    **{f"Contradictions.{key}": {"nli": str(NLI / "one")} for key in ("nli", "probability")},
    **{
        f"{kind}.messages": {"instruction": None, "response": None, "messages": talk}
        for kind, talk in (("ExampleRow", TALK), ("Anchor", written_sources.TALKED))
    },
    **{
        f"{table}.{key}": {"path": "org/rows"}
        for table in ("PromptTable", "ExampleTable", "DocumentTable", "Against")
        for key in ("split", "config", "revision", "delimiter")
    },
    **{f"{table}.delimiter": {"path": "rows.csv"} for table in ("PromptTable", "ExampleTable")},
}


def sections(kind: Any) -> Iterator[type[BaseModel]]:
    """The sections that a type holds, each with those inside."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from sections(field.annotation)
    for inside in get_args(kind):
        yield from sections(inside)


SECTIONS = dict.fromkeys([*sections(with_filters(FILTERS)), *FILTERS.values(), Limits, Attribute, Choices])
FIELDS = [
    (section, name)
    for section in SECTIONS
    for name, field in section.model_fields.items()
    if not [inside for inside in sections(field.annotation) if inside is not section]
    and name not in ("filters", "from")
]


def harmless(section: type[BaseModel], name: str) -> bool:
    kinds = [kind.__name__ for kind in section.__mro__]
    return any(f"{kind}.{name}" in HARMLESS or kind in HARMLESS for kind in kinds)


def others(value: Any, field: FieldInfo) -> Iterator[Any]:
    """Values that may stand in place of one, the likely ones first."""
    yield from (choice for choice in choices(field.annotation) if choice != value)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value * 0.9, value + 0.1)
    elif isinstance(value, str):
        yield from (*(name for name in ("instruction", "context") if name != value), f"{value}x")
    elif isinstance(value, list):
        yield from ([choice] for inside in get_args(bare(field.annotation)) for choice in choices(inside))
        yield from (other for other in ([*value, *(f"{each}x" for each in value)], ["xx"]) if other != value)
    else:
        yield from (7, 0.5, 0, "x", ["x"], True)


def choices(kind: Any) -> Iterator[Any]:
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    elif get_origin(kind) in (Union, Annotated) or hasattr(kind, "__or__"):
        for inside in get_args(kind):
            yield from choices(inside)


def fingerprint(data: dict[str, Any], folder: Path) -> str:
    return fingerprint_of(json.dumps(data), folder)


# Of all these tests, most begin at the same recipe.
@cache
def fingerprint_of(data: str, folder: Path) -> str:
    (folder / "recipe.yaml").write_text(data)
    return compile_recipe(load_recipe(folder / "recipe.yaml"), weights=False).digest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that recipes here name."""
    made = tmp_path_factory.mktemp("named")
    write_files(made)
    save_tokenizer(made / "tokenizer")
    return made


def put(data: dict[str, Any], place: tuple[str | int, ...], values: dict[str, Any]) -> dict[str, Any]:
    data = deepcopy(data)
    here: Any = data
    for step in place:
        here = here[step]
    here.update(values)
    return data


@pytest.mark.parametrize(("section", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name in FIELDS])
def test_a_field_moves_the_fingerprint_or_is_known_to_be_harmless(
    section: type[BaseModel], name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hfsft.rows.tables.hub_dataset.commit_of", lambda repo, revision: f"{repo} at {revision}")
    monkeypatch.setattr("hfsft.rows.tables.hub_dataset.hub_rows", lambda *asked: iter([{"text": str(asked)}]))
    monkeypatch.setattr("hfsft.pretrained.classifier.find_spec", lambda name: True)  # torch, of which nothing is run
    for several in ("configs", "splits"):
        monkeypatch.setattr(f"hfsft.rows.tables.hub_dataset.{several}", lambda *asked: [])
    key, data = f"{section.__name__}.{name}", recipe()
    place = PLACES.get(key, PLACES.get(section.__name__))
    if section in (Select, Diverse):  # which go with no size
        data |= {"size": None, "select": {"rows": 50, "diverse": {"at_most": 0.9}}}
    if of := next((of for of, kind in FILTERS.items() if kind is section), None):
        data["filters"] = [{of: dict(filter_fields.NEEDS.get(of, {}))}]
        place = ("filters", 0, of)
    assert place is not None, f"say in PLACES where a {section.__name__} stands in the recipe"
    data = put(data, place, BASE_OF.get(key, {}))
    if key == "Samples.at_least":
        del data["pairs"]  # of which a majority leaves none
    before = fingerprint(data, folder)
    for values in candidates(section, name, key, data, place):
        try:
            after = fingerprint(put(data, place, values), folder)
        except HfsftError:  # a value that the field cannot have
            continue
        assert (after == before) == harmless(section, name), f"{values} in place of what stood there"
        return
    pytest.fail(f"say in OTHER which other value {key} may have")


def candidates(
    section: type[BaseModel], name: str, key: str, data: Any, place: tuple[str | int, ...]
) -> Iterator[dict[str, Any]]:
    if key in OTHER:
        other, alias = OTHER[key], section.model_fields[name].alias
        yield other if isinstance(other, dict) and (name in other or alias in other) else {name: other}
        return
    here = data
    for step in place:
        here = here[step]
    field = section.model_fields[name]
    value = here.get(name, field.get_default(call_default_factory=True))
    yield from ({name: other} for other in others(value, field))


def test_no_field_is_on_the_list_that_no_section_has() -> None:
    known = {
        f"{kind.__name__}.{name}" for section in SECTIONS for kind in section.__mro__ for name in section.model_fields
    }
    assert not {key for key in HARMLESS if "." in key} - known
    assert not set(OTHER) - known


def test_a_server_of_its_own_is_part_of_a_name_that_says_nothing(folder: Path) -> None:
    data = recipe()
    moved = put(data, ("models", "writer"), {"base_url": "http://localhost:8001/v1"})
    assert fingerprint(moved, folder) != fingerprint(data, folder)
