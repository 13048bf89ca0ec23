"""Documents through a whole build: questions of chunks, answers over them, families, edits, what is not published."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from hfsft.pipeline import run
from tests.models.server import LLM, digest, said_to

TOPICS = {
    "hours": ["opening", "closing", "holidays", "lunch"],
    "money": ["invoices", "instalments", "refunds", "copies"],
    "rooms": ["parking", "lifts", "wardrobe", "lockers"],
    "staff": ["doctors", "nurses", "interpreters", "students"],
}
FILLER = (
    "The clinic has one rule about {0} that holds on each floor, and {0} are looked after by a person of their own."
)


def reply(body: dict[str, Any]) -> str:
    """A question about what the chunk is called, or an answer."""
    said = said_to(body)
    asks = re.search(r"^(?:Write (?:a|the) [^\n]*\n\s*\n)(?:\[1\] )?[^\n]* > (\w+)\n", said, re.MULTILINE)
    tag = digest(body)[:6]
    if asks and "According" in said:
        return f"According to the text, what holds for {asks[1]} {tag}?"
    return f"What must I know of {asks[1]} number {tag}?" if asks else f"The rule {tag} is known to the front desk."


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


class Clinic:
    """A recipe over a handbook of four files, and builds of it."""

    def __init__(self, folder: Path, server: LLM) -> None:
        self.folder, self.server = folder, server
        for name, topics in TOPICS.items():
            sections = "\n\n".join(f"## {topic}\n\n{FILLER.format(topic)}" for topic in topics)
            (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{sections}\n")

    def build(self, **sections: Any) -> int:
        """The calls that a build takes."""
        data = {
            "name": "clinic",
            "models": {"writer": {"model": "m", "base_url": self.server.url}},
            "documents": [{"path": "*.md", "chunk": {"words": 25, "overlap": 0}, "license": "cc-by-4.0"}],
            "seeds": [{"from": "documents", "count": 16, "templates": ["documents"]}],
            "filters": [],
            "split": {"validation": 0.25},
            **sections,
        }
        (self.folder / "clinic.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
        before = len(self.server.requests)
        run(self.folder / "clinic.yaml", out=self.folder / "build")
        return len(self.server.requests) - before

    def rows(self, config: str = "provenance") -> list[dict[str, Any]]:
        files = sorted((self.folder / "build" / "clinic" / config).glob("*.parquet"))
        return [{**row, "side": file.name.split("-")[0]} for file in files for row in pq.read_table(file).to_pylist()]

    def card(self) -> str:
        return (self.folder / "build" / "clinic" / "README.md").read_text()


@pytest.fixture
def clinic(tmp_path: Path, home: Path, server: LLM) -> Clinic:
    return Clinic(tmp_path, server)


def test_chunks_are_asked_about_in_turn_and_only_what_is_new_is_asked_for(clinic: Clinic) -> None:
    assert clinic.build() == 32
    rows = clinic.rows()
    assert len({row["documents"][0] for row in rows}) == len(rows) == 16
    assert all(row["document_title"].split(" > ")[1] in row["instruction"] for row in rows)
    assert all(row["context"].startswith(row["document_title"]) for row in rows)
    assert {row["origin"] for row in rows} == {"written"}
    assert all(re.fullmatch(r"\w+\.md:\d+", row["source"]) for row in rows)
    sides = {(row["document"], row["family"], row["side"]) for row in rows}
    assert Counter(side for *_, side in sides) == {"train": 3, "validation": 1}

    before = {row["id"]: row["instruction"] for row in rows}
    assert clinic.build(seeds=[{"from": "documents", "count": 20, "templates": ["documents"]}]) == 8
    more = clinic.rows()
    assert before.items() <= {row["id"]: row["instruction"] for row in more}.items()
    assert max(Counter(row["documents"][0] for row in more).values()) == 2

    text = (clinic.folder / "money.md").read_text()
    (clinic.folder / "money.md").write_text(text.replace(" copies ", " all copies "))
    assert clinic.build() == 2
    after = {row["documents"][0]: row["id"] for row in clinic.rows()}
    chunks = {row["documents"][0]: row["id"] for row in rows}
    assert len(chunks.keys() - after.keys()) == len(after.keys() - chunks.keys()) == 1
    assert all(after[chunk] == chunks[chunk] for chunk in chunks.keys() & after.keys())


def test_answers_rest_on_what_is_found_and_some_on_what_does_not_say(clinic: Clinic) -> None:
    clinic.build(generate={"context": {"documents": 3, "unanswerable": 0.3}})
    rows = clinic.rows()
    assert all(len(row["documents"]) == 3 and row["context"].count("\n\n[") == 2 for row in rows)
    lacking = [row for row in rows if row["unanswerable"]]
    assert 0 < len(lacking) < len(rows)
    for row in rows:
        assert (row["document_title"] in row["context"]) != row["unanswerable"]
    told = [said_to(body) for body in clinic.server.requests if "do not say what is asked" in said_to(body)]
    assert len(told) == len(lacking)
    default = clinic.rows("data")
    assert not any("do not say what is asked" in str(row) for row in default)


def test_documents_that_are_not_published_stand_in_no_file(clinic: Clinic) -> None:
    clinic.build(generate={"context": {"documents": 2, "by": "embedder", "publish": False}})
    rows = clinic.rows()
    assert all(len(row["documents"]) == 2 and row["context"] is None for row in rows)
    assert all("evidence" not in row for row in [*rows, *clinic.rows("rejected")])
    shown = [said_to(body) for body in clinic.server.requests if "you alone are shown" in said_to(body)]
    assert len(shown) == 16
    assert all("a person of their own" in each for each in shown)
    for file in (clinic.folder / "build" / "clinic").rglob("*"):
        if file.is_file() and "yaml" not in file.name:
            assert b"a person of their own" not in file.read_bytes(), file


def test_a_question_that_leans_on_the_text_falls_before_it_is_answered(clinic: Clinic) -> None:
    inline = "According to what it says.\n\nWrite a question.\n\n{{ chunk }}\n"
    assert clinic.build(seeds=[{"from": "documents", "count": 16, "templates": ["documents", inline]}]) < 32
    fallen = [row for row in clinic.rows("rejected") if row["rule"] == "unseen"]
    assert fallen
    assert all(row["response"] is None for row in fallen)


def test_a_template_that_reads_chunks_gets_two_of_one_document(clinic: Clinic) -> None:
    clinic.build(seeds=[{"from": "documents", "count": 8, "templates": ["documents_compare"]}])
    for row in clinic.rows():
        assert len(set(row["documents"])) == 2
        assert row["context"].startswith("[1] ")
        assert "\n\n[2] " in row["context"]
        assert all(
            title.startswith(row["source"].partition(".")[0].title()) for title in row["document_title"].split("; ")
        )


def test_seeds_of_people_that_find_one_document_first_are_one_family(clinic: Clinic) -> None:
    prompts = [f"Which rule holds for {topic}, please?" for topics in TOPICS.values() for topic in topics]
    clinic.build(seeds=[{"prompts": prompts}], generate={"context": {"documents": 2}})
    rows = clinic.rows()
    assert len(rows) == 16
    assert {
        len({row["family"] for row in rows if row["document"] == each}) for each in {r["document"] for r in rows}
    } == {1}
    assert len({row["family"] for row in rows}) == 4


def test_the_card_names_the_documents_and_their_licence(clinic: Clinic) -> None:
    clinic.build(generate={"context": {"documents": 2, "unanswerable": 0.3}})
    (line,) = [line for line in clinic.card().splitlines() if line.startswith("| ") and "cc-by-4.0" in line]
    cells = [cell.strip(" `\\") for cell in line.split("|")[1:-1]]
    assert [*cells[:4], int(cells[4]) > 0] == ["*.md", "cc-by-4.0", "4", "16", True]
