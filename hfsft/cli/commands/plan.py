"""`hfsft plan`: what a build would do, ask and cost."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.consent import trust, wants
from hfsft.cli.console import count, money, remark, table, wrapped
from hfsft.cli.progress import Line
from hfsft.errors import UserError, place_of
from hfsft.release.step_titles import step_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfsft.engine.step import Step
    from hfsft.models.batches.state import OpenBatch
    from hfsft.models.limits.estimate import Estimate
    from hfsft.models.limits.spending import Outlay
    from hfsft.pipeline.inspecting import StepForecast
    from hfsft.recipe.sections import BudgetSection


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft plan recipe.yaml\n  hfsft plan recipe.yaml --set evolve.rounds=3"
    parser = command(
        commands, "plan", "show the steps, what is cached, and the model calls of the next build", run, examples
    )
    add_recipe(parser)
    parser.add_argument(
        "--topics",
        action="store_true",
        help="grow the trees of `from: topics` with the few calls that takes, show them, and write them beside the "
        "recipe, where they can be edited before a build",
    )
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print the plan, or the trees of topics."""
    from hfsft import pipeline

    if arguments.topics:
        _topics(arguments)
        return
    asked = {"overrides": arguments.overrides, "trust": trust(arguments)}
    if ahead := pipeline.foresee(arguments.recipe, **asked):
        from hfsft.cli.foresight_told import told

        said, ends = told(ahead)
        if not ends:
            raise UserError(f"what a build asks is not worked out here, as that takes as much\n\n{said}")
        if not arguments.json:
            print(f"{said}\n")
    steps = pipeline.forecast(arguments.recipe, **asked)
    if arguments.json:
        print(json.dumps([_as_dict(step) for step in steps], ensure_ascii=False, indent=2))
        return
    rows = [
        (
            step_name(each.step.name),
            _what(each.step),
            "cached" if each.cached else "",
            _calls(each),
            _tokens(each),
            _usd(each),
            str(each.step.place or ""),
        )
        for each in steps
    ]
    head = ("step", "does", "state", "calls", "tokens", "cost", "recipe")
    print(table(head, rows, right=(3, 4, 5), drop=(6, 1, 2, 4), styles={6: "dim"}))
    print("\n" + "\n".join(map(wrapped, summary(steps).split("\n"))))
    print(*(f"{wrapped(each.note)}\n" for each in steps if each.note), sep="", end="")
    for batch in pipeline.under_way(arguments.recipe, **asked):
        print(wrapped(_batch(batch)))
    lines = against(*pipeline.budget(arguments.recipe, **asked), steps)
    for line in [*lines, *wants(pipeline.wants(arguments.recipe, **asked))]:
        print(line)
    for problem in pipeline.hindrances(arguments.recipe, steps, **asked):
        print(remark("warning", str(problem)))


def _topics(arguments: argparse.Namespace) -> None:
    """Print the trees of topics, and where they stand."""
    from hfsft import pipeline
    from hfsft.pipeline.topic_trees import topic_trees
    from hfsft.stages.writing.topics import leaves, shown_tree

    line = Line()
    try:
        found = topic_trees(
            arguments.recipe,
            overrides=arguments.overrides,
            watcher=pipeline.Watcher(line.step, line.progress if line.live else None),
            trust=trust(arguments),
        )
    finally:
        line.clear()
    trees = {**found.known, **found.grown}
    if arguments.json:
        print(json.dumps(trees, ensure_ascii=False, indent=2))
        return
    for name, tree in trees.items():
        print(f"{name}: {count(len(leaves(tree)), 'topic')}")
        print("\n".join(shown_tree(tree, 1)) + "\n")
    if found.grown and found.usage is not None:
        parts = [count(found.usage.calls, "model call"), f"{count(found.usage.stored, 'answer')} from the store"]
        print(wrapped(f"{', '.join(parts)}, {money(found.usage.usd)}"))
    if found.file is None:
        print(remark("note", "the recipe is in no file, so that the trees are written nowhere"))
    elif found.grown:
        print(wrapped(f"written to {place_of(found.file)}: edit it before you build, or build as it is"))
    else:
        print(wrapped("no tree was grown, as all are known: edit them where they stand, or delete what stands there"))


def summary(steps: list[StepForecast]) -> str:
    """The calls of the next build in one sentence, and what its estimate goes by in another."""
    from hfsft.models.limits.usage import total_usd

    known = sum(len(each.missing.known) for each in steps if each.missing)
    unknown = sum(each.missing.unknown for each in steps if each.missing)
    follow = _follow(steps)
    makes = "the next build makes" if follow == 0 else "of the next build, the wave that is shown makes"
    lines = [f"{makes} {count(known, 'model call')}"]
    if unknown:
        lines[0] += f" and, for rows whose texts they bring, at most {count(unknown, 'more call')}"
    estimates = [each.estimate for each in steps if each.estimate]
    if estimates:
        tokens = sum(each.input_tokens + each.output_tokens for each in estimates)
        cost = total_usd(each.usd for each in estimates)
        lines.append(f"at most about {tokens:,} tokens, {money(cost)} ({_basis(estimates)})")
        if follow:
            calls, all_tokens = (round(number * (1 + follow)) for number in (known + unknown, tokens))
            usd = None if cost is None else cost * (1 + follow)
            lines.append(f"with the waves that may follow about {calls:,} calls, {all_tokens:,} tokens, {money(usd)}")
    if follow is None:
        lines.append("each wave that follows comes on top of that")
    return "\n".join(lines)


