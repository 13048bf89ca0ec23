"""Whatever changes a filter's numbers or its verdict changes a fingerprint, and nothing else does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfsft.filters import FILTERS, Filter, Repetition, Tokens
from hfsft.filters.checks.constraints import NumberedSections, Paragraphs
from hfsft.rows.limits import Limits
from tests.filters.test_filters import ARGUMENTS

COUNTED = ("words", "sentences", "bullets", "highlights", "placeholders", "capitals")
OTHER: dict[tuple[str, str], Any] = {
    ("refusal", "phrases"): ["computer says no"],
    ("toxicity", "label"): "fine",
    ("language", "languages"): ["vi"],
    ("language", "of_instruction"): True,
    ("one_of", "column"): "source",
    ("one_of", "allowed"): ["returns"],
    ("one_of", "missing"): "keep",
    ("tool_calls", "at_least"): 2,
    ("tool_calls", "at_most"): 3,
    ("matches", "any"): ["days?"],
    ("matches", "all"): ["days?"],
    ("matches", "none"): ["days?"],
    ("json_schema", "inline"): {"type": "array"},
    ("json_schema", "per_row"): "context",
    **{("constraints", name): Limits(at_least=2) for name in COUNTED},
    ("constraints", "per_row"): "asked",
    ("constraints", "arguments"): "given",
    ("constraints", "paragraphs"): Paragraphs(at_least=2),
    ("constraints", "paragraph_starts"): {1: "So"},
    ("constraints", "sections"): NumberedSections(at_least=2),
    ("constraints", "counts"): {"so": Limits(at_least=2)},
    ("constraints", "letters"): {"q": Limits(at_least=2)},
    **{("constraints", name): ["so"] for name in ("keywords", "forbidden", "one_of")},
    **{("constraints", name): "so" for name in ("case", "in_language", "ends_with", "postscript", "repeats")},
    ("conversation", "turns"): Limits(at_least=2),
    ("conversation", "system"): "none",
    ("parses", "languages"): ["sql"],
    ("parses", "dialect"): "mysql",
    ("parses", "missing"): "reject",
    ("answer", "equals"): "6",
    ("answer", "by"): "choice",
    ("answer", "missing"): "keep",
    ("expr", "that"): "response | words > 11",
    ("contamination", "levels"): ["exact"],
    ("pii", "kinds"): ["email"],
    ("phrases", "packs"): ["filler"],
    ("phrases", "add"): ["synergy"],
    ("pii", "regions"): ["DE"],
    ("pii", "allow"): ["support@example.com"],
}
BY_FIELD: dict[str, Any] = {
    "do": "reject",
    "keep": "longest",
    "column": "topic",
    "at_least": 0.25,
    "at_most": 0.75,
    "floor": 0.55,
}
# Known by what they are, in tests of their own.
DUPLICATES = ("exact_duplicate", "near_duplicate", "semantic_duplicate")
ELSEWHERE = {
    ("tokens", "tokenizer"),
    ("expr", "tokenizer"),
    ("json_schema", "file"),
    ("contamination", "against"),
    ("toxicity", "model"),
    ("phrases", "file"),
    ("pii", "recogniser"),
}
ELSEWHERE |= {(name, field) for name in DUPLICATES for field in ("against", "by")}
HARMLESS: set[tuple[str, str]] = set()  # fields that change no row; none so far


def fingerprints(rule: Filter) -> list[str]:
    found, parent = [], ""
    for step in rule.steps():
        parent = step.fingerprint(parent)
        found.append(parent)
    return found


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name, kind in FILTERS.items() for field in kind.model_fields if (name, field) not in ELSEWHERE],
)
def test_every_field_moves_a_fingerprint(name: str, field: str) -> None:
    rule = FILTERS[name](**ARGUMENTS.get(name, {}))
    value = OTHER.get((name, field), BY_FIELD.get(field))
    if value is None:  # a field of another kind: a switch, or a number of its own
        now = getattr(rule, field)
        value = not now if isinstance(now, bool) else (now or 0) + 1
    moved = rule.model_copy(update={field: value})
    assert getattr(moved, field) != getattr(rule, field)
    assert (fingerprints(moved) == fingerprints(rule)) is ((name, field) in HARMLESS)
    if field in rule.deciding:
        assert moved.steps()[0].fingerprint("") == rule.steps()[0].fingerprint("")


def test_a_moved_bound_of_a_judged_score_moves_a_fingerprint() -> None:
    score = FILTERS["score"]
    assert fingerprints(score(mean={"at_least": 4})) != fingerprints(score(mean={"at_least": 3}))
    assert fingerprints(score(mean={"at_least": 4})) != fingerprints(score(min={"at_least": 4}))


def test_a_moved_bound_keeps_other_rows_of_the_same_dataset() -> None:
    rows = Dataset.from_dict({"response": ["one", "one two", "one two three"]})
    assert [len(Tokens(at_most=bound).apply(rows)[0]) for bound in (1, 2, 3, 1)] == [1, 2, 3, 1]


CODE = """
from typing import ClassVar

from hfsft.filters.text_column import OfColumn

STOP = {"a", "the"}
SCALE = 1


def size(text):
    return len(text) * SCALE


class Letters(OfColumn):
    '''The length in letters.'''

    name: ClassVar[str] = "letters"
    kind: ClassVar[str] = "int64"

    at_least: float | None = 1

    def value(self, cell):
        return size(cell)
"""


def defined(folder: Path, code: str) -> type[Filter]:
    path = folder / "own_letters.py"
    path.write_text(code)
    spec = importlib.util.spec_from_file_location("own_letters", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["own_letters"] = module
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    kind: type[Filter] = module.Letters
    return kind


def test_an_edited_filter_of_a_users_own_never_serves_old_numbers(tmp_path: Path) -> None:
    Dataset.from_dict({"response": ["a b", "the cat"]}).save_to_disk(tmp_path / "rows")

    def measured(code: str) -> list[int]:
        rows = Dataset.load_from_disk(str(tmp_path / "rows"))  # on disk, so that datasets caches
        kept, _ = defined(tmp_path, code)().apply(rows)
        return list(kept["letters_response"])

    assert measured(CODE) == [3, 7]
    assert measured(CODE.replace("size(cell)", "size(cell.split())")) == [2, 2]
    assert measured(CODE.replace("len(text) * SCALE", "len(text) + SCALE")) == [4, 8]  # a function that it calls
    assert measured(CODE.replace("SCALE = 1", "SCALE = 10")) == [30, 70]  # a constant of its module


def test_code_that_is_the_same_has_the_same_hash_in_any_process(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "own_letters.py").write_text(
        CODE.replace("size(cell)", "size(cell) if cell not in {'x', 'y', 'z'} else 0")
    )
    script = "import own_letters; print(own_letters.Letters().steps()[0].fingerprint(''))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
    assert "code" not in Repetition().steps()[0].identity
