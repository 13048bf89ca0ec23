"""A recipe at an address of the web: the file alone, in an empty folder, so that it reads nothing of this machine."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from hfsft.cache import put
from hfsft.errors import ReleaseError
from hfsft.hashing import digest
from hfsft.recipe.recipe_file import LARGEST

WEB = ("https://", "http://")
SECONDS = 30
PAGE = re.compile(rb"\s*<(!doctype|html)", re.IGNORECASE)


def fetch(where: str) -> Path:
    """The recipe at an http(s) address, as a file that stays where it is for this address.

    Raises `ReleaseError` where there is none.
    """
    from huggingface_hub.constants import HF_HOME

    name = Path(urlsplit(where).path).stem
    folder = Path(HF_HOME) / "hfsft" / "recipes" / digest(where, 16)
    path = folder / f"{re.sub(r'[^A-Za-z0-9_-]', '', name) or 'recipe'}.yaml"
    content = _content(where)
    folder.mkdir(parents=True, exist_ok=True)
    put(path, content)
    return path


def _content(where: str) -> bytes:
    try:
        with urllib.request.urlopen(where, timeout=SECONDS) as response:  # noqa: S310 (of the web, whatever it leads to)
            content: bytes = response.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise ReleaseError(f"{where}: holds no recipe: HTTP {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ReleaseError(f"{where}: cannot be read: {getattr(error, 'reason', None) or error}") from None
    if len(content) > LARGEST:
        raise ReleaseError(f"{where}: is larger than {LARGEST // 1_000_000} MB, and no recipe")
    if PAGE.match(content):
        raise ReleaseError(f"{where}: is a web page; take the address of the file itself (on GitHub: Raw)")
    return content