def _follow(steps: Sequence[StepForecast]) -> float | None:
    """How many times as many rows as those that are shown further waves would ask for; None where it is not known."""
    return next((each.follow for each in steps if each.follow != 0), 0.0)


def _batch(batch: OpenBatch) -> str:
    """A batch that is under way, of whose requests none is sent again."""
    sent = f"{batch.batch or batch.name} at {batch.server}" + ("" if batch.batch else ", not submitted yet")
    return f"{batch.stage}: of these calls {batch.requests:,} stand in a batch that the next build takes up: {sent}"


def against(budget: BudgetSection | None, taken: Outlay, steps: Sequence[StepForecast]) -> list[str]:
    """How the recipe's budget compares with what a build would take; a line for each bound.

    `taken` is what earlier builds have taken of it.
    """
    from hfsft.models.limits.usage import total_usd

    if budget is None:
        return []
    known = sum(len(each.missing.known) for each in steps if each.missing)
    times = 1 + (_follow(steps) or 0)
    most = times * (known + sum(each.missing.unknown for each in steps if each.missing))
    estimates = [each.estimate for each in steps if each.estimate]
    tokens = times * sum(each.input_tokens + each.output_tokens for each in estimates)
    usd = total_usd(each.usd if each.usd is None else times * each.usd for each in estimates)
    lines = []
    if budget.calls is not None:
        left = max(0, budget.calls - taken.calls)
        lines.append(_bound(_of(f"{budget.calls:,} calls", budget, f"{left:,}"), known > left, most > left))
    if budget.tokens is not None:
        left = max(0, budget.tokens - taken.tokens)
        lines.append(_bound(_of(f"{budget.tokens:,} tokens", budget, f"{left:,}"), False, tokens > left))
    if budget.usd is not None and (usd is None or taken.unpriced):
        lines.append(remark("warning", f"the budget of ${budget.usd:g} cannot be kept: a price is unknown"))
    elif budget.usd is not None:
        rest = max(0.0, budget.usd - taken.usd)
        lines.append(_bound(_of(f"${budget.usd:g}", budget, f"${rest:.4f}"), False, (usd or 0) > rest))
    return lines


def _of(bound: str, budget: BudgetSection, left: str) -> str:
    """A bound, and what it is of: 20 calls of each build; $20 of the dataset ($12.5000 left of it)."""
    return f"{bound} of each build" if budget.per == "build" else f"{bound} of the dataset ({left} left of it)"


def _bound(bound: str, passed: bool, may_pass: bool) -> str:
    if passed:
        return remark("warning", f"the budget of {bound} is too small: the build would stop there, keeping its answers")
    if may_pass:
        return remark("warning", f"the budget of {bound} may be too small: the build would stop there")
    return f"within the budget of {bound}"


def _basis(estimates: list[Estimate]) -> str:
    prompts = {
        "tokenizer": "counted by the model's tokenizer",
        "history": "by what the model took before",
        "characters": "at 4 characters a token",
    }
    answers = {"history": "as long as before", "limit": "as long as they may be"}
    found = (
        " or ".join(text for way, text in ways.items() if any(getattr(each, part) == way for each in estimates))
        for part, ways in (("prompts", prompts), ("answers", answers))
    )
    return "prompts {}, answers {}; what is asked for again comes on top".format(*found)


def _what(step: Step) -> str:
    """What a step does, in a word or two."""
    if step.rows == "source":
        return "reads"
    if step.asks:
        return "asks"
    if step.rows == "many":
        return "adds rows"
    if step.rows == "fewer":
        return "takes rows out"
    return "computes" if step.sees == "row" else "compares rows"


def _calls(each: StepForecast) -> str:
    if each.missing is None:
        return "0" if each.step.asks else ""
    known, unknown = len(each.missing.known), each.missing.unknown
    return f"{known:,}" if not unknown else f"{known:,} to {known + unknown:,}" if known else f"up to {unknown:,}"


def _tokens(each: StepForecast) -> str:
    return f"~{each.estimate.input_tokens + each.estimate.output_tokens:,}" if each.estimate else ""


def _usd(each: StepForecast) -> str:
    if each.estimate is None:
        return ""
    return "unknown" if each.estimate.usd is None else money(each.estimate.usd)


def _as_dict(each: StepForecast) -> dict[str, Any]:
    missing = each.missing
    return {
        "step": each.step.name,
        "place": str(each.step.place or ""),
        **each.told,
        "cached": each.cached,
        "calls": len(missing.known) if missing else 0,
        "calls_at_most": len(missing.known) + missing.unknown if missing else 0,
        "estimate": asdict(each.estimate) if each.estimate else None,
        **({} if each.follow == 0 else {"waves_follow": each.follow}),
    }
