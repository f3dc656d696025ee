"""Every metric, computed in one place: the search, the gates and the report call ``compute``.

The definitions are those of ``sklearn.metrics`` where it has them, written in numpy so that a search can afford them
per trial. Sums over rows are correctly rounded (``math.fsum``) or are counts: a value does not depend on the order of
rows, on threads, or on how a library happens to add, and weights of one give the unweighted value to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml8s.config.metrics import BINARY, MULTICLASS, RANKING, find_metric
from ml8s.evaluation.ndcg import query_gains
from ml8s.evaluation.thresholds import score_steps

Floats = NDArray[np.float64]

SMALLEST_PROBABILITY: Final = float(np.finfo(np.float64).eps)


class UndefinedMetric(ValueError):
    """The metric has no value on these rows; the message says why in one plain sentence."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to judge: target [n], scores [n] or [n, classes], weight and group [n] or None.

    Of forecasts also: series [n], codes; scale [n, 2], the mean absolute and the mean squared error of the seasonal
    naive forecast on the past of the row's series, NaN where it has too short a past.
    """

    y: Floats
    scores: Floats
    weight: Floats | None = None
    group: NDArray[np.int64] | None = None
    threshold: float = 0.5
    series: NDArray[np.int64] | None = None
    scale: Floats | None = None

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Sample:
        """The same for some of the rows."""
        return replace(
            self,
            y=self.y[rows],
            scores=self.scores[rows],
            weight=None if self.weight is None else self.weight[rows],
            group=None if self.group is None else self.group[rows],
            series=None if self.series is None else self.series[rows],
            scale=None if self.scale is None else self.scale[rows],
        )


def compute(
    name: str,
    y: ArrayLike,
    scores: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    threshold: float = 0.5,
    series: ArrayLike | None = None,
    scale: ArrayLike | None = None,
) -> float:
    """One metric of some rows.

    Args:
        name: a metric of ``ml8s.config.metrics``.
        y: [n]. Binary: 1 = positive class, else 0; multiclass: class index; regression: value; ranking: grade.
        scores: [n] or, multiclass, [n, classes]. Classification: probabilities; else values.
        weight: [n] weights, zero or greater; for ndcg a query weighs the mean of its rows.
        group: [n] whole numbers that name the query of each row; needed by ndcg.
        threshold: a binary score at or above it is a decision for the positive class. Multiclass decisions take the
            most probable class, the first one of equals.
        series: [n] whole numbers that name the series of each row; needed by rmsse.
        scale: [n, 2], see ``Sample``; needed by mase and rmsse.

    Raises:
        KeyError: there is no metric of this name.
        UndefinedMetric: the rows do not determine it (no row, one class only, scores that are not finite, …).
    """
    sample = Sample(
        np.asarray(y, dtype=np.float64),
        np.asarray(scores, dtype=np.float64),
        None if weight is None else np.asarray(weight, dtype=np.float64),
        None if group is None else np.asarray(group, dtype=np.int64),
        threshold,
        None if series is None else np.asarray(series, dtype=np.int64),
        None if scale is None else np.asarray(scale, dtype=np.float64),
    )
    return compute_sample(name, sample)


def compute_sample(name: str, sample: Sample) -> float:
    """As ``compute``, for rows that are already a ``Sample``."""
    metric = find_metric(name)
    if metric is None:
        raise KeyError(name)
    _require_determined(sample)
    if metric.kinds == (RANKING,):
        return _ndcg(sample, int(name.partition("@")[2]))
    multiclass = sample.scores.ndim == 2
    if multiclass and MULTICLASS not in metric.kinds:
        raise UndefinedMetric(f"{name} judges one score a row, and these have one for each class")
    if not multiclass and metric.kinds == (MULTICLASS,):
        raise UndefinedMetric(f"{name} judges a score for each class, and these have one a row")
    if not multiclass and BINARY in metric.kinds and not np.isin(sample.y, (0.0, 1.0)).all():
        raise UndefinedMetric(f"{name} needs a target of 0 and 1")
    value = (_MULTICLASS if multiclass else _FORMULAS)[name](sample)
    if not math.isfinite(value):
        raise UndefinedMetric(f"{name} is beyond a floating-point number on these rows")
    return value


def _require_determined(sample: Sample) -> None:
    if sample.y.size == 0:
        raise UndefinedMetric("there is no row")
    if sample.scores.shape[0] != sample.y.size:
        raise ValueError(f"{sample.scores.shape[0]} scores for {sample.y.size} rows")
    bad = int(sample.scores.size - np.count_nonzero(np.isfinite(sample.scores)))
    if bad:
        raise UndefinedMetric(f"{bad} scores are not finite numbers")
    if not np.isfinite(sample.y).all():
        raise UndefinedMetric("the target holds values that are not finite numbers")
    if sample.weight is not None:
        if not np.isfinite(sample.weight).all() or (sample.weight < 0).any():
            raise UndefinedMetric("weights must be finite numbers, zero or greater")
        if not sample.weight.any():
            raise UndefinedMetric("all weights are zero")


def exact_sum(values: Floats) -> float:
    """The correctly rounded sum, the same for every order of the values."""
    try:
        return math.fsum(values.tolist())
    except (OverflowError, ValueError):
        return math.inf


def weighted_mean(values: Floats, weight: Floats | None) -> float:
    """Sum of weight x value over sum of weights."""
    if weight is None:
        return exact_sum(values) / values.size
    return exact_sum(values * weight) / exact_sum(weight)


def _ndcg(sample: Sample, k: int) -> float:
    if sample.group is None:
        raise UndefinedMetric("ndcg needs a group column that names each row's query")
    if (sample.y < 0).any():
        raise UndefinedMetric("ndcg needs grades of zero or greater")
    try:
        queries = query_gains(sample.y, sample.scores, sample.group, k, sample.weight)
    except OverflowError as error:
        raise UndefinedMetric(str(error)) from None
    if not queries.weight.any():
        raise UndefinedMetric("all weights are zero")
    return weighted_mean(queries.ndcg, None if sample.weight is None else queries.weight)


def _roc_auc(sample: Sample) -> float:
    """The chance that a positive scores above a negative, ties counting half (Mann and Whitney 1947)."""
    steps = score_steps(sample.y, sample.scores, sample.weight)
    positives, negatives = exact_sum(steps.positives), exact_sum(steps.negatives)
    if positives == 0 or negatives == 0:
        raise UndefinedMetric("roc_auc needs rows of both classes")
    above = steps.false_positives
    pairs = steps.positives * (negatives - above + steps.negatives / 2.0)
    return min(exact_sum(pairs) / (positives * negatives), 1.0)


def _average_precision(sample: Sample) -> float:
    """Sum over the thresholds of (gain in recall) x precision."""
    steps = score_steps(sample.y, sample.scores, sample.weight)
    positives = exact_sum(steps.positives)
    if positives == 0:
        raise UndefinedMetric("average_precision needs rows of the positive class")
    found, wrong = steps.true_positives, steps.false_positives
    total = found + wrong
    precision = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    return min(exact_sum(steps.positives * precision) / positives, 1.0)


def _brier(sample: Sample) -> float:
    return weighted_mean((sample.scores - sample.y) ** 2, sample.weight)


def _binary_log_loss(sample: Sample) -> float:
    right = np.where(sample.y == 1.0, sample.scores, 1.0 - sample.scores)
    return weighted_mean(_surprise(right), sample.weight)


def _multiclass_log_loss(sample: Sample) -> float:
    classes = _class_indices(sample)
    return weighted_mean(_surprise(sample.scores[np.arange(classes.size), classes]), sample.weight)


def _surprise(probability: Floats) -> Floats:
    """Negative logarithm in nats, of a probability clipped as in sklearn; ``+ 0.0`` turns -0 into 0."""
    return -np.log(np.clip(probability, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)) + 0.0


def _class_indices(sample: Sample) -> NDArray[np.int64]:
    classes = sample.y.astype(np.int64)
    if (classes != sample.y).any() or classes.min() < 0 or classes.max() >= sample.scores.shape[1]:
        raise UndefinedMetric("the target holds a class that the scores do not have")
    return classes


def decisions(sample: Sample) -> NDArray[np.int64]:
    """The class decided for each row, [n]: by the threshold, or the most probable one."""
    if sample.scores.ndim == 2:
        return np.asarray(np.argmax(sample.scores, axis=1), dtype=np.int64)
    return (sample.scores >= sample.threshold).astype(np.int64)


def confusion_counts(sample: Sample) -> Floats:
    """The weight of rows by true class (rows) and decided class (columns), [classes, classes]."""
    classes = sample.scores.shape[1] if sample.scores.ndim == 2 else 2
    truth = _class_indices(sample) if sample.scores.ndim == 2 else sample.y.astype(np.int64)
    cells = truth * classes + decisions(sample)
    if sample.weight is None:
        return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.float64)
    order = np.lexsort((sample.weight, cells))
    weighed = np.bincount(cells[order], weights=sample.weight[order], minlength=classes**2)
    return np.asarray(weighed, dtype=np.float64).reshape(classes, classes)


def _accuracy(sample: Sample) -> float:
    counts = confusion_counts(sample)
    return exact_sum(np.diag(counts)) / exact_sum(counts.ravel())


def _balanced_accuracy(sample: Sample) -> float:
    """Mean recall of the classes that occur in the target."""
    counts = confusion_counts(sample)
    occurring = counts.sum(axis=1) > 0
    return weighted_mean(np.diag(counts)[occurring] / counts.sum(axis=1)[occurring], None)


def _precision(sample: Sample) -> float:
    (_, fp), (_, tp) = confusion_counts(sample).tolist()
    return tp / (tp + fp) if tp + fp else 0.0


def _recall(sample: Sample) -> float:
    (_, _), (fn, tp) = confusion_counts(sample).tolist()
    return tp / (tp + fn) if tp + fn else 0.0


def _f1(sample: Sample) -> float:
    (_, fp), (fn, tp) = confusion_counts(sample).tolist()
    return 2.0 * tp / (2.0 * tp + fp + fn) if tp + fp + fn else 0.0


def _f1_macro(sample: Sample) -> float:
    """Mean F1 of the classes that occur in the target or the decisions."""
    counts = confusion_counts(sample)
    right, both = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
    occurring = both > 0
    return weighted_mean(2.0 * right[occurring] / both[occurring], None)


def _roc_auc_ovr(sample: Sample) -> float:
    """Mean over all classes, each the same weight."""
    classes = _class_indices(sample)
    missing = sample.scores.shape[1] - np.unique(classes).size
    if missing:
        raise UndefinedMetric(f"roc_auc_ovr needs rows of every class, and {missing} have none")
    each = [
        _roc_auc(Sample((classes == index).astype(np.float64), sample.scores[:, index], sample.weight))
        for index in range(sample.scores.shape[1])
    ]
    return weighted_mean(np.array(each), None)


def _rmse(sample: Sample) -> float:
    with np.errstate(over="ignore"):
        return math.sqrt(weighted_mean((sample.scores - sample.y) ** 2, sample.weight))


def _mae(sample: Sample) -> float:
    return weighted_mean(np.abs(sample.scores - sample.y), sample.weight)


def _mape(sample: Sample) -> float:
    """As sklearn: a true value of zero counts as the smallest step of a float, which makes the metric huge."""
    share = np.abs(sample.scores - sample.y) / np.maximum(np.abs(sample.y), SMALLEST_PROBABILITY)
    return weighted_mean(share, sample.weight)


def _wape(sample: Sample) -> float:
    """Sum of absolute errors over sum of absolute true values."""
    total = weighted_mean(np.abs(sample.y), sample.weight)
    if total == 0:
        raise UndefinedMetric("wape needs a true value other than zero")
    return weighted_mean(np.abs(sample.scores - sample.y), sample.weight) / total


def _scaled(sample: Sample, which: int, name: str) -> tuple[NDArray[np.int64], Floats]:
    """The rows whose series has a scale, and that scale of each."""
    if sample.scale is None or sample.series is None:
        raise UndefinedMetric(f"{name} needs the past of each series")
    usable = np.flatnonzero(sample.scale[:, which] > 0)
    if not usable.size or (sample.weight is not None and not sample.weight[usable].any()):
        raise UndefinedMetric(f"{name} needs a series whose past varies from one season to the next")
    return usable, sample.scale[usable, which]


def _mase(sample: Sample) -> float:
    """Mean of the scaled absolute errors (Hyndman and Koehler 2006), over the rows of series with a scale."""
    rows, scale = _scaled(sample, 0, "mase")
    part = sample.take(rows)
    return weighted_mean(np.abs(part.scores - part.y) / scale, part.weight)


def _rmsse(sample: Sample) -> float:
    """Mean over series of the root of their mean scaled squared error (as in the M5 competition), each the same weight.

    Rows weigh within their series.
    """
    rows, scale = _scaled(sample, 1, "rmsse")
    part = sample.take(rows)
    assert part.series is not None, "_scaled has asked for them"
    with np.errstate(over="ignore"):
        squared = (part.scores - part.y) ** 2 / scale
    order = np.argsort(part.series, kind="stable")
    starts = np.flatnonzero(np.diff(part.series[order], prepend=-1))
    roots = []
    for of_series in np.split(order, starts[1:]):
        weight = None if part.weight is None else part.weight[of_series]
        if weight is None or weight.any():
            roots.append(math.sqrt(weighted_mean(squared[of_series], weight)))
    return weighted_mean(np.array(roots), None)


def _r2(sample: Sample) -> float:
    """One minus the squared error over that of the mean of these rows."""
    with np.errstate(over="ignore"):
        spread = weighted_mean((sample.y - weighted_mean(sample.y, sample.weight)) ** 2, sample.weight)
        if spread == 0:
            raise UndefinedMetric("r2 needs a target that varies")
        return 1.0 - weighted_mean((sample.scores - sample.y) ** 2, sample.weight) / spread


_DECISIONS: Final[dict[str, Callable[[Sample], float]]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
}
_FORMULAS: Final[dict[str, Callable[[Sample], float]]] = {
    **_DECISIONS,
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "brier_score": _brier,
    "log_loss": _binary_log_loss,
    "f1": _f1,
    "precision": _precision,
    "recall": _recall,
    "rmse": _rmse,
    "mae": _mae,
    "mape": _mape,
    "r2": _r2,
    "wape": _wape,
    "mase": _mase,
    "rmsse": _rmsse,
}
_MULTICLASS: Final[dict[str, Callable[[Sample], float]]] = {
    **_DECISIONS,
    "log_loss": _multiclass_log_loss,
    "f1_macro": _f1_macro,
    "roc_auc_ovr": _roc_auc_ovr,
}
