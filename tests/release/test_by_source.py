"""The counts of each source: in the summary, on the screen, in the card and the report; all of them add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft import pipeline
from hfsft.cli.commands.build import report
from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.recipe.sources import names_of
from tests.rows.helpers import file

WORDS = ("parcel", "invoice", "refund", "password", "address", "courier", "voucher", "receipt", "account", "basket")


def pair(name: str, number: int, **more: Any) -> dict[str, Any]:
    one, other = WORDS[number % 10], WORDS[number // 10 % 10]
    question = f"Where can a customer of {name} number {number} find the {one} and the {other}?"
    return {"instruction": question, "response": f"In the {other} list, below {one} {number}.", **more}


def write(folder: Path, text: str) -> Path:
    (folder / "r.yaml").write_text(f"name: r\n{text}", encoding="utf-8")
    return folder / "r.yaml"


RECIPE = """
examples:
  - {name: tickets, path: data.jsonl, where: "lang == 'en'", share: 0.5, family: thread}
  - {path: data.jsonl, where: "lang == 'de'", sample: 19, share: 0.475}
  - rows: [{instruction: What is left over?, response: A row that a share leaves room for.}]
filters: [repetition]
split: {validation: 0.2}
"""


def test_what_became_of_the_rows_of_each_source_is_told_everywhere(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [pair("x", n, lang="en" if n % 4 else "de", thread=f"t{n % 7}") for n in range(100)]
    rows += [{"instruction": "Nothing?", "response": "", "lang": "en", "thread": None}] * 3
    file(tmp_path, "data.jsonl", *rows)
    recipe = write(tmp_path, RECIPE)
    built, folder = pipeline.run(recipe)
    found = json.loads((folder / "funnel.json").read_text())["sources"]
    assert [each["name"] for each in found] == ["tickets", "data", "recipe"]
    tickets, data, stated = found
    assert (stated["read"], stated["taken"], stated["kept"]) == (1, 1, 1)
    assert (tickets["read"], tickets["where"], tickets["mixture"], tickets["taken"]) == (103, 25, 55, 23)
    assert tickets["unreadable"] == {"no response": 3}
    assert (data["read"], data["where"], data["sample"], data["mixture"], data["taken"]) == (103, 78, 6, 0, 19)
    for each in found:
        assert each["read"] == each["where"] + each["sample"] + each["mixture"] + each["taken"]
        assert each["taken"] + each["grown"] == sum(each["unreadable"].values()) + each["removed"] + each["kept"]
    assert sum(each["kept"] for each in found) == len(built.rows) == 40
    lines = [line.split() for line in report(built, folder).splitlines()]
    assert ["tickets", "103", "25", "55", "3", "20"] in lines
    assert "| tickets | 103 | 25 |  | 55 | 3 | 20 |" in (folder / "README.md").read_text()
    assert "<tr><td>tickets</td>" in (folder / "report.html").read_text()
    sides: dict[str, set[str]] = {}
    for key, side in zip(built.rows["family_key"][:], built.rows["split"][:], strict=True):
        sides.setdefault(key, set()).add(side)
    assert len(sides) == 8  # seven threads, and the rows that have none
    assert all(len(found) == 1 for key, found in sides.items() if key)
    again, _ = pipeline.run(recipe)
    assert again.summary()["sources"] == found  # also where the rows are read from the cache


def test_another_name_reads_the_source_anew_and_measures_nothing_again(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file(tmp_path, "data.jsonl", *(pair("x", n) for n in range(30)))
    recipe = write(tmp_path, "examples: [{name: one, path: data.jsonl}]\nfilters: [repetition]\n")
    pipeline.run(recipe)
    recipe = write(tmp_path, "examples: [{name: two, path: data.jsonl}]\nfilters: [repetition]\n")
    built, _ = pipeline.run(recipe)
    assert built.summary()["sources"][0]["name"] == "two"
    assert set(built.rows["from_source"][:]) == {"two"}
    assert [line.step for line in built.ledger.funnel if not line.cached][:1] == ["sources"]
    assert all(line.cached for line in built.ledger.funnel if "repetition" in line.step)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["tickets.jsonl", "more/tickets.csv"], ["tickets", "tickets-2"]),
        (["allenai/WildChat-1M", "hf://datasets/you/rows"], ["allenai/WildChat-1M", "you/rows"]),
        (["handbook/*.jsonl", "*.csv", "a/**/b/*.json"], ["handbook", "*.csv", "b"]),
        (["/somewhere/else/rows.jsonl.gz", "data/", "x.tar"], ["rows", "data", "x.tar"]),
    ],
)
def test_a_source_without_a_name_is_called_by_its_path(paths: list[str], names: list[str]) -> None:
    sources: list[Any] = [{"path": path} for path in paths]
    assert names_of(load_recipe({"name": "r", "seeds": sources})) == names
    named = [{**sources[0], "name": "tickets"}, *sources[1:], {"prompts": ["a"]}, {"prompts": ["b"]}]
    found = names_of(load_recipe({"name": "r", "seeds": named}))
    assert len(set(found)) == len(named)
    assert (found[0], found[-2:]) == ("tickets", ["recipe", "recipe-2"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "seeds:\n  - {path: a.txt, name: a}\n  - {path: a.txt, name: a}\n",
            ["r.yaml:4:25: seeds[1].name: another source is called a"],
        ),
        (
            "seeds:\n  - {path: a.txt, share: 0.5}\n  - {path: a.txt, share: 0.4}\n",
            ["r.yaml:3:26: seeds: the shares come to 0.9 (they must come to 1)"],
        ),
        (
            "seeds:\n  - {path: a.txt}\n  - {path: a.txt, share: 0.4}\n  - {prompts: [x], share: 0.6}\n",
            ["r.yaml:4:26: seeds: the shares come to 1 (they must come to less than 1, as other sources share"],
        ),
        ("seeds:\n  - {path: a.txt, where: text = 1}\n", ["r.yaml:3:19: seeds[0].where: `=` stands where the"]),
        (
            "seeds:\n  - path: a.txt\n    where: |\n      text != 1 and\n      txet != 2\n",
            ["r.yaml:6:7: a.txt: `where` reads `txet`, which no column is called (did you mean `text`? it has text"],
        ),
        (
            "seeds:\n  - path: a.txt\n    where: >-\n      text\n      > 2\n",
            ["r.yaml:5:7: `where` fails on a.txt:1: `>` does not take text and a number (`x | float` makes a"],
        ),
        ("seeds:\n  - {path: a.txt, family: thread}\n", ["r.yaml:3:27: a.txt: no column 'thread' (it has text)"]),
        ("seeds:\n  - {path: a.txt, sample: 1.5}\n", ["r.yaml:3:27: seeds[0].sample must be "]),
    ],
)
def test_what_is_wrong_with_a_source_is_told_at_its_key(tmp_path: Path, text: str, told: list[str]) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    path = write(tmp_path, text)
    with pytest.raises(RecipeError) as caught:
        pipeline.validate(path)
    found = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert [line[: len(start)] for line, start in zip(found, told, strict=True)] == told


def test_names_and_choices_are_part_of_what_a_step_depends_on(tmp_path: Path) -> None:
    file(tmp_path, "a.jsonl", *({"prompt": f"What is {n}?", "n": n} for n in range(30)))
    found = set()
    for keys in ("", "name: x", "where: n > 3", "where: n > 4", "sample: 5", "sample: 0.5", "limit: 5", "family: n"):
        path = write(tmp_path, f"seeds: [{{path: a.jsonl{', ' if keys else ''}{keys}}}]\n")
        found.add(next(iter(compile_recipe(load_recipe(path), weights=False).fingerprints()))[1])
    assert len(found) == 8


def test_a_release_with_its_sources_is_built_again_to_the_row(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [pair("x", n, lang="en" if n % 4 else "de", thread=f"t{n % 7}", why=f"Since {n}.") for n in range(60)]
    turns = [
        {"role": "user", "content": "And who signs?"},
        {"role": "assistant", "content": "You.", "reasoning": "It."},
    ]
    chats = [{"messages": [*turns, {"role": "user", "content": f"Why {n}?"}, turns[1]]} for n in range(20)]
    file(tmp_path, "data.jsonl", *rows)
    file(tmp_path, "chats.jsonl", *chats)
    examples = [
        "{path: data.jsonl, where: lang == 'en', sample: 0.7, family: thread, reasoning: why, share: 0.6}",
        "{path: chats.jsonl, limit: 18, share: 0.4}",
    ]
    recipe = write(tmp_path, f"examples: [{', '.join(examples)}]\nfilters: []\npublish: {{sources: true}}\n")
    first, folder = pipeline.run(recipe)
    again, _ = pipeline.run(folder / "recipe.resolved.yaml", out=tmp_path / "again")
    columns = ("id", "split", "family", "family_key", "from_source", "instruction", "response", "reasoning", "messages")
    one, other = (sorted(zip(*(built.rows[name][:] for name in columns), strict=True)) for built in (first, again))
    assert len(one) > 30
    assert [repr(row) for row in one] == [repr(row) for row in other]
