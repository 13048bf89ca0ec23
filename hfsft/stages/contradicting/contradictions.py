"""Contradictions: similar questions whose answers disagree, as a model judges them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import ModelError, Problem
from hfsft.marks import FILE
from hfsft.models.model import Answer, Request, Turns
from hfsft.models.structured import ask as ask_structured
from hfsft.plain import plain
from hfsft.pretrained.loaded_tokenizer import located
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import OF, RANKING, Column, vector_of
from hfsft.rows.views import OPTIONAL
from hfsft.stages.base import (
    WRITER,
    AskingStage,
    Asks,
    CardPart,
    Context,
    Name,
    Outcome,
    Panel,
    ShownTable,
    Warn,
    rendered,
)
from hfsft.stages.contradicting import inferred
from hfsft.stages.contradicting.chosen_pairs import PAIR
from hfsft.stages.contradicting.marking import CONTRADICTS, KEY, LONGEST, VERDICTS

JUDGE = "judge"
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": list(VERDICTS)}},
    "required": ["reason", "verdict"],
    "additionalProperties": False,
}
SHOWN = 50  # rows that the report lists
FOUND = {"verdict": "string", "reason": "string"}


class Contradictions(AskingStage):
    """Find rows whose questions are alike and whose answers disagree, and tell them or let the worse of both go.

    Of the rows that have passed every rule those are compared whose questions are alike, each with the few that are
    most like it, under the same system prompt; a model that sees both questions and both answers says whether these
    contradict each other. One request for each pair. Pairs are found letter by letter, or by what the questions mean.
    The report shows both rows of each pair side by side.

    With `nli` no model is asked: one of natural language inference, run in this process through transformers (weights
    as safetensors, no code of the repository; it needs torch, `hfsft[embed]`), says how likely one answer, behind its
    question, contradicts the other, and the other the one; the larger of both counts. It is faster, and knows the
    language and the kind of text that it was trained on. What it finds and what it takes wrongly was measured with no
    model, as none comes in a package: look at the report before it cuts.
    """

    key: ClassVar[str] = KEY
    structured: ClassVar[bool] = True
    seeded: ClassVar[bool] = False
    example: ClassVar[str] = """\
    contradictions: {do: reject, at_least: 0.7}
    """

    do: Literal["report", "reject"] = Field(
        "report",
        description="`report` tells the pairs, `reject` lets one row of each go: the one with the lower score, else "
        "the one that a model wrote, else the one with the larger id.",
    )
    by: Literal["letters", "meaning"] = Field(
        "letters", description="How questions are compared: as near_duplicate does, or by the embedder's vectors."
    )
    at_least: float = Field(0.6, ge=0.3, le=1, description="Similarity of two questions from which on they are a pair.")
    most: int = Field(3, ge=1, le=50, description="Pairs that a row is compared in at most, the most alike first.")
    nli: Annotated[str | None, FILE] = Field(
        None,
        min_length=1,
        description="Hub id or folder (from the recipe's) of a text classifier with a label `contradiction`, which "
        "judges in this process in place of a model under `models`.",
    )
    probability: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Probability of a contradiction in either direction, as `nli` gives it, from which on two answers "
        "contradict each other.",
    )
    model: str | None = Field(
        None, description="Name under `models` of who judges; left out: `judge` if there is one, else `writer`."
    )
    temperature: float | None = Field(0, ge=0, le=2, description="Sampling temperature of a verdict.")
    max_tokens: int = Field(512, ge=1, description="Most tokens in one verdict.")

    @model_validator(mode="after")
    def _one_judge(self) -> Contradictions:
        # Of a recipe that was written out whole every key is set, so that only other values tell what was meant.
        other = {name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default}
        asked = [name for name in ("model", "temperature", "max_tokens") if name in other]
        if self.nli and asked:
            raise ValueError(f"with nli no model is asked: leave out {' and '.join(asked)}, or nli")
        if not self.nli and "probability" in other:
            raise ValueError("probability is what an NLI model gives: name one under nli, or leave it out")
        return self

    def asks(self, models: Collection[str]) -> list[Asks]:
        """Who judges; nobody where an NLI model does."""
        if self.nli:
            return []
        return [Asks(("model",), self.model or (JUDGE if JUDGE in models else WRITER))]

    @property
    def embeds(self) -> bool:
        """Whether it reads vectors."""
        return self.by == "meaning"

    def writes(self) -> list[Column]:
        """Why a row contradicts another, and which."""
        return [
            Column(CONTRADICTS, "string", "verdict", "Why its answer contradicts that of a similar question.", True),
            Column(f"{CONTRADICTS}{OF}", "string", "lineage", f"The row that `{CONTRADICTS}` compares it with."),
        ]

    def steps(self, context: Context) -> list[Step]:
        """The pairs as a side table, their verdicts, and what these say of the rows; where rows go, what takes them."""
        place = context.place(self.key)
        how = {"at_least": self.at_least, "by": self.by, "most": self.most}
        vectors: list[Step] = []
        if self.embeds:
            assert context.embed is not None, "a section that embeds is given what makes vectors"
            vectors = [context.embed("instruction")]
        pairs = Step(
            f"{KEY}.pairs",
            rows="many",
            sees="all",
            makes=KEY,
            reads=("id", "instruction", "response", *([vector_of("instruction")] if self.embeds else [])),
            optional=(*OPTIONAL, "dialect"),
            writes=PAIR,
            identity=how,
            work=Work("hfsft.stages.contradicting.alike_questions:Pairing", how),
            place=place,
        )
        verdicts = self._inferred(context) if self.nli else [self._judged(context)]
        marks = Step(
            KEY,
            sees="all",
            beside=KEY,
            reads=("id",),
            optional=("origin", "round", *RANKING),
            writes={each.name: each.type for each in self.writes()},
            role="verdict",
            known=tuple(self.writes()),
            identity={"all": self.do == "report"},
            work=Work("hfsft.stages.contradicting.marking:Marking", {"every": self.do == "report"}),
            place=place,
        )
        gone = [compare(f"{KEY}.share", Bound(CONTRADICTS, CONTRADICTS, absent=True), place)]
        return [*vectors, pairs, *verdicts, marks, *(gone if self.do == "reject" else [])]

    def _judged(self, context: Context) -> Step:
        """The step that asks a model about each pair."""
        (asked,) = (each.name for each in self.asks(context.models))
        prompt = Prompt.named(KEY, "compare")
        told = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        return Step(
            f"{KEY}.verdicts",
            asks=True,
            table=KEY,
            reads=tuple(PAIR),
            writes=FOUND,
            role="verdict",
            identity={"model": context.models[asked], "template": prompt.identity, **told},
            work=Work(
                "hfsft.stages.contradicting.contradictions:judging",
                {"model": asked, "chosen": sorted(self.chosen), **told},
            ),
            models=(asked,),
            max_failed_share=self.max_failed_share,
            place=context.place(self.key),
        )

    def _inferred(self, context: Context) -> list[Step]:
        """The steps that measure each pair by the NLI model, and say what that means."""
        place, needs = context.place(self.key), tuple[Resource, ...]()
        name = self._found(context)
        with suppress(ModelError):  # told as a problem
            needs = (inferred.resource(name),) if context.opened else ()
        bound = {"contradicts": VERDICTS[0], "agrees": VERDICTS[1], "at_least": self.probability}
        measure = Step(
            f"{KEY}.inferred",
            heavy=True,
            table=KEY,
            reads=tuple(PAIR),
            writes={inferred.LIKELY: "float64"},
            work=Work("hfsft.stages.contradicting.inferred:inferring"),
            needs=needs,
            place=place,
        )
        decide = Step(
            f"{KEY}.verdicts",
            table=KEY,
            reads=(inferred.LIKELY,),
            writes=FOUND,
            role="verdict",
            identity=bound,
            work=Work("hfsft.stages.contradicting.inferred:deciding", bound),
            place=place,
        )
        return [measure, decide]

    def _found(self, context: Context) -> str:
        """The NLI model: its folder, or its id on the Hub."""
        try:
            return located(self.nli or "", context.base)
        except ModelError:  # told as a problem
            return self.nli or ""

    def problems(self, context: Context) -> Iterator[Problem]:
        """An NLI model that cannot judge."""
        if not self.nli:
            return
        try:
            inferred.usable(located(self.nli, context.base))
        except ModelError as error:
            yield Problem(context.place(self.key, "nli"), f"{self.key}.nli: {error}")

    def figures(self, outcome: Outcome) -> Mapping[str, Any]:
        """How many pairs were judged, and how many contradict each other."""
        found = [row.get("verdict") for row in outcome.table(KEY)]
        return {"pairs": len(found), "contradict": sum(verdict == VERDICTS[0] for verdict in found)}

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """That rows contradict each other, where they stay."""
        found = outcome.figures.get(KEY, {})
        if found.get("contradict") and self.do == "report":
            yield Warn(
                f"{found['contradict']:,} of {found['pairs']:,} pairs of similar questions have answers that "
                "contradict each other, and stay (the report shows them; `do: reject` lets one of each go)"
            )

    def card(self, outcome: Outcome) -> CardPart | None:
        """How many pairs were judged, and what became of those that contradict each other."""
        found = outcome.figures.get(KEY, {})
        if "pairs" not in found:
            return None
        how = "letter by letter" if self.by == "letters" else "by what they mean"
        told = {"how": how, "at_least": self.at_least, "reject": self.do == "reject"}
        nli = {"nli": Name(self.nli) if self.nli else None, "probability": self.probability}
        return CardPart(KEY, {**found, **told, **nli}, CARD)

    def panel(self, outcome: Outcome) -> Panel | None:
        """The rows that contradict another one, both side by side."""

        def read(*names: str) -> Iterator[tuple[Any, ...]]:
            return zip(*map(outcome.all_values, names), strict=True)

        pairs = [(row, of, why) for row, why, of in read("id", CONTRADICTS, f"{CONTRADICTS}{OF}") if why and of]
        ids = {row for row, of, _ in pairs for row in (row, of)}
        said = {row: texts for row, *texts in read("id", "instruction", "response") if row in ids} if pairs else {}
        found = [(*said[row], *said[of], why) for row, of, why in pairs if of in said]
        if not found or not outcome.samples:
            return None
        shown = sorted(tuple(plain(str(text or ""), LONGEST) for text in each) for each in found)[:SHOWN]
        head = ("question", "answer", "similar question", "its answer", "why")
        told = f"{len(found):,} rows have an answer that contradicts that of a similar question."
        return Panel(KEY, "Contradictions", [told, ShownTable(head, shown, (), "Answers that contradict each other")])


CARD = """\
## Contradictions

