"""Phrases that many people do not want in their data, by what they are: a pack for each, told apart by language.

A pack is a module with one `PACK`. To add one: another such module, and its line in `PACKS`.
"""

from __future__ import annotations

from hfsft.texts.phrase_packs import cutoff_date, disclaimers, filler, self_naming, sycophancy
from hfsft.texts.phrase_packs.pack import Pack

PACKS: dict[str, Pack] = {
    "self_naming": self_naming.PACK,
    "cutoff_date": cutoff_date.PACK,
    "sycophancy": sycophancy.PACK,
    "filler": filler.PACK,
    "disclaimers": disclaimers.PACK,
}
"""The name of a pack in a recipe -> the pack."""
