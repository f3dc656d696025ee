"""Which rows stand for all where a computation must stay bounded: chosen by hash, not by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def choose_rows(hashes: NDArray[np.uint64], at_most: int, group: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """The positions of at most ``at_most`` rows, ascending: those of the smallest hashes.

    Args:
        hashes: [n], a hash of each row's identity; ties are broken by position.
        at_most: the bound.
        group: [n] query codes of a ranking. Whole queries are taken then, by the smallest hash of their rows, while
            they fit; the first one always is.
    """
    if hashes.size <= at_most:
        return np.arange(hashes.size)
    if group is None:
        return np.sort(np.argsort(hashes, kind="stable")[:at_most])
    queries, code = np.unique(group, return_inverse=True)
    smallest = np.full(queries.size, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(smallest, code, hashes)
    order = np.argsort(smallest, kind="stable")
    fits = np.cumsum(np.bincount(code)[order]) <= at_most
    fits[0] = True
    taken = np.zeros(queries.size, dtype=bool)
    taken[order[fits]] = True
    return np.flatnonzero(taken[code])
