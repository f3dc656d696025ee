"""Number of distinct values, and the most frequent one, inside windows whose bounds ascend.

An event is inside the windows of one run of queries [enter, leave). From these runs both follow without a window ever
being walked through.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ml8s.features.asof.block import Block
from ml8s.features.asof.rows import Floats, Ints


class Occurrences(NamedTuple):
    """The events that have a value, sorted by (key, value, position).

    Attributes:
        position: places in the block [v].
        group: a number for each key and value, ascending [v].
        rank: the rank of the value among the block's distinct values [v].
        values: the distinct values, ascending.
    """

    position: Ints
    group: Ints
    rank: Ints
    values: Floats


def occurrences(block: Block, column: str) -> Occurrences:
    """The occurrences of each value of a column, found once per block."""
    found: Occurrences = block.kept(("occurrences", column), lambda: _occurrences(block, column))
    return found


def _occurrences(block: Block, column: str) -> Occurrences:
    position = np.flatnonzero(~np.isnan(block.values(column)))
    values, rank = np.unique(block.values(column)[position], return_inverse=True)
    key = np.unique(block.keys[position], return_inverse=True)[1]
    group = key * len(values) + rank
    order = np.argsort(group, kind="stable")
    return Occurrences(position[order], group[order], rank[order], values)


def num_unique(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The number of distinct values; each is counted by its first event inside the window."""
    found = occurrences(block, column)
    enter, leave = _runs(found.position, low, high)
    # An event is the first of its value once the one before it has left.
    repeated = np.flatnonzero(found.group[1:] == found.group[:-1]) + 1
    enter[repeated] = np.maximum(enter[repeated], leave[repeated - 1])
    counted = enter < leave
    size = len(low) + 1
    change = np.bincount(enter[counted], minlength=size) - np.bincount(leave[counted], minlength=size)
    return np.where(high > low, np.cumsum(change)[:-1], np.nan)


def _runs(position: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """For each event the queries [enter, leave) whose windows hold it."""
    return np.searchsorted(high, position, side="right"), np.searchsorted(low, position, side="right")


def mode(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The most frequent value, the smallest among equals.

    The count of a value is a step function of the queries. Each step is one stretch of queries with one score,
    count first and then the smaller value; a query's mode is the best score among the stretches that hold it.
    """
    found = occurrences(block, column)
    first, after, score = _stretches(found, *_runs(found.position, low, high), len(low))
    best = _best(first, after, score, len(low))
    there = best > 0
    values = np.full(len(low), np.nan)
    values[there] = found.values[len(found.values) - 1 - best[there] % max(len(found.values), 1)]
    return values


def _stretches(found: Occurrences, enter: Ints, leave: Ints, queries: int) -> tuple[Ints, Ints, Ints]:
    """Stretches of queries [first, after) and their scores ``count * values + (values - 1 - rank)``."""
    seen = np.flatnonzero(enter < leave)
    group = np.tile(found.group[seen], 2)
    place = np.concatenate([enter[seen], leave[seen]])
    change = np.repeat([1, -1], len(seen))
    order = np.lexsort((place, group))
    group, place, counts = group[order], place[order], np.cumsum(change[order])
    rank = np.tile(found.rank[seen], 2)[order]
    lasting = np.flatnonzero((group[1:] == group[:-1]) & (place[1:] > place[:-1]) & (counts[:-1] > 0))
    size = len(found.values)
    return place[lasting], place[lasting + 1], counts[lasting] * size + (size - 1 - rank[lasting])


def _best(first: Ints, after: Ints, score: Ints, queries: int) -> Ints:
    """The best score of the stretches over each query [queries]; 0 where there is none.

    A sparse table the other way round: each stretch marks two places at the level of its length, and the marks are
    handed down to the level below until single queries are left.
    """
    level = np.frexp((after - first).astype(np.float64))[1] - 1
    best = np.zeros(queries, dtype=np.int64)
    for step in range(int(level.max(initial=0)), -1, -1):
        here = np.flatnonzero(level == step)
        np.maximum.at(best, first[here], score[here])
        np.maximum.at(best, after[here] - (1 << step), score[here])
        if step:
            half = 1 << (step - 1)
            best[half:] = np.maximum(best[half:], best[:-half])
    return best
