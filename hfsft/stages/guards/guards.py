"""Guards: against a set that narrows, drifts from what people ask, or has hardly a row of people left in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import ModelError, Problem, SourceError
from hfsft.hashing import digest
from hfsft.plain import plain
from hfsft.rows.columns import REVIEWED, Column
from hfsft.rows.row import peoples
from hfsft.section.late_module import LateModule
from hfsft.stages.base import CardPart, Context, Outcome, Panel, Section, ShownTable, Stage, Warn
from hfsft.stages.guards.like import LIKENESS, AnyQueries, LikeQueries, packaged, real_queries
from hfsft.stages.guards.people import keeping_share
from hfsft.tallies.column_values import ColumnValues

if TYPE_CHECKING:
    from hfsft.stages.guards import figures
    from hfsft.tallies import exact_mean, lowest
else:
    figures = LateModule("hfsft.stages.guards.figures")
    exact_mean = LateModule("hfsft.tallies.exact_mean")
    lowest = LateModule("hfsft.tallies.lowest")

GUARDS = "guards"
NARROWED = 0.15  # by which a figure falls, as a share of what it was, that is worth a warning
UNLIKE, SHOWN = 10, 160  # rows most unlike real queries that are listed, and the characters of each
MANY = 0.2  # share of the prompts from which on one opening is worth a warning where it rises
AT_ONCE = 4096  # prompts whose vectors are held
FEW = 50  # rows, below which their figures say little
FAR_LENGTH = 2.0  # times longer or shorter than real queries that is worth a word


class Share(Section):
    """The least share of something."""

    example: ClassVar[str] = "guards: {people: {at_least: 0.1}}"

    at_least: float = Field(gt=0, le=1, description="Share of the rows, from 0 to 1.")


class Guards(Stage):
    """See whether the set narrows from one release to the next, and is like what people really ask.

    Always told, in card and report beside the figures of the release before: the share of people's rows, the share of
    different runs of two words (distinct-2) in instructions and in responses, and the commonest opening. All is taken
    from samples of one size, picked by hashes, so that sets of other sizes can be compared.
    """

    key: ClassVar[str] = GUARDS
    implied_by: ClassVar[str] = "seeds"  # from which sets grow that may narrow
    example: ClassVar[str] = """\
    guards:
      people: {at_least: 0.1}
      like: {path: real_queries.jsonl, prompt: text}
    """

    reports: ClassVar[tuple[str, ...]] = (
        "hfsft.stages.guards.figures",
        "hfsft.tallies.exact_mean",
        "hfsft.tallies.lowest",
    )

    people: Share | None = Field(
        None,
        description="Least share of people's rows (seeds, examples): rows of models beyond it go, the worst first.",
    )
    like: AnyQueries = Field(
        None,
        description="A sample of real queries, as a path or as a source: prompts are compared with it by length, words "
        "and meaning, and the column `likeness` has the cosine to the nearest one, which filters may bound.",
    )
    embeddings: bool = Field(
        False,
        description="Also measure what the packaged embedder sees: the mean distance to the nearest other row, and the "
        "Vendi score. `like` implies it.",
    )

    def steps(self, context: Context) -> list[Step]:
        """What lets go of rows, where that is asked for."""
        if not self.people:
            return []
        return keeping_share(self.people.at_least, context.place(self.key), context.reviewed)

    def measuring(self, context: Context) -> list[Step]:
        """What measures how like real queries rows are, where some are given."""
        if not self.like:
            return []
        step = Step(
            "guards.like",
            reads=("instruction",),
            writes={LIKENESS: "float64"},
            about="Cosine to the real query that means most nearly the same, by the packaged embedder.",
            work=Work("hfsft.stages.guards.like:measuring"),
            needs=(real_queries(self.like, context.base, "guards.like"), packaged()) if context.opened else (),
            place=context.place(self.key),
        )
        return [step]

    def writes(self) -> list[Column]:
        """The likeness of each row to real queries."""
        return [Column(LIKENESS, "float64", "measure", "Cosine to the nearest real query.")] if self.like else []

    def problems(self, context: Context) -> Iterator[Problem]:
        """Real queries that are not there, or an embedder that is not."""
        try:
            if self.like and context.opened:
                real_queries(self.like, context.base, "guards.like")
        except SourceError as error:
            yield Problem(context.place(self.key, "like"), f"guards.like: {error.message}", error.help)
        try:
            if self.like or self.embeddings:
                packaged()
        except ModelError as error:
            yield Problem(context.place(self.key), f"guards: {error}")

    def figures(self, outcome: Outcome) -> Mapping[str, Any]:
        """What there is to compare with the release before: shares from 0 to 1, a score, words, and which opening."""
        prompts = ColumnValues(lambda: (text or "" for text in outcome.values("instruction")))
        origins = outcome.values("origin")
        states = outcome.values(REVIEWED) if "review" in outcome.lines else [None] * len(origins)
        theirs = sum(each is not None for each in map(peoples, origins, states))
        drawn = _drawn(outcome)
        found: dict[str, Any] = {
            "rows": len(origins),
            "people": theirs / len(origins) if len(origins) else None,
            **{f"distinct_{name}": figures.distinct(said) for name, said in drawn.items()},
        }
        if said := figures.opening(prompts):
            found["opening"], found["opening_share"] = said
        if outcome.embed and (self.embeddings or self.like):
            found["apart"] = figures.apart(outcome.embed(drawn["instruction"][: figures.SAMPLE]))
            found["vendi"] = figures.vendi(map(outcome.embed, figures.blocks(prompts, AT_ONCE)))
        if outcome.resource and self.like:
            compared = LikeQueries.of(prompts, outcome.resource("guards.like", "real queries"))
            found |= {f"like_{name}": value for name, value in compared._asdict().items()}
        near = exact_mean.ExactMean()
        for value in outcome.numbers(LIKENESS):
            near.add(value)
        if near.count:
            found["like_near"] = near.mean
        return found

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Where the set has narrowed since the release before, and where it is not like real queries."""
        now, before = outcome.figures.get(GUARDS, {}), outcome.before.get(GUARDS, {})
        if (now.get("rows") or 0) >= FEW and (before.get("rows") or 0) >= FEW:
            for name, (title, _) in TOLD.items():
                old, new = before.get(name), now.get(name)
                if old is None or new is None:
                    continue
                fell, rose = new < (1 - NARROWED) * old, new > (1 + NARROWED) * old
                if (name in WIDE and fell) or (name in ALIKE and rose and new >= MANY):
                    yield Warn(
                        f"the set has narrowed: {title} was {_shown(name, old)} in the release before and is "
                        f"{_shown(name, new)} now"
                    )
        if said := now.get("like_words"):
            real = now["like_real_words"]
            if not real / FAR_LENGTH <= said <= real * FAR_LENGTH:
                yield Warn(f"prompts have {said:g} words in the median, real queries {real:g}")

    def card(self, outcome: Outcome) -> CardPart | None:
        """The figures of now; None where no row is left."""
        if not outcome.figures.get(GUARDS, {}).get("rows"):
            return None
        return CardPart("guards", {"table": _table(outcome), "like": bool(self.like)})

    def panel(self, outcome: Outcome) -> Panel | None:
        """The figures of now beside those of the release before, and the prompts most unlike real queries."""
        if not outcome.figures.get(GUARDS, {}).get("rows"):
            return None
        pieces: list[str | ShownTable] = [
            "From samples of one size, so that releases of other sizes can be compared.",
            _table(outcome),
        ]
        if (unlike := _unlike(outcome)) and outcome.samples:
            pieces += [
                "The prompts that are least like any of the real queries:",
                ShownTable(("prompt", "cosine to the nearest"), unlike, (1,), "Prompts unlike real queries"),
            ]
        return Panel(self.key, "Diversity", pieces)


