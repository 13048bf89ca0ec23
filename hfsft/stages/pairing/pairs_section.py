"""Pairs: of the judged answers to one prompt a better and a worse one, in the formats of preference training."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.errors import Problem
from hfsft.filters.base import Filter
from hfsft.models.model import Turns
from hfsft.plain import digits
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import COLUMNS, REFERENCE, Column, adjusted_of, lost_of, spread_of, text_under
from hfsft.rows.limits import Limits
from hfsft.rows.views import WHOLE
from hfsft.stages.answers import checking
from hfsft.stages.base import WRITER, AskingStage, Asks, CardPart, Context, Outcome, Panel
from hfsft.stages.pairing import pair_report
from hfsft.stages.pairing.comparing import Comparing
from hfsft.stages.pairing.picking import CHOSEN, FAULT, MARGIN, PAIR, PAIR_ID, REJECTED, SIDES, Pick, Picking, margin_of
from hfsft.stages.several_answers import MEAN, PROMPT

JUDGE, REFINE = "judge", "refine"
QUARTER = 0.25  # of the scale that scores lie on: the margin where none is given
READS = ("id", "dialect", *WHOLE, REFERENCE, MEAN)
OF_VERDICT = ("model", "temperature", "max_tokens")


class Pairs(AskingStage):
    """Of several judged answers to one prompt the best one and a worse one, as rows of preference training.

    The release has them as the configuration `preference`, with the columns that TRL's DPOTrainer reads and the scores
    of both. The chosen answer is the one that best of n takes; a pair is in the split of that row, and only there where
    that row stays. The rejected answer may have been passed over, or have fallen by its scores; one that fell by any
    other rule teaches nothing and makes no pair. Both texts are published, whatever `publish.rejected` says.
    """

    key: ClassVar[str] = "pairs"
    structured: ClassVar[bool] = True
    seeded: ClassVar[bool] = False
    example: ClassVar[str] = """\
    generate:
      samples: {count: 4, keep: best}
    judge:
      rubric: {usefulness: Would it help a real person act?}
    pairs:
      margin: 1.0
      rejected: lowest
      verdict: true
    """

    margin: float | None = Field(
        None,
        gt=0,
        description="By how much the mean score of the chosen answer must be higher at least; left out: a quarter of "
        "the scale, such as 1 of 1 to 5, and any difference where scores lie on none.",
    )
    rejected: Literal["lowest", "random", "next"] = Field(
        "lowest",
        description="Which of the other answers is the rejected one: the `lowest`, any (`random`, by a hash), or the "
        "`next` below the chosen one; of those that the bounds let pass.",
    )
    per_prompt: int = Field(
        1, ge=1, le=100, description="How many pairs a prompt has at most, each with another rejected answer."
    )
    likeness: Limits = Field(
        Limits(at_most=0.9),
        description="How alike both texts may be: ROUGE-L over their words, 0 to 1. Of two that are nearly the same "
        "training lowers both.",
    )
    length: Limits | None = Field(
        None,
        description="By how much both texts must differ in length, as a share of the longer one's characters: "
        "`at_least: 0.05` takes out pairs of nearly one length, `at_most: 0.5` those that length alone tells apart.",
    )
    verdict: bool = Field(
        False,
        description="Whether a model compares both answers of each pair, once in either order: two requests more. "
        "Where its verdicts differ that is a tie, and no pair; nor is there one where it finds the rejected better.",
    )
    model: str | None = Field(
        None, description="Name under `models` of who compares; left out: `judge` if there is one, else `writer`."
    )
    temperature: float | None = Field(0, ge=0, le=2, description="Sampling temperature of a comparison.")
    max_tokens: int = Field(1024, ge=1, description="Most tokens in one comparison.")
    format: Literal["conversational", "plain"] = Field(
        "conversational",
        description="How the release writes them: `prompt`, `chosen` and `rejected` as lists of messages, or as plain "
        "texts for models without a chat template, which hold one question and its answer.",
    )

    @model_validator(mode="after")
    def _of_verdict(self) -> Pairs:
        fields = type(self).model_fields
        given = [name for name in OF_VERDICT if getattr(self, name) != fields[name].default]
        if given and not self.verdict:
            raise ValueError(f"{' and '.join(given)} without `verdict: true`: nobody compares")
        return self

    def asks(self, models: Collection[str]) -> list[Asks]:
        """Who compares, where somebody does."""
        if not self.verdict:
            return []
        return [Asks(("model",), self.model or (JUDGE if JUDGE in models else WRITER))]

    def writes(self) -> list[Column]:
        """On which side of which pair a row is."""
        return [
            Column(PAIR, "string", "verdict", "The side of a preference pair that the row is on.", True, choices=SIDES),
            Column(PAIR_ID, "string", "lineage", "The chosen row of its pair.", True),
            Column(MARGIN, "float64", "measure", "By how much the score of the pair's chosen answer is higher."),
            Column(FAULT, "string", "verdict", "Why the best answer to a prompt has no other beside it.", True),
        ]

    def problems(self, context: Context) -> Iterator[Problem]:
        """A recipe without scores, or with one answer to a prompt; bounds that no pair can meet."""
        if context.judge is None:
            yield Problem(context.place(self.key), "pairs needs the judge's scores", "add a judge section")
        if context.candidates < 2:
            said = "pairs needs several judged answers to a prompt, and `generate` leaves one to the judge"
            advice = "ask for several: `generate: {samples: {count: 4, keep: best}}`"
            yield Problem(context.place(self.key), said, advice)
        scale = self._scale(context)
        if scale and self.margin is not None and self.margin > scale:
            said = f"pairs.margin: no two scores are {digits(self.margin)} apart: their scale is {digits(scale)} wide"
            yield Problem(context.place(self.key, "margin"), said)
        for name, limits in (("likeness", self.likeness), ("length", self.length)):
            if limits and ((limits.at_least or 0) > 1 or (limits.at_most is not None and limits.at_most < 0)):
                yield Problem(context.place(self.key, name), f"pairs.{name} lets no pair pass: it is a share, 0 to 1")

    def steps(self, context: Context) -> list[Step]:
        """None at its place: see `right_behind`."""
        return []

    def right_behind(self, context: Context) -> Mapping[str, Sequence[Step]]:
        """One step behind the judge, while all judged answers are there: it names the rows of each pair."""
        if context.judge is None or context.candidates < 2:
            return {}
        rules = self._rules(context)
        picking = self._picking(context)
        comparing = [context.models[each.name] for each in self.asks(context.models)]
        prompt = Comparing.template()
        told = {name: getattr(self, name) for name in ("temperature", "max_tokens")}
        step = Step(
            self.key,
            asks=self.verdict,
            sees="group",
            group_by=PROMPT,
            reads=tuple(dict.fromkeys((*READS, *(name for rule in rules for name in rule.reads)))),
            optional=tuple(dict.fromkeys((adjusted_of("mean"), *(name for rule in rules for name in rule.optional)))),
            writes={each.name: each.type for each in self.writes()},
            role="verdict",
            known=tuple(self.writes()),
            identity={
                **picking,
                **({"checks": checking.identity(rules)} if rules else {}),
                **({"model": comparing[0], "template": prompt.identity, **told} if self.verdict else {}),
            },
            work=Work(
                "hfsft.stages.pairing.pairs_section:pairing",
                {
                    "picking": picking,
                    "checks": checking.rules_as_json(rules),
                    **(self._comparing(context) if self.verdict else {}),
                },
            ),
            needs=checking.needed(rules),
            models=tuple(each.name for each in self.asks(context.models)),
            follows=2 * self.per_prompt - 1 if self.verdict else 0,
            max_failed_share=self.max_failed_share,
            place=context.place(self.key),
        )
        return {JUDGE: [step]}

    def figures(self, outcome: Outcome) -> Mapping[str, Any]:
        """How many pairs there are, and why prompts have none."""
        return pair_report.figures(outcome)

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether prompts have pairs at all, and whether length alone tells their sides apart."""
        yield from pair_report.notes(outcome.figures.get(self.key, {}))

    def card(self, outcome: Outcome) -> CardPart | None:
        """How the pairs were made, how many there are, and why prompts have none."""
        found = outcome.figures.get(self.key)
        return pair_report.card(self, found, outcome) if found else None

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same."""
        return pair_report.panel(outcome.figures.get(self.key))

    def _scale(self, context: Context) -> float | None:
        """How wide the scale is that mean scores lie on; None where they lie on none."""
        columns = context.judge.columns if context.judge else ()
        scale = next((each.scale for each in columns if each.name == MEAN), None)
        return None if scale is None else scale.high - scale.low

    def _picking(self, context: Context) -> dict[str, Any]:
        """As `Picking.of` reads it."""
        margin = self.margin
        if margin is None:
            margin = QUARTER * (self._scale(context) or 0.0)
        return {
            "margin": margin,
            "rejected": self.rejected,
            "per_prompt": self.per_prompt,
            "length": self.length and self.length.model_dump(mode="json"),
            "likeness": self.likeness.model_dump(mode="json"),
            "plain": self.format == "plain",
        }

    def _comparing(self, context: Context) -> dict[str, Any]:
        (asks,) = self.asks(context.models)
        fields = {"temperature": self.temperature, "max_tokens": self.max_tokens, "chosen": sorted(self.chosen)}
        return {"comparing": {"model": asks.name, **fields}}

    def _rules(self, context: Context) -> list[Filter]:
        """The filters that cut by the judge's scores before the best answer is chosen; none where these may change."""
        if REFINE in context.sections or context.judge is None:
            return []
        known, judged = {*COLUMNS, *context.kept}, {each.name for each in context.judge.columns}
        return [
            rule
            for rule in context.rules()
            if judged.intersection(rule.reads)
            and known.issuperset(rule.reads)
            and not (rule.whole or rule.heavy or rule.everywhere or any(map(text_under, rule.reads)))
        ]


