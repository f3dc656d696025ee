"""Curves of a binary score: ROC, precision and recall, calibration, gain and lift. Values for charts and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.evaluation.metrics import Sample, weighted_mean
from ml8s.evaluation.thresholds import ScoreSteps, score_steps

Floats = NDArray[np.float64]

MOST_POINTS: Final = 200
CALIBRATION_BINS: Final = 10
GAIN_SHARES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve, both [points], of at most 200 points: the ends and the ones nearest to even steps."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows of similar score: their weight, mean score and observed share of positives."""

    rows: int
    lowest: float
    highest: float
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class GainPoint:
    """What the highest-scored ``share`` of rows holds: the share of all positives, and lift over a random choice."""

    share: float
    gain: float
    lift: float
    threshold: float


def roc_curve(steps: ScoreSteps) -> Curve:
    """False positive rate and true positive rate, from (0, 0) to (1, 1)."""
    found, wrong = np.r_[0.0, steps.true_positives], np.r_[0.0, steps.false_positives]
    return _thinned(wrong / wrong[-1], found / found[-1])


def precision_recall_curve(steps: ScoreSteps) -> Curve:
    """Recall and precision, from the highest threshold to the lowest."""
    found, wrong = steps.true_positives, steps.false_positives
    total = found + wrong
    precision = np.divide(found, total, out=np.ones_like(found), where=total > 0)
    return _thinned(np.r_[0.0, found / found[-1]], np.r_[precision[0], precision])


def threshold_curves(steps: ScoreSteps) -> tuple[Curve, Curve]:
    """Precision and recall by threshold, from the lowest score to the highest; needs a positive."""
    found, wrong = steps.true_positives[::-1], steps.false_positives[::-1]
    total = found + wrong
    precision = np.divide(found, total, out=np.ones_like(found), where=total > 0)
    return _thinned(steps.scores[::-1], precision), _thinned(steps.scores[::-1], found / found[0])


def gain_points(sample: Sample) -> tuple[GainPoint, ...]:
    """Gain and lift at some shares of the rows' weight; rows of equal score share what they hold evenly."""
    steps = score_steps(sample.y, sample.scores, sample.weight)
    found = np.r_[0.0, steps.true_positives]
    reached = np.r_[0.0, steps.true_positives + steps.false_positives]
    points = []
    for share in GAIN_SHARES:
        gain = float(np.interp(share * reached[-1], reached, found) / found[-1])
        at = int(np.searchsorted(reached[1:], share * reached[-1]))
        threshold = float(steps.scores[min(at, steps.scores.size - 1)])
        points.append(GainPoint(share, gain, gain / share, threshold))
    return tuple(points)


def calibration_bins(sample: Sample, bins: int = CALIBRATION_BINS) -> tuple[CalibrationBin, ...]:
    """Bins of about equal numbers of rows, by score; equal scores are never parted, so there may be fewer."""
    order = np.lexsort((sample.y, sample.scores))
    ranked = sample.scores[order]
    cuts = [ranked[int(len(ranked) * part / bins)] for part in range(1, bins)]
    code = np.searchsorted(np.unique(cuts), sample.scores, side="right")
    result = []
    for index in np.unique(code):
        rows = np.flatnonzero(code == index)
        weight = None if sample.weight is None else sample.weight[rows]
        if weight is not None and not weight.any():
            continue
        scores = sample.scores[rows]
        result.append(
            CalibrationBin(
                rows=len(rows),
                lowest=float(scores.min()),
                highest=float(scores.max()),
                predicted=weighted_mean(scores, weight),
                observed=weighted_mean(sample.y[rows], weight),
            )
        )
    return tuple(result)


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """Mean distance of predicted and observed over the bins, by rows (expected calibration error, Naeini 2015)."""
    distance = np.array([abs(b.predicted - b.observed) for b in bins])
    return weighted_mean(distance, np.array([float(b.rows) for b in bins]))


def _thinned(x: Floats, y: Floats) -> Curve:
    """At most ``MOST_POINTS`` of the points, evenly spaced along x + y; the first and last stay."""
    if x.size > MOST_POINTS:
        length = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
        wanted = np.linspace(0.0, length[-1], MOST_POINTS)
        keep = np.unique(np.r_[0, np.searchsorted(length, wanted).clip(0, x.size - 1), x.size - 1])
        x, y = x[keep], y[keep]
    return Curve(tuple(x.tolist()), tuple(y.tolist()))
