"""What all pages that show rows are made with: their templates, their scripts, and data that cannot become markup."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from hfsft.plain import STEERING, STEERING_LETTERS, harmless
from hfsft.prompts import templates

if TYPE_CHECKING:
    from jinja2 import Environment

SHARED = "report"
"""The folder of what pages share; one of their own is looked into first."""


def page_file(name: str, folder: str = SHARED) -> str:
    """A script or a style."""
    return (templates() / folder / name).read_text(encoding="utf-8")


@cache
def environment(*folders: str) -> Environment:
    """Templates of HTML, which unlike prompts must escape what they show."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([templates() / folder for folder in (*folders, SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"code": _code, "count": _count}
    return made


def source_hash(text: str) -> str:
    """What a page's policy calls a script or a style that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def inside_page(data: Any) -> str:
    """JSON that cannot end the block it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return harmless(text)


@cache
def unseen_letters() -> dict[str, Any]:
    """The letters that a page shows a sign for: as a class of a pattern, and the names of those that have one."""
    plane = (chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    named = {letter: unicodedata.name(letter, "") for letter in plane if STEERING.match(letter)}
    return {
        "pattern": STEERING_LETTERS,
        "names": {f"U+{ord(letter):04X}": name.lower() for letter, name in named.items() if name},
    }


def _code(text: str) -> Markup:
    """What stands between backticks, as code."""
    return Markup().join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(text.split("`"))
    )


def _count(number: int) -> str:
    return f"{number:,}"
