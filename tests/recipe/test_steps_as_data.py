"""Steps are data: pickled, each does in another process what it does here, and its JSON says what that is."""

from __future__ import annotations

import json
import pickle
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hfsft.engine.plan import Plan
from hfsft.engine.step import Step, described
from hfsft.errors import AnswerError, StageError, UserError
from hfsft.filters import FILTERS, Tokens
from hfsft.filters.text_column import OfColumn
from hfsft.hashing import digest
from hfsft.models.model import Answer
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.batch import Row, rows_of
from tests.filters.test_filters import ARGUMENTS
from tests.filters.text.test_tokenizer import save
from tests.recipe import every_section

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
ROWS = 12
VERDICT = {"reason": "because", "score": 4}


class Vowels(OfColumn):
    """A filter of somebody else's."""

    name: ClassVar[str] = "vowels"

    letters: frozenset[str] = frozenset("aeiou")

    def value(self, cell: Any) -> float:
        return float(sum(letter in self.letters for letter in cell))


def observed(step: Step, rows: list[Row], beside: list[Row]) -> Any:
    """What a step does with some rows: what it sends, what it makes of the answers or of the rows, as JSON.

    `beside` are those of the side table that it reads as well.
    """
    if step.rows == "source":
        return list(islice(step.function(), ROWS))
    if step.bound is not None:
        return [step.bound.keeps(row[step.bound.column]) for row in rows]
    present = list(rows[0]) if rows else []
    if step.asks and step.sees == "group":
        return answered(step, [{name: row[name] for name in step.given(present, "id")} for row in rows])
    if step.asks:
        return [answered(step, {name: row[name] for name in step.given(present, "id")}) for row in rows]
    if step.rows == "many" and not step.makes:
        return [list(rows_of(step.function({name: [value] for name, value in row.items()}))) for row in rows]
    more = [{name: [row[name] for row in beside] for name in beside[0]}] if step.beside else []
    return step.function({name: [row[name] for row in rows] for name in step.given(present)}, *more)


def answered(step: Step, row: Row | list[Row]) -> list[Any]:
    found: list[Any] = []
    turns = step.function(row)
    criteria = [name.removeprefix("reason_") for name in step.writes if name.startswith("reason_")]
    text = json.dumps(dict.fromkeys(criteria, VERDICT)) if criteria else f"How do I change {digest(row)}?"
    try:
        request = next(turns)
        while True:
            found.append(asdict(request))
            request = turns.send(Answer(text))
    except StopIteration as stop:
        return [*found, stop.value]
    except AnswerError as error:
        return [*found, str(error)]


def behind(step: Step, rows: list[Row], seen: Any) -> list[Row]:
    """The rows behind a step that was seen to do so."""
    if step.rows == "source":
        return list(seen)
    if step.bound is not None:
        return rows  # that most rows of a toy fall is no matter here
    if step.asks and step.sees == "group":
        return [{**row, **new} for row, new in zip(rows, seen[-1], strict=True)]
    if step.asks:
        blank = dict.fromkeys(step.writes)
        made = [told[-1] if isinstance(told[-1], dict) else blank for told in seen]
        return [{**row, **new} for row, new in zip(rows, made, strict=True)]
    if step.makes:
        return list(rows_of(seen))
    if step.rows == "many":
        return [row for made in seen for row in made]
    return [{**row, **new} for row, new in zip(rows, rows_of(seen), strict=True)]


def walked(pickled: list[bytes]) -> list[Any]:
    """What each step does with what the steps before it made."""
    return seen_of(map(pickle.loads, pickled))


