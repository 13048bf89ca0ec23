"""The dataset card: YAML metadata that the Hub reads, then what people read, section by section."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from hfsft.plain import harmless
from hfsft.prompts import Prompt, available
from hfsft.release.card.card_sections import SECTIONS, Draft, Said
from hfsft.release.card.changelog import MARK
from hfsft.release.card.metadata import metadata

if TYPE_CHECKING:
    from hfsft.release.result import Built


def preparations() -> Iterator[None]:
    """Read the templates, one after each yield, which takes longer than to fill them in."""
    for name in available("card"):
        yield
        Prompt.named("card", name)


def card(built: Built, folder: Path, drawn: Collection[str] = ()) -> str:
    """The card of the release in `folder`, whose data and recipe are written already, with the pictures `drawn`."""
    draft = Draft(built, folder, drawn, metadata(built, folder))
    parts = [_unmarked(part) for section in SECTIONS for part in _written(section, draft)]
    head = yaml.safe_dump(draft.metadata, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{head}---\n\n" + "\n\n".join(parts) + "\n"


def _written(section: Callable[[Draft], Said], draft: Draft) -> list[str]:
    said = section(draft)
    if isinstance(said, list):
        return said
    return [] if said is None else [Prompt.named("card", section.__name__).render(**said).strip()]


def _unmarked(part: str) -> str:
    """A part in which no row or recipe sets the mark that each release is merged by, nor steers what shows it."""
    return harmless(part).replace(MARK, MARK.replace("hfsft: ", "hfsft, as text: "))
