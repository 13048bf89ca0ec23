"""What a GGUF file says of itself: its chat template."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from hfsft.errors import ModelError
from hfsft.models.embedded.gguf_metadata import chat_template


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(*keys: bytes, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(keys)) + b"".join(keys)


NUMBER = text("general.file_type") + struct.pack("<II", 4, 7)
NUMBERS = text("tokenizer.scores") + struct.pack("<IIQ", 9, 6, 2) + struct.pack("<ff", 0.5, 1.5)
TEXTS = text("tokenizer.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
TEMPLATE = text("tokenizer.chat_template") + struct.pack("<I", 8) + text("{{ messages }}")


def test_the_template_is_found_behind_values_of_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "w.gguf"
    path.write_bytes(gguf(NUMBER, NUMBERS, TEXTS, TEMPLATE) + b"weights")
    assert chat_template(path) == "{{ messages }}"
    path.write_bytes(gguf(NUMBER, TEXTS))
    assert chat_template(path) == ""


@pytest.mark.parametrize(
    "content", [b"", b"GGML", gguf(version=1), gguf(NUMBER)[:-3], gguf(text("x") + struct.pack("<I", 99))]
)
def test_a_file_that_is_none_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"w\.gguf: its chat template cannot be read"):
        chat_template(path)
