"""What card and report say of the split: families, which side has how many, and whether the share was met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.base import CardPart, Outcome, Panel, ShownTable, Warn
from hfsft.stages.split.draw import held_out
from hfsft.stages.split.sides import NONE, strata

SMALL = (
    (200, "fewer than the 200 that even a change of style takes"),
    (1_000, "a change of style or tone is within reach; a new domain takes 5,000 or more"),
    (5_000, "a style or a narrow task is within reach; a whole domain takes 5,000 or more"),
)
"""Rows for training: rules of thumb that guides agree on, such as 200 to 1,000 for a style, 5,000 for a domain."""
FAR = 1.5  # times more or less than the share asked for that are worth a word
SIZES = 12  # sizes of families that a table lists

FAMILY, SIDE = "family", "split"


def notes(outcome: Outcome, asked: float, stratify: str) -> Iterator[str]:
    """Whether as many rows are held out as were asked for, which changed sides, and what so many train."""
    sides = Counter(outcome.values(SIDE))
    yield from _share(outcome, asked, stratify, sides["train"], sides["validation"])
    moved = outcome.leaves.get(SIDE, NONE).moved
    if rows := moved.get("train"):
        yield Warn(
            f"{rows:,} rows were held out in an earlier build and are trained on now, as they became one family with "
            "rows that are trained on, or the recipe's split changed: results on them measure nothing any more"
        )
    if rows := moved.get("validation"):
        yield Warn(
            f"{rows:,} rows are held out that an earlier build trained on, as the recipe's split changed: a model "
            "trained on that build has seen them"
        )
    for bound, meaning in SMALL:
        if 0 < sides["train"] < bound:
            yield f"{rows_said(sides['train'])} to train on: {meaning}"
            break


def _share(outcome: Outcome, asked: float, stratify: str, train: int, validation: int) -> Iterator[str]:
    """Whether as many rows are held out as were asked for, and if not, why and what helps."""
    rows = train + validation
    if not asked:
        yield "no rows are held out for validation"
        return
    missed = abs(validation - asked * rows)
    if train and validation and (missed < 1 or asked / FAR <= validation / rows <= asked * FAR):
        return
    names = outcome.values(FAMILY)
    families, fresh = Counter(names), held_out(names, strata(outcome.values(stratify)), asked, {})
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


def card(outcome: Outcome, similarity: float) -> CardPart | None:
    """Duplicates that fell, families, and that none of them lies on both sides; None where no row is left."""
    names = outcome.values(FAMILY)
    if not len(names):
        return None
    sides: dict[str, set[str]] = {}
    for family, side in zip(names, outcome.values(SIDE), strict=True):
        sides.setdefault(family, set()).add(side)
    counts = {side: sum(side in found for found in sides.values()) for side in outcome.splits}
    return CardPart(
        "split",
        {
            "duplicates": [
                f"`{each.step}` ({each.bound}) took {rows_said(each.rows)}"
                for each in outcome.fell
                if "duplicate" in each.rule
            ],
            "families": f"{len(sides):,}",
            "largest": f"{max(Counter(names).values()):,}",
            "counts": [f"{count:,} in {side}" for side, count in counts.items()],
            "held_out": counts.get("validation", 0),
            "divided": sum(len(found) > 1 for found in sides.values()),
            "similarity": int(similarity) if similarity.is_integer() else similarity,
        },
    )


def panel(outcome: Outcome) -> Panel:
    """How many families each side has, and how many families have how many rows."""
    sides: dict[str, set[str]] = {side: set() for side in outcome.splits}
    names = outcome.values(FAMILY)
    for family, side in zip(names, outcome.values(SIDE), strict=True):
        sides[side].add(family)
    counts = ", ".join(f"{len(found):,} in {side}" for side, found in sides.items())
    sizes = sorted(Counter(Counter(names).values()).items())
    rows: list[tuple[object, int]] = list(sizes[:SIZES])
    if more := sizes[SIZES:]:
        rows.append((f"up to {more[-1][0]:,}", sum(count for _, count in more)))
    return Panel(
        "split",
        "Split and families",
        (
            "A family is all rows grown from one seed, joined with their near-duplicates; it is never divided between "
            f"train and validation. {len(set(names)):,} families: {counts}",
            ShownTable(("rows in a family", "families"), rows, (0, 1), "Sizes of families"),
        ),
        called="Split",
    )
