"""Names of people and street addresses: found by presidio over a spaCy model, since words alone do not tell them.

Presidio reads the entities that the model marks (PERSON, LOCATION). A street address is a house number beside a place,
beside a word for a street in twelve languages, or beside a person whom the street is called by, if more of an address
follows. The rest of it (flat, town, postcode) is taken with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, get_args

from hfsft.errors import ModelError
from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.found import Found

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

Recognised = Literal["name", "address"]
RECOGNISED: tuple[Recognised, ...] = get_args(Recognised)
MODEL_NAME = r"^[a-z]{2,3}_[a-z]{2,10}_[a-z]{2,20}[\w.\-]{0,40}$"  # no path, and no package of another kind
LIBRARY = "presidio-analyzer"
SIZES = ("trf", "lg", "md", "sm")  # the surer models first
KINDS_OF_TEXT = ("core_web", "core_news", "ent_wiki")  # that spaCy's models of a language are called by


def _any(words: str) -> str:
    return "|".join(map(re.escape, words.split()))


_ENTITIES = {"name": "PERSON", "address": "LOCATION"}
_NUMBER_BEFORE = at_first_use(r"(?:\d{1,5}[A-Za-z]?(?:[\-/]\d{1,4})?,?[ \t]{1,3}){1,2}\Z")
_NUMBER_BEHIND = at_first_use(r",?[ \t]{1,3}\d{1,5}[A-Za-z]?(?![\d.,:%])")
_REST = at_first_use(
    r"[\s,.]{1,3}(?:(?:apt|suite|unit|flat|floor|no|po box|#)\b\.?[ \t]{0,2}[\w\-]{1,6}"
    r"|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"
    r"|(?-i:[A-Z]{2})(?![A-Za-z])|\d{4,6}(?:-\d{4})?(?![\d.,:]))",
    re.IGNORECASE,
)
_NUMBER = r"\d{1,5}[A-Za-z]?"
_WORD = r"[^\W_][\w'.\-]*"
_BEHIND = (
    "street avenue road lane drive boulevard terrace highway square crescent parkway st ave rd ln dr blvd hwy pkwy"
)
_BEFORE = (
    "rue avenue boulevard place chemin via viale piazza corso calle avenida plaza rua travessa ulica đường phố jalan"
)
_NUMBER_LAST = "calle avenida via viale piazza rua ulica jalan улица"
_ENDING = "straße strasse str. weg gasse allee platz straat laan plein steenweg plaats gatan vägen vej katu"
_SPACE = r"[ \t]{1,3}"
_STREET = at_first_use(
    rf"\b{_NUMBER},?{_SPACE}(?-i:[^\W_a-z])[\w'.\-]*{_SPACE}(?:{_WORD}{_SPACE}){{0,3}}?(?:{_any(_BEHIND)})\b"
    rf"|\b{_NUMBER},?{_SPACE}(?:{_any(_BEFORE)}){_SPACE}{_WORD}(?:{_SPACE}{_WORD}){{0,3}}?(?=[,.;\n]|{_SPACE}\d|$)"
    rf"|\b(?:{_any(_NUMBER_LAST)}){_SPACE}{_WORD}(?:{_SPACE}{_WORD}){{0,4}}?,?{_SPACE}{_NUMBER}\b"
    rf"|\b[^\W\d_][^\W_]{{2,30}}(?:{_any(_ENDING)}){_SPACE}{_NUMBER}\b",
    re.IGNORECASE,
)
"""As `12 Elm Street`, `12 rue Haute`, `Calle Mayor 12`, `Hauptstraße 12`."""
_GAP = at_first_use(r"[\s,]{1,3}")
_INITIAL = at_first_use(r"[^\W\d_]")


def installed(languages: Sequence[str]) -> str:
    """The name of the surest spaCy model that is installed for the first of the languages that has one; "" for none."""
    for language in languages:
        for size in SIZES:
            for text in KINDS_OF_TEXT:
                if find_spec(name := f"{language}_{text}_{size}") is not None:
                    return name
    return ""


def check(model: str, languages: Sequence[str] = ()) -> None:
    """Raises `ModelError` with what helps where presidio or the spaCy model is not installed."""
    if find_spec("presidio_analyzer") is None or find_spec("spacy") is None:
        raise ModelError("names and addresses are found by presidio, which is not here: pip install 'hfsft[names]'")
    if not model:
        code = languages[0] if languages else "en"
        raise ModelError(
            f"names and addresses need a spaCy model, and none is installed for {', '.join(languages) or 'en'}: "
            f"python -m spacy download {code}_core_{'web' if code in ('en', 'zh') else 'news'}_lg, or name an "
            "installed one in `pii: {recogniser: ...}`"
        )
    if find_spec(model) is None:
        raise ModelError(f"the spaCy model {model} is not installed: python -m spacy download {model}")


def versions(model: str) -> dict[str, str]:
    """What decides what is found: the versions of presidio and of the model."""
    return {name: version(name) for name in (LIBRARY, model)}


def recognised(text: str, kinds: Collection[str], model: str) -> Iterator[Found]:
    """The names and addresses in a text."""
    if not _INITIAL.search(text):
        return
    wanted = [*_ENTITIES.values()] if "address" in kinds else [_ENTITIES["name"]]
    marked = sorted(_engine(model).analyze(text, language="en", entities=wanted), key=lambda each: each.start)
    if "address" in kinds:
        yield from addresses(text, [(each.start, each.end, each.entity_type == "PERSON") for each in marked])
    if "name" in kinds:
        yield from (Found("NAME", each.start, each.end) for each in marked if each.entity_type == "PERSON")


def addresses(text: str, marked: Sequence[tuple[int, int, bool]]) -> Iterator[Found]:
    """The street addresses in a text, of which `marked` are places and persons: start, end, and whether a person."""
    ends = {start: end for start, end, _ in marked}
    for street in _STREET.finditer(text):
        yield Found("ADDRESS", street.start(), _rest(text, street.end(), ends))
    for start, end, person in marked:
        before = _NUMBER_BEFORE.search(text, max(0, start - 20), start)
        behind = None if before else _NUMBER_BEHIND.match(text, end)
        if before is None and behind is None:
            continue
        whole = behind.end() if behind else end
        last = _rest(text, whole, ends)
        if last > whole or not person:
            yield Found("ADDRESS", before.start() if before else start, last)


def _rest(text: str, end: int, ends: Mapping[int, int]) -> int:
    """Where an address ends whose street ends at `end`; `ends` are those of places by their starts."""
    while True:
        gap = _GAP.match(text, end)
        if rest := _REST.match(text, end):
            end = rest.end()
        elif gap and gap.end() in ends:
            end = ends[gap.end()]
        else:
            return end


@cache
def _engine(model: str) -> AnalyzerEngine:
    """Presidio with one model. Its language is called `en`, whatever it is: only the model's own entities are read."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    named = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    return AnalyzerEngine(
        nlp_engine=NlpEngineProvider(nlp_configuration=named).create_engine(), supported_languages=["en"]
    )
