"""The errors of a regression: their distribution, and predicted against true values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.evaluation.metrics import Sample, exact_sum

Floats = NDArray[np.float64]

QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
HISTOGRAM_BINS: Final = 40
PREDICTED_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residual = predicted - true, in the target's unit.

    Attributes:
        mean: the bias; above zero the model predicts too much.
        quantiles: (fraction, value) pairs, of the rows without weights.
        edges: [bins + 1] of the histogram between the 1 % and the 99 % quantile; rows beyond lie in the outer bins.
        counts: [bins] rows.
        predicted: mean prediction of each of at most ten bins of rows by prediction, ascending.
        true: mean true value of the same bins.
        rows: rows of the same bins.
    """

    mean: float
    quantiles: tuple[tuple[float, float], ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    predicted: tuple[float, ...]
    true: tuple[float, ...]
    rows: tuple[int, ...]


def residuals(sample: Sample) -> Residuals:
    """The residuals of a sample [n], n at least 1."""
    errors = sample.scores - sample.y
    ranked = np.sort(errors)
    quantiles = tuple((share, _quantile(ranked, share)) for share in QUANTILES)
    edges = _edges(quantiles[0][1], quantiles[-1][1])
    bins = np.searchsorted(edges[1:-1], errors, side="right")
    groups = _groups_by_prediction(sample)
    return Residuals(
        mean=exact_sum(errors) / errors.size,
        quantiles=quantiles,
        edges=tuple(edges.tolist()),
        counts=tuple(np.bincount(bins, minlength=edges.size - 1).tolist()),
        predicted=tuple(exact_sum(sample.scores[rows]) / rows.size for rows in groups),
        true=tuple(exact_sum(sample.y[rows]) / rows.size for rows in groups),
        rows=tuple(rows.size for rows in groups),
    )


def _quantile(ranked: Floats, share: float) -> float:
    """The value at or below which at least this share of the values lies."""
    return float(ranked[max(int(np.ceil(share * ranked.size)) - 1, 0)])


def _edges(low: float, high: float) -> Floats:
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, HISTOGRAM_BINS + 1)


def _groups_by_prediction(sample: Sample) -> list[NDArray[np.int64]]:
    """The rows of each tenth of predictions; equal predictions are never parted."""
    ranked = np.sort(sample.scores)
    cuts = np.unique([ranked[ranked.size * part // PREDICTED_BINS] for part in range(1, PREDICTED_BINS)])
    code = np.searchsorted(cuts, sample.scores, side="right")
    return [np.flatnonzero(code == index) for index in np.unique(code)]
