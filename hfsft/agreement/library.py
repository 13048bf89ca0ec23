"""The statistics, as scikit-learn, krippendorff and scipy work them out; what none of them can tell is said in words.

Where a figure is not defined (all labels alike, nothing in common) these libraries give no number or nan, with warnings
meant for programmers. Here each such case is looked for first, and has a sentence.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from typing import Any

from hfsft.errors import UserError
from hfsft.hashing import digest
from hfsft.verdicts.error_rate import CONFIDENCE, exact_interval

RESAMPLES = 1000
UNDEFINED_AT_MOST = 0.05
"""ShareOf of resamples without a figure above which the others make no interval."""
EXTRA = "pip install 'hfsft[people]'"


class LibraryMissingError(UserError):
    """A library of statistics that is not installed; the message names the extra that brings it."""


@dataclass(frozen=True)
class Figure:
    """A figure with the ends of its 95% interval, as far as they are known; `why` says why it, or they, are not."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figure as JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, **({"why": self.why} if self.why else {})}


@dataclass(frozen=True)
class ShareOf:
    """How many of how many, with the interval of Clopper and Pearson (1934), which is exact for any number of rows."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of its 95% interval; 0 and 1 where nothing was seen."""
        if not self.of:
            return 0.0, 1.0
        return exact_interval(self.count, self.of)

    @property
    def figure(self) -> Figure:
        """The share as a figure; one of nothing has no value."""
        return Figure(self.value, *self.ends) if self.of else Figure(why="no rows")

    def as_dict(self) -> dict[str, Any]:
        """The share as JSON."""
        low, high = self.ends
        return {"count": self.count, "of": self.of, "value": self.value, "low": low, "high": high}


def weighted_share(holds: Sequence[bool], weights: Sequence[float]) -> Figure:
    """The share of rows of which something holds, where rows weigh unequally, with its 95% interval.

    The interval is that of Clopper and Pearson at the number of rows of equal weight that would tell as much: Korn and
    Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts".
    """
    if len(set(weights)) < 2:
        return ShareOf(sum(holds), len(holds)).figure
    from scipy.stats import beta

    whole = sum(weights)
    value = sum(weight for weight, held in zip(weights, holds, strict=True) if held) / whole
    rows = whole**2 / sum(weight**2 for weight in weights)
    count, tail = value * rows, (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, count, rows - count + 1)) if any(holds) else 0.0
    high = float(beta.ppf(1 - tail, count + 1, rows - count)) if not all(holds) else 1.0
    return Figure(value, low, high)


def library(name: str) -> Any:
    """A library of statistics by its name. Raises `LibraryMissingError` where the extra is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        if error.name is not None and not name.startswith(error.name):  # it is here, and something of it is broken
            raise
        wanted = name.partition(".")[0].replace("sklearn", "scikit-learn")
        raise LibraryMissingError(
            f"agreement and calibration need {wanted}, which is not installed ({EXTRA})"
        ) from None


def kappa(
    first: Sequence[int],
    second: Sequence[int],
    levels: int,
    *,
    weighted: bool = False,
    weights: Sequence[float] | None = None,
) -> float:
    """Cohen's kappa of labels from 0 to `levels` - 1, with quadratic `weighted`; nan where it is not defined.

    `weights` are those of the rows. Sources: Cohen 1960, "A coefficient of agreement for nominal scales"; Cohen 1968,
    "Weighted kappa".
    """
    metrics = library("sklearn.metrics")
    how = {"labels": list(range(levels)), "weights": "quadratic" if weighted else None, "sample_weight": weights}
    with _quiet(), library("sklearn").config_context(skip_parameter_validation=True):  # a fifth of the time
        return float(metrics.cohen_kappa_score(first, second, **how))


def alpha(table: Any, *, ordered: bool) -> float:
    """Krippendorff's alpha of a table of labels, reviewer by row with nan for none; nan where it is not defined.

    Source: Krippendorff 2004, "Content Analysis", chapter 11, for `ordered` labels with the ordinal metric.
    """
    found = library("krippendorff")
    with _quiet():
        try:
            return float(found.alpha(reliability_data=table, level_of_measurement="ordinal" if ordered else "nominal"))
        except ValueError:  # one label only, or no row that two have labelled
            return float("nan")


def interval(statistic: Callable[[Any], float], rows: int, seed: Any) -> tuple[float, float] | None:
    """The ends of a figure's 95% percentile interval over rows that are drawn again; None where they make none.

    `statistic` is given the numbers of rows, some of them several times. `seed` is what the rows say, so that equal
    rows get equal ends. Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.
    """
    if rows < 2:
        return None
    import numpy as np
    from scipy.stats import bootstrap

    with _quiet():
        found = bootstrap(
            (np.arange(rows),),
            statistic,
            vectorized=False,
            n_resamples=RESAMPLES,
            confidence_level=CONFIDENCE,
            method="percentile",
            random_state=np.random.default_rng(int(digest(seed, 16), 16)),
        )
    known = found.bootstrap_distribution[np.isfinite(found.bootstrap_distribution)]
    if len(known) < RESAMPLES * (1 - UNDEFINED_AT_MOST):
        return None
    low, high = np.quantile(known, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return float(low), float(high)


def with_interval(value: float, statistic: Callable[[Any], float], rows: int, seed: Any) -> Figure:
    """A figure that is defined, with its interval, or with why it has none."""
    assert isfinite(value), "a figure that is not defined has a sentence of its own"
    ends = interval(statistic, rows, seed)
    if ends is None:
        return Figure(value, why="too few rows, or too few of one label, for an interval")
    if ends[0] == ends[1]:  # no draw of rows differs from another: that says nothing of other rows
        return Figure(value, why="no interval, as every row says the same")
    return Figure(value, *ends)


@contextmanager
def _quiet() -> Iterator[None]:
    import numpy as np

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
