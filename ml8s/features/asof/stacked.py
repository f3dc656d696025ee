"""Features of depth 2: an aggregate over the values that each of a key's children has as of the cutoff.

A child is the rows that share the outer key and the inner one. Its value changes right after each of its rows and,
with a window, right after a row leaves; in between it stands still. So the children's changes become events of the
outer key, each adding the new value and taking the old one away, in exact arithmetic: their sum up to a cutoff is the
sum of the values that the children have then, to the bit, whatever they had before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof import wide
from ml8s.features.asof.block import Block
from ml8s.features.asof.feature import AsOfFeature, Child
from ml8s.features.asof.order import starts_of
from ml8s.features.asof.primitives import PRIMITIVE, ratio, with_infinities
from ml8s.features.asof.rows import Floats, Ints


class Changes(NamedTuple):
    """The changes of all children's values, sorted by (child, instant).

    Attributes:
        key: the outer key [c].
        instant: microseconds; the change counts for cutoffs later than it [c].
        first: whether it is its child's first change [c].
        alive: whether the child has a row inside the window afterwards [c].
        value: the child's value afterwards; NaN where it is null or the child has no row [c].
    """

    key: Ints
    instant: Ints
    first: NDArray[np.bool_]
    alive: NDArray[np.bool_]
    value: Floats


def stacked(block: Block, feature: AsOfFeature, child: Child) -> Floats:
    """A feature of depth 2 for each query of the block [q]."""
    changes = block.kept(
        ("changes", child, feature.column, feature.window),
        lambda: _changes(block, child, feature.column or "", feature.window),
    )
    order = np.lexsort((changes.instant, changes.key))
    outer = Block(
        keys=changes.key[order],
        time=changes.instant[order],
        column=lambda name: np.empty(0),
        query_keys=block.query_keys,
        cutoff=block.cutoff,
    )
    low, high = outer.window(None, feature.delay)

    def current(steps: Ints) -> Ints:
        sums = np.concatenate([[0], np.cumsum(steps[order])])
        found: Ints = sums[high] - sums[low]
        return found

    if feature.primitive == "count":
        return current(_steps(changes, changes.alive)).astype(np.float64)
    finite = np.where(np.isfinite(changes.value), changes.value, 0.0)
    numbers = wide.from_floats(finite, max(outer.longest, 1))
    digits = numbers.digits - np.where(changes.first, 0, np.roll(numbers.digits, 1, axis=1))
    prefixes = wide.prefix_sums(wide.Wide(digits[:, order], numbers.low))
    plus, minus = (current(_steps(changes, changes.value == infinity)) for infinity in (np.inf, -np.inf))
    total = with_infinities(wide.rounded(wide.between(prefixes, low, high)), plus, minus)
    if feature.primitive == "sum":
        return total
    return ratio(total, current(_steps(changes, ~np.isnan(changes.value))))


def _steps(changes: Changes, holds: NDArray[np.bool_]) -> Ints:
    """1 where a child's change makes something hold, -1 where it ends it, else 0 [c]."""
    now = holds.astype(np.int64)
    return now - np.where(changes.first, 0, np.roll(now, 1))


def _changes(block: Block, child: Child, column: str, window: int | None) -> Changes:
    """The changes of all children of the block's keys."""
    if block.children is None:
        raise ValueError("a child has no children of its own")
    codes = block.children(child.entity)
    rows = np.flatnonzero(codes >= 0)
    rows = rows[np.lexsort((codes[rows], block.keys[rows]))]
    new = np.zeros(len(rows), dtype=np.bool_)
    new[starts_of(block.keys[rows])] = True
    new[starts_of(codes[rows])] = True
    pair = np.cumsum(new) - 1
    time = block.time[rows]
    pairs, instants = (pair, time) if window is None else (np.tile(pair, 2), np.concatenate([time, time + window]))
    order = np.lexsort((instants, pairs))
    pairs, instants = pairs[order], instants[order]
    # Of equal instants one is kept.
    kept = np.ones(len(pairs), dtype=np.bool_)
    kept[1:] = (pairs[1:] != pairs[:-1]) | (instants[1:] != instants[:-1])
    pairs, instants = pairs[kept], instants[kept]
    inner = Block(
        keys=pair,
        time=time,
        column=lambda name: block.values(name)[rows],
        query_keys=pairs,
        cutoff=instants + 1,
    )
    low, high = inner.window(window, 0)
    first = np.zeros(len(pairs), dtype=np.bool_)
    first[starts_of(pairs)] = True
    return Changes(
        key=block.keys[rows][np.searchsorted(pair, pairs)],
        instant=instants,
        first=first,
        alive=high > low,
        value=np.where(high > low, PRIMITIVE[child.primitive](inner, column, low, high), np.nan),
    )
