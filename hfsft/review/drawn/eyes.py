"""Rows that deserve a person's eyes more than others, and why: a look at each kind finds faults faster than chance.

They are picked because they look bad, so nothing about the share of bad rows follows from them: the error rate is that
of the random sample alone. A reason is told without the judge's numbers, which nobody sees before their own verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from heapq import nsmallest
from sys import intern
from typing import Any, NamedTuple

from hfsft.errors import UserError
from hfsft.hashing import unit
from hfsft.review.drawn.reviewed_rows import UNSCORED, Candidate, ReviewedRows
from hfsft.rows.columns import SCORE, spread_of
from hfsft.rows.views import OPTIONAL, READS, Question, questions
from hfsft.similarity import LexicalIndex, Sketched, sketches_of
from hfsft.similarity.foreseen import MOST_SAMPLED, foreseen
from hfsft.texts.spelling.spoken import base, languages_in

LOOKED_AT = 50_000  # rows whose language is told, unless these alone are asked for; so many are sketched at once
MOST_SECONDS, MOST_BYTES = 3600, 16 << 30  # that are spent on comparing rows
RARE = 0.02  # share of rows up to which a language is an odd one, where the recipe names none
DUPLICATE, SIMILARITY, NEAREST, OF = "_duplicate_", "_similarity", "_nearest", "_of"
"""In the names of columns that filters of duplicates write, see `hfsft.filters.duplicates.common`."""
CONTRADICTION = "contradiction"  # the column of `contradictions`, see there
SPREAD = spread_of("")
LEAST_ALIKE = 0.5


class EyesRow(NamedTuple):
    """A row, the kind for which it is looked at, and why in words."""

    row: Candidate
    kind: str
    why: str


Kind = Callable[[ReviewedRows], Iterator[tuple[float, Candidate, str]]]
"""Rows of one kind in any order, each with how much it deserves it, the most the highest, and why."""


def disagree(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows whose judges gave scores far apart, or whose one judge was unsure between scores."""
    names = [name for name in _names(rows) if name.startswith(SPREAD) and name != spread_of("mean")]
    several = any(name.startswith("by_") for name in _names(rows))
    said = "the judges disagree on its {}" if several else "the judge is unsure of its {}"
    columns = [rows.column(name) for name in names]
    for row in rows.candidates:
        spreads = [(column[row.place] or 0.0, name) for column, name in zip(columns, names, strict=True)]
        spread, name = max(spreads, default=(0.0, ""))
        if row.judged_here and spread > 0:
            yield spread, row, said.format(_plainly(name.removeprefix(SPREAD)))


