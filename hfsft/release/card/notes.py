"""What to know of a dataset before training on it: one line for each thing that its numbers give away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from hfsft.engine.ordering.streamed_rows import streamed
from hfsft.filters.privacy.rewriting import Rewriting, kinds
from hfsft.plain import plain
from hfsft.recipe.checks.filter_languages import filter_warnings
from hfsft.recipe.rules import filters_of
from hfsft.release.build_outcome import listed_causes, outcome_of
from hfsft.release.card.licence_terms import stricter
from hfsft.release.folder import redaction
from hfsft.release.folder.source_files import changed
from hfsft.release.removal_causes import counted_kinds
from hfsft.release.report import measures
from hfsft.release.step_titles import AT_READING, steps_in_words
from hfsft.rows.reading.summaries import rows_said, unread_note
from hfsft.rows.row import EDITED
from hfsft.stages.base import Warn
from hfsft.stages.judging.score_columns import NO_VERDICT
from hfsft.tallies.frequent import frequent

if TYPE_CHECKING:
    from hfsft.release.result import Built

MANY = 0.5  # share of the rows that one rule takes, from which its bound deserves a look
LIKE = 1 / 3  # the same of a rule that takes rows for what they mean: its embedder may not tell them apart
FILES = 3  # source files that get a line each on what of them was not carried
BY_MEANING = "filters[semantic_duplicate]"
UNTOLD = (
    "So many rows seldom mean the same: look at some pairs (`_of` names the row that stays), as the embedder may not "
    "know the language, or long passages that rows share may drown what differs; raise `at_most`, compare other "
    "columns, or name another embedder"
)
ORPHANED: Mapping[str, str] = {
    "rejected": "fell for being like a row that a later step then took",
    "not_chosen": "were not chosen since a row of their group was, which a later step then took",
}
NAMES = 3  # names that one model was served under
TOPICS = 1000  # that are counted exactly; of more the most frequent are
ONE_TOPIC = 0.8  # share of one topic, from which a model learns little else


def notes(built: Built) -> list[str]:
    """The notes of a build, the gravest first; empty where nothing stands out."""
    return [note for source in (SOURCES if len(built.rows) else WITHOUT_ROWS) for note in source(built)]


def _none_left(built: Built) -> Iterator[str]:
    yield Warn(f"no row is left of {built.ledger.rows_in:,}, so there is nothing to load or to publish")


def _terms(built: Built) -> Iterator[str]:
    recipe = built.recipe
    if recipe.license is None:
        yield Warn("the recipe names no licence (`license`), so nobody can tell what this data may be used for")
    for name, wrote in measures.writers(built.plan).items():
        terms = stricter(recipe.models[name].model, recipe.license)
        if terms:
            yield Warn(
                f"the licence {recipe.license} promises more than {recipe.models[name].model} allows, which wrote in "
                f"{' and '.join(wrote)} ({terms.licence}: {terms.asks})"
            )


def _failed(built: Built) -> Iterator[str]:
    failed, rows_in = built.ledger.counts()["failed"], built.ledger.rows_in
    found = [cause for cause in built.causes if cause.fate == "failed"]
    if failed:
        yield Warn(f"{failed:,} of {rows_in:,} rows failed ({counted_kinds(found)}): {listed_causes(found)}")
    judged = [cause for cause in built.causes if (cause.fate, cause.stage) == ("failed", "judge")]
    lost = sum(cause.complete for cause in (*judged, *(c for c in built.causes if c.stage == NO_VERDICT)))
    if lost:
        yield Warn(
            f"{rows_said(lost)} that came in complete fell only because the judge failed: nothing is known against "
            "what is said there"
        )


def _sources(built: Built) -> Iterator[str]:
    found = [cause for cause in built.causes if cause.stage == AT_READING]
    if found:
        rows = sum(cause.rows for cause in found)
        did = steps_in_words()[AT_READING].did
        yield f"{rows:,} of {built.ledger.rows_in:,} rows were {did}: {listed_causes(found)}"
    for path in changed(built):
        yield f"{plain(path)} is not what it was when this build read it: the rows are of what it held then"


def _sections(built: Built) -> Iterator[str]:
    """What the sections say themselves, the last first: whatever it finds concerns all that came before."""
    outcome = outcome_of(built)
    for stage in reversed(built.recipe.stages().values()):
        yield from stage.notes(outcome)


def _unscored(built: Built) -> Iterator[str]:
    asked = any(step.models for step in built.plan.steps)
    if asked and not any(each.role == "score" for stage in built.recipe.stages().values() for each in stage.writes()):
        yield "nothing was judged: filters see the form of a response, not whether it is right"


def _served(built: Built) -> Iterator[str]:
    for part in built.spent["by_stage"]:
        names = part.get("served", {})
        if len(names) > 1:
            counts = sorted(names.items(), key=lambda name: (-name[1], name[0]))
            told = ", ".join(f"{plain(name)} ({count:,})" for name, count in counts[:NAMES])
            more = f" and {len(counts) - NAMES:,} more" if len(counts) > NAMES else ""
            yield Warn(
                f"{part['stage']}: {built.recipe.models[part['model']].model} was served under {len(counts):,} names "
                f"(answers): {told}{more}: they may be of different models"
            )


def _uncounted(built: Built) -> Iterator[str]:
    for part in built.spent["by_stage"]:
        if part["unmetered"]:
            yield (
                f"{part['stage']}: {part['unmetered']:,} answers of {built.recipe.models[part['model']].model}, those "
                "too that were not kept, came without token counts: they are in no sum of tokens, and a budget counts "
                "each at the most that it may have taken"
            )


def _orphaned(built: Built) -> Iterator[str]:
    for fate, count in built.ledger.orphaned().items():
        yield f"{rows_said(count)} {ORPHANED[fate]}: nothing stands for them now (the ledger names that row under `of`)"


def _funnel(built: Built) -> Iterator[str]:
    for line in built.ledger.funnel:
        told = built.causes if line.step not in steps_in_words() else []
        found = [cause for cause in told if cause.stage == line.step and cause.fate == "rejected"]
        by_meaning = line.step.startswith(BY_MEANING)
        if found and line.share_removed > (LIKE if by_meaning else MANY):
            share = f"{line.removed:,} of {line.rows_in:,} rows ({line.share_removed:.0%})"
            why = "; ".join(cause.reason for cause in found)
            yield Warn(f"`{line.step}` took {share}: {why}" + (f". {UNTOLD}" if by_meaning else ""))


def _losses(built: Built) -> Iterator[str]:
    outcome = outcome_of(built)
    for stage in built.recipe.stages().values():
        yield from stage.losses(outcome)


def _filters(built: Built) -> Iterator[str]:
    yield from map(Warn, filter_warnings(built.recipe))


def _private(built: Built) -> Iterator[str]:
    """Personal data and secrets that filters found, counted by kind, and what became of them; never a value."""
    for rule in filters_of(built.recipe):
        if not isinstance(rule, Rewriting):
            continue
        found, held = Counter[str](), 0
        for rows, _ in built.all_rows():
            for table in streamed(rows).batches([rule.kinds_column]) if rule.kinds_column in rows.column_names else ():
                told = [each for each in table[rule.kinds_column].to_pylist() if each]
                found, held = found + kinds(told), held + len(told)
        if not found:
            continue
        named = ", ".join(f"{kind} {count:,}" for kind, count in found.most_common())
        holds = f"filters[{rule.name}]: {rows_said(held)} held {found.total():,} values ({named})"
        if rule.do == "report":
            yield Warn(f"{holds}, which still stand there: the recipe says `do: report`")
        else:
            yield f"{holds}; placeholders stand in their place" + (", and the rows fell" if rule.bounds() else "")


def _rows(built: Built) -> Iterator[str]:
    topics = frequent(lambda: filter(None, built.values("topic")), TOPICS).counts
    if len(topics) > 1:
        topic, times = topics.most_common(1)[0]
        if times / len(built.rows) >= ONE_TOPIC:
            yield f"{times / len(built.rows):.0%} of the rows are about one topic, {plain(topic)}"
    with_system = sum(map(bool, built.values("system")))
    if 0 < with_system < len(built.rows):
        yield f"{with_system:,} of {len(built.rows):,} rows have a system prompt, the others have none"


def _withheld(built: Built) -> Iterator[str]:
    """What nobody can build again who has only the release: texts by people of rows that it holds back."""
    publish = built.recipe.publish
    if publish.rejected or not publish.sources:
        return
    hidden = redaction.places(built)
    edited = sum(
        origin == EDITED and place in hidden
        for origin, place in zip(built.values("origin"), built.values("source"), strict=True)
    )
    if edited:
        yield Warn(
            f"{rows_said(edited)} that people edited cannot be built again from this release: what stood there before "
            "fell, and `publish: {rejected: false}` holds it back"
        )


def _unread(built: Built) -> Iterator[str]:
    """What stood in the rows of the sources and was not carried, file by file; of many files together."""
    files = {file: rows.unread for file, rows in built.read_from.items() if rows.unread}
    if len(files) > FILES:
        files = {f"{len(files)} source files": sum(files.values(), Counter[str]())}
    for file in sorted(files):
        yield f"{file}: {unread_note(files[file])}"


def _trainer(built: Built) -> Iterator[str]:
    alarms = built.trainer.alarms()
    yield from (Warn(note) if note in alarms else note for note in built.trainer.notes())
    yield from map(Warn, built.pair_lengths.notes() if built.pair_lengths else ())


SOURCES: tuple[Callable[[Built], Iterator[str]], ...] = (
    _terms,
    _failed,
    _sources,
    _trainer,
    _sections,
    _unscored,
    _orphaned,
    _losses,
    _filters,
    _private,
    _served,
    _uncounted,
    _funnel,
    _rows,
    _withheld,
    _unread,
)
WITHOUT_ROWS: tuple[Callable[[Built], Iterator[str]], ...] = (
    *(_none_left, _failed, _sources, _losses, _private, _funnel, _unread),
)
