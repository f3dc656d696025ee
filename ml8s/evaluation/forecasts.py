"""Forecasts as the report shows them: how they get worse the further ahead they look, and some series drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import FORECASTING
from ml8s.evaluation.fold_rows import ForecastPoints
from ml8s.evaluation.measured import measure
from ml8s.evaluation.metrics import Sample, exact_sum

MOST_STEP_ROWS: Final = 12
DRAWN: Final = 6
MOST_POINTS: Final = 200
SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class StepsRow:
    """The test rows that lie so many periods after their origin: their number, the metric, and the baseline's."""

    steps: str
    rows: int
    model: float | None
    baseline: float | None


@dataclass(frozen=True, slots=True)
class DrawnSeries:
    """The first test rows of one series: seconds since 1970 UTC, true values, forecasts and the baseline's."""

    name: str
    time: tuple[int, ...]
    actual: tuple[float, ...]
    forecast: tuple[float, ...]
    naive: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ForecastSummary:
    """The forecasts of the test rows.

    Attributes:
        metric: the metric that decides.
        series: how many series have test rows.
        horizon: the furthest that a row lies after its origin, in periods.
        by_steps: the metric by distance from the origin, the nearest first, in at most twelve groups.
        drawn: at most six series, from the one with the largest true values to the one with the smallest.
    """

    metric: str
    series: int
    horizon: int
    by_steps: tuple[StepsRow, ...]
    drawn: tuple[DrawnSeries, ...]


def summarize_forecasts(
    metric: str, sample: Sample, points: ForecastPoints, time: NDArray[np.int64], names: Sequence[str]
) -> ForecastSummary:
    """The summary of the test rows [n].

    Args:
        metric: the metric that decides.
        sample: the rows with the model's forecasts.
        points: series, distance from the origin, and the seasonal naive forecast of each.
        time: µs since 1970 UTC of each.
        names: the name of each row's series.
    """
    naive = Sample(sample.y, points.naive, sample.weight, series=sample.series, scale=sample.scale)
    horizon = int(points.steps.max())
    return ForecastSummary(
        metric=metric,
        series=len(np.unique(points.series)),
        horizon=horizon,
        by_steps=tuple(_steps_row(metric, group, points.steps, (sample, naive)) for group in _groups(horizon)),
        drawn=tuple(_drawn(code, sample, points, time, names) for code in _chosen(sample.y, points.series)),
    )


def _groups(horizon: int) -> list[tuple[int, int]]:
    """The distances 1 to ``horizon`` in at most twelve groups of nearly equal length: (first, last)."""
    cuts = [horizon * part // min(horizon, MOST_STEP_ROWS) for part in range(min(horizon, MOST_STEP_ROWS) + 1)]
    return [(low + 1, high) for low, high in pairwise(cuts)]


def _steps_row(
    metric: str, group: tuple[int, int], steps: NDArray[np.int64], samples: tuple[Sample, Sample]
) -> StepsRow:
    low, high = group
    rows = np.flatnonzero((steps >= low) & (steps <= high))
    model, baseline = (measure([metric], FORECASTING, one.take(rows)).value(metric) for one in samples)
    return StepsRow(f"{low}" if low == high else f"{low}–{high}", rows.size, model, baseline)


def _chosen(y: NDArray[np.float64], series: NDArray[np.int64]) -> list[int]:
    """At most six series, spread evenly over their order by the sum of absolute true values."""
    codes = np.unique(series)
    totals = [exact_sum(np.abs(y[series == code])) for code in codes] if len(codes) <= 10_000 else [0.0] * len(codes)
    order = sorted(range(len(codes)), key=lambda at: (-totals[at], at))
    count = min(DRAWN, len(order))
    places = [round(part * (len(order) - 1) / max(count - 1, 1)) for part in range(count)]
    return [int(codes[order[place]]) for place in places]


def _drawn(
    code: int, sample: Sample, points: ForecastPoints, time: NDArray[np.int64], names: Sequence[str]
) -> DrawnSeries:
    rows = np.flatnonzero(points.series == code)
    rows = rows[np.argsort(time[rows], kind="stable")][:MOST_POINTS]
    return DrawnSeries(
        name=names[int(rows[0])],
        time=tuple((time[rows] // SECOND).tolist()),
        actual=tuple(sample.y[rows].tolist()),
        forecast=tuple(sample.scores[rows].tolist()),
        naive=tuple(points.naive[rows].tolist()),
    )
