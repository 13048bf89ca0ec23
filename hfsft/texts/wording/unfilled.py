"""What is left in a row of the form that it was made by: places to fill in, unfilled variables, marks of its prompt."""

from __future__ import annotations

from collections.abc import Callable

from hfsft.texts.wording.blanks import blanks
from hfsft.texts.wording.nothing import missing_mark, nothing
from hfsft.texts.wording.prompt_marks import prompt_mark, prompt_mark_of_user
from hfsft.texts.wording.prose import is_code, prose
from hfsft.texts.wording.remains import remains
from hfsft.texts.wording.wanted_forms import wants_code, wants_dialogue, wants_form

_OPENED = "[{<【［（(%_"


def placeholder(text: str, asked: Callable[[], str]) -> str | None:
    """The first thing in an answer that somebody forgot to fill in or to take out; None for none.

    `asked` is called for what the answer replies to where that decides: whoever asks for a template wants its places,
    whoever asks for a dialogue its speakers, and code has variables. What the prompt says itself is no remain.
    """
    if len(text) <= 60 and (found := nothing(text, asked())):
        return found
    if found := missing_mark(text):
        return found if found not in asked() or nothing(text) else None
    if (mark := prompt_mark(text)) and not _meant(mark.text, mark.spoken, text, asked()):
        return mark.text
    return _unfilled(text, asked) if any(sign in text for sign in _OPENED) else None


def placeholder_of_user(instruction: str, context: str) -> str | None:
    """The same of what a user says: an instruction or a context that says nothing, and marks that no user writes."""
    for text in (instruction, context):
        if text and (found := nothing(text) or prompt_mark_of_user(text)):
            return found
    said = missing_mark(context) if context else None
    return said or (missing_mark(instruction) if instruction else None)


def _meant(mark: str, spoken: bool, text: str, asked: str) -> bool:
    return (
        mark.casefold() in asked.casefold()
        or (spoken and (wants_dialogue(asked) or wants_code(asked)))
        or mark not in prose(text)
    )


def _unfilled(text: str, asked: Callable[[], str]) -> str | None:
    plain = prose(text)
    places = list(blanks(plain))
    if places:
        prompt = asked()
        if not (wants_form(prompt) or wants_code(prompt) or is_code(plain)) and (
            left := next((place for place in places if place not in prompt), None)
        ):
            return left
    variables = list(remains(plain))
    if variables:
        prompt = asked()
        if not (wants_code(prompt) or is_code(plain)):
            return next((each for each in variables if each not in prompt), None)
    return None
