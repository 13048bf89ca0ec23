"""What is told of answers: which of several stayed, who wrote them, how often they were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from statistics import fmean
from typing import TYPE_CHECKING, Any

from hfsft.rows.columns import Column
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.answers.by_topic import stray, topics_in
from hfsft.stages.answers.demonstrations import SHOWN
from hfsft.stages.answers.samples import AGREEMENT, CHOICE
from hfsft.stages.base import CardPart, Name, Outcome, Panel, ShownTable, Warn
from hfsft.stages.several_answers import CANDIDATE, PROMPT

if TYPE_CHECKING:
    from hfsft.stages.answers.generate import Generate

WRITER, TRIES, FAULT = "written_with", "tries", "check_fault"
CHECKED = "generate.check"
"""The step that takes out the rows whose last answer passed no check."""
DIVIDED = 0.5  # mean agreement below which the answers are as good as guessed
REFUSED = 0.3  # share of the answered rows that no try made pass, from which the writer or the check deserves a look


def columns(several: bool, writers: bool, checked: bool) -> list[Column]:
    """The columns of an answer beside its text."""
    found = []
    if several:
        found += [
            Column(PROMPT, "string", "lineage", "Of several answers to one prompt: the row whose prompt it is.", True),
            Column(CANDIDATE, "int32", "lineage", "Which of the answers to the prompt it is, from 0.", True),
        ]
    if writers:
        found.append(Column(WRITER, "string", "lineage", "The model that wrote the response, as the recipe calls it."))
    if checked:
        found.append(Column(TRIES, "int32", "lineage", "How many answers were asked for until one passed the checks."))
    return found


def notes(section: Generate, outcome: Outcome) -> Iterator[str]:
    """What stands out, the gravest first."""
    yield from _refused(section, outcome)
    yield from _divided(section, outcome)
    yield from _unthought(section, outcome)
    yield from _alike(section, outcome)
    yield from _undemonstrated(section, outcome)
    topics = topics_in(section.system, section.temperature)
    if topics and (unmet := stray(topics, set(outcome.all_values("topic")))):
        yield Warn(f"no row has the topic {', '.join(unmet)}, which `generate` has a system prompt or temperature for")


def _undemonstrated(section: Generate, outcome: Outcome) -> Iterator[str]:
    """Rows that were shown no demonstration, since there is none for them."""
    if section.demonstrations is None:
        return
    picked = Counter(bool(each) for each in outcome.all_values(SHOWN) if each is not None)
    if lacking := picked[False]:
        yield Warn(
            f"{lacking:,} of {picked.total():,} rows were shown no demonstration: no example of another family is a "
            "conversation of user and assistant alone (those with tools are not shown)"
        )


def _refused(section: Generate, outcome: Outcome) -> Iterator[str]:
    fell = sum(each.rows for each in outcome.fell if each.step == CHECKED)
    if not fell:
        return
    answered = fell + sum(value is not None for value in outcome.values(TRIES))
    if fell >= REFUSED * answered:
        yield Warn(
            f"{fell:,} of {answered:,} answers passed no check in {section.tries} tries: {outcome.why(CHECKED)} "
            "(a stronger writer, a template that says what is wanted, or `retry: repair`)"
        )


def _divided(section: Generate, outcome: Outcome) -> Iterator[str]:
    voted = section.samples and section.samples.keep == "majority"
    shares = outcome.numbers(AGREEMENT) if voted else []
    if shares and fmean(shares) < DIVIDED:
        yield Warn(
            f"of the candidates of a prompt only {fmean(shares):.0%} agree on the answer that stayed, on average: a "
            "majority of guesses is a guess"
        )


def _unthought(section: Generate, outcome: Outcome) -> Iterator[str]:
    """Whether rows lack the reasoning that was to be kept."""
    if not section.reasons:
        return
    origins, thoughts = outcome.values("origin"), outcome.values("reasoning")
    thought = Counter(each is not None for origin, each in zip(origins, thoughts, strict=True) if origin != "example")
    lacking, written = thought[False], thought.total()
    if written and lacking == written:
        yield Warn(
            f"no response has reasoning, which `generate: {{reasoning: {section.reasoning}}}` is to keep: "
            "turn the model's thinking on, or ask a model that thinks"
        )
    elif lacking:
        yield Warn(f"{lacking:,} of {written:,} responses have no reasoning: the model thought nothing there")


def _alike(section: Generate, outcome: Outcome) -> Iterator[str]:
    """Candidates that say the same to the letter, as of a model that samples nothing."""
    if section.samples is None:
        return
    first, alike = dict[str, int](), dict[str, bool]()  # by prompt: a hash of what is said, and whether all say it
    for prompt, response in zip(*(_all(outcome, name) for name in (PROMPT, "response")), strict=True):
        if prompt is not None and response is not None:
            if prompt in first:
                alike[prompt] = alike.get(prompt, True) and hash(response) == first[prompt]
            else:
                first[prompt] = hash(response)
    same = sum(alike.values())
    if alike and same > len(alike) / 2:
        yield Warn(
            f"of {same:,} of {len(alike):,} prompts all candidates say the same to the letter: a higher "
            "`temperature`, or several models, make others"
        )


def card(section: Generate, outcome: Outcome) -> CardPart | None:
    """How many candidates there were and which stayed; None where every prompt was asked once, of one model."""
    if not (section.samples or section.check or len(section.names) > 1) or not any(_written(outcome)):
        return None
    prompts = {prompt for prompt in _all(outcome, PROMPT) if prompt is not None}
    shares, tries = outcome.numbers(AGREEMENT), outcome.numbers(TRIES)
    return CardPart(
        "answers",
        {
            "count": section.samples.count if section.samples else 0,
            "keep": section.samples.keep if section.samples else "",
            "prompts": len(prompts),
            "passed_over": rows_said(_passed_over(outcome)),
            "agreement": f"{fmean(shares):.2f}" if shares else "",
            "checks": ", ".join(f"{name} ({n:,})" if n > 1 else name for name, n in _checks(section).items()),
            "again": sum(value > 1 for value in tries),
            "answered": len(tries),
            "refused": sum(each.rows for each in outcome.fell if each.step == CHECKED),
            "tries": section.tries,
            "tools": None,  # which who tells of tools puts in
            "writers": _by_writer(section, outcome) if len(section.names) > 1 else None,
        },
    )


def panel(section: Generate, outcome: Outcome) -> Panel | None:
    """Candidates, tries and models, each a table."""
    pieces: list[Any] = []
    if section.samples:
        kept, gone = Counter(outcome.values(CANDIDATE)), Counter(outcome.removed(CANDIDATE))
        numbers = sorted({number for number in (*kept, *gone) if number is not None})
        rows = [(str(number), kept[number], gone[number]) for number in numbers]
        pieces += [
            f"For each prompt {section.samples.count} answers were asked for (samples: {section.samples.keep}):",
            ShownTable(("candidate", "stayed", "fell or not chosen"), rows, {1, 2}, "candidates"),
        ]
    if shares := outcome.numbers(AGREEMENT):
        bands = Counter(min(int(share * 5), 4) for share in shares)
        shown = [(f"{band / 5:.1f} to {(band + 1) / 5:.1f}", bands[band]) for band in range(5)]
        pieces += [
            "The share of a prompt's candidates that agree with the answer that stayed:",
            ShownTable(("agreement", "rows"), shown, {1}, "agreement of candidates"),
        ]
    if tries := Counter(int(value) for value in outcome.numbers(TRIES, fallen=True)):
        pieces += [
            "How many answers were asked for until one passed the checks, or there were enough:",
            ShownTable(("tries", "rows"), [(str(n), tries[n]) for n in sorted(tries)], {1}, "tries"),
        ]
    if len(section.names) > 1:
        pieces += ["Who wrote what stayed:", _by_writer(section, outcome)]
    return Panel("answers", "Answers", pieces) if pieces and any(_written(outcome)) else None


def _checks(section: Generate) -> Counter[str]:
    """The filters that an answer must pass, and how often each stands there."""
    return Counter(rule.name for rule in section.check)


def _by_writer(section: Generate, outcome: Outcome) -> ShownTable:
    kept, gone = Counter(outcome.values(WRITER)), Counter(outcome.removed(WRITER))
    rows = [(Name(name), kept[name], gone[name]) for name in section.names]
    return ShownTable(("model", "stayed", "fell or not chosen"), rows, {1, 2}, "who wrote what")


def _passed_over(outcome: Outcome) -> int:
    return sum(each.rows for each in outcome.fell if each.step == CHOICE)


def _written(outcome: Outcome) -> Iterator[bool]:
    """Of each row whether it was answered here."""
    for name in (PROMPT, WRITER, TRIES):
        yield from (value is not None for value in _all(outcome, name))


def _all(outcome: Outcome, column: str) -> Collection[Any]:
    """A column of the rows that stayed, and of those that fell."""
    return outcome.all_values(column)
