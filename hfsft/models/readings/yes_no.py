"""Yes or no, as people answer a question that asks for one of both: `Yes.`, `no - it names no time`, `true`.

What needs a guess is neither: both of them, a part, a doubt, a word of another language, a number.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from hfsft.letters.late_patterns import at_first_use

YES, NO = "yes", "no"
_WORDS = {"yes": YES, "true": YES, "no": NO, "false": NO}
_WORD = at_first_use(
    r"(?:answer\s{0,3}[:=]\s{0,3})?[*_`\"'\[(]{0,3}(yes|no|true|false)(?!\w)[*_`\"'\])]{0,3}(.{0,2000})\Z",
    re.IGNORECASE | re.DOTALL,
)
_ENDS = ".,;:(!\u2013\u2014-"
_UNSURE = at_first_use(
    r"\W{0,5}(?:(?:yes|no|true|false)\W|(?:yes|no|true|false)\Z|(?:but|and|or|though|although|however|except|partly|partially|"
    r"mostly|somewhat|maybe|perhaps|probably|in part|to some|kind of|sort of|not (?:really|entirely|fully|quite|sure)|"
    r"almost|nearly|sometimes|unless|if)\b)",
    re.IGNORECASE,
)
_ASKS = frozenset((YES, NO))
_NUMBER = at_first_use(r"(?:q|question|item|no|nr|#)?[\s_.#-]{0,3}(\d{1,2})(?=\D|\Z)", re.IGNORECASE)
_INLINE = at_first_use(r"\W{0,3}(\d{1,2})\W{1,3}(yes|no|true|false)\b\W{0,3}", re.IGNORECASE)
_ANSWER = ("answer", "verdict", "value", "result", "response")


def asks(schema: dict[str, Any]) -> bool:
    """Whether a value must be yes or no."""
    return set(schema.get("enum", ())) == _ASKS


def yes_or_no(value: Any) -> str | None:
    """`yes` or `no` where a value says one of them, else None."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, dict):
        said = [each for name, each in value.items() if str(name).strip().casefold() in _ANSWER]
        return yes_or_no(said[0]) if len(said) == 1 and not isinstance(said[0], dict) else None
    if not isinstance(value, str):
        return None
    text = "".join(sign for sign in value if unicodedata.category(sign) not in ("So", "Mn")).strip()
    found = _WORD.match(text)
    rest = found[2].strip() if found else "?"
    if not found or "?" in rest[:1] or (rest and rest[0] not in _ENDS) or _UNSURE.match(rest):
        return None
    return _WORDS[found[1].casefold()]


def numbered(value: Any, schema: dict[str, Any]) -> Any:
    """What a value answers to numbered questions, by their numbers; the value where the schema asks for none, or it
    does not say which is which.

    `["yes", "no"]` answers them in their order, `{"Q1": ...}` and `{"1. Is it calm?": ...}` by number, and what has a
    question's own words by these.
    """
    questions = {name: inner for name, inner in schema.get("properties", {}).items() if asks(inner)}
    if not questions or not all(name.isdigit() for name in questions):
        return value
    if isinstance(value, dict) and not questions.keys() & set(map(str, value)):
        lists = [each for each in value.values() if isinstance(each, list)]
        value = lists[0] if len(lists) == 1 and not any(map(yes_or_no, value.values())) else value
    if isinstance(value, list) and len(value) == len(questions):
        own = [_own(each) for each in value]
        names = list(questions) if not any(own) else own
        return dict(zip(names, value, strict=True)) if len(set(names)) == len(names) else value
    if not isinstance(value, dict):
        return value
    words = {_plain(inner["description"]): name for name, inner in questions.items() if "description" in inner}
    found: dict[Any, Any] = {}
    for key, said in value.items():
        number = _NUMBER.match(str(key).strip())
        name = words.get(_plain(str(key))) or (number[1] if number and number[1] in questions else key)
        if name in found and found[name] != said:
            return None
        found[name] = said
    return found


def inline(text: str, schema: dict[str, Any]) -> dict[str, str]:
    """What a line answers to numbered questions, as in `1 yes, 2 no`; nothing where it says more than that."""
    found = list(_INLINE.finditer(text))
    if not found or "".join(each[0] for each in found) != text.strip():
        return {}
    numbers = {each[1]: _WORDS[each[2].casefold()] for each in found}
    return numbers if len(numbers) == len(found) and numbers.keys() <= schema.get("properties", {}).keys() else {}


def _own(item: Any) -> str:
    """The number of the question that an item of a list says it answers; empty for none."""
    if not isinstance(item, dict):
        return ""
    said = [each for name, each in item.items() if str(name).casefold() in ("question", "number", "id", "item", "q")]
    number = _NUMBER.match(str(said[0]).strip()) if len(said) == 1 else None
    return number[1] if number else ""


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", re.sub(r"\A\W{0,3}\d{1,2}[.):]\s", "", text.casefold())))
