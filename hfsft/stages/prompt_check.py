"""What falls of the prompts that models wrote, and what is told of it: one mechanism for all sections that write them.

A section checks its prompts by `hfsft.texts.prompt_faults`, and writes what is wrong with each into a column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hfsft.engine.step import Bound, Step, compare
from hfsft.plain import plain
from hfsft.stages.base import Outcome, Warn
from hfsft.texts.prompt_faults import rule_of

if TYPE_CHECKING:
    from hfsft.errors import Place

FAULTY = 0.3  # share of the prompts that are none, from which their writer deserves a look
EXAMPLE = 120  # characters of one that are shown


def fall(stage: str, column: str, place: Place | None) -> Step:
    """The step `<stage>.fault` that takes out the rows with a fault in `column`, each by the rule that it names."""
    return compare(f"{stage}.fault", Bound("", column, absent=True), place)


def told(outcome: Outcome, stage: str, column: str, written: int, called: str) -> Iterator[str]:
    """That many of the prompts that `stage` wrote were none, with an example; nothing where few were.

    `column` holds their faults, and `called` is what they are called, as `evolutions`: a writer is too weak, or takes
    a template wrongly.
    """
    step = f"{stage}.fault"
    found = outcome.removed(column, step)
    if not found or len(found) < FAULTY * written:
        return
    rules = Counter(map(rule_of, found))
    rule, _ = rules.most_common(1)[0]
    text = next(
        text for text, fault in zip(outcome.removed("instruction", step), found, strict=True) if rule_of(fault) == rule
    )
    example = plain(text or "", EXAMPLE).replace("`", " ")
    shown = f"; {rule}, for example: `{example}`" if example and outcome.samples else ""
    yield Warn(
        f"{len(found):,} of {written:,} {called} of {stage} fell ({len(found) / written:.0%}): "
        f"{', '.join(f'{name} {count:,}' for name, count in rules.most_common())}{shown} (a stronger writer "
        "or other templates write fewer of these)"
    )
