"""Of any recipe Daft makes the build that this machine makes: rows, measures, splits, ledger and card, to the byte."""

from __future__ import annotations

import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hfsft.cli import main
from tests.engine.on_daft.same import differing
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import alone, answers, put, recipes, row, scripted, usual
from tests.models.server import LLM


@tries(6)
@given(
    st.lists(st.one_of(usual, row, usual), min_size=1, max_size=8),
    st.lists(usual, max_size=3),
    recipes,
    answers,
)
def test_the_same_is_built(
    rows: list[dict[str, Any]], seeds: list[dict[str, Any]], sections: dict[str, Any], said: list[str | None]
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=scripted(said)) as llm:
        folder = Path(name)
        alone(patch, folder)
        put(rows, "jsonl", folder / "rows.jsonl", "surrogates")
        put(seeds, "jsonl", folder / "seeds.jsonl", "utf-8")
        recipe = {
            "name": "any",
            "license": "mit",
            "examples": [{"path": "rows.jsonl"}],
            **({"seeds": [{"path": "seeds.jsonl"}], "generate": {}} if seeds else {}),
            **sections,
            "models": {each: {"model": f"{each}-1", "base_url": llm.url} for each in ("writer", "judge")},
        }
        if not (seeds or {"judge", "evolve", "generate"} & sections.keys()):
            del recipe["models"]
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
        codes = []
        for engine in ("local", "local", "daft", "daft"):  # the first asks, the others read its answers
            out = StringIO()
            with redirect_stdout(out), redirect_stderr(out):
                codes.append(
                    main(["build", str(folder / "recipe.yaml"), "--out", str(folder / engine), "--engine", engine])
                )
            assert codes[-1] in (0, 1), out.getvalue()
            if engine == "local":
                shutil.rmtree(folder / "hf" / "datasets", ignore_errors=True)
        assert len(set(codes)) == 1
        assert differing(folder / "local" / "any", folder / "daft" / "any") == []
