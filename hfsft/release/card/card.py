"""The dataset card: YAML metadata that the Hub reads, then what people read, section by section."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from hfsft.plain import harmless
from hfsft.prompts import Prompt
from hfsft.release.card.card_sections import SECTIONS, Draft
from hfsft.release.card.changelog import MARK
from hfsft.release.card.metadata import metadata

if TYPE_CHECKING:
    from hfsft.release.result import Built


def card(built: Built, folder: Path) -> str:
    """The card of the release in `folder`, whose data, recipe and pictures are written already."""
    draft = Draft(built, folder, metadata(built, folder))
    parts = [
        _unmarked(Prompt.named("card", section.__name__).render(**values).strip())
        for section in SECTIONS
        if (values := section(draft)) is not None
    ]
    head = yaml.safe_dump(draft.metadata, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{head}---\n\n" + "\n\n".join(parts) + "\n"


def _unmarked(part: str) -> str:
    """A part in which no row or recipe sets the mark that each release is merged by, nor steers what shows it."""
    return harmless(part).replace(MARK, MARK.replace("hfsft: ", "hfsft, as text: "))
