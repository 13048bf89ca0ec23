"""Phrases that say nothing: `I hope this helps`, `it is important to note that`, `feel free to ask`."""

from __future__ import annotations

from hfsft.texts.phrase_packs.pack import Pack
from hfsft.texts.style import fillers_in

PACK = Pack(
    "phrases that say nothing",
    "the fillers of hfsft.texts.style: Zhang et al. 2024, From Lists to Emojis, arXiv 2409.11704",
    more=lambda text: iter(fillers_in(text)),
)
