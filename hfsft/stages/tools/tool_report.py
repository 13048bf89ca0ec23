"""What card, report and screen say of answers that call tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.views import answers
from hfsft.rows.views import tools as row_tools
from hfsft.stages.base import CardPart, Name, Outcome, ShownTable, Warn
from hfsft.stages.tools.toolbox import CASE, FAULTS, TOOLS, TURNS

FEW_CASES = 3  # rows of a case that were to be made, of fewer of which chance may have left none
WHY = {
    "irrelevant": "the model calls whatever tools are left to it, or none at all; offer more tools, of other kinds",
    "asks_back": "calls leave no parameter out that could be required; give tools parameters that are not",
}
OFTEN = 0.3  # share of rows whose calls were asked again, from which the model deserves a look
MOST_TOOLS = 40  # in one table


def notes(outcome: Outcome, wanted: Mapping[str, float]) -> Iterator[str]:
    """Whether nobody calls a tool, many answers needed more than one try for their calls, or there is no row of a case
    that was asked for: `wanted` is the share of each.
    """
    found = _tallied(outcome)
    if found is None:
        return
    for case, share in wanted.items():
        if share and not found.cases[case] and share * found.rows >= FEW_CASES:
            yield Warn(f"no row is of the case `{case}`, which {share:.0%} were to be, as where {WHY[case]}")
    if not found.called and found.rows > found.cases.total():
        yield Warn(
            f"no answer calls a tool, in {found.rows:,} rows that offer some: ask a model that knows tools, or write "
            "`native: false` for one that is told of them in its prompt"
        )
    if found.again and found.again >= OFTEN * found.called:
        causes = ", ".join(f"{cause} {count:,}" for cause, count in found.causes.most_common())
        yield Warn(f"{found.again:,} of {found.called:,} rows with calls were asked again for them ({causes})")


def unoffered(outcome: Outcome) -> Iterator[str]:
    """Whether rows were answered by a model that did not know of the tools that stand in them."""
    pairs = zip(outcome.values("origin"), outcome.values(TOOLS), strict=True)
    if blind := sum(bool(tools) and origin != "example" for origin, tools in pairs):
        yield Warn(
            f"{rows_said(blind)} offer tools that the model which answered was not told of, so none is called: "
            "`generate: {tools: {}}` offers each row its own"
        )


def card(outcome: Outcome, origin: str, beside: CardPart | None) -> CardPart | None:
    """Which tools were called how often, how many rows' calls were right at once, and the rows that call none.

    It stands below what else the section says; `origin` says where results come from. None where no row has tools.
    """
    found = _tallied(outcome)
    if found is None:
        return beside
    told = {
        "rows": found.rows,
        "called": found.called,
        "parallel": found.parallel,
        "at_once": found.called - found.again,
        "origin": origin,
        "table": ShownTable(("tool", "offered in rows", "calls"), _by_tool(found), (1, 2)),
        "more": max(0, len(found.offered) - MOST_TOOLS),
        "cases": ShownTable(("case", "rows"), found.cases.most_common(), (1,)) if found.cases else None,
    }
    return beside._replace(values={**beside.values, "tools": told}) if beside else CardPart("tools", {"tools": told})


def pieces(outcome: Outcome) -> list[str | ShownTable]:
    """Which tools were called how often, how many rows' calls could be used at once, and what was wrong with others;
    nothing where no row has tools.
    """
    found = _tallied(outcome)
    if found is None:
        return []
    told: list[str | ShownTable] = [
        f"{found.rows:,} rows have tools, {found.called:,} of them call some, {found.parallel:,} several at once; "
        f"in {found.called - found.again:,} every call could be used at the first try.",
        ShownTable(("tool", "offered in rows", "calls"), _by_tool(found), (1, 2), "tools"),
    ]
    for about, counts in (("fault of a call that was asked again", found.causes), ("case", found.cases)):
        if counts:
            told.append(ShownTable((about, "count"), counts.most_common(), (1,), about))
    return told


class _Tally(NamedTuple):
    rows: int  # with tools
    called: int  # that call some
    parallel: int  # that call several in one turn
    again: int  # with calls, of which some were asked again
    offered: Counter[str]
    calls: Counter[str]
    causes: Counter[str]
    cases: Counter[str]


def _tallied(outcome: Outcome) -> _Tally | None:
    names = ("instruction", "response", TURNS, TOOLS, FAULTS, CASE)
    offered, calls, causes, cases = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    rows = called = parallel = again = 0
    for values in zip(*map(outcome.values, names), strict=True):
        row = dict(zip(names, values, strict=True))
        if not row[TOOLS]:
            continue
        rows += 1
        offered.update(str((tool.get("function") or tool).get("name")) for tool in row_tools(row))
        turns = [turn.get("tool_calls") or () for turn in answers(row)]
        calls.update(call["name"] for turn in turns for call in turn)
        called += any(turns)
        parallel += any(len(turn) > 1 for turn in turns)
        again += bool(any(turns) and row[FAULTS])
        causes.update(row[FAULTS] or ())
        cases.update([row[CASE]] if row[CASE] else ())
    return _Tally(rows, called, parallel, again, offered, calls, causes, cases) if rows else None


def _by_tool(found: _Tally) -> list[tuple[Name, int, int]]:
    names = sorted(found.offered, key=lambda name: (-found.calls[name], name))[:MOST_TOOLS]
    return [(Name(name), found.offered[name], found.calls[name]) for name in names]
