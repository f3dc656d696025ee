"""The baseline: what a model reaches that looks at no feature. It is learned from the fit rows' target.

- binary and multiclass: every row gets the share of each class, weighted; decisions are for the most frequent class;
- regression: the weighted mean where the metric squares errors (rmse, r2), else the weighted median, its lower one
  of two (mae, wape; for mape the median is a common choice and not the optimum);
- ranking: equal scores, whose ndcg is the expectation of a random order (see ``ml8s.evaluation.ndcg``);
- forecasting: the seasonal naive forecast, which repeats the last season that the origin knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.config.metrics import BINARY, FORECASTING, MULTICLASS, RANKING, REGRESSION
from ml8s.evaluation.measured import Measured, measure
from ml8s.evaluation.metrics import Sample, exact_sum, weighted_mean

Floats = NDArray[np.float64]

BY_MEAN: Final = ("rmse", "r2")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was learned: shares by class [classes], or mean and median of the target; nothing for ranking.

    ``forecast`` [rows] is that of each row of the sample that it is measured on, for forecasting.
    """

    kind: str
    shares: tuple[float, ...] = ()
    mean: float = 0.0
    median: float = 0.0
    forecast: Floats | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return "seasonal naive forecast" if self.kind == FORECASTING else "constant baseline"

    @property
    def description(self) -> str:
        """One sentence for the report."""
        return {
            BINARY: "It gives every row the share of the positive class among the fit rows.",
            MULTICLASS: "It gives every row the share of each class among the fit rows.",
            REGRESSION: "It gives every row the fit rows' mean (rmse, r2) or median (other metrics).",
            RANKING: "It leaves the rows of each query in random order.",
            FORECASTING: "It repeats the last season that the origin of each forecast knows.",
        }[self.kind]

    def scores(self, metric: str, rows: int) -> Floats:
        """The baseline's scores of some rows for one metric: [rows], or [rows, classes] for multiclass."""
        if self.forecast is not None:
            return self.forecast
        if self.kind == BINARY:
            return np.full(rows, self.shares[1])
        if self.kind == MULTICLASS:
            return np.tile(np.array(self.shares), (rows, 1))
        if self.kind == REGRESSION:
            return np.full(rows, self.mean if metric in BY_MEAN else self.median)
        return np.zeros(rows)

    def measure(self, names: Iterable[str], sample: Sample) -> Measured:
        """The baseline's metrics on the rows of a sample, whose own scores and threshold are not used."""
        values: dict[str, float] = {}
        undefined: dict[str, str] = {}
        for name in names:
            constant = replace(sample, scores=self.scores(name, sample.y.size), threshold=0.5)
            one = measure([name], self.kind, constant)
            values.update(one.values)
            undefined.update(one.undefined)
        return Measured(values, undefined)

    def to_json(self) -> dict[str, Json]:
        """What it learned, for the report."""
        return {
            "description": self.description,
            "shares": list(self.shares) or None,
            "mean": self.mean if self.kind == REGRESSION else None,
            "median": self.median if self.kind == REGRESSION else None,
        }


def learn_baseline(kind: str, y: Floats, weight: Floats | None, classes: int = 2) -> Baseline:
    """Learns the constants from the fit rows.

    Args:
        kind: binary, multiclass, regression or ranking.
        y: [n], n at least 1, encoded as ``ml8s.evaluation.metrics.compute`` takes it.
        weight: [n] or None; weights that are all zero count as none.
        classes: the number of classes of a multiclass target.
    """
    if weight is not None and not weight.any():
        weight = None
    if kind in (BINARY, MULTICLASS):
        shares = tuple(weighted_mean((y == index).astype(np.float64), weight) for index in range(classes))
        return Baseline(kind, shares=shares)
    if kind == REGRESSION:
        return Baseline(kind, mean=weighted_mean(y, weight), median=_median(y, weight))
    return Baseline(kind)


def naive_baseline(forecast: Floats) -> Baseline:
    """The seasonal naive forecast of each test row [rows] as the baseline."""
    return Baseline(FORECASTING, forecast=forecast)


def _median(y: Floats, weight: Floats | None) -> float:
    """The smallest value with at least half of the weight at or below it."""
    mass = np.ones_like(y) if weight is None else weight
    order = np.lexsort((mass, y))
    reached = np.cumsum(mass[order])
    return float(y[order][int(np.searchsorted(reached, exact_sum(mass) / 2.0))])
