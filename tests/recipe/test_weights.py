"""What a file of weights says is part of a plan's fingerprint, and what it is called is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe

if TYPE_CHECKING:
    import pytest


def test_the_content_of_weights_and_not_their_name_is_in_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "hf"))
    path = tmp_path / "w.gguf"
    found = []
    for content in (b"one", b"other", b"one"):
        path.write_bytes(b"GGUF\x03\0\0\0 " + content)
        plan = compile_recipe(
            load_recipe({"name": "toy", "seeds": [{"prompts": ["a"]}], "models": {"writer": str(path)}})
        )
        found.append([fingerprint for _, fingerprint in plan.fingerprints()])
    assert found[0] == found[2]
    assert [one == other for one, other in zip(*found[:2], strict=True)].count(False) >= 1
    assert found[0][-1] != found[1][-1]
