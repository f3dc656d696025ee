"""What a binary score gives at each of its thresholds: the counts that curves, ranks and decisions are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DECISION_METRICS: Final = ("accuracy", "balanced_accuracy", "f1", "precision", "recall")


@dataclass(frozen=True, slots=True)
class ScoreSteps:
    """The distinct scores from high to low, with the weight of positives and negatives that have each.

    All three arrays have the shape [distinct scores]. Without weights the counts are whole numbers and so exact.
    """

    scores: Floats
    positives: Floats
    negatives: Floats

    @property
    def true_positives(self) -> Floats:
        """The weight of positives at or above each score."""
        return np.cumsum(self.positives)

    @property
    def false_positives(self) -> Floats:
        """The weight of negatives at or above each score."""
        return np.cumsum(self.negatives)


def score_steps(y: Floats, scores: Floats, weight: Floats | None = None) -> ScoreSteps:
    """Groups rows by equal score.

    Args:
        y: [n], 1 for the positive class, else 0.
        scores: [n], finite.
        weight: [n], or None for ones. Rows of one score are summed in the order of target and weight, so the result
            does not depend on the order of rows to the bit.
    """
    keys = (scores,) if weight is None else (weight, y, scores)
    order = np.argsort(scores) if weight is None else np.lexsort(keys)
    order = order[::-1]
    ranked = scores[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    positive = y[order]
    mass = np.ones_like(positive) if weight is None else weight[order]
    return ScoreSteps(
        scores=ranked[starts],
        positives=np.add.reduceat(positive * mass, starts),
        negatives=np.add.reduceat((1.0 - positive) * mass, starts),
    )


def decision_values(name: str, steps: ScoreSteps) -> Floats:
    """A decision metric at each distinct score taken as the threshold (a score at or above it is positive).

    Shape [distinct scores]; the formulas are those of ``ml8s.evaluation.metrics``. Raises KeyError for a metric that
    is not one of ``DECISION_METRICS``.
    """
    tp, fp = steps.true_positives, steps.false_positives
    positives, negatives = tp[-1], fp[-1]
    if name == "accuracy":
        return np.asarray((tp + (negatives - fp)) / (positives + negatives))
    if name == "balanced_accuracy":
        return (_ratio(tp, positives) + _ratio(negatives - fp, negatives)) / 2.0
    if name == "precision":
        return _ratio(tp, tp + fp)
    if name == "recall":
        return _ratio(tp, positives)
    if name == "f1":
        return _ratio(2.0 * tp, tp + fp + positives)
    raise KeyError(name)


def best_threshold(name: str, y: Floats, scores: Floats, weight: Floats | None = None) -> float:
    """The threshold that maximises a decision metric; of several equally good ones the highest.

    It is one of the scores themselves, so that ``score >= threshold`` means the same on every machine.
    """
    steps = score_steps(y, scores, weight)
    return float(steps.scores[int(np.argmax(decision_values(name, steps)))])


def _ratio(part: Floats, whole: Floats | float) -> Floats:
    """``part / whole``, 0 where the whole is 0 (sklearn's ``zero_division=0``)."""
    whole = np.broadcast_to(np.asarray(whole, dtype=np.float64), part.shape)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
