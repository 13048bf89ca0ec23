"""What card, report and screen say of conversations that grew: their turns, how they ended, what was asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hfsft.stages.base import CardPart, Outcome, Panel, ShownTable, Warn
from hfsft.stages.talking.growing import ALL, ASKED_AGAIN, ENDED, TEMPLATES, TURNS, USER

EARLY = 0.3  # share of the conversations that a faulty turn ended, from which the models deserve a look


def notes(outcome: Outcome) -> Iterator[str]:
    """A warning where many conversations ended at a faulty turn, with the causes."""
    ends = Counter(end for end in outcome.values(ENDED) if end)
    grown = ends.total()
    early = Counter({end: count for end, count in ends.items() if end not in (ALL, USER)})
    if early and early.total() >= EARLY * grown:
        causes = ", ".join(f"{cause} {count:,}" for cause, count in early.most_common())
        yield Warn(
            f"{early.total():,} of {grown:,} conversations ended at a faulty turn ({causes}): a stronger model in "
            "`converse.model`, or other templates in `converse.user`, write fewer of these"
        )


def card(outcome: Outcome) -> CardPart | None:
    """The turns and templates of the rows that stayed; None where none grew."""
    counts = _turns(outcome)
    if not counts:
        return None
    ends = Counter(end for end in outcome.values(ENDED) if end)
    return CardPart(
        "converse",
        {
            "grown": sum(counts.values()),
            "rows": len(outcome.values(TURNS)),
            "turns": ShownTable(("turns of the user", "rows"), sorted(counts.items()), (0, 1)),
            "templates": ShownTable(("the user's next message", "turns"), _templates(outcome).most_common(), (1,)),
            "ended": ends[USER],
            "early": ends.total() - ends[USER] - ends[ALL],
        },
    )


def panel(outcome: Outcome) -> Panel | None:
    """The same as tables, and what was wrong with turns that were asked again; None where no row grew."""
    counts = _turns(outcome)
    if not counts:
        return None
    ends = Counter(end for end in outcome.values(ENDED) if end)
    again = Counter(fault for faults in outcome.values(ASKED_AGAIN) for fault in faults or ())
    pieces: list[str | ShownTable] = [
        ShownTable(("turns of the user", "rows"), sorted(counts.items()), (0, 1), "turns of each conversation"),
        ShownTable(("ended by", "rows"), ends.most_common(), (1,), "how conversations ended"),
        ShownTable(("the user's next message", "turns"), _templates(outcome).most_common(), (1,), "templates"),
    ]
    if again:
        pieces += [
            f"{again.total():,} turns were faulty, and asked again or left out:",
            ShownTable(("fault", "turns"), again.most_common(), (1,), "faults of turns"),
        ]
    return Panel("conversations", "Conversations that grew", pieces, "conversations")


def _turns(outcome: Outcome) -> Counter[int]:
    return Counter(int(turns) for turns in outcome.values(TURNS) if turns)


def _templates(outcome: Outcome) -> Counter[str]:
    return Counter(name for names in outcome.values(TEMPLATES) for name in names or ())
