"""Addresses in a text at which something or somebody is reached: of pages, of mail, of telephones."""

from __future__ import annotations

from collections import Counter

from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.pii import find

# With a scheme, with www., or a name and a path or one of the commonest endings; `e.g.`, `Node.js` and `1.5` are none.
_LINK = at_first_use(
    r"\b(?:https?|ftp)://[^\s<>\"')\]]{1,2000}|\bwww\.[^\s<>\"')\]]{3,2000}"
    r"|(?<![@\w./-])(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.){1,4}"
    r"(?:com|org|net|edu|gov|info|io|co|de|fr|uk|eu|cn|jp|ru|vn|br)(?:/[^\s<>\"')\]]{0,2000})?(?![\w@-]|\.\w)"
)


def links(text: str) -> list[str]:
    """The addresses of pages in a text, in their order."""
    return _LINK.findall(text) if "." in text or "://" in text else []


def addresses(text: str) -> Counter[str]:
    """How many links, e-mail addresses and telephone numbers stand in a text; kinds without any are left out."""
    found = Counter({"link": len(links(text))}) + Counter()
    names = {"EMAIL": "e-mail address", "PHONE": "telephone number"}
    return found + Counter(names[each.kind] for each in find(text, ("email", "phone")))
