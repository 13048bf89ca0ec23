"""What is left in a row of the form that it was made by: places to fill in, unfilled variables, marks of its prompt."""

from __future__ import annotations

from typing import Protocol

from hfsft.texts.wording.blanks import blanks
from hfsft.texts.wording.nothing import LONGEST, missing_mark, nothing
from hfsft.texts.wording.prompt_marks import PromptMark, prompt_mark, prompt_mark_of_user
from hfsft.texts.wording.prose import is_code, prose
from hfsft.texts.wording.remains import remains
from hfsft.texts.wording.wanted_forms import wants_code, wants_dialogue, wants_form, wants_prompts, wants_questions

_OPENED = (*"[{<【［（(%_X", "TODO", "FIXME", "orem ipsum")
_VARIABLE = ("{{", "${", "{%", "<%", "%(", "%s", "_", "%")


class RepliedTo(Protocol):
    """What an answer replies to, worked out where it decides."""

    def asked(self) -> str:
        """What the user and the system prompt ask for, without the texts that they give beside it."""

    def all(self) -> str:
        """All that they say."""


def placeholder(text: str, reply: RepliedTo) -> str | None:
    """The first thing in an answer that somebody forgot to fill in or to take out; None for none.

    Whoever asks for a template wants its places, whoever asks for a dialogue its speakers, and code has variables. What
    the prompt says itself is no remain.
    """
    if len(text) <= LONGEST and (found := nothing(text, reply.asked())):
        return found
    if found := missing_mark(text):
        return found if found not in reply.all() or nothing(text) else None
    if (mark := prompt_mark(text)) and not _meant(mark, text, reply):
        return mark.text
    return _unfilled(text, reply) if any(map(text.__contains__, _OPENED)) else None


def placeholder_of_user(instruction: str, context: str) -> str | None:
    """The same of what a user says: an instruction or a context that says nothing, and what no user writes in it."""
    for text in (instruction, context):
        if text and (found := nothing(text) or prompt_mark_of_user(text)):
            return found
    if found := (missing_mark(context) if context else None) or (missing_mark(instruction) if instruction else None):
        return found
    if not any(sign in instruction for sign in _VARIABLE):
        return None
    plain = prose(instruction)
    variable = next(remains(plain), None)
    if variable is None or wants_form(plain) or wants_code(_without(plain, variable)) or is_code(plain):
        return None
    return variable


def _without(text: str, variable: str) -> str:
    return text.replace(variable, " ")


def _meant(mark: PromptMark, text: str, reply: RepliedTo) -> bool:
    if mark.text.casefold() in reply.all().casefold() or mark.text not in prose(text):
        return True
    if not (mark.spoken or mark.asks):
        return False
    asked = reply.asked()
    return wants_questions(asked) or (wants_prompts(asked) if mark.asks else wants_dialogue(asked) or wants_code(asked))


def _unfilled(text: str, reply: RepliedTo) -> str | None:
    plain = prose(text)
    places, variables = list(blanks(plain)), list(remains(plain))
    if not (places or variables) or is_code(plain):
        return None
    prompt, asked = reply.all(), reply.asked()
    coded, formed = wants_code(asked), wants_form(asked)
    if not (coded or formed) and (left := next((place for place in places if place not in prompt), None)):
        return left
    return None if coded else next((each for each in variables if each not in prompt), None)
