"""Why rows were rejected or failed, counted by cause from the ledger; screen, notes, card and report all tell these.

conversation: does not begin with the user (2), ends with the user (1): 3 rows, first data.jsonl:1
12 rows: score usefulness: at_least 4, measured 1 to 3, median 2 (first: seeds.txt:4; recipe.yaml:12)
3 rows failed in generate: cut after 120 tokens: raise `generate.max_tokens` (first: seeds.txt:9)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hfsft.engine.step import AMONG
from hfsft.models.limits.losses import counted
from hfsft.plain import beside, digits, plain
from hfsft.release.step_titles import AT_READING, steps_in_words
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.judging.score_columns import NO_VERDICT
from hfsft.stages.selecting.twin import ONLY
from hfsft.stages.sizing.trim import SIZE
from hfsft.tallies.middle import Middle

if TYPE_CHECKING:
    from hfsft.engine.ledger import Ledger, Removal

_Entry = tuple[dict[str, Any], Any]  # of the ledger, with the row's origin

SHOWN = 8  # causes that one list tells
FINDS = 3  # different finds of one filter that its cause names, the commonest
TEXTS = 10_000  # different texts of one reason that are counted; further ones are not
REASONS = 20  # different reasons of one step that are told apart; beyond, only what they begin with
LONGEST = 600  # characters of one reason: a server's sentence, and what to do about it, are told whole

_FILTER = re.compile(r"filters\[(?P<rule>.+)\](?:\.(?P<part>[^#]+))?(?:#\d+)?")
_QUOTED = re.compile(r'(\w{1,40}: )"[^"]{0,200}": ')  # what a model said, in which no two rows are the same
_NUMBER = re.compile(r"(\d+)")

ADVICE = {
    "context_length": "shorten these rows, or ask a model that reads longer prompts",
    "template": "mend the template for such rows, as with `{{ topic or '' }}`, or leave them out",
    "bad_request": "change what the server names; the next build asks again",
    "timeout": "raise `timeout` of the model, or lower its `concurrency`; the next build asks again",
    "rate_limit": "lower `concurrency` of the model; the next build asks again",
    "overloaded": "lower `concurrency` of the model; the next build asks again",
    "server": "the next build asks again",
    "connection": "the next build asks again",
}
"""Cause of a failed row, as `AnswerError` has it -> what to do, where the error itself does not say it."""


@dataclass(frozen=True)
class Cause:
    """One reason for which rows fell."""

    fate: str  # rejected, failed or not_chosen
    stage: str  # the step's name
    reason: str
    rows: int
    first: str | None  # where the first of them was read
    place: str  # of the step in the recipe
    advice: str
    complete: int  # rows among them that came in with a response of their own

    def __str__(self) -> str:
        return f"{self.told} ({self.place})" if self.place else self.told

    @property
    def told(self) -> str:
        """The cause in words, without its place in the recipe."""
        said = f"{self.stage.partition('.')[0]} failed: {self.reason}" if self.by_models else self.reason
        said += f": {self.advice}" if self.advice else ""
        return said + f": {rows_said(self.rows)}" + (f", first {self.first}" if self.first else "")

    @property
    def by_models(self) -> bool:
        """Whether the rows fell for what models answered, or that they did not, and for no rule."""
        return self.fate == "failed" or self.stage == NO_VERDICT

    def as_dict(self) -> dict[str, Any]:
        """The cause as JSON."""
        return asdict(self)


def causes(ledger: Ledger, units: Mapping[str, str] | None = None) -> list[Cause]:
    """Why rows fell, the most frequent cause first; `units` says what a step's numbers count."""
    places = {line.step: line.place for line in ledger.funnel}
    found = [
        cause
        for removal, entries in _with_origins(ledger)
        for cause in _of(removal, entries, places.get(removal.stage, ""), (units or {}).get(removal.stage, ""))
    ]
    return sorted(found, key=lambda cause: (-cause.rows, cause.stage, cause.reason))


def _with_origins(ledger: Ledger) -> Iterator[tuple[Removal, Iterator[_Entry]]]:
    standing = ledger.standing()
    for removal in ledger.removals:
        yield (
            removal,
            (
                (standing(removal, entry), origin)
                for batch in removal.batches([*removal.told_by, "origin"])
                for entry, origin in zip(removal.told(batch), batch["origin"], strict=True)
            ),
        )


