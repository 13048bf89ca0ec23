"""What is wrong with a place where files are to lie, and what to do about it."""

from __future__ import annotations

import errno

FULL = "no room is left there; what was finished is kept: make room, and the same command goes on"
BY_NUMBER = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL.replace("no room is left there", "your quota there is used up"),
    errno.EFBIG: FULL.replace("no room is left there", "a file may not grow so large there (`ulimit -f`)"),
    errno.EACCES: "it may not be written: give this user the right to, or name another folder",
    errno.EROFS: "the disk is mounted read-only: name another folder",
    errno.ENOENT: "a file that was there is gone: the same command makes it again",
}


def told(error: OSError) -> str:
    """What happened, and what to do."""
    return BY_NUMBER.get(error.errno or 0) or f"{type(error).__name__}: {error}"
