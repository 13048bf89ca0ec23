"""Names and addresses, as presidio and a spaCy model find them; the model is a small one that is made here."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from datasets import Dataset

from hfsft.errors import ModelError
from hfsft.filters import Pii
from hfsft.privacy import recognised
from hfsft.privacy.pii import find

MODEL = "en_core_toy_sm"
PERSONS = ("Maria Gonzalez", "Maria", "An Nguyen", "Rosa Parks")
PLACES = ("Elm", "Springfield", "Hanoi", "London", "Baker Street")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of an installed spaCy model that knows some persons and places."""
    pytest.importorskip("presidio_analyzer", reason="needs the dependency group `train`")
    spacy = pytest.importorskip("spacy")
    folder = tmp_path_factory.mktemp("installed")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": label, "pattern": text} for label, texts in (("PERSON", PERSONS), ("GPE", PLACES)) for text in texts]
    )
    (folder / MODEL).mkdir()
    pipeline.meta |= {"name": "core_toy_sm", "version": "1.0.0"}
    pipeline.to_disk(folder / MODEL / "data")
    (folder / MODEL / "__init__.py").write_text(
        "from pathlib import Path\nimport spacy\n\n\ndef load(**options):\n"
        '    return spacy.load(Path(__file__).parent / "data", **options)\n'
    )
    about = folder / f"{MODEL}-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {MODEL}\nVersion: 1.0.0\n")
    sys.path.insert(0, str(folder))
    yield MODEL
    sys.path.remove(str(folder))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Maria Gonzalez.", ["Maria Gonzalez"]),
        ("Send it to 12 Elm Street, Springfield, IL 62704 today.", ["12 Elm Street, Springfield, IL 62704"]),
        ("I live at 221B Baker Street, London NW1 6XE.", ["221B Baker Street, London NW1 6XE"]),
        ("Go to 45 Rosa Parks, Apt. 7 at noon.", ["45 Rosa Parks, Apt. 7"]),
        ("Ich wohne in der Hauptstraße 12a.", ["Hauptstraße 12a"]),
        ("Vivo en la Calle Mayor 14, Madrid.", ["Calle Mayor 14"]),
        ("J'habite 12 rue Victor Hugo, 75011 Paris.", ["12 rue Victor Hugo, 75011"]),
        ("The train leaves London at 7.", []),
        ("In 1955 Rosa Parks stayed where she sat.", ["Rosa Parks"]),
        ("It takes 3 to drive a road train.", []),
        ("1 2 3", []),
        ("", []),
    ],
)
def test_names_and_addresses_are_found(model: str, text: str, expected: list[str]) -> None:
    found = find(text, ("name", "address"), recogniser=model)
    assert sorted(text[each.start : each.end] for each in found) == sorted(expected)


def test_only_what_is_asked_for_is_found(model: str) -> None:
    text = "Maria Gonzalez, 12 Elm Street, maria@example.org"
    assert [each.kind for each in find(text, ("name",), recogniser=model)] == ["NAME"]
    assert [each.kind for each in find(text, ("address", "email"), recogniser=model)] == ["ADDRESS", "EMAIL"]
    assert [each.kind for each in find(text)] == ["EMAIL"]


def test_a_value_has_one_placeholder_in_all_texts_of_a_row(model: str) -> None:
    rows = Dataset.from_dict(
        {
            "instruction": ["I am Maria Gonzalez of 12 Elm Street."],
            "response": ["Thank you, Maria Gonzalez. An Nguyen comes to 12 Elm Street."],
        }
    )
    kept, _ = Pii(kinds=["name", "address"], recogniser=model).apply(rows)
    assert kept[0]["instruction"] == "I am <NAME_1> of <ADDRESS_1>."
    assert kept[0]["response"] == "Thank you, <NAME_1>. <NAME_2> comes to <ADDRESS_1>."
    assert kept[0]["pii_name_address_kinds"] == "ADDRESS:1 NAME:2"


def test_the_model_of_the_recipes_language_is_taken(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognised, "KINDS_OF_TEXT", ("core_toy",))
    rule = Pii(kinds=["name"]).speaking(["fr", "en"])
    assert isinstance(rule, Pii)
    assert rule.recogniser == model
    assert rule.identity()["recogniser"][model] == "1.0.0"


def test_what_is_not_installed_is_told_with_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognised, "find_spec", lambda name: None if name == "fr_core_news_lg" else name)
    with pytest.raises(ModelError, match="the spaCy model fr_core_news_lg is not installed: python -m spacy download"):
        recognised.check("fr_core_news_lg")
    with pytest.raises(ModelError, match="none is installed for fr: python -m spacy download fr_core_news_lg"):
        recognised.check("", ["fr"])
    monkeypatch.setattr(recognised, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"pip install 'hfsft\[names\]'"):
        Pii(kinds=["name"]).resources()


def test_kinds_without_names_need_no_model_and_mean_what_they_meant() -> None:
    assert "recogniser" not in Pii().identity()
    assert Pii().resources() == ()


@pytest.mark.parametrize("name", ["../model", "/tmp/model", "os", "antigravity", "en_core_web_lg; x"])
def test_only_names_of_models_are_taken(name: str) -> None:
    with pytest.raises(ValueError, match="recogniser"):
        Pii(kinds=["name"], recogniser=name)
