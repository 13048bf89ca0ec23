"""The size-matched random twin of a selection: which rows belong to which of both."""

from __future__ import annotations

CHOSEN = "chosen"
SELECTED, RANDOM, BOTH = "selected", "random", "both"
ONLY = "select.only"
"""The step at which rows go that are of the twin alone: they are released with it."""
