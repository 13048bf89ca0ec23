"""What people say of rows: the file that it is kept in, what several say together, and how many rows are wrong."""

from __future__ import annotations

from hfsft.verdicts.all_verdicts import Verdicts
from hfsft.verdicts.deciding import Decision, decided
from hfsft.verdicts.error_rate import ErrorRate, error_rate
from hfsft.verdicts.one_verdict import ACCEPT, REJECT, SKIP, WORDS, Verdict
from hfsft.verdicts.reasons import REASONS
from hfsft.verdicts.verdict_file import ENDING, RELEASED, VerdictFile, file_beside

__all__ = [
    "ACCEPT",
    "ENDING",
    "REASONS",
    "REJECT",
    "RELEASED",
    "SKIP",
    "WORDS",
    "Decision",
    "ErrorRate",
    "Verdict",
    "VerdictFile",
    "Verdicts",
    "decided",
    "error_rate",
    "file_beside",
]
