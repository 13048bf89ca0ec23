"""The ways in which a recipe has instructions evolved: each a template, how often it is used, and who writes by it.

templates: [deepen, {troubleshoot: 2}, {hostile: {weight: 0.5, temperature: 1.0, model: second}}]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import gcd, lcm
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from hfsft.marks import Loc
from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.stages.base import Section
from hfsft.stages.evolving.template_prompts import parse, template_name

SHOWN = 60  # characters of a template that an error names
PARTS = 1000  # of which shares are made: a row's variants are drawn from so many at most

Weight = Annotated[float, Field(gt=0, le=1000)]


class WeightedTemplate(Section):
    """How often a template is used, and who writes by it."""

    example: ClassVar[str] = """\
    evolve:
      templates:
        - deepen
        - {troubleshoot: 2}
        - {hostile: {weight: 0.5, temperature: 1.0}}
    """

    weight: Weight = Field(1.0, description="How often it is used, compared with the others, which weigh 1.")
    temperature: float | None = Field(
        None, ge=0, le=2, description="Sampling temperature of this template; left out: `evolve.temperature`."
    )
    model: str | None = Field(
        None, description="Name under `models` of who writes by this template; left out: `evolve.model`."
    )


Listed = str | dict[str, Weight | WeightedTemplate]


class Used(NamedTuple):
    """One template of a recipe."""

    template: str
    way: WeightedTemplate
    loc: Loc  # where it stands in the section

    @property
    def name(self) -> str:
        """What rows carry that it wrote."""
        return template_name(self.template)

    def prompt(self) -> Prompt:
        """The template itself. Raises `PromptError` for one that does not parse."""
        return parse(self.template)


def used(templates: Iterable[Listed]) -> Iterator[Used]:
    """The templates of a recipe, each once, in their order."""
    seen = set()
    for place, listed in enumerate(templates):
        for template, value in {listed: 1.0}.items() if isinstance(listed, str) else listed.items():
            loc: Loc = ("templates", place) if isinstance(listed, str) else ("templates", place, template)
            if template not in seen:
                seen.add(template)
                yield Used(
                    template, value if isinstance(value, WeightedTemplate) else WeightedTemplate(weight=value), loc
                )


def check(templates: Iterable[Listed]) -> None:
    """Raises `ValueError` where an item names several templates, one is listed twice, or weights are too uneven."""
    names: list[str] = []
    for listed in templates:
        if not isinstance(listed, str) and len(listed) != 1:
            raise ValueError(f"an item names one template and its weight, as {{deepen: 2}}, not {len(listed)}")
        names += [listed] if isinstance(listed, str) else listed
        bare = isinstance(listed, str) and all(isinstance(each, str) for each in templates)
        if names.count(names[-1]) > 1 and not bare:
            raise ValueError(f"`{plain(names[-1], SHOWN)}` is listed twice: give it a weight instead")
    if (total := sum(parts(used(templates)).values())) > PARTS:
        raise ValueError(f"the weights make shares of one in {total:,}, more than {PARTS:,}: take rounder numbers")


def parts(ways: Iterable[Used]) -> dict[str, int]:
    """Name of a template -> how many of the equal parts it has that weights divide all variants into."""
    weights = {each.name: Fraction(str(each.way.weight)) for each in ways}
    whole = lcm(*(weight.denominator for weight in weights.values()))
    counts = {name: int(weight * whole) for name, weight in weights.items()}
    shared = gcd(*counts.values())
    return {name: count // shared for name, count in counts.items()}


def sampling(ways: Iterable[Used]) -> dict[str, dict[str, Any]]:
    """By name of a template, what its way says of sampling and model, where it says anything; without weights."""
    found: Mapping[str, dict[str, Any]] = {
        each.name: each.way.model_dump(include={"temperature", "model"}, exclude_none=True) for each in ways
    }
    return {name: said for name, said in found.items() if said}