def listed(found: Sequence[Cause], *, places: bool = True) -> list[str]:
    """The causes in words, a line each; of many the most frequent. Without `places` the recipe's are left out."""
    lines = [str(cause) if places else cause.told for cause in found[:SHOWN]]
    rest = found[SHOWN:]
    if rest:
        lines.append(
            f"{len(rest):,} other reason{'s' * (len(rest) > 1)}: {rows_said(sum(cause.rows for cause in rest))}"
        )
    return lines


def counted_kinds(found: Sequence[Cause]) -> str:
    """The kinds of failures and how many rows each took, the most first: `2 length, 1 timeout`."""
    kinds = Counter[str]()
    for cause in found:
        kinds[_kind(cause.reason)] += cause.rows
    return counted(kinds)


def nothing_left(found: Sequence[Cause], rows_in: int, where: str = "") -> str:
    """What to say where no row is left; `where` names the folder that was written all the same."""
    written = [f"written to {where}" + (": its report.html and its rejected rows show each" if found else "")]
    if not found:
        return "\n".join(["no row is left: the sources are empty", *written[: bool(where)]])
    alone = found[0] if len({(cause.stage, cause.fate) for cause in found}) == 1 else None
    lost = sum(cause.rows for cause in found)
    lines = [f"  {line}" for line in listed(found)]
    if alone and alone.by_models:
        head = f"{alone.stage.partition('.')[0]} failed {lost:,} of {rows_in:,} rows ({counted_kinds(found)})"
        if len(found) == 1:
            head += f", the last with: {alone.reason}"
            first = f"first {alone.first}" if alone.first else ""
            lines = [f"  {line}" for line in (alone.advice, ", ".join(filter(None, (first, alone.place)))) if line]
    else:
        did = f"were {steps_in_words()[AT_READING].did}" if alone and alone.stage == AT_READING else "fell"
        head = f"{lost:,} of {rows_in:,} {did}"
    return "\n".join([f"no row is left: {head}", *lines, *written[: bool(where)]])


class _Group:
    """Rows that fell for one reason, as far as it is told of them: numbers and counts, and no row."""

    def __init__(self) -> None:
        self.rows = self.complete = self.missing = 0
        self.worded = False
        self.entry: Mapping[str, Any] = {}  # of the first
        self.values: set[str | None] = set()  # different ones, as far as there are two
        self.numbers = Middle()
        self.texts: Counter[str] = Counter()  # of what was found or answered
        self._first: tuple[list[int | str], str] | None = None

    def add(self, removal: Removal, entry: Mapping[str, Any], origin: str | None) -> None:
        """One row more."""
        self.entry = self.entry or entry
        self.rows += 1
        self.complete += origin == "example"
        if source := entry["source"]:
            shown = plain(source)
            place = [int(part) if part.isdigit() else part for part in _NUMBER.split(shown)], shown
            self._first = place if self._first is None else min(self._first, place)
        value = entry["value"]
        if len(self.values) < 2:
            self.values.add(value)
        if removal.fate == "rejected" and _by_number(removal):
            self._measure(value)
        else:
            self._count(str(entry["error" if removal.fate == "failed" else "value"] or removal.rule))

    def _measure(self, value: str | None) -> None:
        if value is None:
            self.missing += 1
            return
        self._count(value)
        try:
            self.numbers.add(float(value))
        except ValueError:  # what the number counts, in words
            self.worded = True

    def _count(self, text: str) -> None:
        if text in self.texts or len(self.texts) < TEXTS:
            self.texts[text] += 1

    @property
    def first(self) -> str | None:
        """The first place in the order of files and lines, whatever the order of the rows."""
        return self._first[1] if self._first else None

    @property
    def most(self) -> str:
        """The text that stands there most often."""
        return min(self.texts, key=lambda text: (-self.texts[text], text))


