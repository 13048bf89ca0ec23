"""How far people agree with each other, and a judge with them, by the statistics of libraries alone."""

from __future__ import annotations

from hfsft.agreement.agreeing import Agreed, agreement
from hfsft.agreement.agreement_said import ResultTable, agreement_said

__all__ = ["Agreed", "ResultTable", "agreement", "agreement_said"]
