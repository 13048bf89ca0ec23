"""What to know of a dataset before training on it: one line for each thing that its numbers give away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from hfsft.filters.privacy.rewriting import Rewriting, kinds
from hfsft.plain import plain
from hfsft.recipe.checks.filter_languages import filter_warnings
from hfsft.recipe.rules import filters_of
from hfsft.release.card.licence_terms import stricter
from hfsft.release.folder.source_files import changed
from hfsft.release.removal_causes import Cause, listed
from hfsft.release.report import measures
from hfsft.release.step_titles import AT_READING, STEPS, UNSCORED
from hfsft.rows.columns import score_of
from hfsft.rows.reading.summaries import rows_said, unread_note
from hfsft.stages.evolve import FAULT
from hfsft.stages.split.draw import held_out

if TYPE_CHECKING:
    from hfsft.release.result import Built

SMALL = (
    (200, "fewer than the 200 that even a change of style takes"),
    (1_000, "a change of style or tone is within reach; a new domain takes 5,000 or more"),
    (5_000, "a style or a narrow task is within reach; a whole domain takes 5,000 or more"),
)
"""Rows for training: rules of thumb that guides agree on, such as 200 to 1,000 for a style, 5,000 for a domain."""

SAME = 0.9  # share of rows with one score, from which a judge hardly tells rows apart
MANY = 0.5  # share of the rows that one rule takes, from which its bound deserves a look
FAR = 1.5  # times more or less than the share asked for that are worth a word
FILES = 3  # source files that get a line each on what of them was not carried
FAULTY = 0.3  # share of the evolutions that are none, from which the writer deserves a look
EXAMPLE = 120  # characters of one that are shown
NAMES = 3  # names that one model was served under
ONE_TOPIC = 0.8  # share of one topic, from which a model learns little else


class Warn(str):
    """A note of what may spoil the data; any other states a fact. In files both are text."""

    __slots__ = ()


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
        yield Warn(f"{failed:,} of {rows_in:,} rows ({failed / rows_in:.1%}) failed: {_causes(found)}")
    judged = [cause for cause in built.causes if (cause.fate, cause.stage) == ("failed", "judge")]
    lost = sum(cause.complete for cause in (*judged, *(c for c in built.causes if c.stage == UNSCORED)))
    if lost:
        yield Warn(
            f"{rows_said(lost)} that came in complete fell only because the judge failed: nothing is known against "
            "what is said there"
        )


def _sources(built: Built) -> Iterator[str]:
    found = [cause for cause in built.causes if cause.stage == AT_READING]
    if found:
        rows = sum(cause.rows for cause in found)
        yield f"{rows:,} of {built.ledger.rows_in:,} rows were {STEPS[AT_READING].did}: {_causes(found)}"
    for path in changed(built):
        yield f"{plain(path)} is not what it was when this build read it: the rows are of what it held then"


def _causes(found: Sequence[Cause]) -> str:
    return "; ".join(listed(found, places=False))


def _judge(built: Built) -> Iterator[str]:
    judge = built.recipe.judge
    if judge is None:
        if any(step.models for step in built.plan.steps):
            yield "nothing was judged: filters see the form of a response, not whether it is right"
        return
    blind = []
    for name in judge.rubric:
        column = score_of(name)
        values = measures.numbers(built.rows, column)
        for removal in built.ledger.removals:
            values += measures.numbers(removal.rows, column)
        if len(values) > 1 and (found := measures.spread(values))["top_share"] >= SAME:
            blind.append(f"{name} ({found['top_share']:.0%} got {found['top']:g})")
    if blind:
        yield Warn(f"the judge hardly tells rows apart in {', '.join(blind)}")
    unscored = sum(len(removal.rows) for removal in built.ledger.removals if removal.rule == "unscored")
    if unscored:
        why = _causes([cause for cause in built.causes if cause.stage == UNSCORED])
        yield Warn(f"{rows_said(unscored)} fell because the judge's verdict could not be read: {why}")
    models = built.recipe.models
    own = models[judge.asks(models)[0].name].label
    for name, wrote in measures.writers(built.plan).items():
        if models[name].label == own:
            yield Warn(f"the judge is the model that wrote in {' and '.join(wrote)}: models favour what they wrote")
    if not judge.anchors:
        yield "the judge had no scored examples (judge.anchors) to measure by, so its scale is its own"


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
                f"{part['stage']}: {part['unmetered']:,} of {part['answers']:,} answers of "
                f"{built.recipe.models[part['model']].model} came without token counts: they are in no sum of tokens, "
                "and a budget counts each at the most that it may have taken"
            )


def _split(built: Built) -> Iterator[str]:
    counts = built.ledger.counts()
    yield from _share(built, counts.get("train", 0), counts.get("validation", 0))
    if moved := built.sides.moved.get("train"):
        yield Warn(
            f"{moved:,} rows were held out in an earlier build and are trained on now, as they became one family with "
            "rows that are trained on, or the recipe's split changed: results on them measure nothing any more"
        )
    if moved := built.sides.moved.get("validation"):
        yield Warn(
            f"{moved:,} rows are held out that an earlier build trained on, as the recipe's split changed: a model "
            "trained on that build has seen them"
        )
    for bound, meaning in SMALL:
        if 0 < counts.get("train", 0) < bound:
            yield f"{rows_said(counts['train'])} to train on: {meaning}"
            break


def _share(built: Built, train: int, validation: int) -> Iterator[str]:
    """Whether as many rows are held out as were asked for, and if not, why and what helps."""
    asked, rows = built.recipe.split.validation, train + validation
    if not asked:
        yield "no rows are held out for validation"
        return
    missed = abs(validation - asked * rows)
    if train and validation and (missed < 1 or asked / FAR <= validation / rows <= asked * FAR):
        return
    names, topics = built.rows["family"][:], built.rows["topic"][:]
    families, fresh = Counter(names), held_out(names, topics, asked, {})
    if abs(sum(families[family] for family in fresh) - asked * rows) < missed:
        why = (
            "rows keep the side that an earlier build gave them, and rows like them share it; rows of other kinds help"
        )
    elif len(families) == 1:
        why = "all are one family, alike or grown from one seed: raise `split.similarity`, or add rows of other kinds"
    else:
        why = (
            f"they are {len(families):,} families, the largest of {max(families.values()):,} rows, and none is "
            "divided: raise `split.similarity` for smaller ones, add rows of other kinds, or ask for another share"
        )
    held = (
        "no rows are" if not validation else "all rows are" if not train else f"{validation / rows:.1%} of the rows are"
    )
    yield Warn(f"{held} held out for validation, though {100 * asked:g}% were asked for: {why}")


def _orphaned(built: Built) -> Iterator[str]:
    orphaned = built.ledger.orphaned()
    if orphaned:
        yield (
            f"{rows_said(orphaned)} fell for being like a row that a later step then took: nothing stands for them now "
            "(the ledger names that row under `of`)"
        )


def _funnel(built: Built) -> Iterator[str]:
    for line in built.ledger.funnel:
        told = built.causes if line.step not in (AT_READING, UNSCORED) else []
        found = [cause for cause in told if cause.stage == line.step and cause.fate == "rejected"]
        if found and line.share_removed > MANY:
            share = f"{line.removed:,} of {line.rows_in:,} rows ({line.share_removed:.0%})"
            yield Warn(f"`{line.step}` took {share}: {'; '.join(cause.reason for cause in found)}")


def _evolved(built: Built) -> Iterator[str]:
    """Rounds in which many evolutions were no instructions: a writer too weak, or a template that it takes wrongly."""
    lines = {line.step: line for line in built.ledger.funnel}
    for removal in built.ledger.removals:
        if removal.value_column != FAULT or not len(removal.rows):
            continue
        stage = removal.stage.removesuffix(".fault")
        written = lines[f"{stage}.branch"].added - lines[stage].removed
        if len(removal.rows) >= FAULTY * written:
            faults = Counter(removal.rows[FAULT][:])
            fault, _ = faults.most_common(1)[0]
            place = removal.rows[FAULT][:].index(fault)
            example = plain(removal.rows["instruction"][place] or "", EXAMPLE).replace("`", " ")
            shown = f"; {fault}, for example: `{example}`" if example and built.recipe.publish.samples else ""
            yield Warn(
                f"{len(removal.rows):,} of {written:,} evolutions of {stage} fell ({len(removal.rows) / written:.0%}): "
                f"{', '.join(f'{name} {count:,}' for name, count in faults.most_common())}{shown} (a stronger writer "
                "or other templates write fewer of these)"
            )


def _filters(built: Built) -> Iterator[str]:
    yield from map(Warn, filter_warnings(built.recipe))


def _private(built: Built) -> Iterator[str]:
    """Personal data and secrets that filters found, counted by kind, and what became of them; never a value."""
    for rule in filters_of(built.recipe):
        if not isinstance(rule, Rewriting):
            continue
        told = [
            each
            for rows in (built.rows, *(removal.rows for removal in built.ledger.removals))
            if rule.kinds_column in rows.column_names
            for each in rows[rule.kinds_column][:]
            if each
        ]
        found = kinds(told)
        if not found:
            continue
        named = ", ".join(f"{kind} {count:,}" for kind, count in found.most_common())
        holds = f"filters[{rule.name}]: {rows_said(len(told))} held {found.total():,} values ({named})"
        if rule.do == "report":
            yield Warn(f"{holds}, which still stand there: the recipe says `do: report`")
        else:
            yield f"{holds}; placeholders stand in their place" + (", and the rows fell" if rule.bounds() else "")


def _rows(built: Built) -> Iterator[str]:
    topics = Counter(topic for topic in built.rows["topic"][:] if topic)
    if len(topics) > 1:
        topic, times = topics.most_common(1)[0]
        if times / len(built.rows) >= ONE_TOPIC:
            yield f"{times / len(built.rows):.0%} of the rows are about one topic, {plain(topic)}"
    with_system = sum(bool(system) for system in built.rows["system"][:])
    if 0 < with_system < len(built.rows):
        yield f"{with_system:,} of {len(built.rows):,} rows have a system prompt, the others have none"


def _unread(built: Built) -> Iterator[str]:
    """What stood in the rows of the sources and was not carried, file by file; of many files together."""
    files = {file: rows.unread for file, rows in built.read_from.items() if rows.unread}
    if len(files) > FILES:
        files = {f"{len(files)} source files": [names for rows in files.values() for names in rows]}
    for file in sorted(files):
        yield f"{file}: {unread_note(files[file])}"


def _trainer(built: Built) -> Iterator[str]:
    alarms = built.trainer.alarms()
    yield from (Warn(note) if note in alarms else note for note in built.trainer.notes())


SOURCES: tuple[Callable[[Built], Iterator[str]], ...] = (
    _terms,
    _failed,
    _sources,
    _trainer,
    _split,
    _judge,
    _orphaned,
    _evolved,
    _filters,
    _private,
    _served,
    _uncounted,
    _funnel,
    _rows,
    _unread,
)
WITHOUT_ROWS: tuple[Callable[[Built], Iterator[str]], ...] = (
    *(_none_left, _failed, _sources, _evolved, _private, _funnel, _unread),
)
