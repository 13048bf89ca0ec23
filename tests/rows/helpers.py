"""Files of rows, and what reading them comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hfsft.rows.reading.source_row import SourceRow
from hfsft.stages.examples import ExampleTable
from hfsft.stages.seeds import PromptTable

USER, ASSISTANT = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}


def file(folder: Path, name: str, *rows: Any) -> str:
    """The name of a file with a line for each row: a text as it stands, anything else as JSON."""
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text + "\n" if rows else "", encoding="utf-8")
    return name


def examples(folder: Path, *rows: Any, path: str | None = None, **keys: Any) -> list[SourceRow]:
    """What examples of these rows, or in that file, come to."""
    path = path or file(folder, "e.jsonl", *rows)
    return list(ExampleTable(path=path, **keys).opened(folder, "examples[0]").rows(None))


def seeds(folder: Path, *rows: Any, path: str | None = None, **keys: Any) -> list[SourceRow]:
    """The same of seeds."""
    path = path or file(folder, "s.jsonl", *rows)
    return list(PromptTable(path=path, **keys).opened(folder, "seeds[0]").rows(None))


def said(row: SourceRow) -> list[tuple[str, str]]:
    """The conversation of a sound row, as pairs of role and text."""
    assert row.defect is None, row.defect
    texts = row.texts
    system = [("system", texts["system"])] if texts.get("system") else []
    if texts.get("messages"):
        return system + [(turn["role"], turn["content"]) for turn in texts["messages"]]
    question = "\n\n".join(filter(None, (texts["instruction"], texts.get("context"))))
    return [*system, ("user", question), ("assistant", texts["response"])]
