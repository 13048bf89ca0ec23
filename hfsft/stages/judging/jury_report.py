"""What is told of who judges: how several of them agree, as how many they count, and whom they may favour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from hfsft.models.naming import families
from hfsft.rows.columns import spread_of
from hfsft.stages.base import Outcome, ShownTable, Warn
from hfsft.stages.judging.bias.rank_correlation import spearman
from hfsft.stages.judging.jury import Votes, by, effective_votes

if TYPE_CHECKING:
    from hfsft.models.model import Model
    from hfsft.stages.judging.rubric import Rubric

SILENT = 0.1  # share of the rows, from which it is told that a judge gave no verdict on so many
ANCHORS = 5  # from which their errors on these are told, and not how their scores of rows go together


Errors = Sequence[Sequence[float | None]]
"""By one criterion the errors of each judge, over the same items."""


def figures(
    outcome: Outcome, judges: Sequence[str], rubric: Rubric, combine: str, errors: Iterable[Errors] = ()
) -> dict[str, Any]:
    """How far several judges agree, as JSON; empty where there is one, or nothing was judged.

    `errors` are by criterion those on anchors.
    """
    if len(judges) < 2:
        return {}
    given = {
        judge: {name: _column(outcome, by(judge, name)) for name in (*rubric.criteria, "mean")} for judge in judges
    }
    means = {judge: of["mean"] for judge, of in given.items()}
    if not any(score is not None for scores in means.values() for score in scores):
        return {}
    votes = effective_votes([given[judge][name] for judge in judges] for name in rubric.criteria)
    of_anchors = [each for each in errors if each]
    examined = effective_votes(of_anchors)
    known = examined is not None and examined.items >= ANCHORS
    spreads = {name: outcome.numbers(spread_of(name), fallen=True) for name in (*rubric.criteria, "mean")}
    return {
        "combine": combine,
        "judges": {judge: _of_judge(judge, means) for judge in judges},
        "spread": {name: round(fmean(values), 4) for name, values in spreads.items() if values},
        "votes": _votes(examined, "anchors") if known else _votes(votes, "rows"),
        "anchors": max((len(each[0]) for each in of_anchors), default=0),
    }


def favours(models: Mapping[str, Model], outcome: Outcome) -> Iterator[str]:
    """Judges that wrote some rows themselves, or are of one family of models with one that did; both are named.

    Panickssery et al. 2024, "LLM Evaluators Recognize and Favor Their Own Generations" (arXiv 2404.13076).
    """
    for judge in {model.label: model for model in models.values()}.values():
        who = "the judge" if len(models) == 1 else f"the judge {judge.label}"
        for name, wrote in outcome.wrote.items():
            writer, where = outcome.models[name], " and ".join(wrote)
            if writer.label == judge.label:
                yield Warn(f"{who} is the model that wrote in {where}: models favour what they wrote")
            elif said := kin(judge, writer, f"wrote in {where}"):
                yield Warn(said)


def kin(judge: Model, writer: Model, wrote: str) -> str:
    """That a judge and a model that writes are of one family, with both their names; empty where they are not."""
    of_both = (families(each.model, each.identity or "") for each in (judge, writer))
    if not (alike := sorted(frozenset.intersection(*of_both))):
        return ""
    return (
        f"the judge {judge.label} and {writer.label}, which {wrote}, are both of the family {' and '.join(alike)}: "
        "models favour what their own kind writes"
    )


def notes(found: Mapping[str, Any]) -> Iterator[str]:
    """As how many votes those of a jury count."""
    if told := counted(found):
        yield told
    rows = max((of["rows"] for of in found.get("judges", {}).values()), default=0)
    for judge, of in found.get("judges", {}).items():
        if of["rows"] < rows * (1 - SILENT):
            told = f"`{judge}` gave a verdict on {of['rows']:,} rows, others on {rows:,}"
            yield Warn(f"{told}: the rest could not be read, and counted for nothing")


def counted(found: Mapping[str, Any]) -> str:
    """As how many independent votes those of a jury count, in a sentence without its end; empty where unknown."""
    votes = found.get("votes")
    if not votes:
        return ""
    judges, correlation = len(found["judges"]), f"{max(votes['correlation'], 0):.2f}"
    formula = f"by Kish's formula {judges} / (1 + {judges - 1} × {correlation}) with the mean correlation of their"
    said = f"the {judges} judges count as {votes['votes']:.1f} effective votes"
    if votes["of"] == "anchors":
        return f"{said}, {formula} errors on {votes['items']:,} anchors"
    anchors = found.get("anchors", 0)
    if not anchors:
        lacks = "only anchors (judge.anchors) would tell it apart"
    elif anchors < ANCHORS:
        lacks = f"{ANCHORS} anchors and more would tell it apart"
    else:
        lacks = "their errors on the anchors do not tell it apart, as too few of them differ"
    return f"{said} at least, {formula} scores: a part of that is what answers are worth, which all judges see; {lacks}"


def table(found: Mapping[str, Any]) -> ShownTable | None:
    """Of each judge how many rows it gave a verdict on, its mean, and how it agrees with the others."""
    if not found:
        return None
    rows = [(judge, of["rows"], of["mean"], of["agrees"]) for judge, of in found["judges"].items()]
    return ShownTable(("judge", "rows", "mean", "rank correlation with the others"), rows, range(1, 4))


def values(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the card's template is given of it."""
    return {"jury": table(found), "combine": found.get("combine", ""), "votes": counted(found)}


def _of_judge(judge: str, means: Mapping[str, Sequence[float | None]]) -> dict[str, Any]:
    """How many rows it judged, the mean of its means, and their rank correlation with the mean of the others'."""
    own = means[judge]
    others = [
        fmean(known) if (known := [score for score in row if score is not None]) else None
        for row in zip(*(scores for other, scores in means.items() if other != judge), strict=True)
    ]
    both = [(one, other) for one, other in zip(own, others, strict=True) if one is not None and other is not None]
    agrees = spearman([one for one, _ in both], [other for _, other in both])
    known = [score for score in own if score is not None]
    return {
        "rows": len(known),
        "mean": round(fmean(known), 4) if known else None,
        "agrees": None if agrees is None else round(agrees.rho, 4),
    }


def _votes(found: Votes | None, of: str) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"votes": round(found.votes, 4), "correlation": round(found.correlation, 4), "of": of, "items": found.items}


def _column(outcome: Outcome, name: str) -> list[float | None]:
    return list(outcome.all_values(name))
