"""A source that grew is read on, and comes to what it comes to when it is read from nothing; to the byte."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.engine.parts.files import Files
from hfsft.engine.parts.source_rows import source_rows
from hfsft.errors import UserError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.reading import column_roles, table_reader
from hfsft.rows.tables import parsing
from hfsft.stages import source_tally

FEW = 2  # rows that settle how a file is read, so that small files can be read on


class Source:
    """The sources of a recipe, read again and again with one cache."""

    def __init__(self, folder: Path, **sections: Any) -> None:
        self.folder, self._recipe, self._times = folder, folder / "r.yaml", 0
        self._recipe.write_text(yaml.safe_dump({"name": "r", "filters": [], **sections}))

    def read(self, cache: str = "cache") -> Any:
        """The rows and what was told of their reading, or the error."""
        try:
            step = compile_recipe(load_recipe(self._recipe)).steps[0]
            rows, told, _ = source_rows(step, step.fingerprint(""), Files(self.folder / cache))
            return rows.to_list(), told
        except UserError as error:
            return str(error)

    def read_anew(self) -> Any:
        """The same, from nothing."""
        self._times += 1
        return self.read(f"empty{self._times}")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_reader, "LOOKED_AT", FEW)
    monkeypatch.setattr(column_roles, "LOOKED_AT", FEW)


def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The JSON texts that are parsed from now on."""
    texts: list[str] = []
    parsed = parsing.parsed
    monkeypatch.setattr("hfsft.rows.tables.objects.parsed", lambda text: (texts.append(text), parsed(text))[1])
    return texts


def line(number: int, **more: Any) -> str:
    return json.dumps({"instruction": f"Question {number}?", "response": f"Answer {number}.", **more}) + "\n"


def grow(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def test_only_what_is_behind_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data.jsonl"
    source = Source(tmp_path, examples=[{"path": "data.jsonl"}])
    grow(path, *map(line, range(50)))
    source.read()
    grow(path, line(50), line(51))
    texts = parses(monkeypatch)
    rows, told = source.read()
    assert len(texts) == 4  # two that settle how they are read, and two that are new
    assert [row["source"] for row in rows[-2:]] == ["data.jsonl:51", "data.jsonl:52"]
    assert told[0]["read"] == told[0]["taken"] == 52
    assert (rows, told) == source.read_anew()
    grow(path, line(52))
    texts.clear()
    assert source.read()[1][0]["read"] == 53
    assert len(texts) == 3


def test_of_several_files_and_sources_what_stands_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / "many").mkdir(exist_ok=True)
        grow(tmp_path / "many" / f"{name}.jsonl", *(line(n, of=name) for n in range(20)))
    grow(tmp_path / "alone.jsonl", *map(line, range(100, 120)))
    paths = ["many", "alone.jsonl"]
    source = Source(tmp_path, examples=[{"path": path, "keep": ["of"] if path == "many" else []} for path in paths])
    source.read()
    grow(tmp_path / "many" / "a.jsonl", line(20, of="a"))
    grow(tmp_path / "many" / "c.jsonl", line(60, of="c"), line(61, of="c"))
    texts = parses(monkeypatch)
    assert source.read() == source.read_anew()
    assert len(texts) < 20 + 70  # of which 63 from nothing


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ([line(n) for n in range(9)], [line(3), line(3), line(9)]),  # copies of rows that were there
        ([line(n % 4) for n in range(9)], [line(3), line(9)]),  # which were copies themselves
        ([line(n) for n in range(9)], [line(9).rstrip()]),  # no end of the line
        ([line(n) for n in range(9)], [line(9), "nothing\n"]),  # an error, in its line
        ([line(n) for n in range(9)], [line(9), "\n\n", line(10).replace("\n", "\r\n")]),
    ],
)
def test_what_is_added_counts_as_it_would_from_nothing(first: list[str], then: list[str], tmp_path: Path) -> None:
    source = Source(tmp_path, examples=[{"path": "data.jsonl"}])
    grow(tmp_path / "data.jsonl", *first)
    source.read()
    grow(tmp_path / "data.jsonl", *then)
    assert source.read() == source.read_anew()


def test_a_file_that_begins_otherwise_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    source = Source(tmp_path, examples=[{"path": "data.jsonl"}])
    grow(path, *map(line, range(9)))
    source.read()
    path.write_text(path.read_text().replace("Answer 2", "Answer x") + line(9))
    assert source.read() == source.read_anew()
    path.write_text("".join(map(line, range(5))))
    assert source.read() == source.read_anew()


def tree(*said: str) -> list[str]:
    """Lines that are one conversation, each with the one that it answers."""
    return [
        json.dumps(
            {"message_id": f"m{n}", "parent_id": f"m{n - 1}" if n else None, "message_tree_id": "m0", "lang": "en"}
            | {"text": text, "role": "assistant" if n % 2 else "prompter"}
        )
        + "\n"
        for n, text in enumerate(said)
    ]