def seen_of(steps: Iterable[Step]) -> list[Any]:
    tables: dict[str, list[Row]] = defaultdict(list)  # of the dataset (""), and side tables
    tables[""] = [{"response": "aha"}]  # for a step that is no source
    found = []
    for step in steps:
        try:
            found.append(observed(step, tables[step.table], tables[step.beside]))
        except StageError as error:  # of a judge that fails its exam
            found.append(str(error))
            continue
        tables[step.makes or step.table] = behind(step, tables[step.table], found[-1])
    return found


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def everything(folder: Path) -> Plan:
    """A recipe with every section and every filter, one of somebody else's among them."""
    save(folder / "tok")
    every_section.write_files(folder)
    data = every_section.recipe()
    data["judge"]["score"] = "expected"
    rules = [{name: ARGUMENTS.get(name, {})} for name in FILTERS if name not in ("score", "toxicity")]  # it has weights
    rules += [{"tokens": {"tokenizer": "tok", "column": "conversation", "at_most": 99}}]
    rules += [{"score": {"usefulness": {"at_least": 2}}}]
    (folder / "r.yaml").write_text(json.dumps({**data, "filters": rules}))
    plan = compile_recipe(load_recipe(folder / "r.yaml"), weights=False)
    behind = next(place for place, step in enumerate(plan.steps) if step.name == "split.family")
    vowels = Vowels(column="instruction", at_most=50, letters={"a", "o"}).steps()
    return Plan(plan.name, (*plan.steps[:behind], *vowels, *plan.steps[behind:]))


def same(plan: Plan, elsewhere: ProcessPoolExecutor) -> None:
    found = seen_of(plan.steps)
    pickled = [pickle.dumps(step) for step in plan.steps]
    assert [pickle.loads(each) for each in pickled] == list(plan.steps)
    theirs = elsewhere.submit(walked, pickled).result()
    for step, one, other in zip(plan.steps, found, theirs, strict=True):
        assert other == one, step.name


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_step_of_a_shipped_recipe_does_the_same_in_another_process(
    path: Path, elsewhere: ProcessPoolExecutor
) -> None:
    same(compile_recipe(load_recipe(path), weights=False), elsewhere)


def test_every_step_of_every_section_and_filter_does_so(tmp_path: Path, elsewhere: ProcessPoolExecutor) -> None:
    plan = everything(tmp_path)
    same(plan, elsewhere)
    assert {step.rows for step in plan.steps} == {"source", "same", "many", "fewer"}


def test_all_of_a_step_is_json(tmp_path: Path) -> None:
    plan = everything(tmp_path)
    for step, fingerprint in plan.fingerprints():
        told = described(step, fingerprint)
        assert json.loads(json.dumps(told)) == json.loads(json.dumps(told, default=pytest.fail))
        assert (told["work"] is None) == (step.bound is not None)
    needs = {step.name: [each.kind for each in step.needs] for step in plan.steps if step.needs}
    assert [needs.pop(step) for step in ("split.apart", "split")] == [["sides"]] * 2
    assert needs.pop("filters[tokens conversation].measure") == ["tokenizer"]
    assert needs.pop("generate.context") == ["documents"]
    assert needs.pop("filters[contamination].measure") == ["other sets"]
    assert needs.pop("refine[1]") == ["other sets", "tokenizer"], "a new answer must pass the filters"
    assert needs.pop("review.decide") == ["verdicts"]
    assert {kind for kinds in needs.values() for kind in kinds} == {"source"}


def test_a_filter_whose_class_is_nowhere_to_import_is_told(elsewhere: ProcessPoolExecutor) -> None:
    class Within(Vowels):
        pass

    (measure, _) = Within(at_most=1).steps()
    assert measure.function({"response": ["aha"]}) == {"vowels_response": [2.0]}
    with pytest.raises(UserError, match=r"the filter .*Within cannot be imported"):
        elsewhere.submit(walked, [pickle.dumps(measure)]).result()


def test_a_tokenizer_that_is_another_one_by_now_is_told(tmp_path: Path) -> None:
    (measure, _) = Tokens(tokenizer=save(tmp_path / "tok"), at_most=9).steps()
    save(tmp_path / "tok", letters=True)
    with pytest.raises(UserError, match="tokenizer was changed"):
        measure.function({"response": ["where is it"]})
