"""What is wrong with a place where files are to lie, and what to do about it."""

from __future__ import annotations

import errno

AGAIN = "what was finished is kept, and the same command goes on"
FULL = "no room is left there"
BY_NUMBER = {
    errno.ENOSPC: f"{FULL}: make room ({AGAIN})",
    errno.EDQUOT: f"your quota there is used up: make room ({AGAIN})",
    errno.EFBIG: f"a file may not grow so large there: raise the limit, see `ulimit -f` ({AGAIN})",
    errno.EACCES: "it may not be written: give this user the right to, or name another folder",
    errno.EROFS: "the disk is mounted read-only: name another folder",
    errno.ENOENT: "a file that was there is gone: the same command makes it again",
    errno.ENOTDIR: "it is no folder: name another",
    errno.EEXIST: "it is no folder: name another",
}
NOT_MADE = "no folder can be made there: name another"
DENIED = (
    "access was denied: the keys of every machine that works there (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "AWS_PROFILE, or its role) must allow to list, read, write and delete"
)
BY_WORD = {  # as clients say it
    "NO_SUCH_BUCKET": "there is no such bucket: create it, or name another",
    "Bucket '": "there is no such bucket: create it, or name another",
    "ACCESS_DENIED": DENIED,
    "INVALID_ACCESS_KEY_ID": DENIED,
    "SIGNATURE_DOES_NOT_MATCH": DENIED,
    "INVALID_SIGNATURE": DENIED,
    "INVALID_CLIENT_TOKEN_ID": DENIED,
    "UNRECOGNIZED_CLIENT": DENIED,
    "HTTP status 403": DENIED,
    "HTTP status 507": f"{FULL}: make room ({AGAIN})",
    "NETWORK_CONNECTION": "its server cannot be reached: see AWS_ENDPOINT_URL, AWS_REGION and the network",
}


READING = (
    "access was denied: the keys of every machine that reads there (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "AWS_PROFILE, or its role; HF_TOKEN for the Hub) must allow to list and read; ?anonymous=true behind an s3:// "
    "address reads what all may"
)


def told_of_making(error: OSError) -> str:
    """The same of a folder that is to be made."""
    return told(error).replace(BY_NUMBER[errno.ENOENT], NOT_MADE)


def told_of_reading(error: OSError) -> str:
    """The same of a place that is only read."""
    return told(error).replace(DENIED, READING)


def told(error: OSError) -> str:
    """What happened, and what to do."""
    said = str(error)
    number = error.errno or (errno.ENOENT if isinstance(error, FileNotFoundError) else 0)
    known = next((meant for word, meant in BY_WORD.items() if word in said), None) or BY_NUMBER.get(number)
    return f"{known} [{said}]" if known else f"{type(error).__name__}: {said}"
