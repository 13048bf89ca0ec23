"""What card and report say of the split: families, which side has how many, and whether the share was met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.base import CardPart, Outcome, Panel, ShownTable, Warn
from hfsft.stages.split.apart import JOINS
from hfsft.stages.split.draw import drawn, strata
from hfsft.stages.split.leak import Closest, shown
from hfsft.stages.split.sides import NONE

SMALL = (
    (200, "fewer than the 200 that even a change of style takes"),
    (1_000, "a change of style or tone is within reach; a new domain takes 5,000 or more"),
    (5_000, "a style or a narrow task is within reach; a whole domain takes 5,000 or more"),
)
"""Rows for training: rules of thumb that guides agree on, such as 200 to 1,000 for a style, 5,000 for a domain."""
FAR = 1.5  # times more or less than the share asked for that are worth a word
SIZES = 12  # sizes of families that a table lists

FAMILY, SIDE = "family", "split"


def notes(outcome: Outcome, asked: Mapping[str, float], stratify: str) -> Iterator[str]:
    """Whether as many rows are held out as were asked for, which changed sides, and what so many train."""
    sides = Counter(outcome.values(SIDE))
    if not any(asked.values()):
        yield "no rows are held out for validation"
    for side, share in asked.items():
        yield from _share(outcome, asked, stratify, side) if share else ()
    if fell := sum(each.rows for each in outcome.fell if each.rule == JOINS):
        yield Warn(
            f"{rows_said(fell)} fell as each would have made one family of rows on different sides of the split, of "
            "which none moves (`hfsft rows --by split.joins` shows them)"
        )
    moved = outcome.leaves.get(SIDE, NONE).moved
    if rows := sum(count for (_, side), count in moved.items() if side == "train"):
        yield Warn(
            f"{rows:,} rows were held out in an earlier build and are trained on now, as they became one family with "
            "rows that are trained on, or the recipe's split changed: results on them measure nothing any more"
        )
    if rows := sum(count for (was, _), count in moved.items() if was == "train"):
        yield Warn(
            f"{rows:,} rows are held out that an earlier build trained on, as the recipe's split changed: a model "
            "trained on that build has seen them"
        )
    if rows := moved.get(("validation", "test")):
        yield Warn(
            f"{rows:,} rows of test were in validation in an earlier build: a model that was chosen by that build was "
            "chosen by them too"
        )
    for bound, meaning in SMALL:
        if 0 < sides["train"] < bound:
            yield f"{rows_said(sides['train'])} to train on: {meaning}"
            break


def _share(outcome: Outcome, shares: Mapping[str, float], stratify: str, side: str) -> Iterator[str]:
    """Whether as many rows are held out for one of the sides as were asked for, and if not, why and what helps."""
    sides, asked = Counter(outcome.values(SIDE)), shares[side]
    rows, held, train = sum(sides.values()), sides[side], sides["train"]
    missed = abs(held - asked * rows)
    if train and held and (missed < 1 or asked / FAR <= held / rows <= asked * FAR):
        return
    names = outcome.values(FAMILY)
    families = Counter(names)
    fresh = drawn(list(names), strata(outcome.values(stratify)), shares["validation"], shares["test"], {})
    if abs(sum(families[family] for family, drew in fresh.items() if drew == side) - asked * rows) < missed:
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
    share = f"{held / rows:.1%} of the rows are" if held else "no rows are"
    found = share if train or not held else "all rows are"
    yield Warn(f"{found} held out for {side}, though {100 * asked:g}% were asked for: {why}")


def card(outcome: Outcome, similarity: float, closest: Closest | None) -> CardPart | None:
    """Duplicates that fell, families, and that none of them lies on two sides; None where no row is left."""
    names = outcome.values(FAMILY)
    if not len(names):
        return None
    sizes, of_side = _families(outcome)
    divided, held = Counter(family for family, _ in of_side), Counter(side for _, side in of_side)
    counts = {side: held[side] for side in outcome.splits}
    return CardPart(
        "split",
        {
            "duplicates": [
                f"`{each.step}` ({each.bound}) took {rows_said(each.rows)}"
                for each in outcome.fell
                if "duplicate" in each.rule
            ],
            "families": f"{len(sizes):,}",
            "largest": f"{max(sizes.values()):,}",
            "counts": [f"{count:,} in {side}" for side, count in counts.items()],
            "held_out": sum(count for side, count in counts.items() if side != "train"),
            "closest": str(closest) if closest else "",
            "divided": sum(count > 1 for count in divided.values()),
            "similarity": int(similarity) if similarity.is_integer() else similarity,
        },
    )


def _families(outcome: Outcome) -> tuple[Counter[str], set[tuple[str, str]]]:
    """How many rows each family has, and on which sides it lies."""
    sizes, of_side = Counter[str](), set[tuple[str, str]]()
    for family, side in zip(outcome.values(FAMILY), outcome.values(SIDE), strict=True):
        sizes[family] += 1
        of_side.add((family, side))
    return sizes, of_side


def panel(outcome: Outcome) -> Panel:
    """How many families each side has, and how many families have how many rows."""
    families, of_side = _families(outcome)
    held = Counter(side for _, side in of_side)
    counts = ", ".join(f"{held[side]:,} in {side}" for side in outcome.splits)
    sizes = sorted(Counter(families.values()).items())
    rows: list[tuple[object, int]] = list(sizes[:SIZES])
    if more := sizes[SIZES:]:
        rows.append((f"up to {more[-1][0]:,}", sum(count for _, count in more)))
    return Panel(
        "split",
        "Split and families",
        (
            "A family is all rows grown from one seed, joined with their near-duplicates; it is never divided between "
            f"{' and '.join(outcome.splits)}. {len(families):,} families: {counts}",
            ShownTable(("rows in a family", "families"), rows, (0, 1), "Sizes of families"),
            *shown(outcome),
        ),
        called="Split",
    )
