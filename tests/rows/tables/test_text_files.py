"""Files are read by what they hold; a fault in one has its line and a way out."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from tests.rows.helpers import examples, file, said, seeds

ROWS = [{"question": "How é?", "intent": "help"}, {"question": "Why?", "intent": ""}]
TEXT = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
LIST = json.dumps(ROWS, indent=1, ensure_ascii=False)
CSV = "question,intent\nHow é?,help\nWhy?,\n"

Write = Callable[[Path], str]


def holding(name: str, content: str | bytes) -> Write:
    def write(folder: Path) -> str:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


def parquet(folder: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(ROWS), folder / "rows.json")  # whatever it is called
    return "rows.json"


def zstd(folder: Path) -> str:
    import pyarrow as pa

    with pa.CompressedOutputStream(str(folder / "s.jsonl.zst"), "zstd") as out:
        out.write(TEXT.encode())
    return "s.jsonl.zst"


def saved(folder: Path) -> str:
    from datasets import Dataset

    Dataset.from_list(ROWS).save_to_disk(str(folder / "saved"))
    return "saved"


@pytest.mark.parametrize(
    ("write", "first"),
    [
        (holding("s.jsonl", TEXT), "s.jsonl:1"),
        (holding("s.ndjson", f"\n{TEXT}\n\n"), "s.ndjson:2"),
        (holding("s.json", TEXT), "s.json:1"),
        (holding("s.txt", TEXT), "s.txt:1"),
        (holding("s.jsonl", LIST), "s.jsonl[0]"),
        (holding("s.jsonl", json.dumps(ROWS)), "s.jsonl[0]"),
        (holding("s.json", LIST), "s.json[0]"),
        (holding("s.json", json.dumps({"data": ROWS})), "s.json[0]"),
        (holding("s.json", json.dumps({"version": 1, "data": ROWS}, indent=1)), "s.json[0]"),
        (holding("s.jsonl.gz", gzip.compress(TEXT.encode())), "s.jsonl.gz:1"),
        (holding("s.jsonl", gzip.compress(TEXT.encode())), "s.jsonl:1"),
        (holding("s.gz", gzip.compress(TEXT.encode())), "s.gz:1"),
        (holding("s.json.bz2", bz2.compress(LIST.encode())), "s.json.bz2[0]"),
        (holding("s.csv.xz", lzma.compress(CSV.encode())), "s.csv.xz:2"),
        (zstd, "s.jsonl.zst:1"),
        (holding("s.jsonl", TEXT.encode("utf-8-sig")), "s.jsonl:1"),
        (holding("s.jsonl", TEXT.encode("utf-16")), "s.jsonl:1"),
        (holding("s.jsonl", TEXT.encode("utf-16-le")), "s.jsonl:1"),
        (holding("s.csv", CSV.encode("utf-16-be")), "s.csv:2"),
        (holding("s.csv", CSV), "s.csv:2"),
        (holding("s.csv", CSV.replace("\n", "\r\n")), "s.csv:2"),
        (holding("s.csv", CSV.replace(",", ";")), "s.csv:2"),
        (holding("s.csv", "sep=;\n" + CSV.replace(",", ";")), "s.csv:3"),
        (holding("s.csv", CSV.replace(",", "\t")), "s.csv:2"),
        (holding("s.csv", CSV.replace(",", "|")), "s.csv:2"),
        (holding("s.tsv", CSV.replace(",", "\t")), "s.tsv:2"),
        (holding("s.csv", '"question";"the intent, if any";"intent"\nHow é?;a, b;help\nWhy?;;\n'), "s.csv:2"),
        (
            holding("s.json", '{"question": {"4": "How é?", "7": "Why?"}, "intent": {"4": "help", "7": null}}'),
            "s.json[0]",
        ),
        (holding("s.json", '{"question": ["How é?", "Why?"], "intent": ["help", ""]}'), "s.json[0]"),
        (holding("s.jsonl", TEXT.replace("\n", "\r\n\ufeff")), "s.jsonl:1"),  # files put together, each with its mark
        (parquet, "rows.json[0]"),
        (saved, "saved[0]"),
    ],
)
def test_a_table_is_read_by_what_it_holds(tmp_path: Path, write: Write, first: str) -> None:
    rows = seeds(tmp_path, path=write(tmp_path), prompt="question", topic="intent")
    assert [(row.texts["instruction"], row.texts["topic"]) for row in rows] == [("How é?", "help"), ("Why?", None)]
    assert rows[0].texts["source"] == first


BROKEN = 'question,answer\nHow wide is the 24" screen?,53 cm.\n"Is the 27" screen in stock?",Two.\n'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.jsonl", "{", r"s.jsonl:1:2: not JSON"),
        ("s.jsonl", '{"prompt": "a"}\n{"prompt": "b"', r"s.jsonl:2:15: not JSON"),
        ("s.jsonl", '{"prompt": "a\n{"prompt": "b"}\n', r"s.jsonl:1:\d+: not JSON"),
        ("s.jsonl", '{"prompt": "a"},\n{"prompt": "b"},\n', r"s.jsonl:1:16: a comma follows the object"),
        ("s.jsonl", '{\n"prompt": "a"\n}\n{\n"prompt": "b"\n}\n', r"s.jsonl:4:1: one object ended and another begins"),
        ("s.json", "prompt,answer\na,b\n", r"s.json:1:1: not JSON: it begins with 'prompt,answer"),
        ("s.json", "5", r"s.json: not a list of rows"),
        ("s.csv", BROKEN, r"s.csv:3: a quotation mark stands inside a quoted field \(there it is written twice"),
        (
            "s.csv",
            'question,answer\na,"b\nc,d\n',
            r"s.csv:2: a field that begins with a quotation mark .* never closed",
        ),
        ("s.csv", 'question,answer\n"a\nb" c,d\n', r"s.csv:3: .*quoted field, in the row that begins in line 2"),
        ("s.csv", "question,question\na,b\n", r"s.csv:1: two columns are called question"),
        (
            "s.csv",
            "a,b;c\n1,2;3\n",
            r"s.csv:1: the columns may be separated by `,` or `;` \(say which with delimiter:\)",
        ),
        ("s.txt", b"caf\xe9", r"s.txt:1:4: byte 0xe9 is not UTF-8 \(save the file as UTF-8; in Windows-1252 it is 'é'"),
        ("s.txt", b"a\0b", "not UTF-16"),
        ("s.parquet", b"PAR1 no", "not a Parquet file"),
        ("s.parquet", b"{}", "is no Parquet file"),
        ("s.jsonl.gz", gzip.compress(TEXT.encode(), mtime=0)[:-9], "the packed data is damaged"),
        ("s.xlsx", b"PK\x03\x04", r"is a workbook \(save the sheet as CSV\)"),
        ("s.jsonl", b"PK\x03\x04", "no zip archive that can be read: File is not a zip file"),
        ("s.png", b"\x89PNG", r"no reader for .png files \(.txt, .jsonl"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        seeds(tmp_path, path=holding(name, content)(tmp_path))


def test_a_row_with_more_fields_than_the_header_is_set_aside(tmp_path: Path) -> None:
    name = file(tmp_path, "s.csv", "question,answer", "a,b", "c,d,e", "f")
    assert [(row.texts["source"], row.defect) for row in examples(tmp_path, path=name)] == [
        ("s.csv:2", None),
        ("s.csv:3", "more fields than the header names"),
        ("s.csv:4", "no response"),
    ]


def columns_of(**columns: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table({"question": ["q"], "answer": ["a"], **columns}), file)
    return file.getvalue()


def test_times_that_python_does_not_know_and_texts_that_are_none_cost_no_other_row(tmp_path: Path) -> None:
    import pyarrow as pa

    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    for name, column, kept, defect in (
        ("far", pa.array([2**60], pa.timestamp("us")), str(2**60), None),
        ("zone", pa.array([1], pa.timestamp("us", tz="No/where")), "1", None),
        ("day", pa.array([1], pa.date32()), "1970-01-02", None),
        ("broken", broken, None, "text that is not Unicode"),
    ):
        (tmp_path / "s.parquet").write_bytes(columns_of(seen=column))
        (row,) = examples(tmp_path, path="s.parquet", keep=["seen"] if defect is None else [])
        assert (name, row.defect, row.kept.get("seen")) == (name, defect, kept)


@pytest.mark.parametrize("kind", ["saved", "parquet"])
def test_texts_are_texts_where_datasets_holds_a_column_as_json(tmp_path: Path, kind: str) -> None:
    from datasets import Dataset

    rows = [{"question": "q", "answer": 'say "a"\n'}, {"question": "r", "answer": ["x"]}]
    rows += [{"question": [{"role": "user", "content": "s"}], "answer": "b"}]
    table = Dataset.from_list(rows, on_mixed_types="use_json")
    path = tmp_path / f"s.{kind}"
    table.to_parquet(str(path)) if kind == "parquet" else table.save_to_disk(str(path))
    one, two, three = examples(tmp_path, path=path.name)
    assert said(one) == [("user", "q"), ("assistant", 'say "a"\n')]
    assert two.defect == "response is not text"
    assert said(three) == [("user", "s"), ("assistant", "b")]


def test_two_columns_of_one_name_are_an_error_in_parquet_too(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [pa.array([text]) for text in "abc"]
    pq.write_table(pa.Table.from_arrays(arrays, names=["question", "answer", "answer"]), tmp_path / "s.parquet")
    with pytest.raises(SourceError, match=r"s.parquet: two columns are called answer"):
        examples(tmp_path, path="s.parquet")


def test_the_delimiter_can_be_named(tmp_path: Path) -> None:
    name = file(tmp_path, "s.csv", "question,answer;more", "a,b;c")
    (row,) = examples(tmp_path, path=name, delimiter=",", response="answer;more")
    assert row.texts["response"] == "b;c"


@pytest.mark.parametrize(
    ("path", "keys", "message"),
    [
        ("sed.jsonl", {}, r"sed.jsonl: no such file \(did you mean `seed.jsonl`\?\)"),
        ("no such thing", {}, "no such file"),
        ("seed.jsonl", {"split": "test"}, r"is one file and has no splits \(leave it out\)"),
        ("seed.jsonl", {"revision": "main"}, "is local and has no revision"),
        ("seed.jsonl", {"delimiter": ";"}, r"is no CSV and has no delimiter \(leave it out\)"),
    ],
)
def test_a_path_or_key_that_names_nothing(tmp_path: Path, path: str, keys: Any, message: str) -> None:
    file(tmp_path, "seed.jsonl", *ROWS)
    with pytest.raises(SourceError, match=message):
        seeds(tmp_path, path=path, **keys)


def test_no_path_of_this_machine_stands_in_a_row(tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    name = file(tmp_path, "data/s.jsonl", *ROWS)
    file(folder, "s.jsonl", *ROWS)
    for path, source in (
        (str(tmp_path / name), "s.jsonl:1"),
        (str(folder / "s.jsonl"), "s.jsonl:1"),
        ("../data/s.jsonl", "../data/s.jsonl:1"),
        ("./s.jsonl", "s.jsonl:1"),
    ):
        assert seeds(folder, path=path, prompt="question")[0].texts["source"] == source


def folder_of(folder: Path, *names: str) -> str:
    for name in names:
        file(folder / "data", name, {"instruction": name, "output": "x", name: 1})
    return "data"


@pytest.mark.parametrize(
    ("names", "split", "read"),
    [
        (["2025.jsonl", "2024.jsonl"], None, ["2024.jsonl", "2025.jsonl"]),
        (["a/x.jsonl", "b.json.gz.json"], None, ["a/x.jsonl", "b.json.gz.json"]),
        (
            ["x.jsonl", ".hidden.jsonl", ".git/x.jsonl", "README.txt", "notes.txt", "dataset_info.json", "p.png"],
            None,
            ["x.jsonl"],
        ),
        (["train.jsonl", "test.jsonl"], "test", ["test.jsonl"]),
        (
            ["train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl", "x-dev.jsonl"],
            "train",
            ["train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl"],
        ),
        (["dev/x.jsonl", "train/x.jsonl"], "validation", ["dev/x.jsonl"]),
        (["x.jsonl"], "train", ["x.jsonl"]),
    ],
)
def test_the_files_of_a_folder_are_read_one_by_one(
    tmp_path: Path, names: list[str], split: str | None, read: list[str]
) -> None:
    rows = examples(tmp_path, path=folder_of(tmp_path, *names), split=split)
    assert [(row.texts["instruction"], row.defect, row.texts["source"]) for row in rows] == [
        (name, None, f"data/{name}:1") for name in read
    ]


@pytest.mark.parametrize(
    ("names", "split", "message"),
    [
        (["train.jsonl", "test.jsonl"], None, r"has the splits test, train \(name one with split:\)"),
        (["train.jsonl"], "test", r"no split 'test' \(it has train\)"),
    ],
)
def test_splits_that_are_not_said_or_not_there(
    tmp_path: Path, names: list[str], split: str | None, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        examples(tmp_path, path=folder_of(tmp_path, *names), split=split)


def test_files_of_a_folder_may_call_their_columns_differently(tmp_path: Path) -> None:
    file(tmp_path / "d", "a.jsonl", {"instruction": "a", "response": "x"})
    file(tmp_path / "d", "b.jsonl", {"question": "b", "answer": "x", "history": [["f", "g"]]})
    file(tmp_path / "d", "c.jsonl", {"messages": [{"role": "user", "content": "c"}, {"role": "gpt", "content": "x"}]})
    file(tmp_path / "d", "d.jsonl", {"question": "no answer"})
    file(tmp_path / "d", "e.jsonl", {"prompt": "e", "completion": "x", "kind": "t"})
    rows = examples(tmp_path, path="d", topic="kind")
    assert [row.texts["topic"] for row in rows] == [None, None, None, None, "t"]
    rows.pop()
    assert [(row.texts["source"], row.defect, said(row)[-2:] if row.defect is None else None) for row in rows] == [
        *((f"d/{name}.jsonl:1", None, [("user", name), ("assistant", "x")]) for name in "abc"),
        ("d/d.jsonl:1", "no conversation", None),
    ]


def test_what_stands_beside_a_list_of_rows_and_says_something_is_not_passed_over(tmp_path: Path) -> None:
    rows = [{"question": "q", "answer": "a"}]
    plain = file(tmp_path, "plain.json", {"version": "1", "data": rows})
    assert said(examples(tmp_path, path=plain)[0]) == [("user", "q"), ("assistant", "a")]
    for beside in ({"system": "Be kind."}, {"tools": [{"name": "f"}]}, {"Definition": ["Answer."]}):
        path = file(tmp_path, "with.json", {**beside, "data": rows})
        with pytest.raises(SourceError, match=f"it has {next(iter(beside))}, data"):
            examples(tmp_path, path=path)


def test_a_broken_file_of_a_folder_is_named_with_its_line(tmp_path: Path) -> None:
    path = folder_of(tmp_path, "a.jsonl")
    file(tmp_path / "data", "b.jsonl", {"instruction": "a", "output": "b"}, '{"instruction": "cut')
    with pytest.raises(SourceError, match=r"data/b.jsonl:2:17: not JSON: Unterminated string"):
        examples(tmp_path, path=path)


def test_what_datasets_cannot_read_shows_its_innermost_cause(tmp_path: Path) -> None:
    path = folder_of(tmp_path, "a.jsonl", "b.jsonl")
    card = "---\nconfigs:\n- config_name: default\n  data_files: '*.jsonl'\n---\n"
    (tmp_path / "data" / "README.md").write_text(card)
    with pytest.raises(SourceError) as caught:
        examples(tmp_path, path=path)
    assert "\n" not in str(caught.value)
    assert "An error occurred while generating the dataset" not in str(caught.value)
    assert "b.jsonl" in str(caught.value)
