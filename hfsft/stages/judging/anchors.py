"""Anchors: conversations with their right scores, which show a judge what a score means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Place, SourceError, nearest
from hfsft.marks import PROSE, Loc
from hfsft.models.readings.yes_no import NO, YES
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.row import new_row
from hfsft.rows.views import OPTIONAL, READS, questions
from hfsft.similarity.normalise import normalise
from hfsft.stages.examples import ExampleRow
from hfsft.stages.judging.rubric import Rubric

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.rows.reading.source_row import SourceRow

ORIGIN = "anchor"
APART = "judge.anchors"
"""The step that looks whether a row asks what an anchor asks, before anything is asked; and its empty side table."""
ANCHORED = "judge.anchored"
"""The step that takes out rows that are anchors."""
IS_ANCHOR = "is_anchor"  # the column that says of a row that it is one
SHOWN = 5  # clashes that are told


class Anchor(ExampleRow):
    """A scored example that shows the judge what a score means: a question and an answer, or a conversation."""

    example: ClassVar[str] = """\
    judge:
      rubric: {usefulness: Would it help a real person act?}
      anchors:
        - instruction: How long does a refund take?
          response: It depends.
          scores: {usefulness: 1}
          why: Nobody can act on it.
        - instruction: How long does a refund take?
          response: Five working days; after seven, ask your bank.
          scores: {usefulness: 5}
    """

    scores: dict[str, float] = Field(
        {},
        description="The right score for each criterion, on the scale; of a checklist the share of yes, from 0 to 1.",
    )
    answers: dict[str, list[Literal["yes", "no"]]] = Field(
        {},
        description="The right answers to the questions of a checklist, in their order, in place of its score: the "
        "judge is shown each of them where questions are asked one by one.",
    )
    why: Annotated[str, PROSE] = Field("", description="The reason for these scores.")
    row_id: str | None = Field(
        None,
        min_length=1,
        description="Id of the row that it was, as `hfsft review --anchors` writes it: that row is taken out of the "
        "data before the judge is asked, and may ask what the anchor asks.",
    )

    @model_validator(mode="after")
    def _answers_say_the_scores(self) -> Anchor:
        for name, answers in self.answers.items():
            if not answers:
                raise ValueError(f"answers.{name}: must not be empty")
            share = sum(answer == YES for answer in answers) / len(answers)
            if abs(self.scores.get(name, share) - share) > 0.01:
                raise ValueError(f"scores.{name}: is {self.scores[name]:g}, and `answers` come to {share:g}")
            self.scores[name] = share
        return self

    def answer(self, name: str, number: int) -> str:
        """The right answer to one question of a checklist, from 1; empty where its score does not tell."""
        if name in self.answers:
            return self.answers[name][number - 1]
        return {0.0: NO, 1.0: YES}.get(self.scores[name], "")

    def read(self, place: str) -> SourceRow:
        """What it says without its scores."""
        said = self.model_dump(include=set(ExampleRow.model_fields), exclude_unset=True)
        return ExampleRow.model_validate(said).read(place)

    def row(self) -> Row:
        """The anchor as a row that can be graded, with an id by what it says."""
        return new_row(ORIGIN, self.read(ORIGIN).texts)

    @cached_property
    def question(self) -> str:
        """What it asks, see `question_of`."""
        return question_of(self.row())


def faults(anchors: Sequence[Anchor], rubric: Rubric) -> Iterator[tuple[Loc, str, str]]:
    """What is wrong with anchors: where below the list of them, what, and what helps."""
    rows: dict[str, int] = {}
    for number, anchor in enumerate(anchors):
        read = anchor.read(ORIGIN)
        if read.defect:
            yield (number,), f"cannot be read: {read.defect}", ""
        elif (first := rows.setdefault(anchor.row()["id"], number)) != number:
            yield (number,), f"says what anchor {first + 1} says", "keep one of both"
        for name, answers in anchor.answers.items():
            asked = len(rubric.criteria[name].checklist) if name in rubric.criteria else len(answers)
            if len(answers) != asked:
                said = f"has {len(answers)} answers, and the checklist {asked} questions"
                yield (number, "answers", name), said, ""
        for name in rubric.criteria:
            if name not in anchor.scores:
                yield (number, "scores"), f"has no score by {name}", "each anchor has one by each criterion"
        for name, score in anchor.scores.items():
            if name not in rubric.criteria:
                yield (number, "scores", name), f"no criterion is called `{name}`", nearest(name, rubric.criteria)
                continue
            scale = rubric.scale(name)
            if not scale.low <= score <= scale.high:
                why = f"{score:g} is off {scale.called} from {scale.low:g} to {scale.high:g}"
                yield (number, "scores", name), why, ""
    for name in rubric.criteria:
        levels = {anchor.scores[name] for anchor in anchors if name in anchor.scores}
        if len(levels) == 1:
            said = f"all have {levels.pop():g} by {name}, so they show no difference by it"
            yield (), said, "add one with another score: the judge learns from a difference, and is examined by it"


def question_of(row: Mapping[str, Any]) -> str:
    """What a row asks, in the normal form by which two questions are one; empty for nothing."""
    (asked,) = questions({name: [value] for name, value in row.items()})
    return normalise("\n\n".join(filter(None, [asked.said, asked.context])))


def asked_before(
    anchors: Sequence[Anchor], rows: Iterable[tuple[Place | str, Row]]
) -> Iterator[tuple[int, Place | str]]:
    """The anchors that ask what another row than their own asks, by their numbers, with the place of the first such."""
    asked = {anchor.question: number for number, anchor in reversed(list(enumerate(anchors)))}
    asked.pop("", None)
    own = {anchor.row_id for anchor in anchors if anchor.row_id}
    for place, row in rows if asked else ():
        if row["id"] not in own and (number := asked.pop(question_of(row), None)) is not None:
            yield number, place


def apart_step(anchors: Sequence[Anchor], places: Sequence[Place]) -> Step:
    """The step that stops a build whose sources ask what an anchor asks, as these stand in files."""
    said = [anchor.model_dump(mode="json", exclude_unset=True) for anchor in anchors]
    own = sorted(anchor.row_id for anchor in anchors if anchor.row_id)
    return Step(
        APART,
        rows="many",
        sees="all",
        makes=APART,
        reads=("id", "source", *READS),
        optional=OPTIONAL,
        writes={"id": "string"},
        identity={"questions": [anchor.question for anchor in anchors], **({"rows": own} if own else {})},
        work=Work("hfsft.stages.judging.anchors:apart", {"anchors": said, "places": list(map(str, places))}),
        place=places[0] if places else None,
    )


def apart(anchors: Sequence[Mapping[str, Any]], places: Sequence[str]) -> TwoWays:
    """What looks at all rows of the sources. It raises `SourceError` where one asks what an anchor asks."""
    known = [Anchor.model_validate(anchor) for anchor in anchors]
    rounds = Work(path_of(apart_by_rounds), {"anchors": list(anchors), "places": list(places)})
    return TwoWays(partial(_apart, anchors=known, places=places), rounds)


def apart_by_rounds(rows: Scattered, anchors: Sequence[Mapping[str, Any]], places: Sequence[str]) -> Scattered:
    """The same of scattered rows, of which only those are looked at here that ask what an anchor asks: of each block of
    some thousands one for each anchor.
    """
    import pyarrow as pa

    found = rows.through(Work(path_of(asking_the_same), {"anchors": list(anchors)}), rows.kinds).collected()
    found = found.sort_by(NUMBER)
    apart(anchors, places)({name: values_of(found[name]) for name in found.column_names if name != NUMBER})
    kinds = {NUMBER: "int64", "id": "string"}
    return rows.of(pa.table([[], []], schema=arrow_schema(kinds)), kinds)


def asking_the_same(anchors: Sequence[Mapping[str, Any]]) -> Does:
    """The work that leaves the first rows that ask what anchors ask."""
    known = [Anchor.model_validate(anchor) for anchor in anchors]

    def does(table: pa.Table) -> pa.Table:
        import pyarrow as pa

        table = table.sort_by(NUMBER)
        rows = rows_of({name: values_of(table[name]) for name in table.column_names if name != NUMBER})
        numbered = ((str(place), row) for place, row in enumerate(rows))
        return table.take(pa.array([int(str(place)) for _, place in asked_before(known, numbered)], pa.int64()))

    return does


def _apart(batch: Batch, anchors: Sequence[Anchor], places: Sequence[str]) -> Batch:
    found = list(asked_before(anchors, ((row["source"] or row["id"], row) for row in rows_of(batch))))
    if found:
        told = [f"{places[number]}: this anchor asks what the row at {place} asks" for number, place in found[:SHOWN]]
        more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        helps = "the judge would be shown a scored answer to what it grades: let anchors ask what no row asks"
        raise SourceError("\n".join([*told, *more]), help=helps)
    return {"id": []}


def taking_out(anchors: Sequence[Anchor], place: Place | None) -> list[Step]:
    """Two steps: one that marks the rows that are anchors, one that takes them out; none where no anchor names its row.

    Whatever grew from such a row stays.
    """
    known = sorted({anchor.row_id for anchor in anchors if anchor.row_id})
    if not known:
        return []
    mark = Step(
        "judge.anchor",
        reads=("id",),
        writes={IS_ANCHOR: "string"},
        role="verdict",
        about="Whether it is an anchor of the judge.",
        identity={"rows": known},
        work=Work("hfsft.stages.judging.anchors:marking", {"ids": known}),
        place=place,
    )
    return [mark, compare(ANCHORED, Bound("anchor", IS_ANCHOR, absent=True), place)]


def marking(ids: Sequence[str]) -> Callable[[Batch], Batch]:
    """What marks rows."""
    return partial(_mark, ids=frozenset(ids))


def _mark(batch: Batch, ids: frozenset[str]) -> Batch:
    return {IS_ANCHOR: ["shown to the judge with its scores" if row_id in ids else None for row_id in batch["id"]]}
