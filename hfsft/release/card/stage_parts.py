"""The parts of the card that sections of a recipe write, and the charts that stand in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.release.build_outcome import outcome_of
from hfsft.release.card.markdown import named, prose, table
from hfsft.stages.base import CardPart, Name, Shares, ShownTable

if TYPE_CHECKING:
    from hfsft.release.result import Built

LONGEST = 500  # characters of one text


def parts(built: Built) -> list[CardPart]:
    """What each section says, in their order."""
    outcome = outcome_of(built)
    return [part for stage in built.recipe.stages().values() if (part := stage.card(outcome)) is not None]


def picture_of(part: CardPart) -> str:
    """The path of a part's chart in the release."""
    return f"assets/{part.name}.png"


def chart_of(part: CardPart) -> Shares | None:
    """The chart of a part, None where it has none."""
    return next((value for value in part.values.values() if isinstance(value, Shares)), None)


def rendered(part: CardPart, picture: Callable[[str], str | None]) -> str:
    """A part as Markdown, which nothing in its values breaks; `picture` gives the path of a file that was drawn."""
    values = {name: _shown(value, picture(picture_of(part))) for name, value in part.values.items()}
    prompt = Prompt.parse(part.text, name=part.name) if part.text else Prompt.named("card", part.name)
    return prompt.render(**values).strip()


def _shown(value: Any, picture: str | None) -> Any:
    if isinstance(value, Shares):
        return picture
    if isinstance(value, ShownTable):
        rows = [[_shown(cell, None) for cell in row] for row in value.rows]
        return table(value.head, rows, right=sorted(value.right))
    if isinstance(value, Name):
        return named(value)
    if isinstance(value, str):
        return prose(plain(value, LONGEST))
    if isinstance(value, Mapping):
        return {name: _shown(inner, None) for name, inner in value.items()}
    return [_shown(inner, None) for inner in value] if isinstance(value, list | tuple) else value
