"""The constraints of a row as IFEval writes them: a list of ids, and for each the arguments that it takes.

instruction_id_list: ["length_constraints:number_words"]
kwargs: [{"relation": "at least", "num_words": 300}]

Of the 25 kinds of the paper's table 1, each with the verdict of the authors' own program but where that counts what
nobody means: a bullet's asterisk that opens a highlight, a rule or a number below zero that is a bullet, `SubSection
1`, the empty brackets of a program; and where it knows ASCII alone (commas, quotation marks, words of Chinese). A word
that must stand there may stand within another one (`cats`), one that must not may not. Other sets of the family (IFBench, Tulu's) write theirs in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hfsft.rows.limits import Limits
from hfsft.texts.constraints import counting, kinds
from hfsft.texts.constraints.kinds import Check

Arguments = Mapping[str, Any]
RELATIONS: dict[str, Callable[[int], dict[str, int]]] = {
    "at least": lambda number: {"at_least": number},
    "at most": lambda number: {"at_most": number},
    "less than": lambda number: {"at_most": number - 1},
    "more than": lambda number: {"at_least": number + 1},
    "exactly": lambda number: {"at_least": number, "at_most": number},
}


def _related(given: Arguments, number: str, relation: str = "relation") -> Limits:
    """The bounds that a number and its relation are. Raises `KeyError` for what is not given, or not known."""
    return Limits(**RELATIONS[str(given[relation]).strip().lower()](int(given[number])))


def _least(given: Arguments, number: str) -> Limits:
    return Limits(at_least=int(given[number]))


def _just(given: Arguments, number: str) -> Limits:
    return Limits(at_least=int(given[number]), at_most=int(given[number]))


def _nth_paragraph(given: Arguments) -> Check:
    count = kinds.bounded(lambda text: len(counting.paragraphs(text)), _just(given, "num_paragraphs"))
    first = kinds.paragraph_starts({int(given["nth_paragraph"]): str(given["first_word"])})
    return lambda text: count(text) or first(text)


def _english(case: Check) -> Check:
    language = kinds.language("en")
    return lambda text: case(text) or language(text.lower())


KINDS: dict[str, Callable[[Arguments], Check]] = {
    "keywords:existence": lambda given: kinds.keywords(_texts(given["keywords"]), whole=False),
    "keywords:frequency": lambda given: kinds.counted(
        {str(given["keyword"]): _related(given, "frequency")}, whole=False
    ),
    "keywords:forbidden_words": lambda given: kinds.forbidden(_texts(given["forbidden_words"])),
    "keywords:letter_frequency": lambda given: kinds.letters(
        {str(given["letter"]): _related(given, "let_frequency", "let_relation")}
    ),
    "language:response_language": lambda given: kinds.language(str(given["language"])),
    "length_constraints:number_sentences": lambda given: kinds.bounded(
        counting.sentences, _related(given, "num_sentences")
    ),
    "length_constraints:number_paragraphs": lambda given: kinds.paragraphs(_just(given, "num_paragraphs"), "***"),
    "length_constraints:number_words": lambda given: kinds.bounded(counting.words, _related(given, "num_words")),
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "detectable_content:number_placeholders": lambda given: kinds.bounded(
        counting.placeholders, _least(given, "num_placeholders")
    ),
    "detectable_content:postscript": lambda given: kinds.postscript(str(given["postscript_marker"])),
    "detectable_format:number_bullet_lists": lambda given: kinds.bounded(counting.bullets, _just(given, "num_bullets")),
    "detectable_format:constrained_response": lambda _: kinds.one_of(kinds.ANSWERS),
    "detectable_format:number_highlighted_sections": lambda given: kinds.bounded(
        counting.highlights, _least(given, "num_highlights")
    ),
    "detectable_format:multiple_sections": lambda given: kinds.sections(
        str(given["section_spliter"]), _least(given, "num_sections")
    ),
    "detectable_format:json_format": lambda _: kinds.json_text,
    "detectable_format:title": lambda _: kinds.title,
    "combination:two_responses": lambda _: kinds.two_responses,
    "combination:repeat_prompt": lambda given: kinds.repeats(str(given["prompt_to_repeat"])),
    "startend:end_checker": lambda given: kinds.ends_with(str(given["end_phrase"])),
    "startend:quotation": lambda _: kinds.quoted,
    "change_case:capital_word_frequency": lambda given: kinds.bounded(
        counting.capital_words, _related(given, "capital_frequency", "capital_relation")
    ),
    "change_case:english_capital": lambda _: _english(kinds.upper),
    "change_case:english_lowercase": lambda _: _english(kinds.lower),
    "punctuation:no_comma": lambda _: kinds.no_commas,
}
"""Each id of the paper's, and the check that its arguments make."""


def of_row(ids: Any, arguments: Any) -> dict[str, Check]:
    """The checks that a row asks for, by their ids; a second one of the same id has its number behind it.

    Both may be lists, or lists as JSON. One that is not known, or lacks an argument, is a check that nothing passes:
    what it asks for cannot be seen to be done.
    """
    names, given = _list(ids), _list(arguments)
    found: dict[str, Check] = {}
    for place, name in enumerate(map(str, names)):
        own = given[place] if place < len(given) else None
        known = {key: value for key, value in own.items() if value is not None} if isinstance(own, Mapping) else {}
        label = name if name not in found else f"{name} {place + 1}"
        found[label] = _check(name, known)
    return found


def _check(name: str, given: Arguments) -> Check:
    if name not in KINDS:
        return lambda _: "no kind of IFEval's 25"
    try:
        return KINDS[name](given)
    except KeyError as error:
        lacking = str(error.args[0])
        return lambda _: f"its arguments lack `{lacking}`"
    except (TypeError, ValueError):
        return lambda _: "its arguments cannot be read"


def _list(value: Any) -> list[Any]:
    """A list, or one as JSON; of anything else none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = [value] if value.strip() else []
    return list(value) if isinstance(value, list | tuple) else [value] if isinstance(value, Mapping) else []


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list | tuple) else [value])]


def loosened(text: str) -> list[str]:
    """The text, and what it is without asterisks, without its first line, its last, or both (section 2.2 of the paper).

    Models put a sentence before or behind what was asked for, and mark it in bold.
    """
    lines = text.split("\n")
    pieces = [text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return [each for piece in pieces for each in dict.fromkeys((piece, piece.replace("*", ""))) if each.strip()]
