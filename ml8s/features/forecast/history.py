"""The values of series by period, and what a forecast reads of them: numpy only, whole rows of arrays at once.

A value is a function of its series' periods at or before the origin: each window is gathered and summed on its own,
so that nothing outside of it changes a bit, and a stored end of a series gives what the whole series gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.features.forecast.definitions import LAG, LEVEL, SEASON, SEASON_MEAN, SINCE, STEPS, LagFeature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELLS_AT_ONCE: Final = 1 << 21


@dataclass(frozen=True, slots=True)
class History:
    """Complete series, one after the other.

    Attributes:
        values: float64 [points], by series and period.
        start: int64 [series], where each series begins in ``values``.
        first: int64 [series], its first period.
        size: int64 [series], how many periods it has.
    """

    values: Floats
    start: Ints
    first: Ints
    size: Ints

    @classmethod
    def of_rows(cls, values: Floats, code: Ints, period: Ints, order: Ints) -> History:
        """From rows [n] in any order; ``order`` sorts them by series and period, each series without a gap."""
        by_series = code[order]
        start = np.flatnonzero(np.r_[True, by_series[1:] != by_series[:-1]])
        return cls(values[order], start, period[order][start], np.diff(np.r_[start, len(order)]))

    def at(self, code: Ints, period: Ints) -> Floats:
        """The value of each series at each period [n]; NaN where the series has none."""
        place = period - self.first[code]
        known = (place >= 0) & (place < self.size[code])
        found: Floats = np.where(known, self.values[np.where(known, self.start[code] + place, 0)], np.nan)
        return found

    def window(self, code: Ints, last: Ints, length: int) -> tuple[Floats, NDArray[np.bool_]]:
        """The values of the ``length`` periods up to ``last`` [n, length], and which of them the series has.

        What it has not is 0. ``last`` is within the series.
        """
        place = (last - self.first[code])[:, None] + np.arange(1 - length, 1)
        known = place >= 0
        return np.where(known, self.values[np.where(known, self.start[code][:, None] + place, 0)], 0.0), known


@dataclass(frozen=True, slots=True)
class Asked:
    """Points to forecast: the series, the period, and how many periods after its origin it lies, each int64 [n].

    The origin of each lies within its series.
    """

    code: Ints
    period: Ints
    steps: Ints

    @property
    def origin(self) -> Ints:
        """The last period that may be read."""
        return self.period - self.steps

    def take(self, part: slice) -> Asked:
        """Some of them."""
        return Asked(self.code[part], self.period[part], self.steps[part])


def same_season(history: History, asked: Asked, cycle: int, back: int = 0) -> Floats:
    """The value in the same part of the cycle, the last one that the origin knows, or ``back`` cycles before it."""
    whole = -(-asked.steps // cycle) * cycle
    return history.at(asked.code, asked.period - whole - back * cycle)


def seasonal_naive(history: History, asked: Asked, season: int) -> Floats:
    """The seasonal naive forecast: the last known value of the same part of the season, else that at the origin."""
    found = same_season(history, asked, season)
    naive: Floats = np.where(np.isnan(found), history.at(asked.code, asked.origin), found)
    return naive


def compute_all(
    features: Sequence[LagFeature], history: History, asked: Asked, floor: float
) -> Iterator[tuple[LagFeature, Floats]]:
    """Every feature of some points in turn; the level comes first, and is never below ``floor``."""
    level: Floats | None = None
    for feature in features:
        values = compute(feature, history, asked)
        if feature.kind == LEVEL:
            values = level = values + floor
        elif feature.relative and level is not None:
            values = values / level
        yield feature, values


def compute(feature: LagFeature, history: History, asked: Asked) -> Floats:
    """One feature of some points, float64 [n]; NaN where the series is too short. Memory: 16 MB beside the result."""
    if feature.kind == STEPS:
        return asked.steps.astype(np.float64)
    if feature.kind == LAG:
        return history.at(asked.code, asked.origin - feature.length)
    if feature.kind == SEASON:
        return same_season(history, asked, feature.cycle, feature.length)
    if feature.kind == SEASON_MEAN:
        return _mean_of([same_season(history, asked, feature.cycle, back) for back in range(feature.length)])
    found = np.empty(len(asked.code))
    at_once = max(1, CELLS_AT_ONCE // feature.length)
    for begin in range(0, len(found), at_once):
        part = slice(begin, begin + at_once)
        values, known = history.window(asked.code[part], asked.origin[part], feature.length)
        found[part] = _STATISTICS[feature.kind](values, known)
    return found


def _mean_of(columns: list[Floats]) -> Floats:
    """The mean of those that are there, added in their order."""
    total, count = np.zeros(len(columns[0])), np.zeros(len(columns[0]))
    for column in columns:
        known = ~np.isnan(column)
        total += np.where(known, column, 0.0)
        count += known
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    return mean


def _mean(values: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.asarray(values.sum(axis=1) / known.sum(axis=1))


def _std(values: Floats, known: NDArray[np.bool_]) -> Floats:
    centred = np.where(known, values - _mean(values, known)[:, None], 0.0)
    deviation: Floats = np.sqrt((centred * centred).sum(axis=1) / known.sum(axis=1))
    return deviation


def _least(values: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(known, values, np.inf).min(axis=1))


def _largest(values: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(known, values, -np.inf).max(axis=1))


def _zeros(values: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.asarray((known & (values == 0.0)).sum(axis=1) / known.sum(axis=1))


def _since(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Periods from the last value other than 0; the window's length where there is none."""
    other = known & (values != 0.0)
    last = values.shape[1] - 1 - np.argmax(other[:, ::-1], axis=1)
    since: Floats = np.where(other.any(axis=1), values.shape[1] - 1 - last, values.shape[1]).astype(np.float64)
    return since


_STATISTICS: Final[Mapping[str, Callable[[Floats, NDArray[np.bool_]], Floats]]] = {
    "mean": _mean,
    "std": _std,
    "min": _least,
    "max": _largest,
    "zeros": _zeros,
    SINCE: _since,
    LEVEL: lambda values, known: _mean(np.abs(values), known),
}


def seasonal_scales(history: History, before: int, season: int) -> Floats:
    """How far the seasonal naive forecast was off in the past: what errors of a series are measured in.

    Hyndman and Koehler, Another look at measures of forecast accuracy (2006); the squared one as in the M5 competition,
    with the season instead of one period.

    Args:
        history: the series.
        before: the first period that plays no part.
        season: periods of a season.

    Returns:
        float64 [series, 2], the mean absolute and the mean squared difference of values one season apart, all of them
        before the period; NaN for a series with no such pair.
    """
    series = np.repeat(np.arange(len(history.start)), history.size)
    place = np.arange(len(history.values)) - history.start[series]
    counted = np.flatnonzero((place >= season) & (place + history.first[series] < before))
    apart = history.values[counted] - history.values[counted - season]
    pairs = np.bincount(series[counted], minlength=len(history.start))
    sums = [np.bincount(series[counted], weights=one, minlength=len(pairs)) for one in (np.abs(apart), apart * apart)]
    means = [np.where(pairs > 0, one / np.maximum(pairs, 1), np.nan) for one in sums]
    return np.stack(means, axis=1)
