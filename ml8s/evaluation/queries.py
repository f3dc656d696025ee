"""A ranking, query by query: how many, how long, and how ndcg is spread over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml8s.evaluation.metrics import Sample, weighted_mean
from ml8s.evaluation.ndcg import query_gains

HISTOGRAM_BINS: Final = 20
SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class QuerySummary:
    """The queries of a sample.

    Attributes:
        queries: how many.
        without_relevant: those without a relevant row, which count as 1.
        rows: (fraction, rows) quantiles of the length of queries.
        ndcg: (fraction, ndcg) quantiles over the queries with a relevant row; empty where there is none.
        mean_of_relevant: mean ndcg over the queries with a relevant row, None where there is none.
        counts: [20] queries with a relevant row by ndcg, in even bins from 0 to 1.
        k: the rank down to which a query is judged.
    """

    queries: int
    without_relevant: int
    rows: tuple[tuple[float, int], ...]
    ndcg: tuple[tuple[float, float], ...]
    mean_of_relevant: float | None
    counts: tuple[int, ...]
    k: int


def summarize_queries(sample: Sample, k: int) -> QuerySummary:
    """The summary of a ranking whose sample has groups."""
    if sample.group is None:
        raise ValueError("a ranking needs the query of each row")
    gains = query_gains(sample.y, sample.scores, sample.group, k, sample.weight)
    judged = np.sort(gains.ndcg[gains.relevant > 0])
    lengths = np.sort(gains.rows)
    bins = np.minimum((judged * HISTOGRAM_BINS).astype(np.int64), HISTOGRAM_BINS - 1)
    return QuerySummary(
        queries=gains.group.size,
        without_relevant=int(np.count_nonzero(gains.relevant == 0)),
        rows=tuple((share, int(lengths[int(share * (lengths.size - 1))])) for share in SHARES),
        ndcg=tuple((share, float(judged[int(share * (judged.size - 1))])) for share in SHARES if judged.size),
        mean_of_relevant=weighted_mean(judged, None) if judged.size else None,
        counts=tuple(np.bincount(bins, minlength=HISTOGRAM_BINS).tolist()),
        k=k,
    )
