"""What the kinds of rows are called that may be looked at alone; in a file of its own, as every command reads it."""

from __future__ import annotations

DISPUTED = "disputed"
"""Rows whose reviewers disagree."""
ONLY = ("disagree", "bound", "duplicates", "contradictions", "longest", "language", "unscored", DISPUTED)
"""Every kind, as `--only` calls it."""
