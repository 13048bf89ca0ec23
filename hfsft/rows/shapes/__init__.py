"""The shapes in which people write conversations down, one file each (pairs in one), and the table of all.

A new shape is one file with a `Shape`, and its name in `SHAPES`: `format:` then takes it, and `auto` finds it where
the shape says how it is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from hfsft.rows.shapes.harmony import HARMONY
from hfsft.rows.shapes.hermes import HERMES
from hfsft.rows.shapes.marked import MARKED
from hfsft.rows.shapes.of_datasets.capybara import CAPYBARA
from hfsft.rows.shapes.of_datasets.dolphin_r1 import DOLPHIN_R1
from hfsft.rows.shapes.of_datasets.oasst import OASST
from hfsft.rows.shapes.of_datasets.xlam import XLAM
from hfsft.rows.shapes.openai import OPENAI
from hfsft.rows.shapes.pairs import ALPACA, AYA, KTO, PREFERENCE, PROMPT_COMPLETION
from hfsft.rows.shapes.parts import PARTS
from hfsft.rows.shapes.segments import SEGMENTS
from hfsft.rows.shapes.shape import Shape
from hfsft.rows.shapes.sharegpt import SHAREGPT
from hfsft.rows.shapes.smoltalk2 import SMOLTALK2

SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        OPENAI, SHAREGPT, ALPACA, PROMPT_COMPLETION, PREFERENCE, KTO, PARTS, HERMES, SMOLTALK2, HARMONY, XLAM, MARKED,
        AYA, CAPYBARA, DOLPHIN_R1, OASST, SEGMENTS,
    )
}  # fmt: skip
"""Every shape by its name; of several that tell a row, the first counts."""
SEED_PROMPTS = ("instruction", "prompt", "question", "query", "text")
"""What people call the column of a seed."""

if TYPE_CHECKING:
    Format = str
else:
    Format = Literal[("auto", "columns", *SHAPES)]
