"""E-mail addresses (RFC 5321 as people write them, RFC 6531 for other scripts), and logins in URLs (RFC 3986).

Both are found from their mark, `@` or `://`, and read from there in both directions, so that the time does not hang on
what stands around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hfsft.letters.characters import EAST_ASIAN_BLOCK, HAN_COMPATIBLE, HANGUL, UNSPACED_ALPHABETS, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.found import Found

LONGEST = 64  # characters before the @
_UNSPACED = signs(UNSPACED_ALPHABETS, EAST_ASIAN_BLOCK, HANGUL, HAN_COMPATIBLE)
_MARK = at_first_use(r"@|%40|&#64;|&commat;| ?[\[({]at[\])}] ?", re.IGNORECASE)
_HERE = at_first_use(r"[\w.+\-']")
_UNSPACED_LETTER = at_first_use(f"[{_UNSPACED}]")
_DOMAIN = at_first_use(
    rf"(?:[^\W_{_UNSPACED}](?:[^\W{_UNSPACED}]|-){{0,62}}(?:\.| ?[\[({{]dot[\])}}] ?)){{1,8}}"
    r"(xn--[a-z0-9\-]{2,30}|[a-z]{2,24}(?![a-z0-9])|[^\W\d_a-z]{2,12})"
    rf"|(?:[\w\-]{{1,63}}\.){{1,8}}([{_UNSPACED}]{{2,6}})",
    re.IGNORECASE,
)
_SPELLED = at_first_use(
    r"(?<![\w.+\-])[\w.+\-]{1,64} (?:at|@) [\w\-]{1,63}(?: dot [\w\-]{1,63}){0,3} dot [a-z]{2,12}(?!\w)", re.IGNORECASE
)
_SENTENCE = at_first_use(r"(\.(?:[a-z]{2,4}))\.[A-Z][a-z]+$")  # a full stop without a space behind it
_LOGIN = at_first_use(r"://([^\s/?#@:\"'<>]{1,128}(?::[^\s/?#@\"'<>]{0,128})?)@")

# What is written like the end of a domain, but ends the name of a file, the name of a unit of systemd, or a product of
# matrices in code, which calls a method of the second one.
FILES = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "scss", "js", "ts", "jsx", "tsx", "mjs", "json", "html",
     "md", "tgz", "gz", "whl", "lock", "yml", "yaml", "jsonl", "csv", "tsv", "txt", "pdf", "docx", "xlsx", "parquet")
)  # fmt: skip
UNITS = frozenset(("service", "socket", "timer", "target", "mount", "slice", "scope"))
METHODS = frozenset(
    ("mean", "sum", "dot", "transpose", "reshape", "view", "max", "min", "std", "astype", "copy", "flatten", "conj",
     "toarray", "todense", "permute", "squeeze", "unsqueeze", "contiguous", "matmul", "inverse", "norm", "type")
)  # fmt: skip
SERVICES = frozenset({"git", "hg", "svn"})  # the login of everybody, at every forge
_YOURS = at_first_use(r"your[._\-]?(?:name|e?-?mail|user(?:name)?|address|account|id)?(?:here)?")
_NOBODY = at_first_use(
    r"(?:(?:db|my|your|proxy|smtp)?[_\-]?)?(?:user(?:name)?|login|usr|account|name)?\d?"
    r"(?::(?:(?:db|my|your)?[_\-]?(?:pass(?:word|wd|phrase)?|pwd|pw|secret|token)\d?|x+|\*+|\.+)?)?",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[Found]:
    """E-mail addresses, also as `jane [at] example.com` and `jane at example dot com`."""
    for mark in _MARK.finditer(text):
        start = _start(text, mark.start())
        domain = _DOMAIN.match(text, mark.end())
        if domain is None or start == mark.start() or _logs_in(text, mark.start()):
            continue
        end = domain.end()
        if sentence := _SENTENCE.search(text, mark.end(), end):
            end = sentence.end(1)
        while text[mark.end() : end].count(".") > 1 and text[mark.end() : end].rpartition(".")[2].lower() in FILES:
            end = text.rindex(".", mark.end(), end)  # a file that is called by an address
        if _is_address(text, start, mark.start(), end):
            yield Found("EMAIL", start, end)
    if " dot " in text or " DOT " in text:
        yield from (Found("EMAIL", *found.span()) for found in _SPELLED.finditer(text))


def _start(text: str, mark: int) -> int:
    """Where what stands before an @ begins: letters of a script without spaces end it, unless it is made of them."""
    start, lowest = mark, max(0, mark - LONGEST)
    if text[mark - 1 : mark] == '"' and (opens := text.rfind('"', lowest, mark - 1)) >= 0:
        return opens  # "Jane Doe"@example.com
    unspaced = bool(mark) and _UNSPACED_LETTER.match(text[mark - 1]) is not None
    while start > lowest and _HERE.match(text[start - 1]):
        if (_UNSPACED_LETTER.match(text[start - 1]) is not None) != unspaced and not text[start - 1].isdigit():
            break
        start -= 1
    while start < mark and text[start] in ".-'+":
        start += 1
    return start


def _logs_in(text: str, mark: int) -> bool:
    """Whether who stands before an @ logs in at a host: that is no address."""
    scheme = text.rfind("://", max(0, mark - 2 * LONGEST), mark)
    return scheme >= 0 and not re.search(r"[\s/?#]", text[scheme + 3 : mark])


def _is_address(text: str, start: int, mark: int, end: int) -> bool:
    local, last = text[start:mark].lower(), text[mark:end].rpartition(".")[2].lower()
    if local in SERVICES or _YOURS.fullmatch(local) or last in FILES or last in UNITS or text[mark - 1] == ".":
        return False
    if last in METHODS and text[end : end + 1] == "(" and text.count(".", mark, end) == 1:
        return False  # a product of matrices in code, which calls something of the second one
    return any(letter.isalnum() for letter in local)


def logins(text: str) -> Iterator[Found]:
    """Names, with or without a password, that log in at an address: `https://jane:pass@host`."""
    for found in _LOGIN.finditer(text):
        said = found[1]
        if said in SERVICES or re.search(r"[{}$%<>*\[\]]", said) or _NOBODY.fullmatch(said):
            continue
        yield Found("LOGIN", *found.span(1))
