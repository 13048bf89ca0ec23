"""The steps of a review: edited rows stand beside those that they were, each row is marked, and those that fall go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.filters.base import Filter
from hfsft.filters.filter_work import work_of
from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.plain import plain
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import (
    COLUMNS,
    EDITED_FROM,
    OF,
    REASON,
    REVIEWED,
    SCORE,
    TEXTS,
    UNLABELLED,
    VECTOR,
    Column,
    first_of,
    text_under,
)
from hfsft.rows.features import holds_text
from hfsft.rows.row import ACCEPTED, EDITED
from hfsft.rows.views import WHOLE, asked_hash, content, questions
from hfsft.stages.answers import checking
from hfsft.stages.reviewing.decisions import DecidedText, Decisions, child_of, resource
from hfsft.verdicts import ACCEPT, REJECT, Verdicts

if TYPE_CHECKING:
    from hfsft.errors import Place
    from hfsft.stages.base import Context

KEY, DECIDE = "review", "review.decide"
FAULT, LOOKED_AT = "review_fault", "review_content"
REJECTED, REPLACED, EDITED_TO = "rejected", "replaced", "edit"
GONE = frozenset(("score", "verdict", "measure", "vector"))
"""The roles of columns that say something of a text, and nothing of another one."""
LONGEST = 200  # characters of a note in the ledger
FOUND = (
    Column(FAULT, "string", "verdict", "Why people took the row out: the reason, and what they noted.", True),
    Column(f"{FAULT}{OF}", "string", "lineage", "The row with the text that they gave it instead."),
    Column(LOOKED_AT, "string", "lineage", "Hash of the text that they decided on.", True, published=False),
)


def steps(context: Context, verdicts: Verdicts, *, named: bool) -> list[Step]:
    """The steps by what people said."""
    place, rules = context.place(KEY), list(context.rules())
    gone = {name for name, role in context.roles.items() if role in GONE}
    gone |= {*context.judge.step().writes, *context.judge.beside} if context.judge else set()
    gone |= {name for rule in rules if not isinstance(rule, Rewriting) for name in rule.writes}
    checked = list(_fit(rules, gone))
    edits = any(stand.decision.edit for _, _, stand in Decisions(verdicts))
    made = _editing(resource(verdicts, edits=True), rules, checked, gone, place) if edits else []
    bounds = [
        {**told, "measures": [], "needed": []}
        for told in checking.rules_as_json([*checked, *(rule for rule in rules if isinstance(rule, Rewriting))])
        if made and told["bounds"]
    ]
    known = [Column(REVIEWED, "string", "verdict", "What people say of it.", True), *FOUND]
    decide = Step(
        DECIDE,
        reads=("id", "origin"),
        optional=tuple(dict.fromkeys((*WHOLE, *(each["column"] for told in bounds for each in told["bounds"])))),
        writes={each.name: each.type for each in known},
        known=FOUND,
        role="verdict",
        identity={"rules": [told["bounds"] for told in bounds]} if bounds else {},
        work=Work("hfsft.stages.reviewing.steps:deciding", {"rules": bounds, "clean": _cleaning(rules)}),
        needs=(resource(verdicts, named=named),),
        place=place,
    )
    return [*made, decide, compare(KEY, Bound("", FAULT, absent=True), place)]


def _fit(rules: Sequence[Filter], gone: set[str]) -> Iterator[Filter]:
    """The rules that an edited row must pass too: those of one row that read nothing of what it has no more.

    So none that compares rows, or vectors, and none of a judge's scores: who gave the row its text answers for it.
    """
    made, left = set[str](), [rule for rule in rules if not (rule.whole or isinstance(rule, Rewriting))]
    while ready := [
        rule for rule in left if not (set(rule.reads) & gone - made or any(text_under(name) for name in rule.reads))
    ]:
        left = [rule for rule in left if rule not in ready]
        made.update(*(rule.writes for rule in ready))
        yield from ready


def _editing(
    edits: Resource, rules: Sequence[Filter], checked: Sequence[Filter], gone: Collection[str], place: Place
) -> list[Step]:
    """Two steps: one that notes what rows ask which people edited, one that puts edited rows behind those that they
    were, measured and cleaned as these were. By what they asked these stay on the side of the split that they had.
    """
    texts = {name: COLUMNS[name] for name in TEXTS if holds_text(COLUMNS[name])}
    cleaning = [rule.over(texts, texts)[0] for rule in rules if isinstance(rule, Rewriting)]
    works = [{**step.work.as_dict(), "given": step.given((*texts, *step.writes))} for step in cleaning if step.work]
    asked = Step(
        f"{KEY}.asked",
        reads=("id", "instruction"),
        optional=WHOLE,
        writes={EDITED_FROM: "string"},
        role="lineage",
        work=Work("hfsft.stages.reviewing.steps:asking"),
        needs=(edits,),
        place=place,
    )
    made = Step(
        f"{KEY}.edits",
        rows="many",
        reads=("id", "parent_id", "origin"),
        optional=WHOLE,
        identity={
            "rules": [[step.depends_on() for step in rule.steps() if not step.bound] for rule in checked],
            "cleaning": [step.depends_on() for step in cleaning],
            "without": sorted(gone),
        },
        work=Work(
            "hfsft.stages.reviewing.steps:editing",
            {
                "rules": [{**told, "bounds": []} for told in checking.rules_as_json(checked)],
                "cleaning": works,
                "gone": sorted(gone),
            },
        ),
        needs=(edits, *checking.needed(checked)),
        place=place,
    )
    return [asked, made]


def asking(edits: Resource) -> Callable[[Batch], Batch]:
    """What notes what rows ask that people edited."""
    return partial(_asked, edits=edits)


def _asked(batch: Batch, *, edits: Resource) -> Batch:
    decisions: Decisions = edits.load()
    edited = [decisions.of(row) is not None for row in rows_of(batch)]
    asked = questions(batch) if any(edited) else []
    return {EDITED_FROM: [asked_hash(asked[at]) if there else None for at, there in enumerate(edited)]}


def editing(
    edits: Resource,
    *needs: Resource,
    rules: Sequence[Mapping[str, Any]],
    cleaning: Sequence[Mapping[str, Any]],
    gone: Sequence[str],
) -> Callable[[Batch], Batch]:
    """What puts edited rows behind those that they were."""
    measures = [measure for rule in checking.rules_of(rules, needs) for measure in rule.measures]
    cleans = [(Work(each["function"], each["arguments"]).made(), each["given"]) for each in cleaning]
    return partial(_edited, edits=edits, measures=measures, cleans=cleans, gone=frozenset(gone))


def _edited(
    batch: Batch,
    *,
    edits: Resource,
    measures: Sequence[Callable[[Batch], Batch]],
    cleans: Sequence[tuple[Callable[[Batch], Batch], Sequence[str]]],
    gone: Collection[str],
) -> Batch:
    decisions: Decisions = edits.load()
    rows: list[Row] = []
    for row in rows_of(batch):
        rows.append(row)
        last = row
        # An edited row may be edited again; each has an id of its own, so that no edit comes back to itself.
        while (stand := decisions.of(last)) and (child := child_of(last, stand.decision.edit or {})):
            last = {name: None if _says_of_text(name, gone) else value for name, value in last.items()} | child
            for clean, given in cleans:
                last |= _of_one(clean({name: [last[name]] for name in given if name in last}), last)
            for measure in measures:
                last |= _of_one(measure({name: [value] for name, value in last.items()}), last)
            rows.append(last)
    return {name: [row[name] for row in rows] for name in batch}


def _says_of_text(name: str, gone: Collection[str]) -> bool:
    return name in gone or name.startswith((VECTOR, SCORE, REASON, UNLABELLED, first_of("")))


def _of_one(made: Batch, row: Row) -> Row:
    """The values of a batch of one row, of the columns that the row has."""
    return {name: values[0] for name, values in made.items() if name in row}


def _cleaning(rules: Sequence[Filter]) -> list[dict[str, Any]]:
    """What takes out of a note what the rules take out of rows, as data."""
    rewriting = (rule for rule in rules if isinstance(rule, Rewriting) and rule.rewrites)
    return [work_of(rule, "redacted_text").as_dict() for rule in rewriting]


def deciding(
    verdicts: Resource, *, rules: Sequence[Mapping[str, Any]], clean: Sequence[Mapping[str, Any]]
) -> Callable[[Batch], Batch]:
    """What says of each row what people say of it."""
    cleans = [Work(each["function"], each["arguments"]).made() for each in clean]
    return partial(_decided, verdicts=verdicts, rules=checking.rules_of(rules, ()), cleans=cleans)


def _decided(
    batch: Batch, *, verdicts: Resource, rules: Sequence[checking.Rule], cleans: Sequence[Callable[[str], str]]
) -> Batch:
    decisions: Decisions = verdicts.load()
    made: Batch = {name: [] for name in (REVIEWED, *(each.name for each in FOUND))}
    for row in rows_of(batch):
        stand = decisions.of(row)
        fault = next(filter(None, (rule.fault(row) for rule in rules)), None) if row["origin"] == EDITED else None
        for name, value in _marks(row, stand, fault, cleans).items():
            made[name].append(value)
    return made


def _marks(row: Row, stand: DecidedText | None, fault: str | None, cleans: Sequence[Callable[[str], str]]) -> Row:
    """What is said of one row: its state, why it falls, the row that stands in its place, the text decided on."""
    decision = stand.decision if stand else None
    state: str | None = EDITED if row["origin"] == EDITED else None
    why = instead = None
    if fault:
        # By the name of the rule, then what it found.
        state, why = REJECTED, fault if ": " in fault else fault.replace(" is ", ": ", 1)
    elif decision and decision.what == REJECT:
        state, why = REJECTED, ": ".join(filter(None, (_word(decision.reason), _noted(decision.note, cleans))))
    elif decision and decision.what == EDITED_TO and (child := child_of(row, decision.edit or {})):
        changed = sorted(name for name in decision.edit or {})
        state, why, instead = REPLACED, f"{EDITED}: another {', '.join(changed)}", child["id"]
    elif decision and decision.what in (ACCEPT, EDITED_TO) and state is None:
        state = ACCEPTED
    looked_at = content(row) if stand else None
    return {REVIEWED: state, FAULT: why, f"{FAULT}{OF}": instead, LOOKED_AT: looked_at}


def _word(reason: str) -> str:
    return plain(reason, 40).replace(":", " ")


def _noted(note: str, cleans: Sequence[Callable[[str], str]]) -> str:
    for clean in cleans:
        note = clean(note)
    return plain(note, LONGEST)
