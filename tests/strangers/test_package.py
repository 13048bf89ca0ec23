"""Filters of other packages: installed as distributions, named in a recipe, built with the command."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft import pipeline
from hfsft.cli import main
from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.strangers.checkout import ROOT, command

FILTER = '''
from typing import Any, ClassVar

from pydantic import Field

from hfsft.engine.step import Bound
from hfsft.filters import Filter
from hfsft.rows.batch import Batch


class Jargon(Filter):
    """Number of words that only insiders know."""

    name: ClassVar[str] = "jargon"

    at_most: int = Field(0, ge=0, description="Largest number that is kept.")
    words: list[str] = Field(["synergy"], description="The words.")

    @property
    def reads(self) -> tuple[str, ...]:
        return ("response",)

    @property
    def writes(self) -> dict[str, Any]:
        return {"jargon": "int64"}

    def measure(self, batch: Batch) -> Batch:
        return {"jargon": [sum((text or "").count(word) for word in self.words) for text in batch["response"]]}

    def bounds(self) -> list[Bound]:
        return [Bound(self.name, "jargon", at_most=self.at_most)]
'''
Install = Callable[..., None]


ROWS = [
    *({"instruction": f"What is {each}?", "response": f"It is {each}."} for each in range(8)),
    {"instruction": "What is best?", "response": "Best is synergy."},
]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are installed in."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    for name in ("acme", "bolt"):
        sys.modules.pop(name, None)
    return tmp_path / "site"


@pytest.fixture
def install(site: Path) -> Install:
    def installed(name: str, version: str, entries: dict[str, str], module: str) -> None:
        for old in site.glob(f"{name}-*.dist-info"):
            shutil.rmtree(old)
        package = site / f"{name}-{version}.dist-info"
        package.mkdir()
        (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = "".join(f"{key} = {value}\n" for key, value in entries.items())
        (package / "entry_points.txt").write_text(f"[hfsft.filters]\n{lines}")
        (site / f"{name}.py").write_text(module)

    return installed


def recipe(*filters: Any) -> dict[str, Any]:
    return {"name": "toy", "examples": [{"rows": ROWS}], "filters": list(filters), "split": {"validation": 0}}


def run(site: Path, *arguments: str, filters: list[Any], code: int = 0) -> str:
    """What the command says, in a process that finds the packages."""
    folder = site.parent
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe(*filters), sort_keys=False))
    result = command(*arguments, cwd=folder, paths=[ROOT, site])
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def problems(*filters: Any) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        load_recipe(recipe(*filters))
    return [str(problem) for problem in raised.value.problems]


def test_a_filter_of_an_installed_package_is_built_with(install: Install, site: Path) -> None:
    install("acme", "1.2", {"jargon": "acme:Jargon"}, FILTER)
    filters = ["jargon", {"tokens": {"at_least": 1}}]
    run(site, "build", "recipe.yaml", filters=filters)
    folder = site.parent / "build" / "toy"
    fates = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert [each["stage"] for each in fates if each["fate"] == "rejected"] == ["filters[jargon]"]
    lock = json.loads((folder / "hfsft.lock.json").read_text())
    assert lock["libraries"]["acme"] == "1.2"
    assert "Largest number that is kept." in run(site, "schema", filters=[])
    assert "Number of words that only insiders know." in run(site, "explain", "jargon", filters=[])

    install("acme", "1.3", {"jargon": "acme:Jargon"}, FILTER)
    run(site, "build", "recipe.yaml", filters=filters)
    again = json.loads((folder / "hfsft.lock.json").read_text())
    assert again["libraries"]["acme"] == "1.3"
    changed = {name for name, step in again["steps"].items() if step != lock["steps"][name]}
    assert "filters[jargon].measure" in changed
    assert "filters[tokens].measure" not in changed


def test_it_checks_answers_too(install: Install, site: Path) -> None:
    install("acme", "1.2", {"jargon": "acme:Jargon"}, FILTER)
    asked = {"name": "toy", "seeds": [{"prompts": ["Where?"]}], "generate": {"check": ["jargon"]}}
    loaded = load_recipe(asked)
    (step,) = [step for step in compile_recipe(loaded, weights=False).steps if step.name == "generate"]
    assert "acme 1.2" in json.dumps(step.identity["check"])
    assert [*loaded.resolved()["generate"]["check"][0]] == ["jargon"]
    with pytest.raises(RecipeError, match=r"generate\.check knows no `jargn` \(did you mean `jargon`"):
        load_recipe({**asked, "generate": {"check": ["jargn"]}})


def test_its_arguments_are_checked_like_ours(install: Install, site: Path) -> None:
    install("acme", "1.2", {"jargon": "acme:Jargon"}, FILTER)
    (said,) = problems({"jargon": {"at_mots": 1}})
    assert "unknown key `at_mots` in filters[jargon] (did you mean `at_most`?" in said
    (said,) = problems("jargn")
    assert "filters knows no `jargn` (did you mean `jargon`?" in said
    loaded = load_recipe(recipe({"jargon": {"words": ["a"]}}, "refusal"))
    assert loaded.resolved()["filters"][0] == {"jargon": {"at_most": 0, "words": ["a"]}}


@pytest.mark.parametrize(
    ("entries", "module", "said"),
    [
        ({"jargon": "acme:Jargon"}, "import nothing_of_that_name", "cannot be loaded: ModuleNotFoundError: No module"),
        ({"jargon": "acme:Jargon"}, "raise SystemExit('no')", "cannot be loaded: SystemExit: no"),
        ({"jargon": "acme:Argot"}, FILTER, "cannot be loaded: AttributeError"),
        ({"jargon": "acme:Bound"}, FILTER, "cannot be used: acme:Bound is no subclass of hfsft.filters.Filter"),
        ({"jargon": "acme:Filter"}, FILTER, "cannot be used: acme:Filter is no subclass of hfsft.filters.Filter"),
        ({"jargon": "acme:J"}, FILTER + "\nclass J(Jargon): name = 'j'", "cannot be used: acme:J.name is 'j'"),
    ],
    ids=["imports nothing", "leaves", "no such class", "no filter", "abstract", "another name"],
)
def test_a_broken_package_is_told_by_its_name(
    install: Install, entries: dict[str, str], module: str, said: str
) -> None:
    install("acme", "1.2", entries, module)
    broken, rest = sorted(problems("jargon", {"tokens": {"at_leest": 1}}), reverse=True)[::-1]
    assert f"the filter `jargon` of acme 1.2 {said}" in broken
    assert "unknown key `at_leest`" in rest, "the rest of the recipe is checked all the same"
    load_recipe(recipe({"tokens": {"at_least": 1}}))  # which uses none of it


def test_what_two_packages_call_the_same_is_used_by_nobody(install: Install) -> None:
    for name, version in (("acme", "1.2"), ("bolt", "0.9")):
        install(name, version, {"jargon": f"{name}:Jargon"}, FILTER)
    (said,) = problems("jargon")
    assert said.endswith("the filter `jargon` is in acme 1.2 and in bolt 0.9: uninstall all but one")


def test_no_package_takes_the_name_of_a_filter_of_ours(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("acme", "1.2", {"tokens": "acme:Jargon"}, "raise RuntimeError('must not be imported')")
    said = "acme 1.2 has a filter `tokens`, which is never used: hfsft's own is called so"
    checked = pipeline.validate(recipe({"tokens": {"at_least": 1}}), hub=False)
    assert [problem.message for problem in checked.warnings] == [said]
    assert main(["schema"]) == 0
    shown = capsys.readouterr()
    assert said in " ".join(shown.err.split())
    assert "Length of a text" in shown.out


def test_no_package_is_looked_at_where_a_recipe_names_none(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("acme", "1.2", {"jargon": "acme:Jargon"}, "raise RuntimeError('must not be imported')")
    monkeypatch.setattr("importlib.metadata.entry_points", None)
    load_recipe(recipe({"tokens": {"at_least": 1}}))
