"""Several answers to one prompt: rows of their own, and the choice among them.

Sources: best of n by a score, Nakano et al. 2021, "WebGPT", section 3.2; the answer that most samples come to, Wang et
al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models" (arXiv 2203.11171), section 2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Place
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import adjusted_of
from hfsft.rows.row import child_id
from hfsft.rows.views import answered, response
from hfsft.section.late_module import LateModule
from hfsft.stages.base import Section
from hfsft.stages.several_answers import CANDIDATE, MEAN, PROMPT, best

if TYPE_CHECKING:
    from hfsft.texts import final_answer
else:
    final_answer = LateModule("hfsft.texts.final_answer")

FINAL, AGREEMENT = "final_answer", "agreement"
CHOICE, AGREED = "generate.choice", "generate.agreement"

Keep = Literal["all", "best", "first_valid", "majority"]


class Samples(Section):
    """Several answers to each prompt, and which of them stay."""

    example: ClassVar[str] = """\
    generate:
      samples: {count: 4, keep: majority, at_least: 0.5}
    """

    count: int = Field(4, ge=1, le=100, description="Answers that are asked for to each prompt.")
    keep: Keep = Field(
        "all",
        description="`all`; the `best` by the mean of the judge's scores, by that without length where the judge has "
        "`adjust`; the `first_valid` of those that pass `check` and the filters of single rows that can run before "
        "the judge; or by `majority` the first of those "
        "that come to the final answer which most of these give: in `boxed`, behind `####` or `the answer is`, a "
        "letter of a choice, or the last number. Filters that compare rows run behind the choice.",
    )
    at_least: float | None = Field(
        None, gt=0, le=1, description="Of `majority`, the smallest share of the candidates that must agree."
    )

    @model_validator(mode="after")
    def _of_majority(self) -> Samples:
        if self.at_least is not None and self.keep != "majority":
            raise ValueError(f"at_least is of `keep: majority`: {self.keep} counts no agreement")
        return self

    @property
    def choice_behind(self) -> str | None:
        """The section behind which candidates are chosen; None where all stay."""
        return {"all": None, "best": "judge"}.get(self.keep, "generate")

    def branch(self, place: Place | None) -> list[Step]:
        """The steps that make room for the candidates: one that names the prompt, one that adds a row for each."""
        prompt = Step(
            "generate.prompt",
            reads=("id", "response", "messages"),
            writes={PROMPT: "string", CANDIDATE: "int32"},
            role="lineage",
            about="Of several answers to one prompt: the row whose prompt it is, and the answer's number, from 0.",
            work=Work("hfsft.stages.answers.samples:prompting"),
            place=place,
        )
        branch = Step(
            "generate.branch",
            rows="many",
            reads=("id", "parent_id", PROMPT, CANDIDATE),
            identity={"count": self.count},
            work=Work("hfsft.stages.answers.samples:branching", {"count": self.count}),
            place=place,
        )
        return [prompt, branch]

    def choice(self, place: Place | None) -> list[Step]:
        """The steps that leave one candidate of each prompt."""
        by_mean, voted = self.keep == "best", self.keep == "majority"
        choice = Step(
            CHOICE,
            rows="fewer",
            sees="group",
            group_by=PROMPT,
            reads=(CANDIDATE, *([MEAN] if by_mean else []), *(["response"] if voted else [])),
            optional=("messages", "dialect") if voted else (adjusted_of("mean"),) if by_mean else (),
            writes={FINAL: "string", AGREEMENT: "float64"} if voted else {},
            about="The final answer, and the share of the prompt's candidates that agree with it." if voted else "",
            identity={"keep": self.keep},
            version=2 if voted else 1,
            work=Work("hfsft.stages.answers.samples:choosing", {"keep": self.keep}),
            place=place,
        )
        if self.at_least is None:
            return [choice]
        bound = Bound(AGREEMENT, AGREEMENT, at_least=self.at_least, missing="keep")
        return [choice, compare(AGREED, bound, place)]


def prompting() -> Callable[[Batch], Batch]:
    """What names the prompt of each row that has no answer: by its id."""
    return _prompts


def _prompts(batch: Batch) -> Batch:
    asked = [not answered(row) for row in rows_of(batch)]
    ids = zip(batch["id"], asked, strict=True)
    return {PROMPT: [own if ask else None for own, ask in ids], CANDIDATE: [0 if ask else None for ask in asked]}


def branching(count: int) -> Callable[[Batch], Batch]:
    """What makes room for so many candidates."""
    return partial(_branched, count=count)


def _branched(batch: Batch, *, count: int) -> Batch:
    """Every row, and behind each that has a prompt the other candidates, which have it as their parent."""
    rows: list[Row] = []
    for row in rows_of(batch):
        more = range(1, count if row[PROMPT] is not None else 1)
        own = row["id"]
        others = ({**row, "id": child_id(own, "sample", n), "parent_id": own, CANDIDATE: n} for n in more)
        rows += [row, *others]
    return {name: [row[name] for row in rows] for name in batch}


def choosing(keep: Keep) -> Callable[[Batch], Batch]:
    """What chooses of one prompt's candidates."""
    return {"majority": _voted, "best": _best}.get(keep, _first)


def _candidates(batch: Batch) -> list[Row]:
    return sorted(rows_of(batch), key=lambda row: (row[CANDIDATE] or 0, row["id"]))


def _first(batch: Batch) -> Batch:
    """The first; a row that is no candidate is a group of its own, and stays."""
    return {"id": [_candidates(batch)[0]["id"]]}


def _best(batch: Batch) -> Batch:
    return {"id": [best(rows_of(batch))["id"]]}


def _voted(batch: Batch) -> Batch:
    """The first candidate with the answer that most give, and what share of all gives it.

    Answers that as many give are told apart by a hash. Where no candidate comes to an answer, the first stays, and
    nobody agrees.
    """
    rows = _candidates(batch)
    prompt = rows[0][PROMPT]
    if prompt is None:
        return {"id": batch["id"], FINAL: [None], AGREEMENT: [None]}
    answers = [final_answer.final_answer(response(row, spoken=True) or "") for row in rows]
    votes = [answer and final_answer.sameness(answer) for answer in answers]
    place, share = _elected(str(prompt), votes)
    return {"id": [rows[place]["id"]], FINAL: [answers[place]], AGREEMENT: [share]}


def _elected(prompt: str, votes: Sequence[str | None]) -> tuple[int, float]:
    """The place of the first vote for what most vote for, and the share of these votes."""
    counts = Counter(vote for vote in votes if vote)
    if not counts:
        return 0, 0.0
    won = min(counts, key=lambda vote: (-counts[vote], digest([prompt, "majority", vote])))
    return votes.index(won), counts[won] / len(votes)
