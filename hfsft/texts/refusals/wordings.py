"""What is known of one language: how a refusal is worded in it, and what only looks like one."""

from __future__ import annotations

from typing import NamedTuple


class Wordings(NamedTuple):
    """Regular expressions of one language, over text as `refusal` folds it.

    That is: NFKC, case-folded, straight apostrophes, single spaces. `refuses` says no to the request, `disclaims`
    speaks of being a machine; `asks` in the same sentence makes the refusal a question, since the user can give what
    it asks for. Precision first: what people say in any other sense ("I'm sorry to hear", "we cannot refund") has no
    place here. No expression may look further than a few dozen characters.
    """

    name: str  # of the language, in English
    refuses: tuple[str, ...]
    disclaims: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    spaced: bool = True  # words stand apart, so that a phrase begins where a word does
