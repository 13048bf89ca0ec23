"""Planters of defects of letters: encodings, invisible characters, markup, languages."""

from __future__ import annotations

import re

from tests.benchmarks.planting.drawing import Draw, Row, answer, words
from tests.benchmarks.planting.samples import OTHER_LANGUAGES

_ACCENTED = ("café", "naïve", "€5", "“so-called”", "it’s", "résumé", "5 °C", "—", "São Paulo", "Müller", "½ cup")


def _with_accents(text: str, draw: Draw) -> str:
    """The text with what English has beside ASCII; a text that has enough stays."""
    if len(re.findall(r"[^\x00-\x7f]", text)) > 3:
        return text
    text = text.replace("'", "’").replace(" - ", " — ")
    parts = words(text)
    for _ in range(2):
        parts.insert(draw.below(len(parts) + 1), draw.of(_ACCENTED))
    return (" " if " " in text else "").join(parts) if "\n" not in text else f"{text} {draw.of(_ACCENTED)}"


def _misread(text: str, codec: str, errors: str = "strict") -> str:
    return text.encode("utf-8").decode(codec, errors)


def mojibake_latin1(row: Row, draw: Draw) -> Row | None:
    """UTF-8 that was read as Latin-1."""
    return answer(row, _misread(_with_accents(row["response"], draw), "latin-1"))


def mojibake_cp1252(row: Row, draw: Draw) -> Row | None:
    """UTF-8 that was read as Windows-1252, with the five bytes that it lacks as Latin-1 has them."""
    bytes_ = _with_accents(row["response"], draw).encode()
    return answer(row, "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in bytes_))


def mojibake_gbk(row: Row, draw: Draw) -> Row | None:
    """UTF-8 that was read as GBK, as it befalls Chinese."""
    if row["group"] not in ("zh", "vi"):
        return None
    return answer(row, _misread(row["response"], draw.of(("gb18030", "gbk")), draw.of(("ignore", "replace"))))


def mojibake_twice(row: Row, draw: Draw) -> Row | None:
    """UTF-8 that was read as Latin-1, written as UTF-8 and read so again."""
    return answer(row, _misread(_misread(_with_accents(row["response"], draw), "latin-1"), "latin-1"))


def replacement(row: Row, draw: Draw) -> Row | None:
    """Some letters lost to U+FFFD."""
    text = row["response"]
    places = {draw.below(len(text)) for _ in range(1 + draw.below(4))}
    return answer(row, "".join("\ufffd" if place in places else letter for place, letter in enumerate(text)))


def escaped(row: Row, draw: Draw) -> Row | None:
    r"""Line ends and letters that stand as `\n` and `\u00e9`."""
    if row["group"] == "code":
        return None
    text = _with_accents(row["response"], draw).replace(". ", ".\n").replace("。", "。\n")
    return answer(
        row, text.encode("unicode_escape").decode() if draw.below(2) else text.replace("\n", "\\n") + "\\n\\n"
    )


def control(row: Row, draw: Draw) -> Row | None:
    """Control characters of a terminal, a form or a database."""
    sign = draw.of(("\x00", "\x08", "\x1b[31m", "\x07", "\x1f", "\x7f", "\x0b", "\x9d", "\x02"))
    return answer(row, _strewn(row["response"], sign, draw))


def invisible(row: Row, draw: Draw) -> Row | None:
    """Zero-width, soft hyphen, marks of direction, tags, a mark of byte order within the text."""
    sign = draw.of(
        ("\u200b", "\u200c", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u200f", "\u2066", "\U000e0041", "\ue000")
    )
    return answer(row, _strewn(row["response"], sign, draw))


def _strewn(text: str, sign: str, draw: Draw) -> str:
    for _ in range(1 + draw.below(5)):
        place = 1 + draw.below(max(len(text) - 1, 1))
        text = text[:place] + sign + text[place:]
    return text


def html_tags(row: Row, draw: Draw) -> Row | None:
    """A text in the markup of the page that it was taken from."""
    if row["group"] == "code":
        return None
    text = row["response"]
    return answer(
        row,
        draw.of(
            (
                f"<p>{text}</p>",
                f'<div class="answer"><p>{text}</p></div>',
                f"<b>{text[:20]}</b>{text[20:]}<br><br/>",
                f'{text} <a href="https://example.org/more" target="_blank">more</a>',
                f"<span style='color:#333'>{text}</span>",
                f"<ul><li>{text}</li></ul>",
                f"{text}<script>window.ads.push('x')</script>",
                f"{text}\n</div>\n</body>",
            )
        ),
    )


def html_entities(row: Row, draw: Draw) -> Row | None:
    """Entities that nobody turned back."""
    if row["group"] == "code":
        return None
    text = row["response"].replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;")
    entities = ("&nbsp;", "&amp;", "&quot;", "&#39;", "&lt;", "&rsquo;", "&#8217;", "&#x27;")
    return answer(row, _strewn(text, draw.of(entities), draw))


def wrong_language(row: Row, draw: Draw) -> Row | None:
    """A response in a language that nobody asked for."""
    if row["group"] == "code":
        return None
    code = draw.of([code for code in OTHER_LANGUAGES if code != row["group"]])
    return answer(row, " ".join(OTHER_LANGUAGES[code]))