def pairing(
    *needs: Resource,
    picking: Mapping[str, Any],
    checks: Sequence[Mapping[str, Any]],
    comparing: Mapping[str, Any] | None = None,
) -> Callable[..., Any]:
    """What names the pairs of one prompt's answers; with `comparing` it asks which of both is better."""
    picks, rules = Picking.of(picking), checking.rules_of(checks, needs)
    if comparing is None:
        return partial(_named, picks=picks, rules=rules)
    return partial(_compared, picks=picks, rules=rules, comparing=Comparing.of(comparing))


def _picked(rows: Sequence[Row], picks: Picking, rules: Sequence[checking.Rule]) -> Pick | None:
    """The pairs of a group; None where it is no prompt's."""
    if rows[0][PROMPT] is None:
        return None
    of_scores: list[checking.Rule] = []
    others: list[checking.Rule] = []
    for rule in rules:
        unsure = any(each.column.startswith((spread_of(""), lost_of(""))) for each in rule.bounds)
        (others if unsure else of_scores).append(rule)
    failing, unsure_ids = (
        {row["id"] for row in rows if any(rule.fault(row) for rule in those)} for those in (of_scores, others)
    )
    return picks.pick(rows, failing, unsure_ids)


def _named(batch: Batch, *, picks: Picking, rules: Sequence[checking.Rule]) -> Batch:
    rows = list(rows_of(batch))
    told = _told(rows, _picked(rows, picks, rules))
    return {name: [each[name] for each in told] for name in (PAIR, PAIR_ID, MARGIN, FAULT)}


def _compared(rows: list[Row], *, picks: Picking, rules: Sequence[checking.Rule], comparing: Comparing) -> Turns:
    pick = _picked(rows, picks, rules)
    if pick and pick.rejected:
        pick = yield from comparing.agreed(pick)
    return [{"id": row["id"], **told} for row, told in zip(rows, _told(rows, pick), strict=True)]


def _told(rows: Sequence[Row], pick: Pick | None) -> list[Row]:
    """What each row of a prompt says of the pairs; the chosen one has the margin of the first."""
    found: list[Row] = [dict.fromkeys((PAIR, PAIR_ID, MARGIN, FAULT)) for _ in rows]
    if pick is None:
        return found
    by_id = {row["id"]: told for row, told in zip(rows, found, strict=True)}
    by_id[pick.best["id"]][FAULT] = pick.fault
    for other in reversed(pick.rejected):
        margin = margin_of(pick.best, other)
        for row, side in ((pick.best, CHOSEN), (other, REJECTED)):
            by_id[row["id"]] |= {PAIR: side, PAIR_ID: pick.best["id"], MARGIN: margin}
    return found
