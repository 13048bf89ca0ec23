"""Verdicts as a release may hold them: those that stand, of reviewers without names; a clone decides the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from hfsft.rows.row import EDITED
from hfsft.stages.reviewing.decisions import Decisions, id_of, names_of
from hfsft.verdicts import SKIP


def lines(decisions: Decisions, *, named: bool, rejected: bool, kept: Collection[str]) -> Iterator[str]:
    """The lines of the file, each with its break, in an order that does not hang on that of the verdicts.

    Notes go with it where they say why a row fell, and texts of rows that fell are released (`rejected`). Where these
    are not, an edit whose row is not among the `kept` ones says that the row before it fell, and no more.
    """
    called = names_of(decisions.verdicts)
    for _, said in sorted(decisions.verdicts.standing.items()):
        for verdict in sorted(said.values(), key=lambda each: (each.at, each.reviewer)):
            if verdict.verdict == SKIP:
                continue
            note = verdict.note if rejected and verdict.verdict == "reject" else None
            name = verdict.reviewer if named else called[verdict.reviewer]
            public = replace(verdict, reviewer=name, note=note, seconds=None, more={})
            if verdict.verdict == "reject":
                public = replace(public, edit={})
            elif verdict.edits and not rejected and id_of(verdict.row, verdict.edit) not in kept:
                public = replace(public, verdict="reject", reason=EDITED, edit={})
            yield f"{public.to_line()}\n"
