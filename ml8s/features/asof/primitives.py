"""What each primitive makes of the events [low, high) that a query sees; see ``feature`` for what they mean.

Each function takes a block, a value column and the two bounds [q], and gives float64 [q] with NaN for null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np

from ml8s.features.asof import wide
from ml8s.features.asof.block import Block
from ml8s.features.asof.distinct import mode, num_unique
from ml8s.features.asof.extremes import largest, smallest
from ml8s.features.asof.rows import Floats, Ints

Primitive: TypeAlias = Callable[[Block, str, Ints, Ints], Floats]

SECOND: Final = 1_000_000.0
DAY: Final = 86_400 * SECOND
FEWEST_FOR_TREND: Final = 3


def count(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The number of events."""
    return block.rows(low, high).astype(np.float64)


def total(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The exact sum of the values, rounded once."""
    finite = wide.rounded(block.sum_of(column, "x", low, high))
    if not block.infinite(column):
        return finite
    return with_infinities(finite, *(block.number(column, kind, low, high) for kind in ("plus", "minus")))


def with_infinities(finite: Floats, plus: Ints, minus: Ints) -> Floats:
    """A sum [q] as IEEE 754 has it, from its finite part and the numbers of its infinite terms."""
    found = np.where(plus > 0, np.where(minus > 0, np.nan, np.inf), np.where(minus > 0, -np.inf, finite))
    return np.asarray(found, dtype=np.float64)


def mean(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The sum over the number of values."""
    return ratio(total(block, column, low, high), block.number(column, "valid", low, high))


def ratio(sums: Floats, counts: Ints) -> Floats:
    """Sums over counts [q]; NaN where the count is 0."""
    found = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found


def std(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The sample standard deviation: the root of (n sum(x²) - sum(x)²) / (n (n - 1)), the numerator exact."""
    counts = block.number(column, "valid", low, high)
    spread = _comoment(block, column, ("xx", "x", "x"), counts, (low, high))
    variance = ratio(spread, np.where(counts > 1, counts * (counts - 1), 0))
    return _finite_only(block, column, np.sqrt(variance), low, high)


def trend(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The least-squares slope per day: (n sum(tx) - sum(t) sum(x)) / (n sum(t²) - sum(t)²), both parts exact."""
    counts = block.number(column, "valid", low, high)
    along = _comoment(block, column, ("tx", "t", "x"), counts, (low, high))
    spread = _comoment(block, column, ("tt", "t", "t"), counts, (low, high))
    slope = np.divide(along, spread, out=np.zeros(len(low)), where=spread > 0) * DAY
    return _finite_only(block, column, np.where(counts < FEWEST_FOR_TREND, np.nan, slope), low, high)


def _comoment(block: Block, column: str, sums: tuple[str, str, str], counts: Ints, bounds: tuple[Ints, Ints]) -> Floats:
    """``n sum(ab) - sum(a) sum(b)`` [q], exact and rounded once."""
    product, first, second = (block.sum_of(column, factors, *bounds) for factors in sums)
    return wide.rounded(wide.added(wide.scaled(product, counts), wide.multiplied(first, second), -1))


def _finite_only(block: Block, column: str, values: Floats, low: Ints, high: Ints) -> Floats:
    if not block.infinite(column):
        return values
    infinite = sum(block.number(column, kind, low, high) for kind in ("plus", "minus"))
    return np.where(infinite > 0, np.nan, values)


def first(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The value of the first event."""
    return _at(block.values(column), low, high > low)


def last(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The value of the last event."""
    return _at(block.values(column), high - 1, high > low)


def _at(values: Floats, position: Ints, there: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    found = np.full(len(position), np.nan)
    found[there] = values[position[there]]
    return found


def time_since_last(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """Seconds from the last event to the cutoff."""
    there = high > low
    found = np.full(len(low), np.nan)
    found[there] = (block.cutoff[there] - block.time[high[there] - 1]) / SECOND
    return found


def percent_true(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The share of the events whose value is 1."""
    return ratio(block.number(column, "true", low, high).astype(np.float64), block.rows(low, high))


PRIMITIVE: Final[Mapping[str, Primitive]] = {
    "count": count,
    "sum": total,
    "mean": mean,
    "min": smallest,
    "max": largest,
    "std": std,
    "num_unique": num_unique,
    "mode": mode,
    "first": first,
    "last": last,
    "trend": trend,
    "time_since_last": time_since_last,
    "percent_true": percent_true,
}
