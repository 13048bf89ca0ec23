"""An audit as a page: what each filter would take with samples of it, measures, leaks between splits, duplicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hfsft.engine.parts.rows import column_of
from hfsft.plain import beside, plain
from hfsft.release.audit.audit_findings import said_in, what_of
from hfsft.release.audit.split_leaks import clusters_of
from hfsft.release.report.page import filled
from hfsft.release.report.page_data import chosen, cut, shown_row
from hfsft.release.report.thresholds import threshold
from hfsft.rows.columns import OF

if TYPE_CHECKING:
    from hfsft.release.audit.audit import Audit
    from hfsft.release.audit.audit_findings import RuleFinding

EACH = 40  # rows that a rule would take which the page shows
UNTOUCHED = 100  # rows that no rule would take
CLUSTERS, MEMBERS = 20, 10
ABOUT_MEASURES = (
    "Blue rows would stay, orange ones would fall at this measure alone. Move a threshold to see what another one "
    "would keep."
)


def page_of(audit: Audit) -> str:
    """The page: no request leaves it, and no text of a row can become markup."""
    samples, measured = list(_samples(audit)), list(_measures(audit))
    return filled(
        "audit.html",
        {"samples": samples, "measures": measured, "funnel": None, "lengths": None},
        audit=audit,
        summary={"lengths": None},
        version=version("hfsft"),
        measures=measured,
        about_measures=ABOUT_MEASURES,
        clusters=list(_clusters(audit)),
        recipe=audit.recipe(),
        samples=len(samples),
        fates=sorted({sample["fate"] for sample in samples}),
        stages=sorted({sample["stage"] for sample in samples if "stage" in sample}),
    )


def _samples(audit: Audit) -> Iterator[dict[str, Any]]:
    """Rows that each rule would take, and some that none would, picked by a hash of their ids."""
    ids = column_of(audit.table, "id")
    for finding in audit.findings:
        places = [finding.places[at] for at in chosen((ids[place] for place in finding.places), EACH)]
        for place, row in zip(places, _rows(audit, places), strict=True):
            verdict = {"stage": finding.label, "bound": finding.bound, "value": _value(audit, finding, place)}
            yield shown_row({**row, **verdict}, "rejected", audit.registry)
    taken = {place for finding in audit.findings for place in finding.places}
    left = [place for place in range(len(ids)) if place not in taken]
    untouched = [left[at] for at in chosen((ids[place] for place in left), UNTOUCHED)]
    yield from (shown_row(row, "train", audit.registry) for row in _rows(audit, untouched))


def _rows(audit: Audit, places: list[int]) -> list[dict[str, Any]]:
    return [audit.table[place] for place in places]


def _value(audit: Audit, finding: RuleFinding, place: int) -> str:
    """What the rule found in a row."""
    for bound in finding.bounds:
        value = audit.table[place][bound.column]
        if not bound.keeps(value):
            row = audit.table.select([place])
            said = said_in(row, bound)
            what = what_of(value, said and said[0])
            return what if isinstance(what, str) else beside(str(bound), what, f"{what:g}")
    return ""


def _measures(audit: Audit) -> Iterator[dict[str, Any]]:
    """The measures that are numbers, with the rows that would stay and fall, and the lengths."""
    for finding in audit.findings:
        for bound in finding.bounds:
            values = column_of(audit.table, bound.column)
            numbers = [value for value in values if isinstance(value, int | float)]
            if not numbers:
                continue
            limits = {"at_least": bound.at_least, "at_most": bound.at_most}
            kept = [float(value) for value in numbers if bound.keeps(value)]
            out = [float(value) for value in numbers if not bound.keeps(value)]
            moved = {kind: float(value) for kind, value in limits.items() if value is not None}
            yield {**_threshold(bound.column, kept, out, moved), "missing": len(values) - len(numbers)}
    for lengths in audit.lengths:
        words = [float(value) for value in column_of(audit.table, lengths.measure) if value is not None]
        if words:
            yield _threshold(f"length of {lengths.column}", words, [], {}, "words")


def _threshold(
    column: str, kept: list[float], out: list[float], bounds: Mapping[str, float], unit: str | None = None
) -> dict[str, Any]:
    import numpy as np

    found = threshold(column, lambda: [np.asarray(kept)], lambda: [np.asarray(out)], bounds, unit)
    assert found is not None  # there is a value
    return found


def _clusters(audit: Audit) -> Iterator[dict[str, Any]]:
    """The largest groups of rows that are copies of each other, or nearly."""
    ids = column_of(audit.table, "id")
    for finding in audit.findings:
        for bound in finding.bounds:
            column = f"{bound.column}{OF}"
            if column not in audit.table.column_names:
                continue
            of = column_of(audit.table, column)
            found = sorted(clusters_of(ids, of), key=lambda places: (-len(places), places[0]))
            for places in found[:CLUSTERS]:
                stays = next((place for place in places if of[place] is None), places[0])
                others = [place for place in places if place != stays]
                texts = [cut(plain(audit.table[place]["instruction"])) for place in (stays, *others[:MEMBERS])]
                told = {"text": texts[0], "members": texts[1:], "rows": len(others), "compared": finding.label}
                yield told
