"""`hfsft plan`: what a build would do, ask and cost."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.console import count, table

if TYPE_CHECKING:
    from hfsft.models.estimate import Estimate
    from hfsft.pipeline import StepForecast


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft plan recipe.yaml\n  hfsft plan recipe.yaml --set evolve.rounds=3"
    parser = command(
        commands, "plan", "show the steps, what is cached, and the model calls of the next build", run, examples
    )
    add_recipe(parser)
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print the plan."""
    from hfsft.pipeline import forecast

    steps = forecast(arguments.recipe, overrides=arguments.overrides)
    if arguments.json:
        print(json.dumps([_as_dict(step) for step in steps], ensure_ascii=False, indent=2))
        return
    rows = [
        (
            each.step.name,
            each.step.kind,
            "cached" if each.cached else "",
            _calls(each),
            _tokens(each),
            _usd(each),
            str(each.step.place or ""),
        )
        for each in steps
    ]
    print(table(("step", "kind", "state", "calls", "tokens", "cost", "recipe"), rows, right=(3, 4, 5)))
    print(f"\n{summary(steps)}")


def summary(steps: list[StepForecast]) -> str:
    """The calls of the next build in one sentence, and what its estimate goes by in another."""
    from hfsft.models.usage import together

    known = sum(len(each.missing.known) for each in steps if each.missing)
    unknown = sum(each.missing.unknown for each in steps if each.missing)
    lines = [f"the next build makes {count(known, 'model call')}"]
    if unknown:
        lines[0] += f" and, for rows whose texts they bring, at most {count(unknown, 'more call')}"
    estimates = [each.estimate for each in steps if each.estimate]
    if estimates:
        tokens = sum(each.input_tokens + each.output_tokens for each in estimates)
        cost = together(each.usd for each in estimates)
        usd = "cost unknown" if cost is None else f"${cost:.4f}"
        lines.append(f"at most about {tokens:,} tokens, {usd} ({_basis(estimates)})")
    return "\n".join(lines)


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
    return "prompts {}, answers {}; mended verdicts come on top".format(*found)


def _calls(each: StepForecast) -> str:
    if each.missing is None:
        return "0" if each.step.kind == "ask" else ""
    known, unknown = len(each.missing.known), each.missing.unknown
    return f"{known:,}" if not unknown else f"{known:,} to {known + unknown:,}" if known else f"up to {unknown:,}"


def _tokens(each: StepForecast) -> str:
    return f"~{each.estimate.input_tokens + each.estimate.output_tokens:,}" if each.estimate else ""


def _usd(each: StepForecast) -> str:
    if each.estimate is None:
        return ""
    return "unknown" if each.estimate.usd is None else f"${each.estimate.usd:.4f}"


def _as_dict(each: StepForecast) -> dict[str, Any]:
    missing = each.missing
    return {
        "step": each.step.name,
        "kind": each.step.kind,
        "place": str(each.step.place or ""),
        "cached": each.cached,
        "calls": len(missing.known) if missing else 0,
        "calls_at_most": len(missing.known) + missing.unknown if missing else 0,
        "estimate": asdict(each.estimate) if each.estimate else None,
    }
