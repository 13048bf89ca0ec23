"""The templates of evolutions: files in `templates/evolve/` and inline Jinja, and the messages that they make."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hfsft.errors import PromptError
from hfsft.hashing import digest
from hfsft.prompts import Prompt, is_text
from hfsft.rows.columns import variables
from hfsft.stages.base import rendered
from hfsft.texts.prompt_faults import template_runs

FOLDER = "evolve"
TURNS = ("user", "assistant")  # what a template may begin, so that demonstrations stand as turns of a chat
SAID = variables("response", "reasoning")  # what seeds say, who have no answer
PICK = "pick"  # a whole number that a hash of the row's id gives, by which a template may pick one of several things
VARIABLES = (*SAID, "round", PICK, *TURNS)
PICKS = 1_000_000


def parse(template: str, folder: str = FOLDER) -> Prompt:
    """The template of that name in a folder, or inline Jinja itself. Raises `PromptError`."""
    if is_text(template):
        return Prompt.parse(template, name=template_name(template))
    return Prompt.named(folder, template)


def template_name(template: str) -> str:
    """What rows carry as `template`: the name, or for inline Jinja a hash of its text."""
    return f"inline-{digest(template, 8)}" if is_text(template) else template


def messages_of(prompt: Prompt, values: dict[str, Any]) -> tuple[dict[str, str], ...]:
    """A rendered template as messages: one of the user, or where it names turns by {{ user }} and {{ assistant }},
    what stands before them as the system prompt and then a message for each.
    """
    # Row text cannot open a turn: the marks hang on all of it.
    fence = digest(values, 16)
    marks = {role: f"\0{role} {fence}\0" for role in TURNS}
    head, *turns = re.split(f"\0({'|'.join(TURNS)}) {fence}\0", rendered(prompt, **values, **marks))
    if not turns:
        return ({"role": "user", "content": head},)
    said = [{"role": role, "content": text.strip()} for role, text in zip(turns[::2], turns[1::2], strict=True)]
    return tuple([{"role": "system", "content": head.strip()}, *said] if head.strip() else said)


def own_runs(
    prompts: Mapping[str, Prompt], values: Mapping[str, Any], kept: Sequence[str]
) -> dict[str, Collection[str]]:
    """By name of a template, the runs of words that are its own and no row's.

    What it picks for a row is not among them: a row that is to be of a student may say so in the same words.
    """
    blank = {**values, **dict.fromkeys(kept, "")}
    return {
        name: frozenset.intersection(*(template_runs(_own_words(prompt, {**blank, PICK: pick})) for pick in range(2)))
        for name, prompt in prompts.items()
    }


def _own_words(prompt: Prompt, values: Mapping[str, Any]) -> str:
    """What a template says of itself, its demonstrations too: rendered around a row and a recipe that say nothing."""
    blank = {
        **dict.fromkeys(SAID, ""),
        **dict.fromkeys(TURNS, "\n"),
        "round": 1,
    }
    try:
        return prompt.render(**{**values, **blank, "description": "", "name": ""})
    except PromptError:  # it asks for more of a row than nothing
        return prompt.text