TOLD: Mapping[str, tuple[str, str]] = {
    "people": ("rows of people", ".1%"),
    "distinct_instruction": ("different runs of two words in instructions", ".1%"),
    "distinct_response": ("different runs of two words in responses", ".1%"),
    "opening_share": ("the commonest opening", ".1%"),
    "apart": ("mean distance to the nearest other prompt", ".3f"),
    "vendi": ("Vendi score of the prompts", ".1f"),
    "like_words": ("words of a prompt, median", ".1f"),
    "like_real_words": ("words of a real query, median", ".1f"),
    "like_known": ("words that real queries have too", ".1%"),
    "like_near": ("mean cosine of a prompt to the nearest real query", ".3f"),
}
"""The figures that are shown, with their titles and how they are formatted."""
WIDE = ("people", "distinct_instruction", "distinct_response", "apart", "vendi")
"""Those that fall where a set narrows."""
ALIKE = ("opening_share",)
"""Those that rise there."""


def _drawn(outcome: Outcome) -> dict[str, list[str]]:
    """Instructions and responses of a sample of rows, drawn and put in order by hashes of their ids."""
    names = ("instruction", "response")
    least = lowest.Lowest(figures.WORDS)  # as many rows suffice for so many words
    for row_id, *said in zip(*map(outcome.values, ("id", *names)), strict=True):
        least.add(digest([row_id, "guards"]).encode(), said)
    rows = least.items()
    return {name: [said[place] or "" for said in rows] for place, name in enumerate(names)}


def _shown(name: str, value: Any) -> str:
    return "" if value is None else format(value, TOLD[name][1])


def _table(outcome: Outcome) -> ShownTable:
    """The figures that there are."""
    now, before = outcome.figures.get(GUARDS, {}), outcome.before.get(GUARDS, {})
    rows = []
    for name, (title, _) in TOLD.items():
        if now.get(name) is None:
            continue
        title = f'{title}: "{plain(now["opening"], SHOWN)}"' if name == "opening_share" else title
        rows.append((title, _shown(name, now[name]), *([_shown(name, before.get(name))] if before else [])))
    head = ("", "now", *(["before"] if before else []))
    return ShownTable(head, rows, range(1, len(head)), "How diverse the set is")


def _unlike(outcome: Outcome) -> list[tuple[str, str]]:
    """The prompts least like real queries, the least first."""
    pairs = zip(outcome.values(LIKENESS), outcome.values("instruction"), strict=True)
    near = nsmallest(UNLIKE, ((value, text or "") for value, text in pairs if value is not None))
    return [(plain(text, SHOWN), f"{value:.2f}") for value, text in near]