def _of(removal: Removal, found: Iterable[_Entry], place: str, unit: str) -> Iterator[Cause]:
    fine, coarse = dict[str, _Group](), dict[str, _Group]()
    for entry, origin in found:
        key = _key(removal, entry)
        for groups, name in ((fine, key), (coarse, _kind(key))):
            if len(fine) <= REASONS or groups is coarse:
                groups.setdefault(name, _Group()).add(removal, entry, origin)
    groups = fine if len(fine) <= REASONS else coarse  # of many, such as sentences that quote the row, the kinds
    rule = _FILTER.fullmatch(removal.stage)
    many = _most_often(groups) if rule and removal.fate == "rejected" and len(groups) > 1 else ""
    told = list(groups.values())
    if many:
        places = [group._first for group in told if group._first]
        first = min(places)[1] if places else None
        counts = sum(group.rows for group in told), first, sum(group.complete for group in told)
        yield _cause(removal, f"{_label(removal.stage)}: {many}", "", place, *counts)
        return
    for group in told:
        yield _cause(removal, *_told(removal, group, unit), place, group.rows, group.first, group.complete)


def _cause(
    removal: Removal, reason: str, advice: str, place: str, rows: int, first: str | None, complete: int
) -> Cause:
    return Cause(removal.fate, removal.stage, reason, rows, first, place, advice, complete)


def _most_often(groups: Mapping[str, _Group]) -> str:
    """What was found most often and how often, and how many rows had something else."""
    keys = sorted(groups, key=lambda key: (-groups[key].rows, key))
    others = sum(groups[key].rows for key in keys[FINDS:])
    return ", ".join(f"{key} ({groups[key].rows:,})" for key in keys[:FINDS]) + (
        f", others ({others:,})" if others else ""
    )


def _key(removal: Removal, entry: Mapping[str, Any]) -> str:
    """What rows that fell for one reason have in common: all that one number decided on is one."""
    if removal.fate == "failed":
        return _kind(entry["error"])
    if not removal.rule:
        return str(entry["rule"])
    return "" if _by_number(removal) else plain(_QUOTED.sub(r"\1", entry["value"] or "", count=1), LONGEST)


def _kind(error: str | None) -> str:
    return (error or "").partition(":")[0]


def _by_number(removal: Removal) -> bool:
    return removal.bound.startswith(("at_", "above ", "below "))


def _told(removal: Removal, group: _Group, unit: str) -> tuple[str, str]:
    """The reason in words, and what to do about it."""
    if removal.stage in (SIZE, ONLY):
        return steps_in_words()[removal.stage].did, ""
    if _by_number(removal):
        counted = f" {unit}" if unit else ""
        return f"{_label(removal.stage)}: {removal.bound}{counted}, {_measured(group, removal.bound)}", ""
    if removal.fate == "not_chosen":
        return f"{_label(removal.stage)}: others of their group stay", ""
    if not removal.rule:
        rule = str(group.entry["rule"])
        said = group.entry["value"] if len(group.values) == 1 else rule
        return f"{_label(removal.stage)}: {rule}" + (f", {plain(said, LONGEST)}" if said != rule else ""), ""
    if removal.bound.startswith(AMONG):
        value = group.entry["value"]
        held = "holds nothing" if value is None else f"is {plain(str(value), LONGEST)}"
        return f"{_label(removal.stage)}: must be {removal.bound}, {held}", ""
    text = group.most
    kind = _kind(text)
    if kind not in ADVICE:
        label = f"{_label(removal.stage)}: " if removal.fate == "rejected" and _FILTER.fullmatch(removal.stage) else ""
        return label + plain(text, LONGEST), ""
    return plain(text, LONGEST), ADVICE[kind]


def _measured(group: _Group, bound: str) -> str:
    def told(number: float) -> str:
        return beside(bound, number, digits(number))

    if group.worded:
        return f"most often {plain(group.most, LONGEST)}"
    if not group.numbers:
        return "nothing was measured"
    low, middle, high = group.numbers.low, group.numbers.median(), group.numbers.high
    span = told(low) if low == high else f"{told(low)} to {told(high)}, median {told(middle)}"
    return f"measured {span}" + (f", {group.missing:,} without a value" if group.missing else "")


def _label(stage: str) -> str:
    """A filter's step as the recipe names it: `filters[score].usefulness` is `score usefulness`."""
    found = _FILTER.fullmatch(stage)
    return " ".join(part for part in found.groups() if part) if found else stage