{{ pairs }} pairs of rows whose questions are at least {{ at_least }} alike ({{ how }}) were judged by
{%- if nli %} the NLI model {{ nli }}, in this process, where a contradiction counts from a probability of
{{ probability }} in either direction
{%- else %} a model
{%- endif %}:
{{ contradict }} have answers that contradict each other
{%- if reject %}; of each of them one row fell.{% else %}, and stay.{% endif %}
"""


def judging(
    *, model: str, chosen: Collection[str], temperature: float | None, max_tokens: int
) -> Callable[[Row], Turns]:
    """What asks about one pair."""
    return partial(_judged, model=model, chosen=frozenset(chosen), temperature=temperature, max_tokens=max_tokens)


def _judged(row: Row, *, model: str, chosen: frozenset[str], temperature: float | None, max_tokens: int) -> Turns:
    prompt = rendered(
        Prompt.named(KEY, "compare"),
        questions=[row["one_question"], row["other_question"]],
        answers=[row["one_answer"], row["other_answer"]],
    )
    request = Request(
        model=model,
        messages=({"role": "user", "content": prompt},),
        temperature=temperature,
        max_tokens=max_tokens,
        chosen=chosen,
    )
    found = yield from _asked(request)
    return found


def _asked(request: Request) -> Generator[Request, Answer, Row]:
    found: Row = yield from ask_structured(request, SCHEMA, _read)
    return found


def _read(said: Any) -> Row:
    """The verdict. Raises `ValueError` in words for the model."""
    verdict = said.get("verdict") if isinstance(said, Mapping) else None
    found = verdict.strip().lower() if isinstance(verdict, str) else verdict
    if found not in VERDICTS:
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, not {verdict!r}")
    return {"verdict": str(found), "reason": str(said.get("reason") or "")}
