"""A build by Daft shows one line of progress on a terminal: Daft itself writes nothing between."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.cli.terminal import run

RECIPE = {"name": "quiet", "license": "mit", "examples": [{"path": "rows.jsonl"}], "filters": ["exact_duplicate"]}


def test_nothing_of_daft_is_shown(tmp_path: Path, home: Path) -> None:
    lines = [json.dumps({"prompt": f"What is {n}?", "completion": f"It is {n}, and no more."}) for n in range(50)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    (tmp_path / "quiet.yaml").write_text(json.dumps(RECIPE))
    screen = run([sys.executable, "-m", "hfsft", "build", "quiet.yaml", "--engine", "daft"], 100, tmp_path)
    assert screen.code == 0, screen.text
    assert "50 rows in = " in screen.text
    assert "daft" not in screen.text.lower()
