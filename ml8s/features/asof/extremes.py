"""Smallest and largest value inside a window, which read the window's events only.

A sparse table (M. Bender, M. Farach-Colton, The LCA problem revisited, 2000) built level by level: at level k each
place holds the extreme of 2**k events, and a window of length L is two such stretches with k = floor(log2 L).
"""

from __future__ import annotations

import numpy as np

from ml8s.features.asof.block import Block
from ml8s.features.asof.rows import Floats, Ints


def smallest(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The smallest value that is not null."""
    return -_largest(-block.values(column), low, high)


def largest(block: Block, column: str, low: Ints, high: Ints) -> Floats:
    """The largest value that is not null."""
    return _largest(block.values(column), low, high)


def _largest(values: Floats, low: Ints, high: Ints) -> Floats:
    """The largest of values[low:high] [q]; NaN where there is none. ``np.fmax`` passes nulls over."""
    found = np.full(len(low), np.nan)
    length = high - low
    level = np.frexp(length.astype(np.float64))[1] - 1
    order = np.argsort(level.astype(np.uint8), kind="stable")  # an empty window has level -1, which is 255
    bounds = np.searchsorted(level.astype(np.uint8)[order], np.arange(65))
    table = values
    for step in range(int(level.max(initial=-1)) + 1):
        queries = order[bounds[step] : bounds[step + 1]]
        found[queries] = np.fmax(table[low[queries]], table[high[queries] - (1 << step)])
        table = np.fmax(table[: -(1 << step)], table[1 << step :])
    # -0.0 comes from the sign change of the smallest only.
    return found