def bound(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows whose score is at a bound or just beside it, also those that fell there."""
    bounds = [(each, rows.column(str(each["column"]))) for each in rows.score_bounds()]
    numbers = [[value for value in values if value is not None] for _, values in bounds]
    widths = [(max(values) - min(values)) / 4 if values else 0.0 for values in numbers]
    steps = {each["step"]: number for number, (each, _) in enumerate(bounds)}
    for row in rows.candidates:
        fell = steps.get(row.stage)
        if not row.judged_here and fell is None:
            continue
        near = [
            (_distance(each, value), number)
            for number, (each, values) in enumerate(bounds)
            if (value := values[row.place]) is not None and fell in (None, number)
        ]
        distance, number = min(near, default=(0.0, -1))
        if number >= 0 and distance <= widths[number]:
            name = _plainly(str(bounds[number][0]["column"]).removeprefix(SCORE))
            yield -distance, row, f"its score of {name} is close to the bound"


def duplicates(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows that are much like another row of the data, as filters found."""
    columns = [(rows.column(measure), rows.column(other)) for measure, other in _compared(rows)]
    for row in rows.candidates:
        likeness = [(values[row.place], others[row.place]) for values, others in columns]
        alike, other = max(((value, of) for value, of in likeness if value and of), default=(0.0, ""))
        if row.judged_here and alike >= LEAST_ALIKE:
            yield float(alike), row, f"it is much like row {other} ({alike:.0%})"


def alike(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows that ask much the same as one before them, compared here: those of a set in which nothing was compared.

    Raises `UserError` for so many that it would take hours, or more memory than a machine has.
    """
    looked = [row for row in rows.candidates if row.judged_here]
    columns = {name: rows.column(name) for name in (*READS, *OPTIONAL)}
    asked = questions({name: [values[row.place] for row in looked] for name, values in columns.items()})
    if len(looked) > LOOKED_AT:
        _require_few(asked)
    index = LexicalIndex[int]()
    for start in range(0, len(asked), LOOKED_AT):
        _add(index, start, asked[start : start + LOOKED_AT])
    best: dict[int, tuple[float, int]] = {}
    for one, other, value in index.pairs(LEAST_ALIKE):
        best[other] = max(best.get(other, (0.0, 0)), (value, -one))
    for place, (value, before) in best.items():
        yield value, looked[place], f"it asks much the same as row {looked[-before].id} ({value:.0%})"


def _add(index: LexicalIndex[int], start: int, asked: Sequence[Question]) -> None:
    """Put questions in, by what tells which may be alike; their texts are read for those alone that may be."""
    parts = [(each.said, each.context) for each in asked]
    keys, sketches = sketches_of(parts, LEAST_ALIKE)
    there = [at for at, key in enumerate(keys) if key]
    items = Sketched(
        [key for key in keys if key],
        [sketches[at] or b"" for at in there],
        LEAST_ALIKE,
        lambda places: [parts[there[place]] for place in places],
    )
    index.add([start + at for at in there], items, [asked[at].setting for at in there])


def _require_few(asked: Sequence[Question]) -> None:
    some = asked[:: len(asked) // MOST_SAMPLED]
    _, sketches = sketches_of([(each.said, each.context) for each in some], LEAST_ALIKE)
    ahead = foreseen(sketches, [each.said for each in some], LEAST_ALIKE, len(asked))
    if ahead.seconds > MOST_SECONDS or ahead.bytes > MOST_BYTES:
        raise UserError(
            f"{len(asked):,} rows are too many to be compared for a look at them (about {ahead.seconds / 60:,.0f} "
            f"minutes and {ahead.bytes / 2**30:,.1f} GB here, at most {MOST_SECONDS // 60} and {MOST_BYTES >> 30}): "
            "build them with `near_duplicate` under `filters`, and review that build, which knows what is alike"
        )


def contradictions(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows whose answer contradicts that of a similar question, as the build found."""
    why, of = rows.column(CONTRADICTION), rows.column(f"{CONTRADICTION}{OF}")
    for row in rows.candidates:
        if row.judged_here and why[row.place]:
            yield 1.0, row, f"its answer contradicts that of row {of[row.place]}: {why[row.place]}"


def longest(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """The twentieth of the rows that say most: few read them to their end."""
    lengths = rows.lengths()
    ordered = sorted(lengths[row.place] for row in rows.candidates if row.judged_here)
    least = ordered[len(ordered) * 19 // 20] if ordered else 0
    for row in rows.candidates:
        if row.judged_here and lengths[row.place] >= least > ordered[0]:
            yield lengths[row.place], row, "it is one of the longest"


def language(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows whose answer is in a language that is not among the recipe's, or that few other rows are in; of very many
    those of a random sample of `LOOKED_AT`.
    """
    looked = [row for row in rows.candidates if row.judged_here]
    if len(looked) > LOOKED_AT:
        looked = nsmallest(LOOKED_AT, looked, lambda row: (unit("language", row.id), row.id))
    yield from _in_odd_languages(rows, looked)


def every_language(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """The same of all rows, however many."""
    yield from _in_odd_languages(rows, [row for row in rows.candidates if row.judged_here])


def _in_odd_languages(rows: ReviewedRows, looked: Sequence[Candidate]) -> Iterator[tuple[float, Candidate, str]]:
    by_place, letters = {row.place: row for row in looked}, dict[int, str | Counter[str]]()
    main = Counter[str]()
    for place, answer in enumerate(rows.values("response")):
        if place in by_place and (found := languages_in(answer or "")):
            first = found.most_common(1)[0][0]
            main[first] += 1
            letters[place] = intern(first) if len(found) == 1 else found  # most are in one, of which its code is told
    wanted = {base(code) for code in rows.languages}
    wanted = wanted or {code for code, count in main.items() if count > RARE * main.total()}
    for place, said in letters.items():
        each = Counter({said: 1}) if isinstance(said, str) else said
        odd = {code: count for code, count in each.items() if code not in wanted}
        if odd and wanted:
            share = sum(odd.values()) / each.total()
            yield share, by_place[place], f"it is in a language that few rows are in: {', '.join(sorted(odd))}"


def unscored(rows: ReviewedRows) -> Iterator[tuple[float, Candidate, str]]:
    """Rows that the judge could not score."""
    why = rows.column(UNSCORED)
    for row in rows.candidates:
        if why[row.place]:
            yield 1.0, row, "the judge's verdict on it could not be read"


KINDS: Mapping[str, Kind] = {
    "disagree": disagree,
    "bound": bound,
    "duplicates": duplicates,
    "contradictions": contradictions,
    "longest": longest,
    "language": language,
    "unscored": unscored,
}
"""Every kind, by what `--only` calls it."""


def of_kind(rows: ReviewedRows, kind: str, *, thorough: bool = False) -> list[EyesRow]:
    """The rows of one kind, those that deserve it most first; equal ones by a hash of their ids.

    What is to be `thorough` may take a minute: rows are compared where no filter did, and the language of each is told.
    """
    find = KINDS[kind]
    if thorough and kind == "language":
        find = every_language
    elif thorough and kind == "duplicates" and not _compared(rows):
        find = alike
    found = [each for each in find(rows) if not each[1].by_people]
    found.sort(key=lambda each: (-each[0], unit("review", each[1].id), each[1].id))
    return [EyesRow(row, kind, why) for _, row, why in found]


def taken_in_turn(kinds: Sequence[Sequence[EyesRow]], count: int, without: Collection[str] = ()) -> list[EyesRow]:
    """At most `count` rows, of each kind in turn the next that deserves it most, no row twice and none of `without`."""
    seen, found = set(without), list[EyesRow]()
    queues = [iter(kind) for kind in kinds]
    while queues and len(found) < count:
        for queue in list(queues):
            marked = next((each for each in queue if each.row.id not in seen), None)
            if marked is None:
                queues.remove(queue)
            elif len(found) < count:
                seen.add(marked.row.id)
                found.append(marked)
    return found


def _compared(rows: ReviewedRows) -> list[tuple[str, str]]:
    """The columns of how alike each row is to another, and of which that is; none where no filter compared rows."""
    names = _names(rows)
    found = [name for name in names if DUPLICATE in name and name.endswith(SIMILARITY)]
    pairs = [(name, f"{name.removesuffix(SIMILARITY)}{NEAREST}") for name in found]
    told = {name.removesuffix(SIMILARITY) for name in found}
    pairs += [(name.removesuffix(OF), name) for name in names if DUPLICATE in name and name.endswith(OF)]
    return [(measure, other) for measure, other in pairs if measure not in told and {measure, other} <= names]


def _names(rows: ReviewedRows) -> set[str]:
    return {name for _, table in rows.tables for name in table.kinds}


def _distance(bound: Mapping[str, Any], value: float) -> float:
    ends = [bound[end] for end in ("at_least", "at_most") if bound.get(end) is not None]
    return min((abs(value - end) for end in ends), default=0.0)


def _plainly(name: str) -> str:
    return name.replace("_", " ")
