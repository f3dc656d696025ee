"""The definitions of the as-of features written down plainly, one row at a time, in exact rational arithmetic."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.rows import Events, Floats, Queries

DAY = 86_400_000_000
NULL = math.nan


class Row(NamedTuple):
    """A visible row."""

    time: int
    value: float


def as_of(feature: AsOfFeature, events: Events, queries: Queries, refresh: int | None) -> Floats:
    """One feature, row by row [m]."""
    identity = np.arange(len(events)) if events.identity is None else events.identity
    order = np.lexsort((identity, events.time))
    return np.array([_one(feature, events, queries, row, order, refresh) for row in range(len(queries))])


def _one(
    feature: AsOfFeature, events: Events, queries: Queries, row: int, order: np.ndarray, refresh: int | None
) -> float:
    key = queries.keys[feature.entity][row]
    if key < 0:
        return NULL
    time = int(queries.time[row])
    cutoff = time if refresh is None else time - time % refresh
    until = cutoff - feature.delay
    since = -math.inf if feature.window is None else until - feature.window
    seen = [i for i in order if events.keys[feature.entity][i] == key and since <= events.time[i] < until]
    values = np.zeros(len(events)) if feature.column is None else events.columns[feature.column]
    if feature.child is None:
        return PLAIN[feature.primitive]([Row(int(events.time[i]), float(values[i])) for i in seen], cutoff)
    families: dict[int, list[Row]] = {}
    for i in seen:
        child = int(events.keys[feature.child.entity][i])
        if child >= 0:
            families.setdefault(child, []).append(Row(int(events.time[i]), float(values[i])))
    inner = [Row(0, PLAIN[feature.child.primitive](rows, cutoff)) for rows in families.values()]
    return PLAIN[feature.primitive](inner, cutoff)


def _present(rows: Sequence[Row]) -> list[float]:
    return [row.value for row in rows if not math.isnan(row.value)]


def _nearest(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _sum(rows: Sequence[Row], _: int) -> float:
    values = _present(rows)
    infinite = {value for value in values if math.isinf(value)}
    if infinite:
        return NULL if len(infinite) == 2 else infinite.pop()
    return _nearest(sum(map(Fraction, values), Fraction(0)))


def _mean(rows: Sequence[Row], cutoff: int) -> float:
    count = len(_present(rows))
    return _sum(rows, cutoff) / count if count else NULL


def _std(rows: Sequence[Row], _: int) -> float:
    values = _present(rows)
    count = len(values)
    if count < 2 or any(map(math.isinf, values)):
        return NULL
    exact = [Fraction(value) for value in values]
    return math.sqrt(_nearest(count * sum(x * x for x in exact) - sum(exact) ** 2) / (count * (count - 1)))


def _trend(rows: Sequence[Row], _: int) -> float:
    pairs = [(row.time, row.value) for row in rows if not math.isnan(row.value)]
    count = len(pairs)
    if count < 3 or any(math.isinf(value) for _, value in pairs):
        return NULL
    t, x = [Fraction(time) for time, _ in pairs], [Fraction(value) for _, value in pairs]
    spread = count * sum(a * a for a in t) - sum(t) ** 2
    along = count * sum(a * b for a, b in zip(t, x, strict=True)) - sum(t) * sum(x)
    return _nearest(along) / _nearest(spread) * DAY if spread else 0.0


def _mode(rows: Sequence[Row], _: int) -> float:
    counts = Counter(_present(rows))
    return min(counts, key=lambda value: (-counts[value], value)) if counts else NULL


PLAIN: dict[str, Callable[[Sequence[Row], int], float]] = {
    "count": lambda rows, _: float(len(rows)),
    "sum": _sum,
    "mean": _mean,
    "min": lambda rows, _: min(_present(rows), default=NULL),
    "max": lambda rows, _: max(_present(rows), default=NULL),
    "std": _std,
    "num_unique": lambda rows, _: float(len(set(_present(rows)))) if rows else NULL,
    "mode": _mode,
    "first": lambda rows, _: rows[0].value if rows else NULL,
    "last": lambda rows, _: rows[-1].value if rows else NULL,
    "trend": _trend,
    "time_since_last": lambda rows, cutoff: (cutoff - rows[-1].time) / 1e6 if rows else NULL,
    "percent_true": lambda rows, _: sum(row.value == 1 for row in rows) / len(rows) if rows else NULL,
}
