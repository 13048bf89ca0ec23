"""`hfsft calibrate`: how far a judge's scores are what people say, and which bound on them is worth having."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.consent import trust
from hfsft.cli.console import remark, table, tell, wrapped
from hfsft.errors import UserError, place_of

if TYPE_CHECKING:
    from hfsft.agreement import ResultTable
    from hfsft.pipeline.calibrating import Calibrated


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft calibrate recipe.yaml\n"
        "  hfsft calibrate recipe.yaml labels.jsonl --precision 0.95\n"
        "  hfsft calibrate recipe.yaml labels.csv --by usefulness --write"
    )
    parser = command(
        commands, "calibrate", "compare a judge's scores of the last build with people's labels", run, examples
    )
    add_recipe(parser)
    parser.add_argument(
        "labels",
        nargs="?",
        type=Path,
        help="a file of labels, as JSON lines or CSV: `id` with `verdict` (accept, reject) or `scores` by criterion "
        "(default: the verdicts of `hfsft review` beside the recipe)",
    )
    parser.add_argument(
        "--precision",
        type=_share,
        default=0.9,
        metavar="SHARE",
        help="the share of what a bound keeps that people are to accept (default: 0.9)",
    )
    parser.add_argument(
        "--by", metavar="SCORE", help="the score to bound: a criterion, mean or min (default: the one that is bounded)"
    )
    parser.add_argument(
        "--good",
        type=float,
        metavar="SCORE",
        help="count rows without a verdict as accepted from this mean of people's scores on",
    )
    parser.add_argument("--out", default="build", type=Path, help="the folder that builds are in (default: build)")
    parser.add_argument("--write", action="store_true", help="write the suggested bound into the recipe")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print what was found, write the bound where that is asked for."""
    from hfsft.agreement.calibration_said import calibration_said
    from hfsft.pipeline.calibrating import calibrate

    made = calibrate(
        arguments.recipe,
        arguments.labels,
        precision=arguments.precision,
        by=arguments.by,
        good=arguments.good,
        out=arguments.out,
        overrides=arguments.overrides,
        trust=trust(arguments),
    )
    if arguments.json:
        print(json.dumps(made.found.as_dict(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(map(_shown, calibration_said(made.found))))
    if made.path is not None:
        tell(f"kept in {place_of(made.path)}")
    else:
        tell("kept nowhere, as the recipe is no file of yours")
    if arguments.write:
        tell(_written(made))


def _written(made: Calibrated) -> str:
    """The bound, written into the recipe; why it is not, as a `UserError`."""
    from hfsft.recipe.editing.score_bound import write_bound

    found, bound = made.found, made.found.suggested
    if found.state == "uncalibrated":
        raise UserError(f"no bound was written: the judge is uncalibrated ({found.why})")
    if bound is None or bound.at_least is None:
        raise UserError(f"no bound was written: {bound.why if bound else 'none is suggested'}")
    places = write_bound(made.recipe, bound.score, bound.at_least)
    if not places:
        return f"the recipe has this bound already: {bound.score}: {{at_least: {bound.at_least:g}}}"
    said = f"{bound.score}: {{at_least: {bound.at_least:g}}} written at {' and '.join(places)}"
    return f"{said}; `hfsft build` compares the scores anew and asks no model"


def _shown(piece: str | ResultTable) -> str:
    if isinstance(piece, str):
        return remark("warning", piece) if "uncalibrated" in piece else wrapped(piece)
    return f"\n{table(piece.head, piece.rows, right=list(piece.right))}\n"


def _share(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0 and up to 1")
    return found
