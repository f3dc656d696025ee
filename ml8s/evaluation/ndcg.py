"""Normalised discounted cumulative gain of a ranking, per query.

Gain ``2^grade - 1`` and discount ``1 / log2(1 + rank)`` (Burges et al. 2005), as LightGBM and XGBoost train on.
Rows of equal score share the mean of their gains (McSherry and Najork 2008, as sklearn's ``ndcg_score``), so the value
does not depend on the order of rows, and equal scores for all rows give exactly the expectation of a random order.
A query without a relevant row counts as 1, as in LightGBM (``rank_metric.hpp``) and XGBoost: no order of it is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QueryGains:
    """One line per query, sorted by group code; every array has the shape [queries]."""

    group: NDArray[np.int64]
    rows: NDArray[np.int64]
    relevant: NDArray[np.int64]
    ndcg: Floats
    weight: Floats


def query_gains(
    grades: Floats, scores: Floats, group: NDArray[np.int64], k: int, weight: Floats | None = None
) -> QueryGains:
    """NDCG of the first ``k`` rows of every query.

    Args:
        grades: [n], zero or greater; usually whole numbers.
        scores: [n], higher is better.
        group: [n], equal for the rows of one query, in any order.
        k: how many rows of each query count.
        weight: [n] or None; a query weighs the mean of its rows, as in LightGBM.

    Raises:
        OverflowError: a gain is beyond a float (grades above 1,023).
    """
    with np.errstate(over="ignore"):
        gains = np.exp2(grades) - 1.0
    if not np.isfinite(gains).all():
        raise OverflowError("grades are so high that their gain 2^grade - 1 is no finite number")
    order = np.lexsort((gains, -scores, group))
    sorted_group = group[order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
    sizes = np.diff(np.r_[starts, sorted_group.size])
    rank = np.arange(sorted_group.size) - np.repeat(starts, sizes)
    discount = np.where(rank < k, 1.0 / np.log2(rank + 2.0), 0.0)
    got = _dcg_with_ties(gains[order], scores[order], discount, starts)
    best_first = np.lexsort((-gains, group))
    ideal = np.add.reduceat(gains[best_first] * discount, starts)
    ndcg = np.divide(got, ideal, out=np.ones_like(got), where=ideal > 0)
    mass = np.ones_like(ndcg)
    if weight is not None:
        by_weight = weight[np.lexsort((weight, group))]
        mass = np.add.reduceat(by_weight, starts) / sizes
    return QueryGains(
        group=sorted_group[starts],
        rows=sizes.astype(np.int64),
        relevant=np.add.reduceat((grades[order] > 0).astype(np.int64), starts),
        ndcg=np.minimum(ndcg, 1.0),
        weight=mass,
    )


def _dcg_with_ties(gains: Floats, scores: Floats, discount: Floats, starts: NDArray[np.int64]) -> Floats:
    """DCG of each query, where rows of equal score share the mean of their gains; shape [queries]."""
    is_query_start = np.zeros(gains.size, dtype=bool)
    is_query_start[starts] = True
    ties = np.flatnonzero(is_query_start | np.r_[True, scores[1:] != scores[:-1]])
    sizes = np.diff(np.r_[ties, gains.size])
    share = np.add.reduceat(gains, ties) / sizes * np.add.reduceat(discount, ties)
    return np.add.reduceat(share, np.searchsorted(ties, starts))
