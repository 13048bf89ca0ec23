"""The sections of a recipe, in the order in which rows meet them: the one table of them all.

A field is a key of a recipe. What is a `Stage` makes steps: those that stand before `filters` are met with as many
rules between them as can run by then, those behind it by rows that have passed every rule. A new section is a file in
`hfsft/stages/` and one line here.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hfsft.engine.step import Bound
from hfsft.filters.base import Filter
from hfsft.filters.listed import AnyFilter
from hfsft.marks import Loc
from hfsft.models.model import AnyModel, Model
from hfsft.recipe.publish import Publish
from hfsft.recipe.yaml.type_paths import bare
from hfsft.section.later import Later, later_in
from hfsft.stages.base import Section, Stage
from hfsft.stages.seeds import Prompts, PromptTable
from hfsft.stages.split import Split

if TYPE_CHECKING:
    from hfsft.stages.answers.generate import Generate
    from hfsft.stages.attributes.attributes import Attributes
    from hfsft.stages.balancing.balance import Balance
    from hfsft.stages.columns.label import Label
    from hfsft.stages.columns.write_column import Write
    from hfsft.stages.contradicting.contradictions import Contradictions
    from hfsft.stages.documents import DocumentTable
    from hfsft.stages.evolving.evolve import Evolve
    from hfsft.stages.examples import AnyExample
    from hfsft.stages.guards.guards import Guards
    from hfsft.stages.judging.judge import Judge
    from hfsft.stages.pairing.pairs_section import Pairs
    from hfsft.stages.refining.refine import Refine
    from hfsft.stages.reviewing.review_section import Review
    from hfsft.stages.selecting.select import Select
    from hfsft.stages.sizing.size import AnySize
    from hfsft.stages.talking.converse import Converse
    from hfsft.stages.writing import AnyWritten
else:  # each is imported where a recipe has it: a build that names three would wait for all of them
    AnyExample = Annotated[Section, Later("hfsft.stages.examples", "AnyExample")]
    AnySize = Annotated[Stage, Later("hfsft.stages.sizing.size", "AnySize")]
    AnyWritten = Annotated[Section, Later("hfsft.stages.writing", "AnyWritten", marked="from")]
    Attributes = Annotated[Stage, Later("hfsft.stages.attributes.attributes", "Attributes")]
    Balance = Annotated[Stage, Later("hfsft.stages.balancing.balance", "Balance")]
    Contradictions = Annotated[Stage, Later("hfsft.stages.contradicting.contradictions", "Contradictions")]
    Converse = Annotated[Stage, Later("hfsft.stages.talking.converse", "Converse")]
    DocumentTable = Annotated[Section, Later("hfsft.stages.documents", "DocumentTable")]
    Evolve = Annotated[Stage, Later("hfsft.stages.evolving.evolve", "Evolve")]
    Generate = Annotated[Stage, Later("hfsft.stages.answers.generate", "Generate", implied_by="seeds")]
    Guards = Annotated[Stage, Later("hfsft.stages.guards.guards", "Guards", implied_by="seeds")]
    Judge = Annotated[Stage, Later("hfsft.stages.judging.judge", "Judge")]
    Label = Annotated[Stage, Later("hfsft.stages.columns.label", "Label")]
    Pairs = Annotated[Stage, Later("hfsft.stages.pairing.pairs_section", "Pairs")]
    Refine = Annotated[Stage, Later("hfsft.stages.refining.refine", "Refine")]
    Review = Annotated[Stage, Later("hfsft.stages.reviewing.review_section", "Review")]
    Select = Annotated[Stage, Later("hfsft.stages.selecting.select", "Select")]
    Write = Annotated[Stage, Later("hfsft.stages.columns.write_column", "Write")]

EMBEDDED = "smollm2-135m-instruct"
RULES = "filters"
"""The section behind which rows have passed every rule."""


class Unusable(Filter):
    """What stands in for a filter of another package that cannot be used, so that the rest of a recipe is checked."""

    model_config = ConfigDict(extra="allow")

    reads: ClassVar[tuple[str, ...]] = ()

    def bounds(self) -> list[Bound]:
        """None: no recipe with one of these is ever built."""
        return []


class BudgetSection(Section):
    """Hard bounds on one build, or on all builds of the dataset: nothing is sent that could pass one of them."""

    example: ClassVar[str] = """\
    budget: {calls: 2000, tokens: 3000000, per: dataset}
    """

    usd: float | None = Field(None, gt=0, description="Most US dollars; needs the price of every model that is asked.")
    calls: int | None = Field(None, ge=1, description="Most requests.")
    tokens: int | None = Field(None, ge=1, description="Most tokens, read and written together.")
    per: Literal["build", "dataset"] = Field(
        "build",
        description="What the bounds are of: each build by itself, or all builds of this name together, interrupted "
        "and failed ones too.",
    )

    @model_validator(mode="after")
    def _some_bound(self) -> BudgetSection:
        if self.usd is None and self.calls is None and self.tokens is None:
            raise ValueError("needs usd, calls or tokens")
        return self


class Sections(Section):
    """Every section that a recipe may have."""

    budget: BudgetSection | None = Field(
        None, description="What a build, or the dataset over all its builds, may spend; left out: as much as it takes."
    )
    models: dict[str, AnyModel] = Field(
        {"writer": Model(model=EMBEDDED)}, min_length=1, description="The models, each under the name stages use."
    )
    documents: list[DocumentTable] = Field([], description="What questions and answers may rest on: texts, in chunks.")
    attributes: Attributes | None = Field(None, description="What is varied over the rows that models write.")
    seeds: list[Prompts | PromptTable | AnyWritten] = Field(
        [], description="Prompts to grow from: inline, files, or any dataset; or written by models, with `from`."
    )
    examples: list[AnyExample] = Field([], description="Complete rows that join the data and pass the same filters.")
    evolve: Evolve | None = Field(None, description="Grow the seeds into more instructions; left out: seeds alone.")
    write: list[Write] = Field([], description="More columns before the answer, one call each, in this order.")
    generate: Generate | None = Field(None, description="Write the responses; seeds always get one.")
    converse: Converse | None = Field(None, description="Grow chosen rows into conversations; left out: none.")
    label: Label | None = Field(None, description="Named choices about each row, by a model; left out: none.")
    judge: Judge | None = Field(None, description="Score the rows; left out: no scores.")
    refine: Refine | None = Field(
        None, description="Write answers anew that the judge scored low, and keep the better ones; left out: none."
    )
    pairs: Pairs | None = Field(
        None, description="A better and a worse answer to one prompt, for preference training; left out: none."
    )
    filters: list[AnyFilter] | None = Field(None, description="Rules that rows must pass; left out: a sensible few.")
    contradictions: Contradictions | None = Field(
        None, description="Similar questions whose answers disagree, judged by a model; left out: none is looked for."
    )
    review: Review | None = Field(
        None, description="What people say of rows: rejected ones fall, edited ones come in; left out: it is not asked."
    )
    balance: list[Balance] = Field([], description="How many rows each value of a column may have, or should.")
    size: AnySize | None = Field(None, description="Accepted rows wanted; left out: as many as one pass comes to.")
    guards: Guards | None = Field(None, description="Whether the set narrows; left out: told, and nothing is bounded.")
    select: Select | None = Field(None, description="Take so many rows, the best that differ; left out: all.")
    split: Split = Field(Split(), description="Hold rows out for validation.")
    publish: Publish = Field(Publish(), description="The format that trainers find, and where on the Hub.")

    def stages(self) -> dict[str, Stage]:
        """The sections that make steps, by key, in their order; with those that others call for, see `implied_by`.

        Of a section that is a list each item that makes some is one, under a key such as `seeds[2]`, see `loc_of`.
        """
        found: dict[str, Stage] = {}
        for key, field in type(self).model_fields.items():
            section = getattr(self, key)
            if isinstance(section, list):
                items = ((f"{key}[{index}]", item) for index, item in enumerate(section))
                stages = {at: item.listed(at) for at, item in items if isinstance(item, Stage)}
                for at, item in stages.items():
                    found[at] = item.behind([*found.values()])
                continue
            if section is None and (by := _implied_by(field.annotation)) and getattr(self, by):
                section = bare(field.annotation)()
            if isinstance(section, Stage):
                found[key] = section.with_models(self.models).behind([*found.values()])
        return found

    def verdicts_by(self, base: Path, stem: str) -> Path | None:
        """The file of what people say of rows, of a recipe in this folder whose file is called so."""
        if self.review:
            return self.review.file(base, stem)
        from hfsft.verdicts.verdict_file import path_beside

        return path_beside(base, stem)

    @classmethod
    def behind_rules(cls, key: str) -> bool:
        """Whether only rows that have passed every rule meet the section."""
        keys = list(cls.model_fields)
        return keys.index(str(loc_of(key)[0])) > keys.index(RULES)


def _implied_by(kind: Any) -> str:
    """The key of the section that calls for one of this type."""
    home = later_in(kind)
    return home.implied_by if home else getattr(bare(kind), "implied_by", "")


def stage_kinds(model: type[BaseModel], keys: Container[str] | None = None) -> dict[str, type[Stage]]:
    """The kinds of sections that make steps, by key, in their order, whether a recipe has them or not: of `keys` alone
    where these are given.
    """
    fields = ((key, field) for key, field in model.model_fields.items() if keys is None or key in keys)
    kinds = {key: _item(bare(field.annotation)) for key, field in fields}
    return {key: kind for key, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Stage)}


def _item(kind: Any) -> Any:
    """The type of the items of a list, any other type as it is."""
    return bare(get_args(kind)[0]) if get_origin(kind) is list else kind


def loc_of(key: str) -> Loc:
    """Where in a recipe the section stands that `stages` gives under a key: `write[0]` at ("write", 0)."""
    name, _, index = key.rstrip("]").partition("[")
    return (name, int(index)) if index else (name,)
