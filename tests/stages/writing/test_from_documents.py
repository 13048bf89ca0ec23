"""Which rows documents give: each chunk once before any twice, known by what they say, of the documents asked for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hfsft.engine.resources import Resource, Work
from hfsft.errors import RecipeError, SourceError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.writing.from_documents import FromDocuments
from hfsft.stages.writing.surroundings import Surroundings
from tests.documents.test_ranking import TEXTS, corpus

HELD = Resource.of("documents", Work("tests.documents.test_retrieving:Held"))


def source(**keys: object) -> FromDocuments:
    return FromDocuments.model_validate({"from": "documents", **keys})


def test_each_chunk_comes_once_before_any_comes_twice() -> None:
    slots = source().slots(Surroundings("documents", Path(), corpus=HELD))
    rows = slots(0, 2 * len(TEXTS) + 3)
    first, second = rows[: len(TEXTS)], rows[len(TEXTS) : 2 * len(TEXTS)]
    for turn in (first, second):
        assert {row["documents"][0] for row in turn} == {chunk.id for chunk in corpus().chunks}
    assert [row["documents"] for row in first] != [row["documents"] for row in second]
    assert len({row["id"] for row in rows}) == len(rows)
    assert slots(5, 9) == rows[5:9]
    assert all(row["document"] == corpus().by_id[row["documents"][0]].document for row in rows)
    assert all(row["source"] == f"{row['document_title']}.md:1" for row in rows)


def test_templates_are_mixed_by_their_weights() -> None:
    rows = source().slots(Surroundings("documents", Path(), corpus=HELD))(0, 900)
    counts = Counter(row["template"] for row in rows)
    assert counts.keys() == FromDocuments.usual.keys()
    for name, weight in FromDocuments.usual.items():
        assert counts[name] == pytest.approx(100 * weight, rel=0.35)


@pytest.mark.parametrize(("names", "right"), [(["texts"], True), (["txts"], False)])
def test_documents_are_taken_by_name(names: list[str], right: bool) -> None:
    around = Surroundings("documents", Path(), corpus=HELD)
    if right:
        assert len(source(documents=names).subjects(around)) == len(TEXTS)
        return
    with pytest.raises(SourceError, match=r"no documents are called txts.*did you mean `texts`") as caught:
        source(documents=names).subjects(around)
    assert caught.value.key == "documents"


def test_a_recipe_without_documents_cannot_write_from_them(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: r\nseeds: [{from: documents, count: 3}]\n")
    with pytest.raises(RecipeError, match="needs a section `documents`"):
        compile_recipe(load_recipe(tmp_path / "r.yaml"), weights=False)
