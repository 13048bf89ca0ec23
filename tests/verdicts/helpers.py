"""Verdicts for tests."""

from typing import Any

from hfsft.verdicts import Verdict


def said(row: str = "r1", verdict: Any = "accept", by: str = "ann", content: str = "c1", **more: Any) -> Verdict:
    """What somebody says of a row."""
    return Verdict(row, content, by, more.pop("at", "2026-11-26T12:00:00Z"), verdict, **more)
