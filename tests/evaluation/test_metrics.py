"""The metrics: against sklearn, against values worked out by hand, and what must not change them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from ml8s.config.metrics import METRICS, MULTICLASS, find_metric
from ml8s.evaluation.metrics import UndefinedMetric, compute
from ml8s.evaluation.thresholds import DECISION_METRICS, best_threshold

CLASSES = 4


def binary(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.3).astype(float)
    scores = np.round(np.clip(0.3 * y + rng.random(rows) * 0.7, 0, 1), 2)
    return y, scores, rng.integers(1, 9, rows) / 7.0


def multiclass(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, rows).astype(float)
    raw = rng.random((rows, CLASSES)) + 0.8 * np.eye(CLASSES)[y.astype(int)]
    return y, raw / raw.sum(axis=1, keepdims=True), rng.integers(1, 9, rows) / 7.0


def continuous(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.normal(50, 10, rows)
    return y, y + rng.normal(0, 3, rows), rng.integers(1, 9, rows) / 7.0


BINARY_REFERENCE = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "brier_score": reference.brier_score_loss,
    "log_loss": reference.log_loss,
}
DECISION_REFERENCE = {
    "accuracy": reference.accuracy_score,
    "balanced_accuracy": reference.balanced_accuracy_score,
    "f1": reference.f1_score,
    "precision": reference.precision_score,
    "recall": reference.recall_score,
}
REGRESSION_REFERENCE = {
    "rmse": reference.root_mean_squared_error,
    "mae": reference.mean_absolute_error,
    "mape": reference.mean_absolute_percentage_error,
    "r2": reference.r2_score,
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", BINARY_REFERENCE)
def test_scores_of_two_classes_are_judged_as_by_sklearn(name: str, weighted: bool) -> None:
    for seed in range(5):
        y, scores, weight = binary(seed)
        w = weight if weighted else None
        expected = BINARY_REFERENCE[name](y, scores, sample_weight=w)
        assert compute(name, y, scores, weight=w) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", DECISION_REFERENCE)
def test_decisions_of_two_classes_are_judged_as_by_sklearn(name: str, weighted: bool) -> None:
    for seed, threshold in enumerate((0.2, 0.5, 0.77)):
        y, scores, weight = binary(seed)
        w = weight if weighted else None
        expected = DECISION_REFERENCE[name](y, scores >= threshold, sample_weight=w)
        assert compute(name, y, scores, weight=w, threshold=threshold) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_several_classes_are_judged_as_by_sklearn(weighted: bool) -> None:
    for seed in range(5):
        y, scores, weight = multiclass(seed)
        w = weight if weighted else None
        decided = scores.argmax(axis=1)
        expected = {
            "log_loss": reference.log_loss(y, scores, sample_weight=w),
            "accuracy": reference.accuracy_score(y, decided, sample_weight=w),
            "balanced_accuracy": reference.balanced_accuracy_score(y, decided, sample_weight=w),
            "f1_macro": reference.f1_score(y, decided, average="macro", sample_weight=w),
            "roc_auc_ovr": reference.roc_auc_score(y, scores, multi_class="ovr", average="macro", sample_weight=w),
        }
        assert {name: compute(name, y, scores, weight=w) for name in expected} == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", REGRESSION_REFERENCE)
def test_values_are_judged_as_by_sklearn(name: str, weighted: bool) -> None:
    for seed in range(5):
        y, scores, weight = continuous(seed)
        w = weight if weighted else None
        expected = REGRESSION_REFERENCE[name](y, scores, sample_weight=w)
        assert compute(name, y, scores, weight=w) == pytest.approx(expected, rel=1e-12)


def test_wape_is_total_error_over_total_of_true_values() -> None:
    assert compute("wape", [10.0, 30.0], [12.0, 24.0]) == 8.0 / 40.0
    with pytest.raises(UndefinedMetric, match="other than zero"):
        compute("wape", [0.0, 0.0], [1.0, 2.0])


def test_roc_auc_by_hand_counts_a_tie_as_half() -> None:
    assert compute("roc_auc", [0, 1, 0, 1], [0.1, 0.5, 0.5, 0.9]) == 3.5 / 4


def test_every_metric_of_the_config_can_be_computed() -> None:
    for name, metric in METRICS.items():
        y, scores, _ = (multiclass if metric.kinds == (MULTICLASS,) else binary)(1)
        if "regression" in metric.kinds:
            y, scores, _ = continuous(1)
        assert math.isfinite(compute(name, y, scores, **past_of(np.arange(len(y)) % 5)))


def test_an_unknown_metric_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        compute("gini", [0, 1], [0.1, 0.9])


@pytest.mark.parametrize(
    ("name", "y", "scores", "reason"),
    [
        ("roc_auc", [1, 1], [0.1, 0.2], "both classes"),
        ("average_precision", [0, 0], [0.1, 0.2], "positive class"),
        ("roc_auc", [0, 1], [0.1, math.nan], "not finite"),
        ("rmse", [0, math.inf], [0.1, 0.2], "target"),
        ("r2", [2, 2], [0.1, 0.2], "varies"),
        ("rmse", [], [], "no row"),
        ("rmse", [1e200, 0], [-1e200, 0], "beyond"),
        ("f1", [0, 2], [0.1, 0.2], "0 and 1"),
        ("ndcg@3", [0, 2], [0.1, 0.2], "group column"),
        ("roc_auc_ovr", [0, 0], [[0.1, 0.9], [0.4, 0.6]], "1 have none"),
        ("log_loss", [0, 5], [[0.1, 0.9], [0.4, 0.6]], "do not have"),
        ("roc_auc", [0, 1], [[0.1, 0.9], [0.4, 0.6]], "one for each class"),
        ("f1_macro", [0, 1], [0.1, 0.9], "one a row"),
    ],
)
def test_rows_that_do_not_determine_a_metric_say_why(name: str, y: list, scores: list, reason: str) -> None:
    with pytest.raises(UndefinedMetric, match=reason):
        compute(name, y, scores)


def test_weights_that_cannot_weigh_are_refused() -> None:
    with pytest.raises(UndefinedMetric, match="zero or greater"):
        compute("rmse", [1.0, 2.0], [1.0, 2.0], weight=[1.0, -1.0])
    with pytest.raises(UndefinedMetric, match="all weights"):
        compute("rmse", [1.0, 2.0], [1.0, 2.0], weight=[0.0, 0.0])


def values(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    metric = find_metric(name)
    assert metric is not None
    make = continuous if "regression" in metric.kinds else multiclass if metric.kinds == (MULTICLASS,) else binary
    y, scores, weight = make(seed, 97)
    if metric.kinds == ("ranking",):
        y, scores = np.floor(y * 3 + scores * 2), np.round(scores, 1)
    return y, scores, weight, np.random.default_rng(seed).integers(0, 9, 97)


def past_of(series: np.ndarray) -> dict[str, np.ndarray]:
    """Series and their scales, as forecasts have them."""
    return {"series": series, "scale": np.stack([1.0 + series, (1.5 + series) ** 2], axis=1)}


NAMES = [*METRICS, "ndcg@1", "ndcg@10"]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", NAMES)
def test_weights_of_one_give_the_unweighted_value_to_the_bit(name: str, seed: int) -> None:
    y, scores, _, group = values(name, seed)
    ones = np.ones(y.size)
    past = past_of(group)
    assert compute(name, y, scores, weight=ones, group=group, **past) == compute(name, y, scores, group=group, **past)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_changes_no_bit(name: str, weighted: bool, seed: int) -> None:
    y, scores, weight, group = values(name, seed)
    order = np.random.default_rng(seed + 1).permutation(y.size)
    w, shuffled = (weight, weight[order]) if weighted else (None, None)
    assert compute(name, y, scores, weight=w, group=group, **past_of(group)) == compute(
        name, y[order], scores[order], weight=shuffled, group=group[order], **past_of(group[order])
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_rising_transformation_of_the_score_changes_no_rank_metric(seed: int) -> None:
    y, scores, _, _ = values("roc_auc", seed)
    for name in ("roc_auc", "average_precision"):
        assert compute(name, y, scores) == compute(name, y, np.exp(3 * scores))


@pytest.mark.parametrize("name", DECISION_METRICS)
def test_the_best_threshold_beats_every_other_one(name: str) -> None:
    y, scores, weight = binary(3)
    best = best_threshold(name, y, scores, weight)
    value = compute(name, y, scores, weight=weight, threshold=best)
    others = [compute(name, y, scores, weight=weight, threshold=t) for t in np.unique(scores)]
    assert value == pytest.approx(max(others), rel=1e-12)