def test_conversations_that_are_spread_over_rows_are_read_anew(tmp_path: Path) -> None:
    lines = tree("Is it?", "No.", "And now?", "Yes.", "Still?", "Yes.")
    source = Source(tmp_path, examples=[{"path": "data.jsonl"}])
    grow(tmp_path / "data.jsonl", *lines[:4])
    first = source.read()
    grow(tmp_path / "data.jsonl", *lines[4:])
    assert source.read() == source.read_anew() != first


def test_a_file_that_grows_to_be_one_of_spread_conversations_is_read_anew(tmp_path: Path) -> None:
    """Nothing in it could be used, and rows of another file said what all are like, when they were read first."""
    (tmp_path / "many").mkdir()
    grow(tmp_path / "many" / "a.jsonl", *["17\n"] * 4)
    grow(tmp_path / "many" / "b.jsonl", *map(line, range(4)))
    source = Source(tmp_path, examples=[{"path": "many"}])
    assert len(source.read()[0]) == 8, source.read()
    grow(tmp_path / "many" / "a.jsonl", *tree("Is it?", "No.", "And now?", "Yes."))
    assert source.read() == source.read_anew()


def as_jsonl(rows: Sequence[Any], end: str) -> str:
    return "".join(json.dumps({"instruction": q, "response": a}, ensure_ascii=False) + end for q, a in rows)


def as_csv(rows: Sequence[Any], end: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([("instruction", "response"), *rows])
    return text.getvalue()


def as_txt(rows: Sequence[Any], end: str) -> str:
    return "".join(f"{q} {a}".replace("\n", " ").replace("\r", " ") + end for q, a in rows)


KINDS = {"jsonl": as_jsonl, "csv": as_csv, "txt": as_txt}
TEXTS = st.sampled_from(
    ["Is it?", "No.", 'a "quoted" one', "two\nlines", "two\r\nmore", "é", "日本", "a, b; c", " ", ""]
)
TABLES = st.tuples(
    st.sampled_from(list(KINDS)),
    st.lists(st.tuples(TEXTS.map(lambda text: text + "?"), TEXTS), min_size=4, max_size=14),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
)
CUTS = st.lists(st.floats(0.4, 1), min_size=1, max_size=3)
KEYS = st.sampled_from([{}, {"where": "instruction != 'Is it??'"}, {"sample": 0.5}, {"limit": 5}, {"sample": 3}])


@given(st.lists(st.tuples(TABLES, CUTS, KEYS), min_size=1, max_size=2), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_pieces_come_to_what_the_whole_comes_to(files: list[Any], seeds: bool, whole_lines: bool) -> None:
    """Files grow by pieces, cut anywhere, also in a line, in a quoted field or in a letter."""
    with tempfile.TemporaryDirectory() as folder:
        sources, states = list[dict[str, Any]](), list[list[bytes]]()
        for number, ((kind, rows, end, encoding), cuts, keys) in enumerate(files):
            kind, keys = ("txt", {}) if kind == "txt" or seeds else (kind, keys)
            content = KINDS[kind](rows, end).encode(encoding)
            sources.append({"path": f"{number}.{kind}", **keys})
            places = [int(len(content) * cut) for cut in sorted(cuts)]
            if whole_lines:
                places = [content.rfind(b"\n", 0, place) + 1 for place in places]
            states.append([content[:place] for place in places] + [content])
        texts = seeds or any(source["path"].endswith("txt") for source in sources)
        section = {"seeds": sources, "models": {"writer": {"model": "m", "base_url": "http://127.0.0.1:9/v1"}}}
        source = Source(Path(folder), **(section if texts else {"examples": sources}))
        for step in range(max(map(len, states))):
            for each, contents in zip(sources, states, strict=True):
                (Path(folder) / each["path"]).write_bytes(contents[min(step, len(contents) - 1)])
            assert source.read() == source.read_anew()


def test_the_property_reads_on_at_all(tmp_path: Path) -> None:
    """Most readings above go on at a mark: none of them would be worth the name else."""
    source = Source(tmp_path, examples=[{"path": "data.csv"}])
    rows = [(f"q{n}?", "two\nlines") for n in range(9)]
    (tmp_path / "data.csv").write_text(as_csv(rows[:6], "\n"), newline="")
    source.read()
    (tmp_path / "data.csv").write_text(as_csv(rows, "\n"), newline="")
    with mock.patch.object(source_tally.SourceTally, "start", autospec=True) as start:
        start.side_effect = lambda self, opened: self._clear()
        found = source.read()
    assert start.call_count == 1  # by `keep` alone, and not once more to read from the start
    assert found == source.read_anew()
