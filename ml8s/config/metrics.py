"""The metrics that a config may name: pure data. They are computed in ``ml8s.evaluation.metrics``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

BINARY: Final = "binary"
MULTICLASS: Final = "multiclass"
REGRESSION: Final = "regression"
RANKING: Final = "ranking"
FORECASTING: Final = "forecasting"

KINDS_OF_TASK: Final[dict[str, tuple[str, ...]]] = {
    "classification": (BINARY, MULTICLASS),
    "regression": (REGRESSION,),
    "ranking": (RANKING,),
    "forecasting": (FORECASTING,),
}

DEFAULT_METRIC: Final[dict[str, str]] = {
    BINARY: "roc_auc",
    MULTICLASS: "log_loss",
    REGRESSION: "rmse",
    RANKING: "ndcg@10",
    FORECASTING: "wape",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name, the kinds of task it judges, its direction and its range.

    ``needs_threshold`` marks metrics of decisions (accuracy, f1) rather than of scores.
    """

    name: str
    kinds: tuple[str, ...]
    greater_is_better: bool
    summary: str
    lowest: float | None = 0.0
    highest: float | None = 1.0
    needs_threshold: bool = False


VALUES: Final = (REGRESSION, FORECASTING)

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", (BINARY,), True, "area under the ROC curve"),
        Metric("average_precision", (BINARY,), True, "area under the precision-recall curve"),
        Metric("brier_score", (BINARY,), False, "mean squared error of the probability"),
        Metric("log_loss", (BINARY, MULTICLASS), False, "mean negative log-likelihood, in nats", 0.0, None),
        Metric("accuracy", (BINARY, MULTICLASS), True, "share of right decisions", needs_threshold=True),
        Metric("balanced_accuracy", (BINARY, MULTICLASS), True, "mean recall of the classes", needs_threshold=True),
        Metric("f1", (BINARY,), True, "harmonic mean of precision and recall", needs_threshold=True),
        Metric("precision", (BINARY,), True, "share of predicted positives that are", needs_threshold=True),
        Metric("recall", (BINARY,), True, "share of positives that are found", needs_threshold=True),
        Metric("f1_macro", (MULTICLASS,), True, "mean F1 of the classes", needs_threshold=True),
        Metric("roc_auc_ovr", (MULTICLASS,), True, "mean area under the ROC curve, one class against the rest"),
        Metric("rmse", VALUES, False, "root of the mean squared error, in the target's unit", 0.0, None),
        Metric("mae", VALUES, False, "mean absolute error, in the target's unit", 0.0, None),
        Metric("mape", (REGRESSION,), False, "mean absolute error as a fraction of the true value", 0.0, None),
        Metric("r2", (REGRESSION,), True, "share of the variance explained", None, 1.0),
        Metric("wape", VALUES, False, "sum of absolute errors over sum of true values", 0.0, None),
        Metric(
            "mase",
            (FORECASTING,),
            False,
            "mean absolute error, each series in units of its seasonal naive error in the past",
            0.0,
            None,
        ),
        Metric(
            "rmsse",
            (FORECASTING,),
            False,
            "mean over series of the root mean squared error in units of its seasonal naive error in the past",
            0.0,
            None,
        ),
    )
}

_NDCG = re.compile(r"ndcg@([1-9]\d{0,3})")


def find_metric(name: str) -> Metric | None:
    """The metric of this name, ``ndcg@K`` for any K from 1 to 9999 included; None where there is none."""
    if match := _NDCG.fullmatch(name):
        return Metric(name, (RANKING,), True, f"gain of the first {match[1]} of each query against the ideal order")
    return METRICS.get(name)
