"""A section that nobody here has heard of: what it reads, sends, publishes or keeps secret is told by its marks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from hfsft.errors import RecipeError
from hfsft.marks import BODY, FILE, HEADERS, KEY, PROSE, REPOSITORY, SERVER, Publishes
from hfsft.models.model import FromEnv
from hfsft.recipe.checks.trust import reaches, unpublished
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.recipe_file import load, validate
from hfsft.stages.base import Section

SECRET = "5f0c7e1dCanary9a4c6e8f7a1b2c3d4e5f60"


class Asked(Section):
    """Where it asks."""

    url: Annotated[str, SERVER] = Field("http://127.0.0.1:9/v1", description="A server.")
    login: Annotated[str | None, KEY] = Field(None, description="A variable.")
    fields: Annotated[dict[str, Any], BODY] = Field({}, description="Sent as they are.")
    head: Annotated[dict[str, str | FromEnv], HEADERS] = Field({}, description="Sent as they are.")


class Lookup(Section):
    """A section of a stranger."""

    corpus: Annotated[str | None, FILE] = Field(None, description="A file.")
    asks: list[Asked] = Field([], description="Servers.")
    to: Annotated[str | None, REPOSITORY] = Field(None, description="A repository.")
    pages: Annotated[bool, Publishes("every page", unless=False)] = Field(False, description="Whether to show pages.")
    words: dict[str, str] = Field({}, description="A word and what it means.")
    note: Annotated[str, PROSE] = Field("", description="Prose.")
    plain: str = Field("", description="No prose.")


class Stranger(Recipe):
    """A recipe with it."""

    lookup: Lookup = Field(Lookup(), description="Looks things up.")


def loaded(**lookup: Any) -> Stranger:
    source = load({"name": "toy", "seeds": [{"prompts": ["Where?"]}], "lookup": lookup})
    recipe = validate(source, Stranger)
    recipe._source = source
    return recipe


def wants(**lookup: Any) -> dict[str, str]:
    return {reach.key: f"{reach.kind}: {reach.what}" for reach in reaches(loaded(**lookup))}


def test_what_it_reads_sends_and_publishes_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert wants(corpus="words.txt") == {}
    assert wants(corpus="../words.txt") == {
        "lookup.corpus": "reads: lookup.corpus names ../words.txt, outside the recipe's folder"
    }
    assert wants(corpus="s3://bucket/words.txt") == {
        "lookup.corpus": "reads: lookup.corpus names s3://bucket/words.txt, which your keys may open"
    }
    asked = {
        "url": "https://a.example/v1",
        "login": "MY_KEY",
        "fields": {"user": "u"},
        "head": {"X-Team": {"env": "T"}},
    }
    assert wants(asks=[asked]) == {
        "lookup.asks[0].url": "sends: lookup.asks.0 sends its rows to https://a.example",
        "lookup.asks[0].login": "sends: lookup.asks.0 sends the key in MY_KEY to https://a.example",
        "lookup.asks[0].fields.user": "sends: lookup.asks.0 sends user in each request to https://a.example",
        "lookup.asks[0].head.X-Team": "sends: lookup.asks.0 sends what T holds, in the header X-Team, to https://a.example",
    }
    assert wants(pages=True) == {}
    assert wants(pages=True, to="mallory/toy") == {
        "lookup.to": "publishes: publishes to mallory/toy, with your Hugging Face login",
        "lookup.pages": "publishes: publishes every page",
    }
    assert unpublished(loaded(pages=True, to="mallory/toy", note="a")).resolved()["lookup"] == {
        **Lookup(note="a").model_dump(exclude_none=True)
    }


@pytest.mark.parametrize(
    "lookup",
    [
        {"asks": [{"url": f"http://me:{SECRET}@h/v1"}]},
        {"asks": [{"login": SECRET}]},
        {"asks": [{"fields": {"api_key": SECRET}}]},
        {"asks": [{"head": {"x-api-key": SECRET}}]},
        {"asks": [{"password": SECRET}]},
        {"token": SECRET},
        {"plain": f"see http://me:{SECRET}@h/v1"},
    ],
)
def test_it_holds_no_secret(lookup: dict[str, Any]) -> None:
    with pytest.raises(RecipeError) as raised:
        loaded(**lookup)
    assert any(problem.hides for problem in raised.value.problems)
    assert SECRET not in str(raised.value)


def test_what_its_author_names_and_tells_is_no_secret() -> None:
    words = {"password": "what opens a door", "token": "a coin"}
    assert loaded(words=words, note="see http://me:pw@host/?key=1").lookup.words == words
