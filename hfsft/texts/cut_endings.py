"""Names by which servers say that an answer was cut where it reached a limit of tokens: `length`, `MAX_TOKENS`."""

from __future__ import annotations

from hfsft.keys import letters

CUT = {
    "length", "maxtokens", "maxlength", "maxnewtokens", "maxoutputtokens", "maxcompletiontokens", "maxgeneratedtokens",
    "maxpredictedtokensreached", "maxtokensreached", "maxlengthreached", "maxlen", "tokenlimit", "tokenlimitreached",
    "lengthlimit", "lengthcapped", "truncated", "cutoff",
}  # fmt: skip
"""At the most tokens that an answer was to have."""
FULL = {
    "modellength", "errorlimit", "contextlength", "contextlengthreached", "contextlengthexceeded", "contextwindow",
    "contextoverflow", "contextlimit", "contextfull",
    "contextwindowexceeded", "modelcontextwindowexceeded",
}  # fmt: skip
"""Where the server had no more room for prompt and answer together."""


def plain_name(finish_reason: str) -> str:
    """The letters of an ending's name, so that `FinishReason.END_TURN` and `end-turn` are one."""
    name = letters(finish_reason.partition(":")[0].rpartition(".")[2])
    return name.removeprefix("finishreason") or name


def says_cut(finish_reason: str) -> bool:
    """Whether a server's word for an ending says that more would have come."""
    return plain_name(finish_reason) in CUT | FULL
