"""The kinds of constraints on an answer that a program can check, after IFEval (Zhou et al. 2023, arXiv 2311.07911).

Each makes, of what is asked, a check of a text: what is wrong with it, in words, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from hfsft.letters.late_patterns import at_first_use
from hfsft.plain import plain
from hfsft.texts.code.fences import fenced
from hfsft.texts.code.parse_faults import fault_of
from hfsft.texts.constraints import counting
from hfsft.texts.spelling.spoken import KNOWN, base, languages_in, may_be

if TYPE_CHECKING:
    from hfsft.rows.limits import Limits

Check = Callable[[str], str | None]
SHOWN = 40
ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
"""Of which IFEval asks for one."""

_COMMA = at_first_use("[,，،﹐､]")
_KANA_COMMA = at_first_use("[぀-ヿ][^\n]{0,200}、|、[^\n]{0,200}[぀-ヿ]")
_TITLE = at_first_use(r"<<([^\n<>]{1,400})>>")
_QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "＂": "＂", "”": "”"}
_DOTS = at_first_use(r"\.\s?")
_FIRST = at_first_use(r"[^\s.,?!'\"，。？！、“”’»」]+")
_OPENED = "'\"“‘«「『*_#>-( \t"


def bounded(count: Callable[[str], int], bounds: Limits) -> Check:
    """A number of something, within bounds."""

    def check(text: str) -> str | None:
        found = count(text)
        broken = bounds.broken(found)
        return f"{found}, {broken}" if broken else None

    return check


def letters(wanted: Mapping[str, Limits]) -> Check:
    """How often each of some letters or signs stands there, in any case."""
    return _each({letter: bounded(_letter(letter), bounds) for letter, bounds in wanted.items()})


def _letter(letter: str) -> Callable[[str], int]:
    sought = letter.strip().lower()
    return lambda text: text.lower().count(sought) if sought else 0


def counted(wanted: Mapping[str, Limits], whole: bool = True) -> Check:
    """How often each of some words stands there; with `whole=False` within other words too."""
    return _each({word: bounded(_word(word, whole), bounds) for word, bounds in wanted.items()})


def _word(word: str, whole: bool) -> Callable[[str], int]:
    return lambda text: counting.occurrences(text, word, whole)


def _each(checks: Mapping[str, Check]) -> Check:
    def check(text: str) -> str | None:
        said = (f"`{plain(name, SHOWN)}` {fault}" for name, one in checks.items() if (fault := one(text)))
        return "; ".join(said) or None

    return check


def keywords(wanted: Sequence[str], whole: bool = True) -> Check:
    """All of some words or phrases stand there; with `whole=False` within other words too."""
    return lambda text: _listed("it lacks", [word for word in wanted if not counting.occurrences(text, word, whole)])


def forbidden(unwanted: Sequence[str]) -> Check:
    """None of some words or phrases stands there."""
    return lambda text: _listed("it has", [word for word in unwanted if counting.occurrences(text, word)])


def _listed(said: str, words: Sequence[str]) -> str | None:
    return f"{said} {', '.join(f'`{plain(word, SHOWN)}`' for word in words)}" if words else None


def one_of(options: Collection[str]) -> Check:
    """One of some answers stands there as it is."""
    told = ", ".join(f"`{plain(option, SHOWN)}`" for option in options)
    return lambda text: None if any(option in text for option in options) else f"it has none of {told}"


def paragraph_starts(wanted: Mapping[int, str]) -> Check:
    """The first word of some paragraphs, counted from 1."""

    def check(text: str) -> str | None:
        found = counting.paragraphs(text)
        for place, word in wanted.items():
            if place > len(found):
                return f"it has no paragraph {place}, only {len(found)}"
            first = _FIRST.match(found[place - 1].lstrip(_OPENED))
            if first is None or first[0].casefold() != word.strip().casefold():
                said = plain(first[0], SHOWN) if first else ""
                return f"paragraph {place} begins with `{said}`, not `{plain(word, SHOWN)}`"
        return None

    return check


def paragraphs(bounds: Limits, divider: str) -> Check:
    """How many paragraphs there are between dividers, of which none between two others may be empty."""
    within = bounded(lambda text: len(counting.paragraphs(text, divider)), bounds)

    def check(text: str) -> str | None:
        if not all(counting.paragraphs(text, divider)):
            return "a paragraph is empty"
        return within(text)

    return check


def sections(word: str, bounds: Limits) -> Check:
    """How many sections there are that begin with a word and a number, as `Section 2`."""
    import regex

    pattern = regex.compile(rf"(?<!\w){regex.escape(word.strip())}\s?(?:\d+|[IVXLC]+)\b")
    return bounded(lambda text: len(pattern.findall(text)), bounds)


def postscript(marker: str) -> Check:
    """A postscript that begins with a mark, such as `P.S.`; spaces behind its dots, and its last dot, are left open."""
    import regex

    parts = [regex.escape(part) for part in _DOTS.split(marker.strip().rstrip("."))]
    pattern = regex.compile(
        r"(?<!\w)(?<!\w\.)" + r"\.\s?".join(parts) + (r"(?!\w)" if parts[-1] else ""), regex.IGNORECASE
    )
    return lambda text: None if pattern.search(text) else f"it has no `{plain(marker, SHOWN)}`"


def json_text(text: str) -> str | None:
    """The whole of it is JSON, alone or in a fence."""
    text = text.strip()
    blocks = fenced(text) if text.startswith(("```", "~~~")) and text.endswith(("```", "~~~")) else []
    return fault_of(blocks[0].code if len(blocks) == 1 else text, "json")


def title(text: str) -> str | None:
    """A title stands there as `<<title>>`."""
    return None if any(found.strip() for found in _TITLE.findall(text)) else "it has no <<title>>"


def two_responses(text: str) -> str | None:
    """Two different answers with six asterisks between them."""
    answers = counting.paragraphs(text, "******")
    if len(answers) != 2 or not all(answers):
        return f"{len(answers)} answers between ******"
    return "its two answers are the same" if answers[0] == answers[1] else None


def repeats(prompt: str) -> Check:
    """It begins with the request, word for word."""
    wanted = prompt.strip().casefold()
    return lambda text: None if text.strip().casefold().startswith(wanted) else "it does not begin with the request"


def ends_with(phrase: str) -> Check:
    """It ends with a phrase, in any case; a quotation mark may follow."""
    wanted = phrase.strip().casefold()

    def check(text: str) -> str | None:
        return (
            None
            if text.strip().strip('"”»').casefold().endswith(wanted)
            else f"it does not end with `{plain(phrase, SHOWN)}`"
        )

    return check


def quoted(text: str) -> str | None:
    """The whole of it stands in quotation marks."""
    text = text.strip()
    if len(text) > 1 and text[-1] in _QUOTES.get(text[0], ()):
        return None
    return "it does not stand in quotation marks"


def upper(text: str) -> str | None:
    """All its letters are capital."""
    return None if text.isupper() else "it has small letters"


def lower(text: str) -> str | None:
    """All its letters are small."""
    return None if text.islower() else "it has capital letters"


def no_commas(text: str) -> str | None:
    """It has no comma, that of Chinese, Arabic and Japanese included."""
    found = len(_COMMA.findall(text)) + len(_KANA_COMMA.findall(text))
    return f"it has {found} commas" if found else None


def language(code: str) -> Check:
    """Most of it is in a language, by its ISO 639-1 code; a text too short to tell passes where it may be in it."""
    wanted = base(code.strip().replace("_", "-"))

    def check(text: str) -> str | None:
        found = [each for each, _ in languages_in(text).most_common(1)]
        if not found and wanted in KNOWN and (possible := may_be(text)) and wanted not in possible:
            return f"it cannot be in `{plain(code, SHOWN)}`"
        return f"it is in `{found[0]}`, not in `{plain(code, SHOWN)}`" if found and found != [wanted] else None

    return check
