"""Distinct values by sorting.

``np.unique`` and ``np.intersect1d`` of numpy 2.3 and later hash integers, and with millions of different ones take
seventy times as long as a sort.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

LOOKED_UP_AT_ONCE: Final = 1 << 18

_Number = TypeVar("_Number", bound=np.generic)


def distinct(values: NDArray[_Number]) -> NDArray[_Number]:
    """The distinct values [d] of an array [n], ascending; NaN is no value for it."""
    return distinct_of_sorted(np.sort(values))


def distinct_of_sorted(ordered: NDArray[_Number]) -> NDArray[_Number]:
    """The distinct values [d] of an ascending array [n]."""
    if not len(ordered):
        return ordered
    kept: NDArray[_Number] = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
    return kept


def in_both(one: NDArray[_Number], other: NDArray[_Number]) -> NDArray[_Number]:
    """The distinct values that stand in both arrays [n] and [m], ascending; memory beside sorted copies is small."""
    longer, shorter = (np.sort(values) for values in sorted((one, other), key=len, reverse=True))
    found = [shorter[:0]]
    for start in range(0, len(shorter), LOOKED_UP_AT_ONCE):
        part = distinct_of_sorted(shorter[start : start + LOOKED_UP_AT_ONCE])
        found.append(part[holds(longer, part)])
    return distinct_of_sorted(np.concatenate(found))


def holds(ordered: NDArray[Any], values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values [n] stand in an ascending array that has at least one."""
    answer: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return answer
