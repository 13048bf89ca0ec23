"""In which language a whole text is."""

from __future__ import annotations

import unicodedata

SHORT = 20
"""Letters below which a text is in no language that can be told; of Han and kana a third of them."""


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's language by py3langid, of 97; None where it is too short to tell."""
    import py3langid

    letters = sum(3 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text if sign.isalpha())
    return str(py3langid.classify(text)[0]) if letters >= SHORT else None
