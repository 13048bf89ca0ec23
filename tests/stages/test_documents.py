"""Documents from files of text, tables, folders and patterns; and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from hfsft.stages.documents import DocumentTable

JSONL = "".join(f"{json.dumps({'name': name, 'description': f'{name} is blue.'})}\n" for name in ("Lamp", "Chair"))
CSV = "page,title,body\n1,Home,Welcome.\n1,Home,Go on.\n2,Other,Else.\n"
FILES = {
    "book/hours.md": "# Hours\n\nFrom eight.\n",
    "book/README.md": "Read this first.\n",
    "book/deep/test_moving.txt": "Move it.\n",
    "book/prices.rst": "Prices\n======\n\nTen.\n",
    "book/.hidden.md": "Nothing.\n",
    "products.jsonl": JSONL,
    "pages.csv": CSV,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def read(folder: Path, **keys: Any) -> list[tuple[str, str]]:
    return [(document.title, document.text.strip()) for document in DocumentTable(**keys).read(folder)]


@pytest.mark.parametrize(
    ("keys", "titles"),
    [
        ({"path": "book/hours.md"}, ["hours"]),
        ({"path": "book/*.md"}, ["README", "hours"]),
        ({"path": "book/**/*"}, ["README", "deep/test moving", "hours", "prices"]),
        ({"path": "book"}, ["README", "deep/test moving", "hours", "prices"]),
        ({"path": "products.jsonl"}, ["Lamp", "Chair"]),
        ({"path": "products.jsonl", "title": "description"}, ["Lamp is blue.", "Chair is blue."]),
        ({"path": "products.jsonl", "where": "name == 'Chair'"}, ["Chair"]),
        ({"path": "products.jsonl", "limit": 1}, ["Lamp"]),
        ({"path": "pages.csv"}, ["Home", "Home", "Other"]),
    ],
    ids=str,
)
def test_what_is_read(folder: Path, keys: dict[str, Any], titles: list[str]) -> None:
    assert [title for title, _ in read(folder, **keys)] == [title.rpartition("/")[2] for title in titles]


def test_a_document_stays_the_same_when_its_text_is_edited(folder: Path) -> None:
    def ids(**keys: Any) -> list[str]:
        return [document.id for document in DocumentTable(**keys).read(folder)]

    before = ids(path="book"), ids(path="pages.csv"), ids(path="pages.csv", family="page")
    (folder / "book/hours.md").write_text("# Hours\n\nFrom nine.\n")
    (folder / "pages.csv").write_text(CSV.replace("Welcome", "Hello"))
    assert (ids(path="book"), ids(path="pages.csv"), ids(path="pages.csv", family="page")) == before
    assert [len(set(each)) for each in before] == [4, 2, 2]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.md", b"", "is empty"),
        ("a.md", b" \n", "is empty"),
        ("a.md", b"caf\xe9", "is not UTF-8"),
        ("a.txt", b"\0\1\2\3" * 9, "is no text|not UTF"),
        ("a.pdf", b"%PDF-1.7 \xff", "is no plain text but .pdf"),
        ("a.docx", b"PK\3\4", "zip archive|no plain text"),
        ("a.png", b"\x89PNG", "no reader for .png"),
        ("a.jsonl", b'{"other": 1}\n', "no column of texts"),
        ("a.jsonl", b'{"text": " "}\n', "no text: 1 row"),
        ("a.jsonl", b"{", "not JSON"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=says):
        read(tmp_path, path=name)


@pytest.mark.parametrize(
    ("keys", "says", "key"),
    [
        ({"path": "missing.md"}, "no such file", "path"),
        ({"path": "book/missing.md"}, "no such file", "path"),
        ({"path": "none/*.md"}, "no file of that name", "path"),
        (
            {"path": "products.jsonl", "text": "descripton"},
            "no column 'descripton'.*did you mean `description`",
            "text",
        ),
        ({"path": "products.jsonl", "title": "x"}, "no column 'x'", "title"),
        ({"path": "products.jsonl", "where": "naem == 'x'"}, "which no column is called", "where"),
        ({"path": "products.jsonl", "where": "name == 'x'"}, "leaves out all", "where"),
    ],
)
def test_what_is_wrong_with_a_key_is_said_of_that_key(folder: Path, keys: Any, says: str, key: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        read(folder, **keys)
    assert caught.value.key == key
